// YAML and JSON to trees and back, in megabytes a second, against yaml-cpp. Files come from PLUMB_BENCH_YAML, a list of
// paths one to a line (scripts/bench-yaml.sh makes it); they are read before the clock starts.
#include <benchmark/benchmark.h>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/yaml.h"

namespace plumb {
namespace {

struct Corpus {
  std::vector<std::string> yaml, json;
  std::vector<Document> trees;
  size_t yaml_bytes = 0, json_bytes = 0;
};

// The documents of all files that are whole YAML: templates and the like are left out.
const Corpus& TheCorpus() {
  static const Corpus corpus = [] {
    Corpus c;
    const char* list = std::getenv("PLUMB_BENCH_YAML");
    std::ifstream names(list ? list : "");
    for (std::string name; std::getline(names, name);) {
      std::ifstream in(name, std::ios::binary);
      std::string text{std::istreambuf_iterator<char>(in), {}};
      auto parsed = ParseYaml(text);
      if (!parsed.ok()) continue;
      c.yaml_bytes += text.size();
      c.yaml.push_back(std::move(text));
      for (const YamlDocument& d : *parsed) {
        c.trees.push_back(d.value);
        c.json.push_back(WriteJson(*d.value));
        c.json_bytes += c.json.back().size();
      }
    }
    return c;
  }();
  return corpus;
}

template <typename F>
void Run(benchmark::State& state, size_t bytes, F&& pass) {
  if (TheCorpus().yaml.empty()) return state.SkipWithError("no files: set PLUMB_BENCH_YAML");
  for (auto _ : state) pass();
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * bytes));
}

// Must stay above 5 times yaml-cpp, and above Go's sigs.k8s.io/yaml.
void BM_YamlToTree(benchmark::State& state) {
  Run(state, TheCorpus().yaml_bytes, [] {
    for (const std::string& text : TheCorpus().yaml) benchmark::DoNotOptimize(ParseYaml(text));
  });
}
BENCHMARK(BM_YamlToTree)->Unit(benchmark::kMillisecond);

void BM_YamlCppToNodes(benchmark::State& state) {
  Run(state, TheCorpus().yaml_bytes, [] {
    for (const std::string& text : TheCorpus().yaml) {
      try {
        benchmark::DoNotOptimize(YAML::LoadAll(text));
      } catch (const YAML::Exception&) {  // what yaml-cpp refuses costs it the time up to there
      }
    }
  });
}
BENCHMARK(BM_YamlCppToNodes)->Unit(benchmark::kMillisecond);

void BM_TreeToYaml(benchmark::State& state) {
  Run(state, TheCorpus().yaml_bytes, [] {
    for (const Document& d : TheCorpus().trees) benchmark::DoNotOptimize(WriteYaml(*d));
  });
}
BENCHMARK(BM_TreeToYaml)->Unit(benchmark::kMillisecond);

void BM_JsonToTree(benchmark::State& state) {
  Run(state, TheCorpus().json_bytes, [] {
    for (const std::string& text : TheCorpus().json) benchmark::DoNotOptimize(ParseJson(text));
  });
}
BENCHMARK(BM_JsonToTree)->Unit(benchmark::kMillisecond);

void BM_TreeToJson(benchmark::State& state) {
  Run(state, TheCorpus().json_bytes, [] {
    for (const Document& d : TheCorpus().trees) benchmark::DoNotOptimize(WriteJson(*d));
  });
}
BENCHMARK(BM_TreeToJson)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace plumb
