// Renders at once: the same bytes whoever else renders what. Under the thread sanitizer, nothing that they share is written.
#include <gtest/gtest.h>

#include <thread>

#include "core/memory_tree.h"
#include "plugins/kustomize/render.h"
#include "tests/plugins/kustomize/rich_tree.h"

namespace plumb {
namespace {

std::string Render(const MemoryTree& tree, const std::string& root, YamlCache* yaml = nullptr) {
  RenderRequest request;
  request.tree = &tree;
  request.path = root;
  request.yaml = yaml;
  const auto rendered = RenderKustomize(request);
  return rendered.ok() ? WriteManifests(rendered->manifests) : "error: " + rendered.error().message();
}

// Each thread begins elsewhere in the list, so that some render the same tree at once and some another; every other one shares
// what was parsed.
TEST(KustomizeThreads, TenRendersAtOnceGiveTheSameBytes) {
  constexpr size_t kTrees = 20, kThreads = 10;
  std::vector<kustomize::RandomTree> random;
  std::vector<MemoryTree> trees;
  for (uint64_t seed = 1; seed <= kTrees; ++seed) {
    random.push_back(kustomize::MakeRichTree(seed));
    trees.emplace_back(random.back().files, random.back().symlinks);
  }
  YamlCache yaml;
  std::vector<std::vector<std::string>> texts(kThreads, std::vector<std::string>(kTrees));
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < kTrees; ++i) {
        const size_t tree = (i + t / 2) % kTrees;
        texts[t][tree] = Render(trees[tree], random[tree].root, t % 2 == 0 ? nullptr : &yaml);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  size_t rendered = 0;
  for (size_t i = 0; i < kTrees; ++i) {
    rendered += !texts[0][i].starts_with("error: ");
    for (size_t t = 0; t < kThreads; ++t) EXPECT_EQ(texts[t][i], texts[0][i]) << "tree " << i << ", thread " << t;
    EXPECT_EQ(Render(trees[i], random[i].root), texts[0][i]) << "tree " << i << ", alone";
  }
  EXPECT_GT(yaml.hits(), 0u);
  EXPECT_GT(rendered, kTrees / 2) << "most of the trees should render";
}

}  // namespace
}  // namespace plumb
