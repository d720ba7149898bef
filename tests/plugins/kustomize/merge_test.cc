// Strategic merge as Kustomize v5.5.0 does it, its odd cases included.
#include "plugins/kustomize/merge.h"

#include <gtest/gtest.h>

#include "core/edit.h"
#include "core/json.h"
#include "core/yaml.h"

namespace plumb::kustomize {
namespace {

// Merges into the pod spec of a Deployment, whose types are known, and answers with the pod spec.
std::string MergePodSpec(const std::string& target, const std::string& patch) {
  Arena arena;
  const auto parse = [&](const std::string& spec) {
    return arena.Adopt(*ParseYamlOne("{apiVersion: apps/v1, kind: Deployment, spec: {template: {spec: " + spec + "}}}",
                                     {.dialect = YamlDialect::kKyaml}));
  };
  const auto merged = MergePatch(arena, parse(target), parse(patch), *PatchSchema::Builtin());
  if (!merged.ok()) return "error: " + merged.error().message();
  if (!*merged) return "deleted";
  return WriteCanonicalJson(GetAt(**merged, {"spec", "template", "spec"}));
}

TEST(KustomizeMerge, ListsOfKnownTypesMergeByKeyWithNewItemsInFront) {
  EXPECT_EQ(MergePodSpec("{containers: [{name: a, image: x}]}", "{containers: [{name: b}, {name: a, image: y}]}"),
            R"({"containers":[{"name":"b"},{"image":"y","name":"a"}]})");
  EXPECT_EQ(MergePodSpec("{containers: [{name: a, args: [x]}]}", "{containers: [{name: a, args: [y]}]}"),
            R"({"containers":[{"args":["y"],"name":"a"}]})")
      << "lists without a merge key are replaced";
  EXPECT_EQ(MergePodSpec("{tolerations: [{key: a}]}", "{tolerations: [{key: b}]}"), R"({"tolerations":[{"key":"b"}]})");
}

TEST(KustomizeMerge, DirectivesDeleteReplaceAndMerge) {
  EXPECT_EQ(MergePodSpec("{containers: [{name: a}, {name: b}]}", "{containers: [{name: a, $patch: delete}]}"),
            R"({"containers":[{"name":"b"}]})");
  EXPECT_EQ(MergePodSpec("{containers: [{name: a}]}", "{containers: [{name: c}, {$patch: replace}]}"), R"({"containers":[{"name":"c"}]})");
  EXPECT_EQ(MergePodSpec("{securityContext: {a: 1}}", "{securityContext: {b: 2, $patch: replace}}"), R"({"securityContext":{"b":2}})");
  EXPECT_EQ(MergePodSpec("{securityContext: {a: 1}}", "{securityContext: {$patch: delete}}"), "{}");
  EXPECT_EQ(MergePodSpec("{containers: [{name: a, image: x}]}", "{containers: [{name: a, image: y, $patch: replace}]}"),
            R"({"containers":[{"image":"x","name":"a"}]})")
      << "an item's own replace has no effect, in the program as here";
  EXPECT_TRUE(MergePodSpec("{a: {}}", "{a: {$patch: remove}}").starts_with("error"));
}

TEST(KustomizeMerge, NullRemovesAndSpelledNullsStay) {
  EXPECT_EQ(MergePodSpec("{a: 1, b: {c: 2}}", "{a: null, b: {c: null}}"), R"({"b":{}})");
  EXPECT_EQ(MergePodSpec("{a: null, b: ~, c: , d: 1}", "{d: 2}"), R"({"a":null,"b":null,"d":2})")
      << "a null that was spelled out is kept, one that was left out is not";
  EXPECT_EQ(MergePodSpec("{}", "{a: {b: null, c: 1}}"), R"({"a":{"c":1}})");
}

TEST(KustomizeMerge, SeveralKeysMatchByThoseThatAreThere) {
  EXPECT_EQ(MergePodSpec("{containers: [{name: a, ports: [{containerPort: 80, protocol: TCP}, {containerPort: 80, protocol: UDP}]}]}",
                         "{containers: [{name: a, ports: [{containerPort: 80, protocol: UDP, name: dns}]}]}"),
            R"({"containers":[{"name":"a","ports":[{"containerPort":80,"protocol":"TCP"},{"containerPort":80,"name":"dns","protocol":"UDP"}]}]})");
}

TEST(KustomizeMerge, QuotesOfTheTargetStay) {
  EXPECT_EQ(MergePodSpec("{a: '1', b: 1, c: x}", "{a: 5, b: '5', c: 5}"), R"({"a":"5","b":"5","c":5})");
}

TEST(KustomizeMerge, KindsOfNodesMustAgree) {
  EXPECT_TRUE(MergePodSpec("{a: {b: 1}}", "{a: text}").starts_with("error: "));
  EXPECT_TRUE(MergePodSpec("{a: [1]}", "{a: {b: 1}}").starts_with("error: "));
  EXPECT_EQ(MergePodSpec("{a: 1}", "{a: text}"), R"({"a":"text"})");
}

}  // namespace
}  // namespace plumb::kustomize
