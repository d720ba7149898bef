// Strategic merge on real kinds: each directive, and that a computed patch does what it says. The recorded answers of
// apimachinery are replayed by tests/conformance.
#include "diff/strategic_merge.h"

#include <random>

#include "tests/diff/pairs.h"

namespace plumb {
namespace {

using testing::Json;
using testing::Yaml;

const Type* PodType() { return EmbeddedSchema()->Find({"", "v1", "Pod"}); }

std::string Patched(std::string_view live, std::string_view patch, const Type* type = PodType()) {
  Arena arena;
  const Document a = Yaml(live), b = Yaml(patch);
  const auto result = ApplyStrategicMerge(arena, *a, *b, type);
  return result.ok() ? WriteJson(*result) : "!" + result.error().message();
}

TEST(StrategicMerge, Directives) {
  const struct { const char *rule, *live, *patch, *want; } cases[] = {
      {"lists merge by key", "{spec: {containers: [{name: a, image: x}, {name: b, image: y}]}}", "{spec: {containers: [{name: b, image: z}]}}",
       R"({"spec":{"containers":[{"name":"a","image":"x"},{"name":"b","image":"z"}]}})"},
      {"delete an item", "{spec: {containers: [{name: a}, {name: b}]}}", "{spec: {containers: [{name: a, $patch: delete}]}}", R"({"spec":{"containers":[{"name":"b"}]}})"},
      {"replace a list", "{spec: {containers: [{name: a}, {name: b}]}}", "{spec: {containers: [{name: c}, {$patch: replace}]}}", R"({"spec":{"containers":[{"name":"c"}]}})"},
      {"replace a map", "{metadata: {labels: {a: b}}}", "{metadata: {labels: {$patch: replace, c: d}}}", R"({"metadata":{"labels":{"c":"d"}}})"},
      {"empty a map", "{metadata: {labels: {a: b}}}", "{metadata: {labels: {$patch: delete}}}", R"({"metadata":{"labels":{}}})"},
      {"retain keys", "{spec: {volumes: [{name: v, emptyDir: {}}]}}", "{spec: {volumes: [{name: v, $retainKeys: [name, hostPath], hostPath: {path: /x}}]}}",
       R"({"spec":{"volumes":[{"name":"v","hostPath":{"path":"/x"}}]}})"},
      {"retain keys must name what the patch has", "{spec: {volumes: [{name: v}]}}", "{spec: {volumes: [{name: v, $retainKeys: [name], hostPath: {}}]}}",
       "!spec: volumes: \"hostPath\" is in the patch and not in its $retainKeys"},
      {"set the order", "{spec: {containers: [{name: a}, {name: b}]}}", "{spec: {$setElementOrder/containers: [{name: b}, {name: a}], containers: [{name: a, image: x}]}}",
       R"({"spec":{"containers":[{"name":"b"},{"name":"a","image":"x"}]}})"},
      {"delete from a list of scalars", "{metadata: {finalizers: [a, b]}}", "{metadata: {$deleteFromPrimitiveList/finalizers: [a]}}", R"({"metadata":{"finalizers":["b"]}})"},
      {"lists of scalars are sets", "{metadata: {finalizers: [a, b]}}", "{metadata: {finalizers: [b, c]}}", R"({"metadata":{"finalizers":["a","b","c"]}})"},
      {"other lists are replaced", "{spec: {tolerations: [{key: a}]}}", "{spec: {tolerations: [{key: b}]}}", R"({"spec":{"tolerations":[{"key":"b"}]}})"},
      {"null removes", "{spec: {nodeName: a, hostname: b}}", "{spec: {nodeName: null}}", R"({"spec":{"hostname":"b"}})"},
      {"missing merge key", "{spec: {containers: [{name: a}]}}", "{spec: {containers: [{image: x}]}}", "!spec: containers: an item of the patch lacks its merge key \"name\""},
      {"unknown directive", "{spec: {containers: [{name: a}]}}", "{spec: {containers: [{name: a, $patch: explode}]}}", "!spec: containers: unknown $patch \"explode\"; expected replace or delete"},
      {"unknown field that has to merge", "{spec: {nonsense: {a: b}}}", "{spec: {nonsense: {c: d}}}",
       "!spec: field \"nonsense\" is not in the schema of io.k8s.api.core.v1.PodSpec; how to merge it is not known"},
  };
  for (const auto& c : cases) EXPECT_EQ(Patched(c.live, c.patch), c.want) << c.rule;
}

TEST(StrategicMerge, ComputedPatchesDoWhatTheySay) {
  std::mt19937 random(11);
  const auto pod = [&] {
    const auto pick = [&](const char* name, unsigned n) { return std::string(name) + std::to_string(random() % n); };
    std::string containers, finalizers, volumes;
    for (unsigned i = 0; i < 5; ++i)
      if (random() % 2) containers += std::string(containers.empty() ? "" : ",") + R"({"name":"c)" + std::to_string((i * 3 + random() % 2 * 5) % 7 + 7 * i) + R"(","image":")" + pick("i", 3) + R"("})";
    for (unsigned i = 0; i < 4; ++i)
      if (random() % 2) finalizers += std::string(finalizers.empty() ? "" : ",") + "\"f" + std::to_string(i) + "\"";
    return R"({"metadata":{"name":"a","labels":{"l":")" + pick("v", 3) + R"("},"finalizers":[)" + finalizers + R"(]},"spec":{"containers":[)" + containers + R"(],"nodeName":")" + pick("n", 2) + R"("}})";
  };
  for (int round = 0; round < 500; ++round) {
    const Document a = Json(pod()), b = Json(pod());
    Arena arena;
    const auto patch = DiffStrategicMerge(arena, *a, *b, PodType());
    ASSERT_TRUE(patch.ok()) << patch.error().message();
    const auto made = ApplyStrategicMerge(arena, *a, *patch, PodType());
    ASSERT_TRUE(made.ok()) << made.error().message();
    EXPECT_TRUE(*made == *b) << WriteJson(*a) << "\n" << WriteJson(*patch) << "\n" << WriteJson(*made) << "\n" << WriteJson(*b);
    const auto again = DiffStrategicMerge(arena, *made, *b, PodType());
    EXPECT_TRUE(again.ok() && again->empty());
  }
}

TEST(StrategicMerge, ThreeWayConflictIsSaidAsOne) {
  Arena arena;
  const Document original = Yaml("{spec: {nodeName: a}}"), modified = Yaml("{spec: {nodeName: b}}"), current = Yaml("{spec: {nodeName: c}}");
  const auto careful = ThreeWayStrategicMerge(arena, *original, *modified, *current, PodType(), false);
  ASSERT_FALSE(careful.ok());
  EXPECT_EQ(careful.error().code(), Code::kConflict);
  EXPECT_EQ(WriteJson(*ThreeWayStrategicMerge(arena, *original, *modified, *current, PodType(), true)), R"({"spec":{"nodeName":"b"}})");
}

TEST(StrategicMerge, TenThousandItemsAreLinear) {
  std::string live = R"({"spec":{"containers":[)", patch = live;
  for (int i = 0; i < 10000; ++i) {
    live += (i ? "," : "") + (R"({"name":"c)" + std::to_string(i)) + R"(","image":"a"})";
    patch += (i ? "," : "") + (R"({"name":"c)" + std::to_string(9999 - i)) + R"(","image":"b"})";
  }
  Arena arena;
  const Document a = Json(live + "]}}"), b = Json(patch + "]}}");
  const auto merged = ApplyStrategicMerge(arena, *a, *b, PodType());
  ASSERT_TRUE(merged.ok());
  EXPECT_EQ(merged->Get("spec").Get("containers").size(), 10000u);
}

}  // namespace
}  // namespace plumb
