// Kustomizations in one process. What must hold: rendering grows linearly with the objects and the bytes of a tree, and a
// thousand overlays of one base take under a second.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/memory_tree.h"
#include "plugins/kustomize/render.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

std::string Deployment(int i) {
  const std::string name = "web-" + std::to_string(i);
  return "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: " + name + "\n  labels: {app: " + name + "}\nspec:\n  replicas: 2\n  selector:\n    matchLabels: {app: " + name +
         "}\n  template:\n    metadata:\n      labels: {app: " + name + "}\n    spec:\n      containers:\n      - name: main\n        image: nginx:1.0\n        envFrom:\n        - configMapRef:\n            name: settings\n---\n";
}

void Render(benchmark::State& state, const Tree& tree, const std::string& path) {
  RenderRequest request;
  request.tree = &tree;
  request.path = path;
  const auto rendered = RenderKustomize(request);
  if (!rendered.ok()) return state.SkipWithError(rendered.error().message().c_str());
  const std::string text = WriteManifests(rendered->manifests);
  benchmark::DoNotOptimize(text.data());
  state.SetBytesProcessed(state.bytes_processed() + static_cast<int64_t>(text.size()));
}

// range(0) Deployments with prefix, namespace, labels, an image, a patch and a generated ConfigMap that all refer to.
void BM_Objects(benchmark::State& state) {
  std::string all;
  for (int i = 0; i < state.range(0); ++i) all += Deployment(i);
  const MemoryTree tree({{"kustomization.yaml", "resources: [all.yaml]\nnamePrefix: p-\nnamespace: shop\nlabels:\n- pairs: {team: a}\n  includeSelectors: true\nimages: [{name: nginx, newTag: '2'}]\n"
                                                "configMapGenerator: [{name: settings, literals: [a=b]}]\npatches:\n- target: {kind: Deployment}\n  patch: |-\n    kind: D\n    metadata: {name: d}\n    spec: {replicas: 3}\n"},
                         {"all.yaml", all}});
  for (auto _ : state) Render(state, tree, "");
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Objects)->RangeMultiplier(10)->Range(10, 10'000)->Unit(benchmark::kMillisecond);

// One ConfigMap of range(0) megabytes in a file of its own.
void BM_Megabytes(benchmark::State& state) {
  std::string map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: big\ndata:\n";
  for (int64_t i = 0; map.size() < static_cast<size_t>(state.range(0)) << 20; ++i) map += "  key" + std::to_string(i) + ": some words that are neither short nor long, as they stand in many a file\n";
  const MemoryTree tree({{"kustomization.yaml", "resources: [big.yaml]\nnamespace: shop\ncommonAnnotations: {a: b}\n"}, {"big.yaml", map}});
  for (auto _ : state) Render(state, tree, "");
}
BENCHMARK(BM_Megabytes)->Arg(1)->Arg(5)->Unit(benchmark::kMillisecond);

// range(0) generated ConfigMaps, each looked up among all before it.
void BM_Generators(benchmark::State& state) {
  std::string text = "configMapGenerator:\n";
  for (int64_t i = 0; i < state.range(0); ++i) text += "- name: settings-" + std::to_string(i) + "\n  literals: [a=b]\n";
  const MemoryTree tree({{"kustomization.yaml", text}});
  for (auto _ : state) Render(state, tree, "");
}
BENCHMARK(BM_Generators)->Arg(1000)->Arg(5000)->Unit(benchmark::kMillisecond);

// range(0) Deployments, a fifth of them with a patch of its own.
void BM_Patches(benchmark::State& state) {
  std::string all, patches;
  for (int i = 0; i < state.range(0); ++i) {
    all += Deployment(i);
    if (i % 5 == 0) patches += "- patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web-" + std::to_string(i) + "}, spec: {replicas: 3}}'\n";
  }
  const MemoryTree tree({{"kustomization.yaml", "resources: [all.yaml]\npatches:\n" + patches}, {"all.yaml", all}});
  for (auto _ : state) Render(state, tree, "");
}
BENCHMARK(BM_Patches)->Arg(1000)->Arg(4000)->Unit(benchmark::kMillisecond);

// A thousand overlays of one base.
void BM_ThousandOverlays(benchmark::State& state) {
  std::map<std::string, std::string> files = {
      {"base/kustomization.yaml", "resources: [web.yaml, service.yaml]\nconfigMapGenerator: [{name: settings, literals: [a=b]}]\n"},
      {"base/web.yaml", Deployment(0)},
      {"base/service.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: web-0}\nspec:\n  selector: {app: web-0}\n  ports: [{port: 80}]\n"}};
  for (int i = 0; i < 1000; ++i)
    files["o" + std::to_string(i) + "/kustomization.yaml"] = "resources: [../base]\nnamePrefix: o" + std::to_string(i) + "-\nnamespace: n" + std::to_string(i) + "\nimages: [{name: nginx, newTag: '" + std::to_string(i) + "'}]\n";
  const MemoryTree tree(files);
  for (auto _ : state)
    for (int i = 0; i < 1000; ++i) Render(state, tree, "o" + std::to_string(i));
}
BENCHMARK(BM_ThousandOverlays)->Unit(benchmark::kMillisecond);

// Real trees: the directory PLUMB_BENCH_KUSTOMIZE and the kustomizations in it, one a line in PLUMB_BENCH_DIRS.
std::map<std::string, std::string> ReadAll(const fs::path& root) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    std::ostringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    files[entry.path().lexically_relative(root).string()] = text.str();
  }
  return files;
}

const bool kRegistered = [] {
  const char *root = std::getenv("PLUMB_BENCH_KUSTOMIZE"), *dirs = std::getenv("PLUMB_BENCH_DIRS");
  if (!root || !dirs) return false;
  static const MemoryTree tree(ReadAll(root));
  std::istringstream lines(dirs);
  for (std::string dir; std::getline(lines, dir);)
    if (!dir.empty()) benchmark::RegisterBenchmark(("BM_Tree/" + dir).c_str(), [dir](benchmark::State& state) {
        for (auto _ : state) Render(state, tree, dir);
      })->Unit(benchmark::kMillisecond);
  return true;
}();

}  // namespace
}  // namespace plumb
