// Trees that mean harm: bounded, clear, fast.
#include <gtest/gtest.h>

#include <chrono>

#include "core/memory_tree.h"
#include "plugins/kustomize/render.h"

namespace plumb {
namespace {

using Files = std::map<std::string, std::string>;

Result<Rendered> Render(Files files, RenderLimits limits = {}) {
  const MemoryTree tree(std::move(files));
  RenderRequest request;
  request.tree = &tree;
  request.limits = limits;
  return RenderKustomize(request);
}

std::string ConfigMap(const std::string& name) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\ndata: {a: b}\n";
}

TEST(KustomizeHostile, DeepBasesAreRefused) {
  Files files;
  std::string directory;
  for (int i = 0; i < 1000; ++i) {
    files[directory + "kustomization.yaml"] = "resources: [d]\n";
    directory += "d/";
  }
  files[directory + "kustomization.yaml"] = "namePrefix: a\n";
  const auto rendered = Render(std::move(files));
  ASSERT_FALSE(rendered.ok());
  EXPECT_EQ(rendered.error().code(), Code::kLimit);
}

TEST(KustomizeHostile, AliasBombsAreRefused) {
  std::string bomb = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nx0: &x0 [a, a, a, a, a, a, a, a, a, a]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*x" + std::to_string(i - 1);
    bomb += "x" + std::to_string(i) + ": &x" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 9; ++k) bomb += ", " + before;
    bomb += "]\n";
  }
  EXPECT_FALSE(Render({{"kustomization.yaml", "resources: [bomb.yaml]\n"}, {"bomb.yaml", bomb}}).ok());
}

TEST(KustomizeHostile, LimitsHold) {
  const Files files = {{"kustomization.yaml", "resources: [a.yaml, b.yaml]\n"}, {"a.yaml", ConfigMap("a")}, {"b.yaml", ConfigMap("b")}};
  EXPECT_TRUE(Render(files).ok());
  for (const RenderLimits& limits : {RenderLimits{.files = 2}, RenderLimits{.file_bytes = 20}, RenderLimits{.total_bytes = 90}, RenderLimits{.objects = 1}}) {
    const auto rendered = Render(files, limits);
    ASSERT_FALSE(rendered.ok());
    EXPECT_EQ(rendered.error().code(), Code::kLimit) << rendered.error().message();
  }
}

// Each copies the object into itself, so that it doubles: what is shared in memory would be endless in print.
TEST(KustomizeHostile, PatchesThatExplodeAreRefused) {
  std::string operations, replacements, patches;
  for (int i = 0; i < 40; ++i) {
    operations += std::string(i == 0 ? "" : ", ") + R"({"op": "copy", "from": "/data", "path": "/data/x)" + std::to_string(i) + "\"}";
    replacements += "- source: {kind: ConfigMap, fieldPath: data}\n  targets: [{select: {kind: ConfigMap}, fieldPaths: [data.x" + std::to_string(i) + "], options: {create: true}}]\n";
    patches += "- target: {kind: ConfigMap}\n  patch: '[{\"op\": \"copy\", \"from\": \"/data\", \"path\": \"/data/x" + std::to_string(i) + "\"}]'\n";
  }
  for (const std::string& field : {"patches:\n- target: {kind: ConfigMap}\n  patch: '[" + operations + "]'\n", "replacements:\n" + replacements, "patches:\n" + patches}) {
    const auto rendered = Render({{"kustomization.yaml", "resources: [a.yaml]\n" + field}, {"a.yaml", ConfigMap("a")}});
    ASSERT_FALSE(rendered.ok()) << field;
    EXPECT_EQ(rendered.error().code(), Code::kLimit) << rendered.error().message();
  }
}

TEST(KustomizeHostile, ObjectsThatAreNestedTooDeepAreRefused) {
  std::string replacements;
  for (int i = 0; i < 700; ++i) replacements += "- source: {kind: CR, fieldPath: spec}\n  targets: [{select: {kind: CR}, fieldPaths: [spec.x], options: {create: true}}]\n";
  const auto rendered = Render({{"kustomization.yaml", "resources: [a.yaml]\nreplacements:\n" + replacements}, {"a.yaml", "apiVersion: v1\nkind: CR\nmetadata: {name: a}\nspec: {a: b}\n"}});
  ASSERT_FALSE(rendered.ok());
  EXPECT_EQ(rendered.error().code(), Code::kLimit) << rendered.error().message();
}

TEST(KustomizeHostile, DirectoriesOfManyFilesCostNothing) {
  Files files = {{"kustomization.yaml", "resources: [a.yaml]\n"}, {"a.yaml", ConfigMap("a")}};
  for (int i = 0; i < 100'000; ++i) files["f" + std::to_string(i)] = "";
  const MemoryTree tree(std::move(files));
  RenderRequest request;
  request.tree = &tree;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(RenderKustomize(request).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

TEST(KustomizeHostile, ExpressionsCannotBacktrack) {
  Files files = {{"a.yaml", ConfigMap(std::string(2000, 'a'))}};
  files["kustomization.yaml"] = "resources: [a.yaml]\npatches:\n- target: {name: '(a*)*b'}\n  patch: '[{\"op\": \"remove\", \"path\": \"/data\"}]'\n";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(Render(files).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
  files["kustomization.yaml"] = "resources: [a.yaml]\npatches:\n- target: {name: '(?!a)'}\n  patch: '[{\"op\": \"remove\", \"path\": \"/data\"}]'\n";
  EXPECT_FALSE(Render(files).ok()) << "look-ahead is no part of the dialect";
}

TEST(KustomizeHostile, TenThousandObjectsGrowLinearly) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += ConfigMap("cm-" + std::to_string(i)) + "---\n";
  const auto begin = std::chrono::steady_clock::now();
  const auto rendered = Render({{"kustomization.yaml", "resources: [all.yaml]\nnamePrefix: a-\nnamespace: b\ncommonLabels: {a: b}\n"}, {"all.yaml", text}});
  ASSERT_TRUE(rendered.ok()) << rendered.error().message();
  EXPECT_EQ(rendered->manifests.size(), 10'000u);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
}

TEST(KustomizeHostile, OddShapesAreErrorsNotCrashes) {
  const char* const kResources[] = {
      "a", "[]", "- a", "{}", "kind: A", "kind: A\nmetadata: []", "kind: A\nmetadata: {name: []}", "kind: AList\nitems: a",
      "kind: AList\nitems: [[], {}, null, 1]", "apiVersion: {}\nkind: A\nmetadata: {name: a, annotations: [], labels: 5}",
      "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: []", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: text}",
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: a}\nsubjects: {a: b}\nroleRef: []",
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: a}\nsubjects: [a, [], {kind: ServiceAccount, namespace: null}]",
  };
  const char* const kFields[] = {
      "namePrefix: a-", "namespace: b", "commonLabels: {a: b}", "images: [{name: a, newTag: b}]", "images: [{name: '[', newTag: b}]",
      "replicas: [{name: a, count: 1}]", "patches: [{target: {}, patch: '[{\"op\": \"add\", \"path\": \"/spec/a\", \"value\": 1}]'}]",
      "patches: [{target: {}, patch: '{kind: A, metadata: {name: a}, spec: {b: [1]}}'}]", "patches: [{patch: '- $patch: delete'}]",
      "replacements: [{source: {name: a}, targets: [{select: {name: a}, fieldPaths: ['spec.*.[a=b].0', '[', 'a.[b]']}]}]",
      "vars: [{name: A, objref: {kind: A, name: a}}]", "configMapGenerator: [{name: a, behavior: merge}]", "labels: [{pairs: {a: b}, fields: [{path: '', create: true}]}]",
      "transformers: ['{apiVersion: builtin, kind: ValueAddTransformer, metadata: {name: a}, targets: [{fieldPath: a/b}]}']", "crds: [a.yaml]", "configurations: [a.yaml]",
      "openapi: {path: a.yaml}", "sortOptions: {order: legacy, legacySortOptions: {orderFirst: [A]}}", "generators: [a.yaml]", "components: ['.']", "resources: ['']",
  };
  for (const char* resource : kResources) {
    for (const char* field : kFields) {
      const auto rendered = Render({{"kustomization.yaml", std::string("resources: [a.yaml]\n") + field + "\n"}, {"a.yaml", resource}});
      if (rendered.ok()) continue;
      EXPECT_NE(rendered.error().code(), Code::kInternal) << field << " over " << resource;
    }
  }
}

}  // namespace
}  // namespace plumb
