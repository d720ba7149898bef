// kustomize/filters.jsonl: single transformers over objects. The recorded output keeps the input's order and style, which
// a document tree has not: trees are compared.
#include <algorithm>
#include <functional>

#include "core/json.h"
#include "core/memory_tree.h"
#include "core/yaml.h"
#include "plugins/kustomize/builtin_plugins.h"
#include "plugins/kustomize/factory.h"
#include "plugins/kustomize/node.h"
#include "plugins/kustomize/patches.h"
#include "plugins/kustomize/transformers.h"
#include "tests/conformance/registry.h"

namespace plumb::conformance {
namespace {

using namespace kustomize;
using OneByOne = std::function<Result<std::optional<Value>>(Value)>;

constexpr ReaderOptions kLenient{.refuse_unknown = false, .scalars_as_text = true};

// A filter's fields are named as its Go struct has them, not as in a kustomization.
struct Config {
  Labels pairs;
  FieldSpecs fields;
  FieldSpec field;
  ImageArgs image;
  ReplicaArgs replica;
  NamespaceArgs ns;
  std::string text, patch;
  Value patch_tree;
  ValueAddArgs value;
  std::vector<Replacement> replacements;
  NameReference reference;
  Value iam_policy;
};

Status ReadGvk(ConfigReader& reader, ResGvk* out) {
  PLUMB_OK(reader.Read("group", &out->group));
  PLUMB_OK(reader.Read("version", &out->version));
  return reader.Read("kind", &out->kind);
}

Result<Config> ReadConfig(Value value) {
  Config c;
  PLUMB_TRY(r, ConfigReader::Of(value, "", kLenient));
  PLUMB_OK(r.Read("labels", &c.pairs));
  PLUMB_OK(r.Read("annotations", &c.pairs));
  PLUMB_OK(ReadFieldSpecs(r, "fsSlice", &c.fields));
  PLUMB_OK(ReadFieldSpecs(r, "fieldSpecs", &c.fields));
  PLUMB_OK(r.ReadMap("fieldSpec", [&](ConfigReader& f) { return ReadFieldSpec(f, &c.field); }));
  PLUMB_OK(r.ReadMap("imageTag", [&](ConfigReader& f) { return ReadImage(f, &c.image); }));
  PLUMB_OK(r.ReadMap("replica", [&](ConfigReader& f) { return ReadReplica(f, &c.replica); }));
  PLUMB_OK(r.Read("namespace", &c.ns.ns));
  PLUMB_OK(r.Read("unsetOnly", &c.ns.unset_only));
  PLUMB_OK(r.Read("setRoleBindingSubjects", &c.ns.subjects_mode));
  c.ns.fields = c.fields;
  PLUMB_OK(r.Read("prefix", &c.text));
  PLUMB_OK(r.Read("suffix", &c.text));
  PLUMB_OK(r.Read("value", &c.value.value));
  PLUMB_OK(r.Read("fieldPath", &c.value.field_path));
  PLUMB_OK(r.Read("filePathPosition", &c.value.position));
  PLUMB_OK(r.Read("patch", &c.patch_tree));
  c.patch = c.patch_tree.AsString();
  PLUMB_OK(r.ReadMap("nameFieldToUpdate", [&](ConfigReader& f) { return ReadFieldSpec(f, &c.reference.referrers.emplace_back()); }));
  PLUMB_OK(r.ReadMap("referralTarget", [&](ConfigReader& f) { return ReadGvk(f, &c.reference.referred); }));
  PLUMB_OK(r.Read("iamPolicyGenerator", &c.iam_policy));
  PLUMB_OK(r.ReadList("replacements", [&](ConfigReader& f) { return ReadReplacement(f, &c.replacements.emplace_back()); }));
  return c;
}

// The filters that see one object at a time; null for the others.
OneByOne FilterOf(std::string_view name, Build& build, const Config& c) {
  Arena& arena = *build.arena;
  const auto simple = [](auto&& apply) -> OneByOne {
    return [apply](Value object) -> Result<std::optional<Value>> {
      PLUMB_TRY(changed, apply(object));
      return std::optional<Value>(changed);
    };
  };
  if (name == "annotations.Filter" || name == "labels.Filter")
    return simple([&](Value o) { return SetPairs(arena, o, c.pairs, c.fields); });
  if (name == "imagetag.Filter") return simple([&](Value o) { return SetImageFields(arena, o, c.image, c.fields); });
  if (name == "imagetag.LegacyFilter") return simple([&](Value o) { return SetContainerImages(arena, o, c.image); });
  if (name == "namespace.Filter") return simple([&](Value o) { return SetNamespaceFields(arena, o, c.ns); });
  if (name == "prefix.Filter") return simple([&](Value o) { return SetAffix(arena, o, Affix::kPrefix, c.text, c.field); });
  if (name == "suffix.Filter") return simple([&](Value o) { return SetAffix(arena, o, Affix::kSuffix, c.text, c.field); });
  if (name == "replicacount.Filter") return simple([&](Value o) { return SetReplicas(arena, o, c.replica.count, c.field); });
  if (name == "valueadd.Filter") return simple([&](Value o) { return AddValue(arena, o, c.value); });
  if (name == "patchjson6902.Filter") return simple([&](Value o) { return ApplyJsonOperations(build, o, c.patch); });
  if (name == "patchstrategicmerge.Filter") return [&](Value o) { return MergeOne(build, o, c.patch_tree); };
  return nullptr;
}

Result<std::vector<Value>> ReadAll(Arena& arena, std::string_view text, YamlDialect dialect) {
  PLUMB_TRY(documents, ParseYaml(text, {.dialect = dialect}));
  std::vector<Value> values;
  for (const YamlDocument& document : documents) values.push_back(arena.Adopt(document.value));
  return values;
}

// One object among others whose names have changed, none of which it names.
Result<std::vector<Value>> PlayNameReference(Arena& arena, Value referrer, const Config& c) {
  ResMap map;
  Resource first, other;
  first.root = referrer;
  other.root = arena.Map({{"apiVersion", arena.String(c.reference.referred.ApiVersion())}, {"kind", arena.String(c.reference.referred.kind)}, {"metadata", arena.Map({{"name", Arena::Borrow("other")}})}});
  other.StorePreviousId();
  PLUMB_OK(map.Append(first));
  PLUMB_OK(map.Append(other));
  PLUMB_OK(FixNameReferences(arena, map, {c.reference}));
  return std::vector<Value>{map[0].root};
}

Result<std::vector<Value>> PlayIamPolicy(Build& build, const Config& c) {
  Arena& arena = *build.arena;
  const MemoryTree tree(std::map<std::string, std::string>{{"kustomization.yaml", ""}});
  PLUMB_TRY(loader, Loader::AtRoot(build, tree, ""));
  Resource config;
  config.root = With(arena, c.iam_policy, "apiVersion", Arena::Borrow("builtin"));
  config.root = With(arena, config.root, "kind", Arena::Borrow("IAMPolicyGenerator"));
  config.root = With(arena, config.root, "metadata", arena.Map({{"name", Arena::Borrow("any")}}));
  PLUMB_TRY(generated, RunGenerator(build, loader, config));
  return std::vector<Value>{generated.at(0).root};
}

Result<std::vector<Value>> Play(Build& build, Value row, const Config& config) {
  Arena& arena = *build.arena;
  if (row.GetString("filter") == "iampolicygenerator.Filter") return PlayIamPolicy(build, config);
  PLUMB_TRY(inputs, ReadAll(arena, row.GetString("input"), YamlDialect::kKyaml));
  if (row.GetString("filter") == "nameref.Filter") return PlayNameReference(arena, inputs.at(0), config);
  if (row.GetString("filter") == "replacement.Filter") {
    ResMap map;
    for (Value input : inputs) {
      Resource resource;
      resource.root = input;
      TakeBuildAnnotations(arena, resource);
      PLUMB_OK(map.Append(std::move(resource)));
    }
    PLUMB_OK(ApplyReplacements(arena, map, config.replacements, build.settle));
    std::vector<Value> out;
    for (const Resource& resource : map) out.push_back(WithBuildAnnotations(arena, resource));
    return out;
  }
  const OneByOne filter = FilterOf(row.GetString("filter"), build, config);
  std::vector<Value> out;
  for (Value input : inputs) {
    PLUMB_TRY(changed, filter(input));
    if (changed) out.push_back(*changed);
  }
  return out;
}

// Inputs that the recording lost, where the answer depends on them; "" where the row can be replayed.
std::string WhatIsMissing(Value row) {
  const std::string_view filter = row.GetString("filter"), test = row.GetString("test");
  const auto is_one_of = [&](std::initializer_list<std::string_view> names) { return std::find(names.begin(), names.end(), test) != names.end(); };
  if (filter == "refvar.Filter") return "the variables and the field that may hold them were not recorded, being a Go function";
  if (!row.Has("config")) return "the patch has keys that are no strings, and was not recorded";
  // Two rows answer the same whatever objects there are.
  if (filter == "nameref.Filter" && !is_one_of({"TestNamerefFilter/null_value", "TestNamerefFilterUnhappy/no_name"}))
    return "the objects that names may refer to were not recorded, being a Go interface";
  // What "$patch: merge" asks for is what happens without it; the others cannot be told from what is left of the patch.
  if (filter == "patchstrategicmerge.Filter" &&
      is_one_of({"TestFilter/remove_mapping_-_directive", "TestFilter/replace_list_-_directive", "TestFilter/remove_list_-_directive", "TestFilter/nullMapEntry1"}))
    return "the patch was recorded after its '$patch' or null had been consumed";
  return "";
}

void RunRow(const std::string& name, const Document& row, Report& report) {
  if (const std::string missing = WhatIsMissing(row.root()); !missing.empty()) return report.Skip(missing);
  Build build;
  Arena& arena = *build.arena;
  arena.Adopt(row);
  const Result<Config> config = ReadConfig(row->Get("config"));
  if (!config.ok()) return report.Fail(name, config.error().message());
  const Result<std::vector<Value>> got = Play(build, row.root(), *config);
  if (row->Has("err")) return report.Check(name, !got.ok(), "accepted what must fail: " + std::string(row->GetString("err")));
  if (!got.ok()) return report.Fail(name, got.error().message());
  Result<std::vector<Value>> want = ReadAll(arena, row->GetString("out"), YamlDialect::kKyaml);
  if (!want.ok()) want = ReadAll(arena, row->GetString("out"), YamlDialect::kKubernetes);
  if (!want.ok()) return report.Fail(name, "the recorded output cannot be read: " + want.error().message());
  std::string got_text, want_text;
  for (Value v : *got) {
    TreeSize size;
    const Result<Value> settled = Settle(arena, v, build.settle, size);  // what a reader of the output would see
    got_text += (settled.ok() ? WriteCanonicalJson(*settled) : settled.error().message()) + "\n";
  }
  for (Value v : *want) want_text += WriteCanonicalJson(v) + "\n";
  report.Check(name, got_text == want_text, "want " + want_text + " got " + got_text);
}

void Run(const std::string& path, Report& report) {
  for (const Document& row : ReadRows(path, report))
    RunRow(std::string(row->GetString("filter")) + " " + std::string(row->GetString("test")), row, report);
}

const Runner kRunner("kustomize/filters.jsonl", Run);

}  // namespace
}  // namespace plumb::conformance
