// Why an object is as it is.
#include "plugins/kustomize/explain.h"

#include <gtest/gtest.h>

#include "core/json.h"
#include "tests/plugins/kustomize/test_render.h"

namespace plumb {
namespace {

const Files kShop = {
    {"base/kustomization.yaml", "resources: [web.yaml]\nconfigMapGenerator:\n- name: settings\n  literals: [a=b]\n"},
    {"base/web.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  annotations: {gone: soon}\nspec:\n  replicas: 1\n  template:\n    spec:\n      containers:\n      - name: web\n"
                      "        image: nginx:1\n        envFrom:\n        - configMapRef:\n            name: settings\n"},
    {"prod/kustomization.yaml", "resources: [../base]\nnamePrefix: prod-\npatches:\n- path: scale.yaml\nimages:\n- name: nginx\n  newTag: '2'\n"},
    {"prod/scale.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  annotations: {gone: null}\nspec:\n  replicas: 5\n"},
};

Result<Explanation> Explain(const Files& files, const std::string& wanted) {
  const MemoryTree tree(files);
  RenderRequest request;
  request.tree = &tree;
  request.path = "prod";
  return ExplainKustomize(request, wanted);
}

const ExplainedField* Field(const Explanation& explanation, const std::vector<std::string>& path) {
  for (const ExplainedField& field : explanation.fields)
    if (field.path == path) return &field;
  return nullptr;
}

TEST(KustomizeExplain, EveryFieldHasItsCauses) {
  const auto explanation = Explain(kShop, "Deployment/prod-web");
  ASSERT_TRUE(explanation.ok()) << explanation.error().message();
  const ExplainedField* replicas = Field(*explanation, {"spec", "replicas"});
  ASSERT_TRUE(replicas);
  ASSERT_EQ(replicas->causes.size(), 2u);
  EXPECT_EQ(replicas->causes[0].ToString(), "base/web.yaml:7");
  EXPECT_EQ(replicas->causes[0].value.AsInt(), 1);
  EXPECT_EQ(replicas->causes[1].ToString(), "prod/scale.yaml:7 (patches[0])");
  EXPECT_EQ(Field(*explanation, {"metadata", "name"})->causes.back().ToString(), "prod/kustomization.yaml:2 namePrefix");
  EXPECT_EQ(Field(*explanation, {"spec", "template", "spec", "containers", "0", "image"})->causes.back().ToString(), "prod/kustomization.yaml:6 images[0]");
  EXPECT_EQ(Field(*explanation, {"spec", "template", "spec", "containers", "0", "envFrom", "0", "configMapRef", "name"})->causes.back().step, "name reference");
  for (const ExplainedField& field : explanation->fields) EXPECT_FALSE(field.causes.empty());
  ASSERT_EQ(explanation->removed.size(), 1u);
  EXPECT_EQ(explanation->removed[0].path, (std::vector<std::string>{"metadata", "annotations", "gone"}));
}

TEST(KustomizeExplain, OptionsAreNoPartOfTheKustomization) {
  const MemoryTree tree(kShop);
  RenderRequest request;
  request.tree = &tree;
  request.path = "prod";
  request.options = *ParseYamlOne("nameSuffix: -x\npatches: [{target: {kind: Deployment}, patch: '[{op: add, path: /spec/paused, value: true}]'}]\n");
  const auto failed = ExplainKustomize(request, "Deployment/web");
  ASSERT_FALSE(failed.ok()) << "that patch is no JSON";
  EXPECT_TRUE(failed.error().message().starts_with("the application's options: patches[1]: inline patch: ")) << failed.error().message();

  request.options = *ParseYamlOne("nameSuffix: -x\npatches: [{target: {kind: Deployment}, patch: '[{\"op\": \"add\", \"path\": \"/spec/paused\", \"value\": true}]'}]\n");
  const auto explanation = ExplainKustomize(request, "Deployment/web");
  ASSERT_TRUE(explanation.ok()) << explanation.error().message();
  EXPECT_EQ(Field(*explanation, {"spec", "paused"})->causes.back().ToString(), "the application's options patches[1]");
  EXPECT_EQ(Field(*explanation, {"metadata", "name"})->causes.back().ToString(), "the application's options nameSuffix");
  EXPECT_EQ(Field(*explanation, {"spec", "replicas"})->causes.back().ToString(), "prod/scale.yaml:7 (patches[0])");
}

TEST(KustomizeExplain, DeprecatedPatchesAreToldApart) {
  Files files = kShop;
  files["prod/kustomization.yaml"] = "resources: [../base]\npatchesStrategicMerge:\n- scale.yaml\n- |-\n  apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: web}\n  spec: {paused: true}\n";
  const auto explanation = Explain(files, "Deployment/web");
  ASSERT_TRUE(explanation.ok()) << explanation.error().message();
  EXPECT_EQ(Field(*explanation, {"spec", "replicas"})->causes.back().ToString(), "prod/scale.yaml:7 (patchesStrategicMerge[0])");
  EXPECT_EQ(Field(*explanation, {"spec", "paused"})->causes.back().ToString(), "prod/kustomization.yaml:4 patchesStrategicMerge[1]");
}

TEST(KustomizeExplain, TextShowsTheSourceOfEachLine) {
  const std::string text = Explain(kShop, "deployment/web")->ToText();
  EXPECT_NE(text.find("prod/scale.yaml:7 (patches[0])"), std::string::npos) << text;
  EXPECT_NE(text.find("|   replicas: 5  # was 1 (base/web.yaml:7)"), std::string::npos) << text;
  EXPECT_NE(text.find("removed: metadata.annotations.gone by prod/scale.yaml"), std::string::npos) << text;
}

TEST(KustomizeExplain, JsonHasPathsCausesAndValues) {
  const std::string json = WriteCanonicalJson(*Explain(kShop, "Deployment/prod-web")->ToJson());
  EXPECT_NE(json.find(R"({"before":[{"file":"base/web.yaml","line":7,"value":1}],"path":["spec","replicas"],"setBy":{"file":"prod/scale.yaml","kustomization":"prod/kustomization.yaml","line":7,"step":"patches[0]","value":5}})"),
            std::string::npos)
      << json;
}

TEST(KustomizeExplain, SecretsStayHidden) {
  Files files = kShop;
  files["prod/kustomization.yaml"] += "secretGenerator:\n- name: token\n  literals: [key=verysecret]\n";
  const auto explanation = Explain(files, "Secret/token");
  ASSERT_TRUE(explanation.ok()) << explanation.error().message();
  for (const std::string& text : {explanation->ToText(), WriteCanonicalJson(*explanation->ToJson())}) {
    EXPECT_EQ(text.find("dmVyeXNlY3JldA"), std::string::npos) << text;
    EXPECT_NE(text.find("masked"), std::string::npos) << text;
  }
}

TEST(KustomizeExplain, SaysWhichObjectsThereAre) {
  EXPECT_NE(Explain(kShop, "Deployment/prod-wbe").error().message().find("did you mean 'Deployment/prod-web'"), std::string::npos);
  EXPECT_NE(Explain(kShop, "web").error().message().find("KIND/NAME"), std::string::npos);
}

}  // namespace
}  // namespace plumb
