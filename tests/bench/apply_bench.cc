// Server-side apply predicted offline: what one object costs, and how that grows.
//
// With PLUMB_BENCH_INPUTS=DIR the Pod's pair is written there as JSON, so that others can be measured with the same.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "core/json.h"
#include "diff/prediction.h"
#include "diff/server_side_apply.h"
#include "tests/bench/allocations.h"

namespace plumb {
namespace {

// A Pod of two containers, 3 KB with its managers: what structured-merge-diff measures itself with, and most pods are.
std::string Pod(const std::string& image) {
  return R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1","namespace":"shop","labels":{"app":"web","tier":"front",
  "pod-template-hash":"5d4f8c7b9"},"annotations":{"checksum/config":"0f3a","prometheus.io/scrape":"true"}},"spec":{"containers":[
  {"name":"web","image":")" + image + R"(","args":["--port=8080","--v=2"],"ports":[{"name":"http","containerPort":8080,"protocol":"TCP"},
  {"name":"metrics","containerPort":9090,"protocol":"TCP"}],"env":[{"name":"A","value":"1"},{"name":"B","value":"2"},{"name":"C",
  "valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"metadata.name"}}}],"resources":{"limits":{"cpu":"500m","memory":"256Mi"},
  "requests":{"cpu":"100m","memory":"128Mi"}},"volumeMounts":[{"name":"data","mountPath":"/data"},{"name":"config","mountPath":"/etc/web",
  "readOnly":true}],"livenessProbe":{"httpGet":{"path":"/healthz","port":"http"},"periodSeconds":10},"readinessProbe":{"httpGet":
  {"path":"/ready","port":"http"}},"securityContext":{"runAsNonRoot":true,"capabilities":{"drop":["ALL"]}}},{"name":"proxy","image":"proxy:1",
  "ports":[{"containerPort":15001,"protocol":"TCP"}],"resources":{}}],"volumes":[{"name":"data","emptyDir":{}},{"name":"config","configMap":
  {"name":"web","items":[{"key":"a","path":"a"}]}}],"nodeSelector":{"disk":"ssd"},"tolerations":[{"key":"spot","operator":"Exists"}],
  "serviceAccountName":"web","terminationGracePeriodSeconds":30}})";
}

Document Parse(const std::string& text) { return *ParseJson(text); }

ApplyRequest Request(const std::string& manager, Document live, Document config) {
  ApplyRequest request;
  request.live = std::move(live);
  request.config = std::move(config);
  request.context.manager = manager;
  request.context.now = "2026-01-01T00:00:00Z";
  return request;
}

Document Applied(const std::string& config) { return ServerSideApply(Request("plumb", {}, Parse(config)))->object; }

// Must stay under 18 us with a change: a tenth of what structured-merge-diff publishes (182 us).
void BM_ApplyPod(benchmark::State& state, const std::string& image) {
  const Document live = Parse(WriteJson(Applied(Pod("web:1")).root())), config = Parse(Pod(image));
  if (const char* folder = std::getenv("PLUMB_BENCH_INPUTS"); folder && image == "web:2") {
    std::ofstream(std::string(folder) + "/Pod.config.json") << WriteJson(config.root());
    std::ofstream(std::string(folder) + "/Pod.live.json") << WriteJson(live.root());
  }
  for (auto _ : state) benchmark::DoNotOptimize(ServerSideApply(Request("plumb", live, config)));
  CountAllocations(state, [&] { benchmark::DoNotOptimize(ServerSideApply(Request("plumb", live, config))); });
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * WriteJson(live.root()).size()));
}
BENCHMARK_CAPTURE(BM_ApplyPod, unchanged, "web:1");
BENCHMARK_CAPTURE(BM_ApplyPod, changed, "web:2");

// The same with the server's defaults and rules: the whole of its answer.
void BM_PredictPod(benchmark::State& state, const std::string& image) {
  const Document live = Parse(WriteJson(Applied(Pod("web:1")).root()));
  PredictionRequest request;
  request.live = live;
  request.config = Parse(Pod("web:1"));
  request.context.manager = "plumb";
  request.context.now = "2026-01-01T00:00:00Z";
  request.traits = TraitsOf({"", "v1", "Pod"});
  request.live = Parse(WriteJson(PredictApply(request)->object.root()));  // defaults and all
  request.config = Parse(Pod(image));
  for (auto _ : state) benchmark::DoNotOptimize(PredictApply(request));
  CountAllocations(state, [&] { benchmark::DoNotOptimize(PredictApply(request)); });
}
BENCHMARK_CAPTURE(BM_PredictPod, unchanged, "web:1");
BENCHMARK_CAPTURE(BM_PredictPod, changed, "web:2");

// A Service of range(0) ports, each an item with two keys, of which the last changes. Must grow linearly.
void BM_ApplyKeyedList(benchmark::State& state) {
  const auto service = [&](int target) {
    std::string ports;
    for (int64_t i = 1; i <= state.range(0); ++i)
      ports += (i == 1 ? "" : ",") + ("{\"name\":\"p" + std::to_string(i) + "\",\"port\":" + std::to_string(i) + ",\"targetPort\":" +
               std::to_string(i == state.range(0) ? target : 80) + "}");
    return R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"s","namespace":"n"},"spec":{"ports":[)" + ports + "]}}";
  };
  const Document live = Parse(WriteJson(Applied(service(80)).root())), config = Parse(service(81));
  for (auto _ : state) benchmark::DoNotOptimize(ServerSideApply(Request("plumb", live, config)));
  state.SetComplexityN(state.range(0));
}
BENCHMARK(BM_ApplyKeyedList)->RangeMultiplier(10)->Range(10, 10000)->Unit(benchmark::kMicrosecond)->Complexity();

// A ConfigMap of range(0) bytes of data in values of 100 bytes. Must grow linearly.
void BM_ApplyBytes(benchmark::State& state) {
  const auto config_map = [&](char last) {
    std::string data;
    for (int64_t i = 0; i < state.range(0) / 100; ++i)
      data += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":\"" + std::string(99, 'x') + (i == 0 ? last : 'x') + "\"";
    return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"n"},"data":{)" + data + "}}";
  };
  const Document live = Parse(WriteJson(Applied(config_map('x')).root())), config = Parse(config_map('y'));
  for (auto _ : state) benchmark::DoNotOptimize(ServerSideApply(Request("plumb", live, config)));
  state.SetComplexityN(state.range(0));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_ApplyBytes)->RangeMultiplier(10)->Range(1000, 1000000)->Unit(benchmark::kMicrosecond)->Complexity();

}  // namespace
}  // namespace plumb
