// What the drift comparison costs: one object, ten thousand of them, and how it grows. All must grow linearly.
#include <benchmark/benchmark.h>

#include <fmt/core.h>

#include "core/json.h"
#include "diff/embedded_schema.h"
#include "diff/object_diff.h"

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

Pair Workload(int containers) {
  std::string desired, live, owned;
  for (int i = 0; i < containers; ++i) {
    desired += (i ? "," : "") + Container(i, false);
    live += (i ? "," : "") + Container(i, true);
    owned += (i ? "," : "") + Owned(i);
  }
  const std::string head = R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","labels":{"app":"web","team":"shop"})";
  const std::string manifest = head + R"(},"spec":{"replicas":3,"selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[)" +
                               desired + R"(],"volumes":[{"name":"data","emptyDir":{}}]}}}})";
  const std::string there =
      head + R"(,"uid":"1","resourceVersion":"2","generation":1,"creationTimestamp":"2026-01-01T00:00:00Z","annotations":{"deployment.kubernetes.io/revision":"1"},)"
      R"("managedFields":[{"manager":"plumb","operation":"Apply","apiVersion":"apps/v1","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":)"
      R"({"f:metadata":{"f:labels":{"f:app":{},"f:team":{}}},"f:spec":{"f:replicas":{},"f:selector":{},"f:template":{"f:metadata":{"f:labels":{"f:app":{}}},"f:spec":{"f:containers":{)" +
      owned + R"(},"f:volumes":{"k:{\"name\":\"data\"}":{".":{},"f:name":{},"f:emptyDir":{}}}}}}}}]},)"
      R"("spec":{"progressDeadlineSeconds":600,"replicas":3,"revisionHistoryLimit":10,"selector":{"matchLabels":{"app":"web"}},"strategy":{"type":"RollingUpdate"},)"
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
  std::string text = WriteJson(*pair.manifest);
  for (size_t at = 0; (at = text.find("/app:", at)) != std::string::npos; at += 5) text.insert(at + 5, "9");
  pair.manifest = Parse(text);
  const DiffInput input = InputOf(pair);
  for (auto _ : state) benchmark::DoNotOptimize(DiffObject(input));
  state.SetComplexityN(state.range(0));
}
BENCHMARK(BM_EveryImageChanged)->Arg(2)->Arg(32)->Arg(256);

// range(0) unchanged Deployments of three sizes (2 to 5 KB), as a cache holds them: each its own memory.
void BM_UnchangedObjects(benchmark::State& state) {
  std::vector<DiffInput> inputs;
  for (int64_t i = 0; i < state.range(0); ++i) inputs.push_back(InputOf(Workload(1 + static_cast<int>(i % 3))));
  for (auto _ : state)
    for (const DiffInput& input : inputs) benchmark::DoNotOptimize(DiffObject(input));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_UnchangedObjects)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace plumb
