// Every kustomization of real repositories through the kustomize program and through Plumb: the same bytes, the same verdict.
//
// The repositories are git bundles in PLUMB_SHARED/repos (default ../shared/repos): their last commit, and with
// PLUMB_EVERY_COMMIT every first-parent commit. PLUMB_KUSTOMIZE_TREES names one more folder to look through.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "core/process.h"
#include "sources/directory_tree.h"
#include "tests/plugins/kustomize/against_program.h"

namespace plumb {
namespace {

namespace fs = std::filesystem;

struct Counts {
  size_t all = 0, rendered = 0, crashes = 0;
};

std::string Git(const std::vector<std::string>& arguments) {
  Process process{.argv = {"git"}};
  process.argv.insert(process.argv.end(), arguments.begin(), arguments.end());
  process.timeout = std::chrono::minutes(5);
  const auto ran = ProcessRunner::Real().Run(process);
  EXPECT_TRUE(ran.ok() && ran->ok()) << (ran.ok() ? ran->err : ran.error().message());
  return ran.ok() ? ran->out : "";
}

bool IsKustomization(const fs::path& file) {
  const std::string name = file.filename().string();
  return name == "kustomization.yaml" || name == "kustomization.yml" || name == "Kustomization";
}

void CompareAll(const fs::path& folder, const std::string& what, Counts& counts) {
  const auto tree = OpenDirectoryTree(folder.string());
  ASSERT_TRUE(tree.ok()) << tree.error().message();
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || !IsKustomization(entry.path())) continue;
    const std::string root = entry.path().parent_path().lexically_relative(folder).generic_string();
    const auto compared = kustomize::CompareWithProgram(folder, **tree, root == "." ? "" : root, false);
    ASSERT_TRUE(compared.ok()) << compared.error().message();
    ++counts.all;
    counts.rendered += compared->renders;
    counts.crashes += compared->crashed;
    EXPECT_TRUE(compared->same || compared->crashed) << what << ", directory '" << root << "'\nprogram: " << compared->program << "\nplumb: " << compared->plumb;
  }
}

TEST(KustomizeRepositories, EveryKustomizationRendersAsTheProgramDoes) {
  const fs::path program = kustomize::KustomizeProgram();
  if (!fs::exists(program)) GTEST_SKIP() << "no kustomize program at " << program << "; set PLUMB_ASSETS";
  const char *shared = std::getenv("PLUMB_SHARED"), *more = std::getenv("PLUMB_KUSTOMIZE_TREES");
  const fs::path repositories = fs::path(shared ? shared : "../shared") / "repos";
  if (!fs::exists(repositories) && !more) GTEST_SKIP() << "no repositories at " << repositories << "; set PLUMB_SHARED";
  const fs::path work = fs::temp_directory_path() / ("plumb-repositories-" + std::to_string(getpid()));
  Counts counts;
  if (more) CompareAll(more, more, counts);
  if (fs::exists(repositories)) {
    for (const auto& entry : fs::directory_iterator(repositories)) {
      if (entry.path().extension() != ".bundle") continue;
      const std::string clone = (work / entry.path().stem()).string();
      Git({"clone", "-q", "-b", "main", entry.path().string(), clone});
      std::istringstream commits(Git({"-C", clone, "log", "--first-parent", "--format=%H", std::getenv("PLUMB_EVERY_COMMIT") ? "main" : "-1"}));
      for (std::string commit; std::getline(commits, commit);) {
        Git({"-C", clone, "checkout", "-q", "-f", commit});
        CompareAll(clone, entry.path().filename().string() + " commit " + commit, counts);
      }
    }
  }
  std::cout << counts.rendered << " of " << counts.all << " kustomizations render; the program crashes over " << counts.crashes << "\n";
  EXPECT_GT(counts.rendered, 0u);
  fs::remove_all(work);
}

}  // namespace
}  // namespace plumb
