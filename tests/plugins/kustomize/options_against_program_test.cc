// The application's options beside `kustomize edit` on a copy of the same directory, which is how Argo CD applies them: the
// same bytes.
//
// The program is `kustomize` in the folder PLUMB_ASSETS (default ../cache/bin); skipped where it is not there.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "core/process.h"
#include "tests/plugins/kustomize/against_program.h"
#include "tests/plugins/kustomize/test_render.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::string>;

const Files kTree = {
    {"base/kustomization.yaml", "resources: [web.yaml]\nconfigMapGenerator: [{name: settings, literals: [a=b]}]\n"},
    {"base/web.yaml",
     "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: start\nspec:\n  replicas: 1\n  selector:\n    matchLabels: {app: web}\n  template:\n    metadata:\n      labels: {app: web}\n"
     "    spec:\n      containers:\n      - name: main\n        image: nginx:1.0\n        envFrom: [{configMapRef: {name: settings}}]\n      - name: side\n        image: registry:5000/side@sha256:0123\n"
     "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  namespace: start\nspec:\n  selector: {app: web}\n  ports: [{port: 80}]\n"},
    {"top/kustomization.yaml",
     "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../base]\nnamePrefix: own-\nimages:\n- name: registry:5000/side\n  newName: mirror/side\n  newTag: '3'\n- name: nginx\n  newTag: '1.1'\n"
     "replicas: [{name: web, count: 2}]\nlabels:\n- pairs: {own: label}\ncommonAnnotations: {own: note}\nbuildMetadata: [managedByLabel]\n"},
    {"top/patch.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: start}\nspec: {paused: true}\n"},
    {"extra/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -extra\n"},
};

class KustomizeOptions : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kustomize::KustomizeProgram())) GTEST_SKIP() << "no kustomize program at " << kustomize::KustomizeProgram() << "; set PLUMB_ASSETS";
  }

  // What the program builds once it has edited a copy.
  std::string Edited(const std::vector<std::vector<std::string>>& edits) {
    const fs::path folder = fs::temp_directory_path() / ("plumb-options-" + std::to_string(getpid()));
    for (const auto& [name, content] : kTree) {
      fs::create_directories((folder / name).parent_path());
      std::ofstream(folder / name) << content;
    }
    std::string out;
    auto steps = edits;
    for (auto& step : steps) step.insert(step.begin(), "edit");
    steps.push_back({"build", "."});
    for (const auto& step : steps) {
      Process process{.argv = {kustomize::KustomizeProgram().string()}, .directory = (folder / "top").string()};
      process.argv.insert(process.argv.end(), step.begin(), step.end());
      const auto ran = ProcessRunner::Real().Run(process);
      EXPECT_TRUE(ran.ok() && ran->ok()) << (ran.ok() ? ran->err : ran.error().message());
      if (ran.ok()) out = ran->out;
    }
    fs::remove_all(folder);
    return out;
  }

  std::string WithOptions(std::string_view options) { return TextOf(kTree, options, "top"); }
};

TEST_F(KustomizeOptions, AreWhatEditingTheKustomizationWouldDo) {
  const struct {
    const char* options;
    std::vector<std::vector<std::string>> edits;
  } kCases[] = {
      {"namePrefix: dev-", {{"set", "nameprefix", "--", "dev-"}}},
      {"nameSuffix: -v2", {{"set", "namesuffix", "--", "-v2"}}},
      {"namespace: shop", {{"set", "namespace", "shop"}}},
      {"images: ['nginx=registry:5000/proxy:3']", {{"set", "image", "nginx=registry:5000/proxy:3"}}},
      {"images: ['nginx:9']", {{"set", "image", "nginx:9"}}},
      {"images: ['nginx@sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3']", {{"set", "image", "nginx@sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3"}}},
      {"images: ['registry:5000/side=other/side']", {{"set", "image", "registry:5000/side=other/side"}}},
      {"images: ['registry:5000/side=*:4']", {{"set", "image", "registry:5000/side=*:4"}}},
      {"images: ['registry:5000/side=other:*']", {{"set", "image", "registry:5000/side=other:*"}}},
      {"images: ['none=*:4']", {{"set", "image", "none=*:4"}}},
      {"images: ['other=x:1', 'nginx=y']", {{"set", "image", "other=x:1", "nginx=y"}}},
      {"images: ['nginx=registry:5000/side:1', 'registry:5000/side=last:2']", {{"set", "image", "nginx=registry:5000/side:1", "registry:5000/side=last:2"}}},
      {"replicas: [{name: web, count: 5}]", {{"set", "replicas", "web=5"}}},
      {"commonLabels: {team: a}", {{"add", "label", "team:a"}}},
      {"labels: [{pairs: {team: a}}]", {{"add", "label", "--without-selector", "team:a"}}},
      {"labels: [{pairs: {team: a}, includeTemplates: true}]", {{"add", "label", "--without-selector", "--include-templates", "team:a"}}},
      {"commonAnnotations: {team: a}", {{"add", "annotation", "team:a"}}},
      {"commonAnnotations: {own: changed}", {{"add", "annotation", "--force", "own:changed"}}},
      {"components: [../extra]", {{"add", "component", "../extra"}}},
      {"buildMetadata: [originAnnotations]", {{"set", "buildmetadata", "originAnnotations"}}},
      {"patches: [{path: patch.yaml}]", {{"add", "patch", "--path", "patch.yaml"}}},
      {"patches: [{target: {kind: Service}, patch: '[{\"op\": \"add\", \"path\": \"/spec/type\", \"value\": \"NodePort\"}]'}]",
       {{"add", "patch", "--kind", "Service", "--patch", "[{\"op\": \"add\", \"path\": \"/spec/type\", \"value\": \"NodePort\"}]"}}},
      {"namePrefix: a-\nnamespace: b\nimages: ['nginx:7']\ncomponents: [../extra]\ncommonLabels: {c: d}",
       {{"set", "nameprefix", "--", "a-"}, {"set", "namespace", "b"}, {"set", "image", "nginx:7"}, {"add", "component", "../extra"}, {"add", "label", "c:d"}}},
  };
  for (const auto& c : kCases) EXPECT_EQ(WithOptions(c.options), Edited(c.edits)) << c.options;
}

}  // namespace
}  // namespace plumb
