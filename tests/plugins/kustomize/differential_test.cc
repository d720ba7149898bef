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
#include "core/process.h"
#include "core/yaml.h"
#include "plugins/kustomize/render.h"
#include "tests/plugins/kustomize/random_tree.h"
#include "tests/plugins/kustomize/rich_tree.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

fs::path Program() {
  const char* folder = std::getenv("PLUMB_ASSETS");
  return fs::absolute(fs::path(folder ? folder : "../cache/bin") / "kustomize");
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
  const fs::path program = Program();
  if (!fs::exists(program)) GTEST_SKIP() << "no kustomize program at " << program << "; set PLUMB_ASSETS";
  const uint64_t first = FromEnvironment("PLUMB_SEED", 1), count = FromEnvironment("PLUMB_CASES", 500);
  std::cout << "seeds " << first << " to " << first + count - 1 << "\n";
  const fs::path work = fs::temp_directory_path() / ("plumb-kustomize-" + std::to_string(getpid()));
  size_t rendered_count = 0, failures = 0, crashes = 0;
  for (uint64_t seed = first; seed < first + count && failures < 10; ++seed) {
    const auto tree = seed % 2 == 0 ? kustomize::MakeRichTree(seed) : kustomize::MakeRandomTree(seed);
    const fs::path folder = work / std::to_string(seed);
    WriteTree(folder, tree);
    const auto ran = ProcessRunner::Real().Run({.argv = {program.string(), "build", "--load-restrictor", tree.free_loading ? "LoadRestrictionsNone" : "LoadRestrictionsRootOnly",
                                                     (folder / tree.root).string()}});
    ASSERT_TRUE(ran.ok()) << ran.error().message();
    if (ran->err.find("\npanic: ") != std::string::npos || ran->err.starts_with("panic: ")) {  // no verdict: it crashed
      ++crashes;
      fs::remove_all(folder);
      continue;
    }
    const bool program_renders = ran->ok();

    const MemoryTree memory(tree.files, tree.symlinks);
    RenderRequest request;
    request.tree = &memory;
    request.path = tree.root;
    if (tree.free_loading) request.options = *ParseYamlOne("loadRestrictor: none");
    const auto rendered = RenderKustomize(request);
    const std::string got = rendered.ok() ? WriteManifests(rendered->manifests) : rendered.error().message();
    rendered_count += program_renders;
    if (!program_renders && std::getenv("PLUMB_SHOW_ERRORS")) std::cout << "seed " << seed << ": " << ran->err.substr(ran->err.find("Error:") == std::string::npos ? 0 : ran->err.find("Error:"), 250) << "\n";
    const bool same = rendered.ok() == program_renders && (!rendered.ok() || got == ran->out);
    if (same) {
      fs::remove_all(folder);
      continue;
    }
    ++failures;
    ADD_FAILURE() << "seed " << seed << " (tree in " << folder << ")\nprogram: " << (program_renders ? ran->out : "fails: " + ran->err) << "\nplumb: " << got;
  }
  std::cout << rendered_count << " of " << count << " trees render; the program crashes over " << crashes << "\n";
  EXPECT_GT(rendered_count, count / 10) << "the generator makes too few trees that render";
  if (failures == 0) fs::remove_all(work);
}

}  // namespace
}  // namespace plumb
