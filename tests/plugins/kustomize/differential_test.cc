// Random kustomizations through the kustomize program and through Plumb: the same bytes, the same verdict.
//
// The program is `kustomize` in the folder PLUMB_ASSETS (default ../cache/bin); skipped where it is not there.
// PLUMB_CASES (default 500) says how many, PLUMB_SEED where to begin, PLUMB_SHOW_ERRORS why trees do not render; a failure prints its seed and leaves the tree.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/memory_tree.h"
#include "tests/plugins/kustomize/against_program.h"
#include "tests/plugins/kustomize/random_tree.h"
#include "tests/plugins/kustomize/rich_tree.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

void WriteTree(const fs::path& folder, const kustomize::RandomTree& tree) {
  for (const auto& [name, content] : tree.files) {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name, std::ios::binary) << content;
  }
  for (const auto& [name, target] : tree.symlinks) {
    fs::create_directories((folder / name).parent_path());
    fs::create_symlink(target, folder / name);
  }
}

TEST(KustomizeDifferential, RandomTreesRenderAsTheProgramDoes) {
  const fs::path program = kustomize::KustomizeProgram();
  if (!fs::exists(program)) GTEST_SKIP() << "no kustomize program at " << program << "; set PLUMB_ASSETS";
  const uint64_t first = FromEnvironment("PLUMB_SEED", 1), count = FromEnvironment("PLUMB_CASES", 500);
  std::cout << "seeds " << first << " to " << first + count - 1 << "\n";
  const fs::path work = fs::temp_directory_path() / ("plumb-kustomize-" + std::to_string(getpid()));
  size_t rendered_count = 0, failures = 0, crashes = 0;
  for (uint64_t seed = first; seed < first + count && failures < 10; ++seed) {
    const auto tree = seed % 2 == 0 ? kustomize::MakeRichTree(seed) : kustomize::MakeRandomTree(seed);
    const fs::path folder = work / std::to_string(seed);
    WriteTree(folder, tree);
    const auto compared = kustomize::CompareWithProgram(folder, MemoryTree(tree.files, tree.symlinks), tree.root, tree.free_loading);
    ASSERT_TRUE(compared.ok()) << compared.error().message();
    rendered_count += compared->renders;
    crashes += compared->crashed;
    if (!compared->renders && std::getenv("PLUMB_SHOW_ERRORS")) {
      const size_t at = compared->program.find("Error:");
      std::cout << "seed " << seed << ": " << compared->program.substr(at == std::string::npos ? 0 : at, 250) << "\n";
    }
    if (compared->same || compared->crashed) {
      fs::remove_all(folder);
      continue;
    }
    ++failures;
    ADD_FAILURE() << "seed " << seed << " (tree in " << folder << ")\nprogram: " << compared->program << "\nplumb: " << compared->plumb;
  }
  std::cout << rendered_count << " of " << count << " trees render; the program crashes over " << crashes << "\n";
  EXPECT_TRUE(count < 50 || rendered_count > count / 10) << "the generator makes too few trees that render";
  if (failures == 0) fs::remove_all(work);
}

}  // namespace
}  // namespace plumb
