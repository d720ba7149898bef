// The client's rate on a real API server: PLUMB_TEST_KUBECONFIG names a running tests/controlplane/cluster.sh.
//
// A thousand server-side applies of small ConfigMaps from one thread; how many requests are in flight, and how many of
// them share a connection, are what the transport's defaults were chosen by (docs/kubernetes-client.md).
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdlib>
#include <latch>

#include "core/arena.h"
#include "engine/kube/client.h"
#include "engine/kube/curl_transport.h"
#include "engine/kube/kubeconfig.h"

namespace plumb::kube {
namespace {

constexpr int kObjects = 1000;

std::shared_ptr<Transport> Connect(benchmark::State& state, TransportOptions options) {
  const char* kubeconfig = std::getenv("PLUMB_TEST_KUBECONFIG");
  if (!kubeconfig) {
    state.SkipWithError("PLUMB_TEST_KUBECONFIG is not set");
    return nullptr;
  }
  auto connection = LoadConnection({.kubeconfig = kubeconfig}, {});
  if (!connection.ok()) {
    state.SkipWithError(connection.error().message().c_str());
    return nullptr;
  }
  return *CurlTransport::Create(*connection, std::move(options));
}

Document ConfigMap(const std::string& name, int value) {
  return BuildDocument([&](Arena& a) {
    return a.Map({{"apiVersion", a.String("v1")}, {"kind", a.String("ConfigMap")},
                  {"metadata", a.Map({{"name", a.String(name)}, {"namespace", a.String("default")}})},
                  {"data", a.Map({{"value", a.String(std::to_string(value))}})}});
  });
}

// Applies all objects at once and waits for all answers. Returns how many failed.
int ApplyAll(Client& client, int value) {
  std::latch done(kObjects);
  std::atomic<int> failed = 0;
  for (int i = 0; i < kObjects; ++i) {
    const std::string name = "bench-" + std::to_string(i);
    client.Apply({*BuiltIn("ConfigMap"), "default", name, ""}, *ConfigMap(name, value), {.force = true, .metadata_only = true}, [&](Answer answer) {
      if (!answer.object.ok()) ++failed;
      done.count_down();
    });
  }
  done.wait();
  return failed;
}

// range(0): requests in flight; range(1): of them on one connection; range(2): 1 changes every object each time.
void BM_Apply(benchmark::State& state) {
  TransportOptions options;
  options.in_flight = static_cast<size_t>(state.range(0));
  options.streams_per_connection = static_cast<size_t>(state.range(1));
  const auto transport = Connect(state, options);
  if (!transport) return;
  Client client(transport);
  static int value = 0;
  if (ApplyAll(client, value) != 0) return state.SkipWithError("an apply failed");
  for (auto _ : state)
    if (ApplyAll(client, state.range(2) ? ++value : value) != 0) return state.SkipWithError("an apply failed");
  state.SetItemsProcessed(state.iterations() * kObjects);
}
BENCHMARK(BM_Apply)
    ->ArgNames({"in_flight", "streams", "change"})
    ->ArgsProduct({{1, 16, 32, 64, 128}, {8, 32, 100}, {0}})
    ->ArgsProduct({{32, 64}, {32}, {1}})
    ->Unit(benchmark::kMillisecond)->Iterations(3)->UseRealTime()->MeasureProcessCPUTime();

// Lists the objects of the benchmark above, in pages of 500.
void BM_List(benchmark::State& state) {
  const auto transport = Connect(state, {});
  if (!transport) return;
  Client client(transport);
  if (ApplyAll(client, 0) != 0) return state.SkipWithError("an apply failed");
  size_t objects = 0;
  for (auto _ : state) {
    const auto list = client.List(*BuiltIn("ConfigMap"), {.ns = "default"});
    if (!list.ok()) return state.SkipWithError(list.error().message().c_str());
    objects += list->items.size();
  }
  state.SetItemsProcessed(static_cast<int64_t>(objects));
}
BENCHMARK(BM_List)->Unit(benchmark::kMillisecond)->UseRealTime()->MeasureProcessCPUTime();

}  // namespace
}  // namespace plumb::kube
