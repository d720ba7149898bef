// The plain renderer: which files, which objects, and what is said where one is none.
#include "plugins/plain/plain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json.h"
#include "core/memory_tree.h"
#include "core/yaml.h"

namespace plumb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ConfigMap(const std::string& name) { return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\n"; }

Result<Rendered> Render(const std::map<std::string, std::string>& files, const std::string& path = "", const std::string& options = "", RenderLimits limits = {}) {
  const MemoryTree tree(files);
  return RenderPlain({.tree = &tree, .path = path, .options = *ParseYamlOne(options), .limits = limits});
}

// "ConfigMap a (x.yaml:1)" of each manifest, or the error.
std::vector<std::string> Names(const Result<Rendered>& rendered) {
  if (!rendered.ok()) return {rendered.error().message()};
  std::vector<std::string> names;
  for (const Manifest& m : rendered->manifests) names.push_back(IdOf(m.root()).ToString() + " (" + m.origin.ToString() + ")");
  return names;
}

std::string ErrorOf(const std::map<std::string, std::string>& files, const std::string& options = "", RenderLimits limits = {}) {
  const auto rendered = Render(files, "", options, limits);
  return rendered.ok() ? "ok" : rendered.error().message();
}

TEST(RenderPlain, ReadsManifestsBelowADirectoryInOrder) {
  const std::map<std::string, std::string> files = {
      {"app/b.yml", ConfigMap("b")},   {"app/a.yaml", ConfigMap("a1") + "---\n# empty\n---\n" + ConfigMap("a2")},
      {"app/sub/c.json", R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}})"},
      {"app/README.md", "no"},         {"app/.hidden.yaml", "no: no"}, {"app/.git/x.yaml", "no: no"}, {"other/z.yaml", "no: no"}};
  EXPECT_THAT(Names(Render(files, "app")), ElementsAre("ConfigMap a1 (app/a.yaml:1)", "ConfigMap a2 (app/a.yaml:7)", "ConfigMap b (app/b.yml:1)", "ConfigMap c (app/sub/c.json:1)"));
  EXPECT_THAT(Names(Render(files, "app", "recurse: false")), ElementsAre("ConfigMap a1 (app/a.yaml:1)", "ConfigMap a2 (app/a.yaml:7)", "ConfigMap b (app/b.yml:1)"));
  EXPECT_THAT(Names(Render(files, "app/b.yml")), ElementsAre("ConfigMap b (app/b.yml:1)"));
  EXPECT_EQ(Render(files, "nowhere").error().code(), Code::kNotFound);
}

TEST(RenderPlain, IncludeAndExcludeArePatternsBelowThePath) {
  const std::map<std::string, std::string> files = {{"app/a.yaml", ConfigMap("a")}, {"app/test/t.yaml", ConfigMap("t")}, {"app/x/deep/b.yaml", ConfigMap("b")}};
  EXPECT_THAT(Names(Render(files, "app", "exclude: test/**")), ElementsAre("ConfigMap a (app/a.yaml:1)", "ConfigMap b (app/x/deep/b.yaml:1)"));
  EXPECT_THAT(Names(Render(files, "app", "include: ['b.yaml', 'test/*']")), ElementsAre("ConfigMap t (app/test/t.yaml:1)", "ConfigMap b (app/x/deep/b.yaml:1)"));
  EXPECT_THAT(Names(Render(files, "app", "{include: '*.yaml', exclude: ['{test,x}/**']}")), ElementsAre("ConfigMap a (app/a.yaml:1)"));
}

TEST(RenderPlain, ListsStandForTheirItems) {
  const std::string list = "kind: List\napiVersion: v1\nitems:\n- " + std::string("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n") +
                           "- {apiVersion: apps/v1, kind: Deployment, metadata: {name: d}}\n";
  EXPECT_THAT(Names(Render({{"l.yaml", list}})), ElementsAre("ConfigMap a (l.yaml:1)", "Deployment d (l.yaml:1)"));
  const auto typed = Render({{"l.yaml", "apiVersion: v1\nkind: ConfigMapList\nmetadata: {resourceVersion: '1'}\nitems:\n- metadata: {name: a}\n"}});
  ASSERT_TRUE(typed.ok());
  EXPECT_EQ(WriteJson(typed->manifests[0].root()), R"({"metadata":{"name":"a"},"apiVersion":"v1","kind":"ConfigMap"})");
  EXPECT_THAT(Names(Render({{"l.yaml", "apiVersion: v1\nkind: List\nitems: []\n"}})), ElementsAre());
  EXPECT_THAT(Names(Render({{"l.yaml", "apiVersion: x.dev/v1\nkind: AllowList\nmetadata: {name: w}\nitems: [a]\n"}})), ElementsAre("AllowList.x.dev w (l.yaml:1)"))
      << "an object with a name is an object, whatever its kind ends in";
  EXPECT_EQ(ErrorOf({{"l.yaml", "apiVersion: v1\nkind: List\nitems:\n- {kind: A}\n"}}),
            "l.yaml:4: not a manifest: 'apiVersion' is missing; expected a Kubernetes object; leave the file out with the option 'exclude' where it is none");
}

TEST(RenderPlain, AnObjectGivenTwiceNamesBothPlaces) {
  EXPECT_EQ(ErrorOf({{"a.yaml", ConfigMap("x")}, {"b.yaml", "# two\n" + ConfigMap("x")}}), "b.yaml:2: ConfigMap x is given twice; the first is at a.yaml:1");
  const std::string job = "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: x-}\n";
  EXPECT_EQ(ErrorOf({{"a.yaml", job + "---\n" + job}}), "ok") << "a generated name is another each time";
}

TEST(RenderPlain, AFileThatIsNoManifestIsAnErrorWithItsPlace) {
  EXPECT_EQ(ErrorOf({{"v/values.yaml", "# defaults\nreplicas: 1\n"}}),
            "v/values.yaml:2: not a manifest: 'apiVersion' is missing; expected a Kubernetes object; leave the file out with the option 'exclude' where it is none");
  EXPECT_EQ(ErrorOf({{"a.yaml", "- 1\n"}}), "a.yaml:1: not a manifest: expected a map, found a list; expected a Kubernetes object; leave the file out with the option 'exclude' where it is none");
  EXPECT_EQ(ErrorOf({{"a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 5}\n"}}), "a.yaml:1: ConfigMap: metadata.name: expected a string, found an integer; quote it");
  EXPECT_EQ(ErrorOf({{"a.yaml", "a: 1\n b: 2\n"}}), "a.yaml:2:3: found ': ' inside a value; quote the value, or check the indentation");
  EXPECT_THAT(ErrorOf({{"k/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: []\n"}}), HasSubstr("needs the kustomize renderer"));
  EXPECT_THAT(ErrorOf({{"c/t.yaml", "a: {{ .Values.x }}\n"}}), HasSubstr("c/t.yaml:1:5: a key must be"));
}

TEST(RenderPlain, WarningsNameTheFile) {
  const auto rendered = Render({{"a.yaml", ConfigMap("x") + "data:\n  k: a\n  k: b\n"}});
  ASSERT_TRUE(rendered.ok());
  EXPECT_THAT(rendered->warnings, ElementsAre("a.yaml:6: key 'k' given twice; the last one counts"));
  EXPECT_THAT(Render({{"README.md", ""}})->warnings, ElementsAre("no manifests under '.'"));
}

TEST(RenderPlain, OptionsAreChecked) {
  const std::map<std::string, std::string> files = {{"a.yaml", ConfigMap("x")}};
  EXPECT_EQ(ErrorOf(files, "recursive: true"), "unknown option 'recursive' of the plain renderer, did you mean 'recurse'?");
  EXPECT_EQ(ErrorOf(files, "namespace: x"), "unknown option 'namespace' of the plain renderer; it has 'recurse', 'include' and 'exclude'");
  EXPECT_EQ(ErrorOf(files, "recurse: 1"), "option 'recurse': expected true or false, found an integer");
  EXPECT_EQ(ErrorOf(files, "include: ['a[']"), "option 'include': pattern 'a[': '[' without its ']'");
  EXPECT_EQ(ErrorOf(files, "[]"), "options of the plain renderer: expected a map, found a list");
}

TEST(RenderPlain, EverythingIsBounded) {
  const std::map<std::string, std::string> files = {{"a.yaml", ConfigMap("a")}, {"b.yaml", ConfigMap("b")}};
  EXPECT_EQ(ErrorOf(files, "", {.files = 1}), "'' holds more than 1 files");
  EXPECT_EQ(ErrorOf(files, "", {.file_bytes = 10}), "a.yaml: 51 bytes; at most 10 are read of one file");
  EXPECT_EQ(ErrorOf(files, "", {.total_bytes = 60}), "b.yaml: the files are larger than 60 bytes together");
  EXPECT_EQ(ErrorOf(files, "", {.objects = 1}), "more than 1 objects");
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += "d/";
  EXPECT_THAT(ErrorOf({{deep + "a.yaml", ConfigMap("a")}}), HasSubstr("nested more than 100 deep"));
  EXPECT_THAT(ErrorOf({{"a.yaml", "a: " + std::string(2000, '[') + std::string(2000, ']')}}), HasSubstr("a.yaml:1:503: nested more than 500 deep"));
  EXPECT_THAT(ErrorOf({{"a.yaml", "a: \xFF"}}), HasSubstr("a.yaml:1:4: not UTF-8 text"));
}

}  // namespace
}  // namespace plumb
