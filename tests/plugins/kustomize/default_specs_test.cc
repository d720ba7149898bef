// Every field that a transformer of Kustomize knows by default, through the program and through Plumb: names of other objects,
// variables, namespaces, labels, annotations, images and counts. One object for each field, so that none hides another.
//
// The program is `kustomize` in the folder PLUMB_ASSETS (default ../cache/bin); skipped where it is not there.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "core/memory_tree.h"
#include "plugins/kustomize/field_specs.h"
#include "plugins/kustomize/node.h"
#include "tests/plugins/kustomize/against_program.h"

namespace plumb::kustomize {
namespace {

namespace fs = std::filesystem;

bool IsListName(std::string_view name) {
  constexpr std::string_view kLists[] = {"containers", "egress", "env", "envFrom", "from", "imagePullSecrets", "ingress", "initContainers", "paths", "ports",
                                         "preferredDuringSchedulingIgnoredDuringExecution", "requiredDuringSchedulingIgnoredDuringExecution", "rules", "sources",
                                         "subjects", "tls", "to", "topologySpreadConstraints", "volumeClaimTemplates", "volumeMounts", "volumes", "webhooks"};
  return std::binary_search(std::begin(kLists), std::end(kLists), name);
}

// `leaf` below the path, in flow style; the lists of Kubernetes' types are lists.
std::string Below(const std::vector<std::string>& path, size_t at, const std::string& leaf) {
  if (at == path.size()) return leaf;
  std::string name = path[at];
  if (name.ends_with("[]")) name.resize(name.size() - 2);
  const std::string inner = Below(path, at + 1, leaf);
  return "{'" + name + "': " + (IsListName(name) ? "[" + inner + "]" : inner) + "}";
}

// An object of the kind that the spec is for, with the field that it leads to; "" for `leaf` leaves the field out.
std::string ObjectWith(const FieldSpec& spec, const std::string& name, const std::string& leaf) {
  const std::string kind = spec.gvk.kind.empty() ? "Widget" : spec.gvk.kind;
  const ResGvk gvk{spec.gvk.group, spec.gvk.version.empty() ? "v1" : spec.gvk.version, kind};
  std::string text = "apiVersion: " + gvk.ApiVersion() + "\nkind: " + kind + "\nmetadata:\n  name: " + name + "\n";
  std::vector<std::string> path = SplitPath(spec.path, '/');
  if (leaf.empty() || spec.path == "metadata/name") return text + "---\n";
  const bool metadata = path[0] == "metadata";
  if (metadata) path.erase(path.begin());
  const std::string below = Below(path, 1, leaf);
  const std::string value = !metadata && IsListName(path[0]) ? "[" + below + "]" : below;
  return text + (metadata ? "  '" : "'") + path[0] + "': " + value + "\n---\n";
}

// How a field names an object: most hold the name, some are lists or maps with it.
std::string Referring(const FieldSpec& spec, const std::string& name) {
  const auto ends = [&](std::string_view with) { return spec.path.ends_with(with); };
  if (ends("resourceNames")) return "[" + name + ", other]";
  if (ends("subjects") || ends("clientConfig/service") || ends("configSource/configMap")) return "{kind: ServiceAccount, name: " + name + ", namespace: default}";
  return name;
}

// Renders both ways in a folder of its own.
Comparison Compare(const std::string& what, const std::map<std::string, std::string>& files) {
  const fs::path folder = fs::temp_directory_path() / ("plumb-specs-" + std::to_string(getpid()) + "-" + what);
  fs::create_directories(folder);
  for (const auto& [name, content] : files) std::ofstream(folder / name) << content;
  const auto compared = CompareWithProgram(folder, MemoryTree(files), "", false);
  fs::remove_all(folder);
  EXPECT_TRUE(compared.ok()) << (compared.ok() ? "" : compared.error().message());
  if (!compared.ok()) return {};
  EXPECT_TRUE(compared->renders) << compared->program;
  EXPECT_TRUE(compared->same) << what << "\nprogram: " << compared->program << "\nplumb: " << compared->plumb;
  return *compared;
}

class DefaultSpecs : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(KustomizeProgram())) GTEST_SKIP() << "no kustomize program at " << KustomizeProgram() << "; set PLUMB_ASSETS";
  }
  const TransformerConfig& config_ = TransformerConfig::Default();
};

TEST_F(DefaultSpecs, EveryNameReferenceFollowsItsObject) {
  std::string objects;
  std::vector<std::string> expected;
  size_t fields = 0;
  for (const NameReference& reference : config_.name_reference) {
    FieldSpec target{reference.referred, "", false};
    if (const size_t slash = target.gvk.group.find('/'); slash != std::string::npos) target.gvk.group.resize(slash);
    for (const FieldSpec& field : reference.referrers) {
      const std::string number = std::to_string(fields++), name = "target" + number;
      objects += ObjectWith(target, name, "");
      std::string referring = Referring(field, name);
      std::string object = ObjectWith(field, "referrer" + number, referring);
      if (field.path == "roleRef/name") object.insert(object.find("'name'"), "apiGroup: rbac.authorization.k8s.io, kind: " + reference.referred.kind + ", ");
      objects += object;
      // The program names the group of ingress classes wrongly, so that nothing follows them.
      const bool follows = reference.referred.group.find('/') == std::string::npos;
      expected.push_back((follows ? ": p-" : ": ") + name + "\n");
      if (field.path.ends_with("resourceNames")) expected.back() = "- p-" + name + "\n";
    }
  }
  EXPECT_EQ(fields, 167u);
  const Comparison compared = Compare("references", {{"kustomization.yaml", "namePrefix: p-\nresources: [all.yaml]\n"}, {"all.yaml", objects}});
  for (const std::string& line : expected) {
    const size_t first = compared.plumb.find(line);
    // Once as the object's own name, and once where it is referred to.
    const bool twice = first != std::string::npos && (line.starts_with("- ") || compared.plumb.find(line, first + 1) != std::string::npos || line.find("p-") == std::string::npos);
    EXPECT_TRUE(twice) << line;
  }
}

TEST_F(DefaultSpecs, EveryFieldMayHoldVariables) {
  EXPECT_EQ(config_.var_reference.size(), 72u);
  std::string objects = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: source}\ndata: {value: replaced}\n---\n";
  size_t number = 0;
  for (const FieldSpec& field : config_.var_reference) {
    const auto ends = [&](std::string_view with) { return field.path.ends_with(with); };
    const std::string leaf = ends("args") || ends("command") || ends("hosts") ? "['$(V)', 'x-$(V)']" : ends("labels") || ends("annotations") ? "{a: '$(V)'}" : "'$(V)'";
    objects += ObjectWith(field, "object" + std::to_string(number++), leaf);
  }
  const Comparison compared = Compare("variables", {{"kustomization.yaml", "resources: [all.yaml]\nvars:\n- name: V\n  objref: {apiVersion: v1, kind: ConfigMap, name: source}\n  fieldref: {fieldPath: data.value}\n"}, {"all.yaml", objects}});
  EXPECT_EQ(compared.plumb.find("$(V)"), std::string::npos) << compared.plumb;
}

// The fields that a kustomization's own transformers change, once with the field and, where it would be made, once without.
TEST_F(DefaultSpecs, EveryFieldOfATransformerIsChanged) {
  struct Section {
    const char* name;
    const FieldSpecs& specs;
    const char* leaf;
    std::string kustomization;
    const char* changed;
  };
  const Section kSections[] = {
      {"prefix", config_.name_prefix, "", "namePrefix: p-\n", "name: p-"},
      {"suffix", config_.name_suffix, "", "nameSuffix: -s\n", "-s\n"},
      {"namespace", config_.namespaces, "old", "namespace: moved\n", ": moved\n"},
      {"labels", config_.common_labels, "{own: label}", "commonLabels: {all: yes-all}\n", "all: yes-all"},
      {"selectors", config_.common_labels, "{own: label}", "labels: [{pairs: {all: yes-all}, includeSelectors: true}]\n", "all: yes-all"},
      {"templates", config_.template_labels, "{own: label}", "labels: [{pairs: {all: yes-all}, includeTemplates: true}]\n", "all: yes-all"},
      {"annotations", config_.common_annotations, "{own: note}", "commonAnnotations: {all: yes-all}\n", "all: yes-all"},
      {"images", config_.images, "nginx:1", "images: [{name: nginx, newTag: '2'}]\n", "image: nginx:2"},
      {"replicas", config_.replicas, "1", "", "replicas: 7"},
  };
  for (const Section& section : kSections) {
    std::string objects, kustomization = "resources: [all.yaml]\n" + section.kustomization;
    if (section.kustomization.empty()) kustomization += "replicas:\n";
    size_t number = 0;
    for (const FieldSpec& spec : section.specs) {
      for (const bool with_field : {true, false}) {
        if (!with_field && (!spec.create || spec.path == "metadata/name")) continue;
        const std::string name = "object" + std::to_string(number++);
        objects += ObjectWith(spec, name, with_field ? section.leaf : "");
        if (section.kustomization.empty()) kustomization += "- {name: " + name + ", count: 7}\n";
      }
    }
    const Comparison compared = Compare(section.name, {{"kustomization.yaml", kustomization}, {"all.yaml", objects}});
    size_t changed = 0;
    for (size_t at = 0; (at = compared.plumb.find(section.changed, at)) != std::string::npos; ++at) ++changed;
    EXPECT_GE(changed, section.specs.size()) << section.name << "\n" << compared.plumb;
  }
}

}  // namespace
}  // namespace plumb::kustomize
