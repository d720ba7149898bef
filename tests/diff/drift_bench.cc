// What the drift comparison costs: one object, ten thousand of them, and how it grows. All must grow linearly.
//
// With PLUMB_BENCH_INPUTS=DIR the pairs of the first two are written there as JSON, so that others can be measured with the same.
#include <benchmark/benchmark.h>

#include <fmt/core.h>

#include <cstdlib>
#include <fstream>

#include "core/json.h"
#include "diff/embedded_schema.h"
#include "diff/object_diff.h"
#include "tests/bench/allocations.h"

namespace plumb {
namespace {

// A workload with `containers` containers, as declared and as a server holds it after we applied it.
struct Pair {
  Document manifest, live;
};

std::string Container(int i, bool live) {
  std::string env;
  for (int e = 0; e < 12; ++e) env += fmt::format(R"({}{{"name":"VARIABLE_{}","value":"value number {} of this container"}})", e ? "," : "", e, e);
  return fmt::format(R"({{"name":"c{}","image":"registry.example/team/app:{}","ports":[{{"containerPort":{}{}}}],"env":[{}],)", i, i, 8000 + i % 1000,
                     live ? R"(,"protocol":"TCP")" : "", env) +
         fmt::format(R"("resources":{{"limits":{{"cpu":"{}","memory":"512Mi"}},"requests":{{"cpu":"100m","memory":"256Mi"}}}},)", live ? "500m" : "0.5") +
         R"("volumeMounts":[{"mountPath":"/data","name":"data"}],"readinessProbe":{"httpGet":{"path":"/ready","port":8080)" +
         (live ? R"(,"scheme":"HTTP"},"failureThreshold":3,"periodSeconds":10,"successThreshold":1,"timeoutSeconds":1},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"})"
               : "}}}");
}

std::string Owned(int i) {
  std::string env;
  for (int e = 0; e < 12; ++e) env += fmt::format(R"(,"k:{{\"name\":\"VARIABLE_{}\"}}":{{".":{{}},"f:name":{{}},"f:value":{{}}}})", e);
  return fmt::format(R"("k:{{\"name\":\"c{}\"}}":{{".":{{}},"f:name":{{}},"f:image":{{}},"f:ports":{{"k:{{\"containerPort\":{},\"protocol\":\"TCP\"}}":{{".":{{}},"f:containerPort":{{}}}}}},"f:env":{{{}}},)",
                     i, 8000 + i % 1000, env.substr(1)) +
         R"("f:resources":{"f:limits":{"f:cpu":{},"f:memory":{}},"f:requests":{"f:cpu":{},"f:memory":{}}},)"
         R"("f:volumeMounts":{"k:{\"mountPath\":\"/data\"}":{".":{},"f:mountPath":{},"f:name":{}}},"f:readinessProbe":{"f:httpGet":{"f:path":{},"f:port":{}}}})";
}

Document Parse(const std::string& text) { return *ParseJson(text); }

// A StatefulSet has a claim template, which is compared as a whole.
Pair Workload(int containers, const std::string& kind = "Deployment") {
  std::string desired, live, owned;
  for (int i = 0; i < containers; ++i) {
    desired += (i ? "," : "") + Container(i, false);
    live += (i ? "," : "") + Container(i, true);
    owned += (i ? "," : "") + Owned(i);
  }
  const std::string head = R"({"apiVersion":"apps/v1","kind":")" + kind + R"(","metadata":{"name":"web","namespace":"shop","labels":{"app":"web","team":"shop"})";
  const bool stateful = kind == "StatefulSet";
  const std::string claim = R"({"metadata":{"name":"store"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1024Mi"}}}})";
  const std::string stored = R"({"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"store"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}},"volumeMode":"Filesystem"},"status":{"phase":"Pending"}})";
  const auto with = [&](const std::string& text, const std::string& claims) { return text + (stateful ? R"("serviceName":"web","volumeClaimTemplates":[)" + claims + "]," : ""); };
  const std::string manifest = with(head + R"(},"spec":{)", claim) + R"("replicas":3,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[)" +
                               desired + R"(],"volumes":[{"name":"data","emptyDir":{}}]}}}})";
  const std::string there =
      head + R"(,"uid":"1","resourceVersion":"2","generation":1,"creationTimestamp":"2026-01-01T00:00:00Z","annotations":{"deployment.kubernetes.io/revision":"1"},)"
      R"("managedFields":[{"manager":"plumb","operation":"Apply","apiVersion":"apps/v1","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":)"
      R"({"f:metadata":{"f:labels":{"f:app":{},"f:team":{}}},"f:spec":{)" + (stateful ? R"("f:serviceName":{},"f:volumeClaimTemplates":{},)" : "") + R"("f:replicas":{},"f:selector":{},"f:template":{"f:metadata":{"f:labels":{"f:app":{}}},"f:spec":{"f:containers":{)" +
      owned + R"(},"f:volumes":{"k:{\"name\":\"data\"}":{".":{},"f:name":{},"f:emptyDir":{}}}}}}}}]},)" +
      with(R"("spec":{)", stored) + (stateful ? R"("podManagementPolicy":"OrderedReady","updateStrategy":{"type":"RollingUpdate"},)" : R"("progressDeadlineSeconds":600,"strategy":{"type":"RollingUpdate"},)") +
      R"("replicas":3,"revisionHistoryLimit":10,"selector":{"matchLabels":{"app":"web"}},)"
      R"("template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[)" + live +
      R"(],"volumes":[{"name":"data","emptyDir":{}}],"dnsPolicy":"ClusterFirst","restartPolicy":"Always","schedulerName":"default-scheduler","securityContext":{},"terminationGracePeriodSeconds":30}}},"status":{"replicas":3}})";
  return {Parse(manifest), Parse(there)};
}

DiffInput InputOf(const Pair& pair) {
  const SchemaPtr schema = EmbeddedSchema();
  DiffInput input;
  input.manifest.object = pair.manifest;
  input.live = pair.live;
  input.schema = schema;
  input.type = schema->Find(GvkOf(*pair.manifest));
  return input;
}

std::string Replaced(std::string text, std::string_view what, std::string_view with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) text.replace(at, what.size(), with);
  return text;
}

// A pair of a size that most have, unchanged or with one new image. Reach: 20 us for 3 KB, 80 us for 10 KB.
void BM_Pair(benchmark::State& state, const std::string& kind, int containers, bool changed) {
  Pair pair = Workload(containers, kind);
  if (changed) pair.manifest = Parse(Replaced(WriteJson(*pair.manifest), "/app:0\"", "/app:new\""));
  const DiffInput input = InputOf(pair);
  if ((DiffObject(input).action != DiffAction::kNone) != changed) state.SkipWithError("the pair is not what it should be");
  if (const char* folder = std::getenv("PLUMB_BENCH_INPUTS"); folder && changed) {
    std::ofstream(fmt::format("{}/{}.config.json", folder, kind)) << WriteJson(*pair.manifest);
    std::ofstream(fmt::format("{}/{}.live.json", folder, kind)) << WriteJson(*pair.live);
  }
  for (auto _ : state) benchmark::DoNotOptimize(DiffObject(input));
  CountAllocations(state, [&] { benchmark::DoNotOptimize(DiffObject(input)); });
  state.counters["manifest_bytes"] = static_cast<double>(WriteJson(*pair.manifest).size());
}
BENCHMARK_CAPTURE(BM_Pair, deployment_unchanged, "Deployment", 3, false);
BENCHMARK_CAPTURE(BM_Pair, deployment_changed, "Deployment", 3, true);
BENCHMARK_CAPTURE(BM_Pair, statefulset_unchanged, "StatefulSet", 9, false);
BENCHMARK_CAPTURE(BM_Pair, statefulset_changed, "StatefulSet", 9, true);

// An unchanged Deployment with range(0) containers, each about 1.2 KB as declared. Must grow linearly.
void BM_Unchanged(benchmark::State& state) {
  const Pair pair = Workload(static_cast<int>(state.range(0)));
  const DiffInput input = InputOf(pair);
  if (DiffObject(input).action != DiffAction::kNone) state.SkipWithError("the pair differs");
  for (auto _ : state) benchmark::DoNotOptimize(DiffObject(input));
  state.counters["manifest_bytes"] = static_cast<double>(WriteJson(*pair.manifest).size());
  state.SetComplexityN(state.range(0));
}
BENCHMARK(BM_Unchanged)->Arg(1)->Arg(2)->Arg(8)->RangeMultiplier(4)->Range(16, 1024)->Complexity(benchmark::oN);

// Every container has another image: what paths, owners and causes cost.
void BM_EveryImageChanged(benchmark::State& state) {
  Pair pair = Workload(static_cast<int>(state.range(0)));
  pair.manifest = Parse(Replaced(WriteJson(*pair.manifest), "/app:", "/app:9"));
  const DiffInput input = InputOf(pair);
  for (auto _ : state) benchmark::DoNotOptimize(DiffObject(input));
  state.SetComplexityN(state.range(0));
}
BENCHMARK(BM_EveryImageChanged)->Arg(2)->Arg(32)->Arg(256);

// range(0) unchanged Deployments of three sizes (2 to 5 KB), as a cache holds them: each its own memory.
void BM_UnchangedObjects(benchmark::State& state) {
  std::vector<DiffInput> inputs;
  for (int64_t i = 0; i < state.range(0); ++i) inputs.push_back(InputOf(Workload(1 + static_cast<int>(i % 3))));
  const auto all = [&] {
    for (const DiffInput& input : inputs) benchmark::DoNotOptimize(DiffObject(input));
  };
  for (auto _ : state) all();
  CountAllocations(state, all);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_UnchangedObjects)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace plumb
