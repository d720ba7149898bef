// The rules of the Kustomize renderer that the recorded cases do not name: options, restrictions, errors, order.
#include "plugins/kustomize/render.h"

#include <gtest/gtest.h>

#include "core/memory_tree.h"
#include "core/yaml.h"

namespace plumb {
namespace {

using Files = std::map<std::string, std::string>;

Result<Rendered> Render(const Files& files, std::string_view options = "", std::string path = "") {
  const MemoryTree tree(files);
  RenderRequest request;
  request.tree = &tree;
  request.path = std::move(path);
  request.options = *ParseYamlOne(options);
  return RenderKustomize(request);
}

std::string Text(const Files& files, std::string_view options = "", std::string path = "") {
  const auto rendered = Render(files, options, std::move(path));
  return rendered.ok() ? WriteManifests(rendered->manifests) : "error: " + rendered.error().message();
}

std::string ErrorOf(const Files& files, std::string_view options = "", std::string path = "") {
  const auto rendered = Render(files, options, std::move(path));
  return rendered.ok() ? "rendered" : rendered.error().message();
}

const char kDeployment[] =
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n"
    "      - name: web\n        image: nginx:1.0\n        envFrom:\n        - configMapRef:\n            name: settings\n";

TEST(Kustomize, GeneratedNamesReachTheirReferences) {
  const std::string text = Text({{"kustomization.yaml",
                                  "resources: [web.yaml]\nnamePrefix: a-\nconfigMapGenerator:\n- name: settings\n  literals: [key=value]\n"},
                                 {"web.yaml", kDeployment}});
  EXPECT_NE(text.find("name: a-settings-"), std::string::npos) << text;
  EXPECT_EQ(text.find("            name: settings\n"), std::string::npos) << text;
}

TEST(Kustomize, OptionsOfTheApplicationGoOnTop) {
  const Files files = {{"kustomization.yaml", "resources: [web.yaml]\nimages:\n- name: nginx\n  newTag: '2'\n"}, {"web.yaml", kDeployment}};
  const std::string text = Text(files,
                                "namePrefix: pre-\nnameSuffix: -suf\nnamespace: shop\nimages: ['nginx=registry:5000/proxy:3']\n"
                                "replicas: [{name: web, count: 4}]\ncommonAnnotations: {team: a}\n");
  EXPECT_NE(text.find("name: pre-web-suf"), std::string::npos) << text;
  EXPECT_NE(text.find("namespace: shop"), std::string::npos) << text;
  EXPECT_NE(text.find("image: registry:5000/proxy:3"), std::string::npos) << text;
  EXPECT_NE(text.find("replicas: 4"), std::string::npos) << text;
  EXPECT_NE(text.find("team: a"), std::string::npos) << text;
  EXPECT_NE(ErrorOf(files, "nameprefx: a").find("nameprefx"), std::string::npos);
}

TEST(Kustomize, LabelsPatchesAndComponentsAreAdded) {
  const Files files = {{"kustomization.yaml", "resources: [web.yaml]\nlabels: [{pairs: {own: label}}]\n"},
                       {"web.yaml", kDeployment},
                       {"extra/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -extra\n"},
                       {"p.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {paused: true}\n"}};
  const std::string text = Text(files,
                                "labels: [{pairs: {team: a}, includeSelectors: true}]\ncommonLabels: {all: yes-all}\ncomponents: [extra]\n"
                                "patches:\n- path: p.yaml\n- target: {kind: Deployment}\n  patch: '[{\"op\": \"add\", \"path\": \"/spec/minReadySeconds\", \"value\": 3}]'\n");
  for (const char* wanted : {"own: label", "team: a", "all: yes-all", "name: web-extra", "paused: true", "minReadySeconds: 3", "matchLabels:\n      all: yes-all\n      team: a"})
    EXPECT_NE(text.find(wanted), std::string::npos) << wanted << " in\n" << text;
}

// As Flux completes an image of the same name; a text takes its place, as `kustomize edit set image` does.
// As in the program, which decodes a field when it has to.
TEST(Kustomize, ATextOverANumberMayBeOverwritten) {
  const Files files = {{"kustomization.yaml", "resources: [base]\nreplicas: [{name: web, count: 4}]\n"},
                       {"base/kustomization.yaml", "resources: [web.yaml]\nreplacements:\n- source: {kind: Deployment}\n  targets: [{select: {kind: Deployment}, fieldPaths: [spec.replicas]}]\n"},
                       {"base/web.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}\n"}};
  EXPECT_NE(Text(files).find("replicas: 4"), std::string::npos) << Text(files);
}

// A JSON patch takes an object through JSON, whose numbers Go reads as floats.
TEST(Kustomize, LargeNumbersThroughAJsonPatch) {
  const Files files = {{"kustomization.yaml", "resources: [a.yaml]\npatches:\n- target: {kind: CR}\n  patch: '[{\"op\": \"add\", \"path\": \"/spec/x\", \"value\": 9007199254740993}]'\n"},
                       {"a.yaml", "apiVersion: v1\nkind: CR\nmetadata: {name: a}\nspec: {a: 12345678901234567890, b: 18446744073709551615, c: 5, d: 1.2345678901234568e+18}\n"}};
  EXPECT_EQ(Text(files), "apiVersion: v1\nkind: CR\nmetadata:\n  name: a\nspec:\n  a: 12345678901234567000\n  b: 1.8446744073709552e+19\n  c: 5\n  d: 1234567890123456800\n  x: 9007199254740992\n");
}

// A name that looks like a number, put into a subject without quotes.
TEST(Kustomize, NamesInMapsHaveNoType) {
  const Files files = {{"kustomization.yaml", "resources: [all.yaml]\nnamePrefix: p-\ntransformers:\n- |-\n  apiVersion: builtin\n  kind: ReplacementTransformer\n  metadata: {name: t}\n  replacements:\n"
                                              "  - source: {kind: Service, fieldPath: spec.port}\n    targets: [{select: {kind: ServiceAccount}}]\n"},
                       {"all.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {port: 80}\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot}\n---\n"
                                    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\nsubjects: [{kind: ServiceAccount, name: robot, namespace: default}]\n"}};
  EXPECT_NE(Text(files).find("subjects:\n- kind: ServiceAccount\n  name: 80\n"), std::string::npos) << Text(files);
}

// A component's objects and configurations are those of a new accumulator, which checks them once more.
TEST(Kustomize, ConfigurationsOfAComponentAreMergedAnew) {
  const Files files = {{"kustomization.yaml", "resources: [web.yaml]\ncomponents: [c]\n"}, {"web.yaml", kDeployment},
                       {"c/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nconfigurations: [config.yaml]\n"},
                       {"c/config.yaml", "images:\n- {path: 'spec/containers[]/image', kind: Widget}\n"}};
  EXPECT_NE(ErrorOf(files).find("component 'c': images: field 'spec/containers[]/image'"), std::string::npos) << ErrorOf(files);
}

// It may not count where another schema is in use, but must be there.
TEST(Kustomize, TheSchemaOfABaseMustBeThere) {
  const Files files = {{"kustomization.yaml", "resources: [base]\nopenapi: {path: schema.json}\n"}, {"schema.json", "{\"definitions\": {}}"},
                       {"base/kustomization.yaml", "resources: [web.yaml]\nopenapi: {path: none.json}\n"}, {"base/web.yaml", kDeployment}};
  EXPECT_NE(ErrorOf(files).find("base/kustomization.yaml:2: openapi 'none.json'"), std::string::npos) << ErrorOf(files);
}

TEST(Kustomize, AnImageThatIsAMapKeepsWhatItDoesNotName) {
  const Files files = {{"kustomization.yaml", "resources: [web.yaml]\nimages: [{name: nginx, newName: mirror/nginx, newTag: '2'}]\n"}, {"web.yaml", kDeployment}};
  EXPECT_NE(Text(files, "images: [{name: nginx, newTag: '3'}]").find("image: mirror/nginx:3"), std::string::npos);
  EXPECT_NE(Text(files, "images: ['nginx:3']").find("image: nginx:3"), std::string::npos);
}

TEST(Kustomize, MissingComponentsAreLeftOutWhereTheyMayBe) {
  const Files files = {{"kustomization.yaml", "resources: [web.yaml]\n"}, {"web.yaml", kDeployment},
                       {"extra/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -extra\n"}};
  EXPECT_NE(ErrorOf(files, "components: [none, extra]").find("component 'none'"), std::string::npos);
  const auto rendered = Render(files, "components: [none, extra]\nignoreMissingComponents: true");
  ASSERT_TRUE(rendered.ok()) << rendered.error().message();
  EXPECT_EQ(rendered->warnings, std::vector<std::string>{"component 'none' is not in the source: left out"});
  EXPECT_NE(WriteManifests(rendered->manifests).find("name: web-extra"), std::string::npos);
  const Files broken = {{"kustomization.yaml", "resources: [web.yaml]\ncomponents: [none]\n"}, {"web.yaml", kDeployment}};
  EXPECT_NE(ErrorOf(broken, "ignoreMissingComponents: true").find("component 'none'"), std::string::npos) << "the directory's own must be there";
}

TEST(Kustomize, OptionsAreChecked) {
  const Files files = {{"kustomization.yaml", "resources: [web.yaml]\n"}, {"web.yaml", kDeployment}};
  const struct {
    const char *options, *wanted;
  } kCases[] = {
      {"order: alphabetic", "use 'legacy' or 'none'"}, {"loadRestrictor: all", "use 'rootOnly' or 'none'"}, {"images: nginx", "'images' must be a list"},
      {"replicas: [{name: web, cuont: 3}]", "unknown field 'cuont', did you mean 'count'"}, {"patches: [{pach: x}]", "unknown field 'pach', did you mean 'path'"},
      {"postBuild: {substitut: {}}", "unknown field 'substitut', did you mean 'substitute'"}, {"components: [none]", "component 'none'"},
  };
  for (const auto& c : kCases) EXPECT_NE(ErrorOf(files, c.options).find(c.wanted), std::string::npos) << c.options << ": " << ErrorOf(files, c.options);
}

TEST(Kustomize, OrderIsLegacyUnlessToldOtherwise) {
  const Files files = {{"kustomization.yaml", "resources: [all.yaml]\n"},
                       {"all.yaml", std::string(kDeployment) + "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n"}};
  EXPECT_EQ(Render(files)->manifests[0].root().GetString("kind"), "Namespace");
  EXPECT_EQ(Render(files, "order: none")->manifests[0].root().GetString("kind"), "Deployment");
}

TEST(Kustomize, FilesOutsideTheDirectoryNeedLeave) {
  const Files files = {{"app/kustomization.yaml", "resources: [../web.yaml]\n"}, {"web.yaml", kDeployment}};
  const auto refused = Render(files, "", "app");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Code::kDenied);
  EXPECT_TRUE(Render(files, "loadRestrictor: none", "app").ok());
  EXPECT_EQ(Render({{"kustomization.yaml", "resources: [../web.yaml]\n"}}, "loadRestrictor: none").error().code(), Code::kDenied)
      << "nothing outside of the source can be read";
}

TEST(Kustomize, ManifestsSayWhereTheyWereWritten) {
  const auto rendered = Render({{"kustomization.yaml", "resources: [base]\n"},
                                {"base/kustomization.yaml", "resources: [web.yaml]\n"},
                                {"base/web.yaml", "# a comment\n---\n" + std::string(kDeployment)}});
  ASSERT_TRUE(rendered.ok());
  EXPECT_EQ(rendered->manifests[0].origin.file, "base/web.yaml");
  EXPECT_EQ(rendered->manifests[0].origin.line, 3);
}

TEST(Kustomize, ErrorsNameFileFieldAndObject) {
  const struct {
    const char* what;
    Files files;
    std::vector<std::string> wanted;
  } kCases[] = {
      {"no kustomization", {{"web.yaml", kDeployment}}, {"kustomization.yaml"}},
      {"unknown field", {{"kustomization.yaml", "namespace: a\nresuorces: [web.yaml]\n"}}, {"kustomization.yaml: 2:1: ", "resuorces", "did you mean 'resources'"}},
      {"unknown field deep", {{"kustomization.yaml", "patches:\n- path: a\n  target:\n    kind: A\n    nmae: b\n"}}, {"kustomization.yaml: 5:5: 'patches[0].target': unknown field 'nmae', did you mean 'name'?"}},
      {"missing file of a base", {{"kustomization.yaml", "resources:\n- base\n"}, {"base/kustomization.yaml", "namePrefix: a\nresources:\n- none.yaml\n"}},
       {"kustomization.yaml:2: resource 'base': base/kustomization.yaml:3: resource 'none.yaml'", "does not exist"}},
      {"failed operation", {{"kustomization.yaml", "resources: [web.yaml]\npatches:\n- target: {kind: Deployment}\n  patch: '[{\"op\": \"remove\", \"path\": \"/spec/none\"}]'\n"}, {"web.yaml", kDeployment}},
       {"kustomization.yaml:3: patches[0]: inline patch: Deployment", "remove", "/spec/none"}},
      {"broken patch file", {{"kustomization.yaml", "resources: [web.yaml]\npatches:\n- path: p.yaml\n"}, {"p.yaml", "kind: A\nmetadata: [\n"}, {"web.yaml", kDeployment}}, {"patch 'p.yaml': 3:1:"}},
      {"wrong type", {{"kustomization.yaml", "namePrefix: 5\n"}}, {"namePrefix", "string", "quotes"}},
      {"empty", {{"kustomization.yaml", "kind: Kustomization\n"}}, {"empty"}},
      {"missing file", {{"kustomization.yaml", "resources: [web.yaml]\n"}}, {"resource 'web.yaml'"}},
      {"no match", {{"kustomization.yaml", "resources: [web.yaml]\npatches:\n- patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: wbe}}'\n"}, {"web.yaml", kDeployment}},
       {"patches[0]", "wbe", "did you mean", "web"}},
      {"twice", {{"kustomization.yaml", "resources: [web.yaml, again.yaml]\n"}, {"web.yaml", kDeployment}, {"again.yaml", kDeployment}},
       {"Deployment", "'web'", "web.yaml:1", "again.yaml:1"}},
      {"cycle", {{"a/kustomization.yaml", "resources: [../b]\n"}, {"b/kustomization.yaml", "resources: [../a]\n"}, {"kustomization.yaml", "resources: [a]\n"}}, {"cycle"}},
      {"remote", {{"kustomization.yaml", "resources: ['https://github.com/org/repo//base?ref=v1']\n"}}, {"remote"}},
      {"helm", {{"kustomization.yaml", "helmCharts:\n- name: x\n"}}, {"kustomization.yaml:2: 'helmCharts'"}},
      {"misspelt file", {{"kustomization.yaml", "resources:\n- web.yml\n"}, {"web.yaml", kDeployment}}, {"kustomization.yaml:2: resource 'web.yml'", "does not exist, did you mean 'web.yaml'?"}},
      {"misspelt data", {{"kustomization.yaml", "configMapGenerator:\n- name: a\n  files: [sets.txt]\n"}, {"set.txt", ""}}, {"kustomization.yaml:2: ", "did you mean 'set.txt'?"}},
      {"generator without what it changes", {{"kustomization.yaml", "configMapGenerator: [{name: a}]\nsecretGenerator:\n- name: token\n  behavior: merge\n"}}, {"kustomization.yaml:3: Secret 'token' does not exist"}},
      {"source of a replacement", {{"kustomization.yaml", "resources: [web.yaml]\nreplacements:\n- source: {kind: Deployment, name: wbe}\n  targets: []\n"}, {"web.yaml", kDeployment}},
       {"kustomization.yaml:3: replacements", "'wbe'", "did you mean 'web'?"}},
      {"field of a source", {{"kustomization.yaml", "resources: [web.yaml]\nreplacements:\n- source: {kind: Deployment, fieldPath: spec.templte.spec}\n  targets: []\n"}, {"web.yaml", kDeployment}},
       {"has no 'spec.templte.spec', did you mean 'template'?"}},
      {"variable of nothing", {{"kustomization.yaml", "resources: [web.yaml]\nvars:\n- name: A\n  objref: {apiVersion: apps/v1, kind: Deployment, name: wbe}\n"}, {"web.yaml", kDeployment}},
       {"kustomization.yaml:3: variable 'A'", "did you mean 'Deployment/web'?"}},
      {"no match of a deprecated patch", {{"kustomization.yaml", "resources: [web.yaml]\npatchesStrategicMerge:\n- p.yaml\n"}, {"web.yaml", kDeployment}, {"p.yaml", "apiVersion: apps/v1\nkind: Deploymnt\nmetadata: {name: web}\n"}},
       {"kustomization.yaml:3: patchesStrategicMerge: patch 'p.yaml': ", "no match for Deploymnt.apps 'web', did you mean 'Deployment/web'?"}},
      {"another version", {{"kustomization.yaml", "resources: [web.yaml]\npatches:\n- patch: '{apiVersion: apps/v1beta1, kind: Deployment, metadata: {name: web}}'\n"}, {"web.yaml", kDeployment}},
       {"no match for Deployment.apps 'web', but there is one with 'apiVersion: apps/v1' (not 'apps/v1beta1')"}},
      {"another namespace", {{"kustomization.yaml", "resources: [web.yaml]\npatches:\n- patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}}'\n"}, {"web.yaml", kDeployment}},
       {"no match for Deployment.apps 'web' in namespace 'shop', but there is one without a namespace"}},
      {"order", {{"kustomization.yaml", "resources: [web.yaml]\nsortOptions: {order: legcy}\n"}, {"web.yaml", kDeployment}}, {"kustomization.yaml:2: sortOptions: 'order' is 'legcy': use 'legacy' or 'fifo'"}},
      {"directive", {{"kustomization.yaml", "resources: [a.yaml]\n"}, {"a.yaml", "%YAML 1.1\n---\nkind: A\n"}}, {"resource 'a.yaml': 1:1: '%YAML 1.1': Kustomize reads no directives; remove the line"}},
      {"text over a number", {{"kustomization.yaml", "resources: [web.yaml]\npatches:\n- target: {kind: Deployment}\n  patch: '[{\"op\": \"add\", \"path\": \"/spec/replicas\", \"value\": 1}]'\n"
                                                    "replacements:\n- source: {kind: Deployment}\n  targets: [{select: {kind: Deployment}, fieldPaths: [spec.replicas]}]\n"}, {"web.yaml", kDeployment}},
       {"web.yaml:1: target Deployment.apps 'web': 'spec.replicas': 'web' cannot be written where an integer is"}},
      {"configuration", {{"kustomization.yaml", "configurations:\n- c.yaml\n"}, {"c.yaml", "nameRefernce: []\n"}}, {"kustomization.yaml:2: configuration 'c.yaml'", "did you mean 'nameReference'?"}},
      {"plugin", {{"kustomization.yaml", "generators: [g.yaml]\n"}, {"g.yaml", "apiVersion: acme/v1\nkind: Magic\nmetadata:\n  name: g\n"}}, {"Magic", "not built in"}},
  };
  for (const auto& c : kCases) {
    const std::string error = ErrorOf(c.files);
    for (const std::string& wanted : c.wanted) EXPECT_NE(error.find(wanted), std::string::npos) << c.what << ": " << error;
  }
}

TEST(Kustomize, DeprecatedFieldsAreWarnings) {
  const auto rendered = Render({{"kustomization.yaml", "bases: [base]\n"},
                                {"base/kustomization.yaml", "commonLabels: {app: web}\nresources: [web.yaml]\n"},
                                {"base/web.yaml", kDeployment}});
  ASSERT_TRUE(rendered.ok());
  ASSERT_EQ(rendered->warnings.size(), 2u);
  EXPECT_EQ(rendered->warnings[0], "kustomization.yaml: 'bases' is deprecated: use 'resources' ('kustomize edit fix' changes it)");
  EXPECT_EQ(rendered->warnings[1], "base/kustomization.yaml: 'commonLabels' is deprecated: use 'labels' ('kustomize edit fix' changes it)");
}

// Go reads one document of a kustomization, which may be an empty one.
TEST(Kustomize, TheFirstDocumentIsTheKustomization) {
  const auto rendered = Render({{"kustomization.yaml", "# a comment\n---\nresources: [web.yaml]\n---\nnamePrefix: a-\n"}, {"web.yaml", kDeployment}});
  ASSERT_TRUE(rendered.ok()) << rendered.error().message();
  EXPECT_EQ(rendered->warnings, std::vector<std::string>{"kustomization.yaml: line 5: what follows the first document is not read"});
  EXPECT_EQ(rendered->manifests[0].root().Get("metadata").GetString("name"), "web");
  for (const char* before : {"---\n---\n", "null\n---\n", "---\n# nothing\n---\n", "---\n...\n---\n"})
    EXPECT_EQ(ErrorOf({{"kustomization.yaml", std::string(before) + "resources: [web.yaml]\n"}, {"web.yaml", kDeployment}}), "kustomization.yaml: the kustomization file is empty") << before;
}

TEST(Kustomize, TheFirstDocumentOfAReplacementFileCounts) {
  const std::string replacement = "source: {kind: Deployment, name: web, fieldPath: metadata.name}\ntargets: [{select: {kind: Deployment}, fieldPaths: [metadata.namespace], options: {create: true}}]\n";
  const auto files = [&](const char* before) {
    return Files{{"kustomization.yaml", "resources: [web.yaml]\nreplacements: [{path: r.yaml}]\n"}, {"web.yaml", kDeployment}, {"r.yaml", before + replacement}};
  };
  for (const char* before : {"", "---\n", "# a comment\n---\n"}) EXPECT_TRUE(Render(files(before)).ok()) << before;
  for (const char* before : {"---\n---\n", "null\n---\n", "---\n...\n---\n"})
    EXPECT_EQ(ErrorOf(files(before)), "replacements 'r.yaml': a replacement or a list of them was expected, found a null") << before;
}

// The program is silent about both.
TEST(Kustomize, UnknownBuildMetadataIsAWarning) {
  const auto rendered = Render({{"kustomization.yaml", "resources: [web.yaml]\nbuildMetadata: [orginAnnotations]\n"}, {"web.yaml", kDeployment}});
  ASSERT_TRUE(rendered.ok());
  EXPECT_EQ(rendered->warnings, std::vector<std::string>{"kustomization.yaml: 'buildMetadata': 'orginAnnotations' means nothing, did you mean 'originAnnotations'?"});
}

TEST(Kustomize, APatchThatSelectsNothingIsAWarning) {
  const auto rendered = Render({{"kustomization.yaml", "resources: [web.yaml]\npatches:\n- target: {kind: Deploymnt, name: web}\n  patch: '[{\"op\": \"remove\", \"path\": \"/spec\"}]'\n"}, {"web.yaml", kDeployment}});
  ASSERT_TRUE(rendered.ok());
  EXPECT_EQ(rendered->warnings, std::vector<std::string>{"kustomization.yaml:3: patches[0]: inline patch: the target (kind 'Deploymnt', name 'web') selects no object, did you mean 'Deployment'?"});
}

}  // namespace
}  // namespace plumb
