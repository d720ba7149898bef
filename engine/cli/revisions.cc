#include "engine/cli/revisions.h"

#include <fmt/core.h>

#include <filesystem>
#include <sstream>

#include "core/suggest.h"
#include "sources/directory_tree.h"
#include "sources/git_program.h"
#include "sources/git_tree.h"

namespace plumb::cli {

namespace fs = std::filesystem;

namespace {

constexpr size_t kFileBytes = 64u << 20;

// git in one checkout. It belongs to whoever it belongs to: in CI often not to the user of the container.
class Checkout {
 public:
  Checkout(std::string root, std::stop_token stop) : git_(GitProgram::Local(ProcessRunner::Real())), root_(std::move(root)), stop_(std::move(stop)) {}

  // What git printed, without the last line break; "" where it failed.
  Result<std::string> Ask(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"-c", "safe.directory=*"});
    PLUMB_TRY(result, git_.TryRun(std::move(arguments), root_, {.timeout = std::chrono::seconds(60)}, stop_));
    if (!result.ok()) return std::string();
    std::string out = result.out;
    while (out.ends_with('\n')) out.pop_back();
    return out;
  }

  Result<std::string> Commit(const std::string& revision) const {
    for (const char* prefix : {"", "origin/"}) {
      PLUMB_TRY(commit, Ask({"rev-parse", "--verify", "--quiet", "--end-of-options", prefix + revision + "^{commit}"}));
      if (!commit.empty()) return commit;
    }
    PLUMB_TRY(listed, Ask({"for-each-ref", "--format=%(refname:short)"}));
    std::vector<std::string> names;
    std::istringstream lines(listed);
    for (std::string line; std::getline(lines, line);) names.push_back(line);
    return Invalid(fmt::format("no revision '{}' in '{}'{}; fetch it first (in CI, check out with the whole history: fetch-depth 0)", revision, root_, DidYouMean(revision, names)));
  }

  Result<std::string> MergeBase(const std::string& base, const std::string& head) const {
    PLUMB_TRY(commit, Ask({"merge-base", base, head}));
    if (!commit.empty()) return commit.substr(0, commit.find('\n'));
    PLUMB_TRY(shallow, Ask({"rev-parse", "--is-shallow-repository"}));
    if (shallow == "true") return Invalid("this clone is shallow, and has not the commit that both sides come from; fetch the whole history (fetch-depth 0, or git fetch --unshallow)");
    return Invalid(fmt::format("{} and {} have no commit in common", base.substr(0, 10), head.substr(0, 10)));
  }

  Result<std::shared_ptr<const Tree>> TreeOf(const std::string& commit) const {
    PLUMB_TRY(folder, Ask({"rev-parse", "--git-common-dir"}));
    if (folder.empty()) return Invalid(fmt::format("'{}' is no git repository", root_));
    PLUMB_TRY(store, GitStore::Open(fs::path(root_) / folder));
    PLUMB_TRY(read, store->Commit(commit));
    auto node = std::make_shared<GitNode>();
    node->store = store;
    node->tree = read.tree;
    return MakeGitTree(node, kFileBytes);
  }

  Result<std::vector<std::string>> Remotes() const {
    std::vector<std::string> out = {root_};
    PLUMB_TRY(listed, Ask({"config", "--get-regexp", "^remote\\..*\\.url$"}));
    std::istringstream lines(listed);
    for (std::string line; std::getline(lines, line);)
      if (const size_t space = line.find(' '); space != std::string::npos) out.push_back(line.substr(space + 1));
    return out;
  }

 private:
  GitProgram git_;
  const std::string root_;
  const std::stop_token stop_;
};

}  // namespace

Result<std::string> FindCheckout(const std::string& place) {
  std::error_code error;
  const fs::path full = fs::canonical(place, error);
  if (error) return NotFound(fmt::format("'{}': {}", place, error.message()));
  for (fs::path at = full;; at = at.parent_path()) {
    if (fs::exists(at / ".git", error)) return at.string();
    if (!at.has_relative_path()) break;
  }
  return Invalid(fmt::format("'{}' lies in no git repository; --base compares two revisions of one", place));
}

Result<ChangeTrees> OpenChange(const std::string& root, const std::string& base, const std::string& head, std::stop_token stop) {
  const Checkout checkout(root, std::move(stop));
  ChangeTrees out;
  out.root = root;
  PLUMB_TRY(base_commit, checkout.Commit(base), "--base");
  PLUMB_TRY(head_commit, checkout.Commit(head.empty() ? "HEAD" : head), "--head");
  PLUMB_TRY(merge_base, checkout.MergeBase(base_commit, head_commit));
  const auto describe = [](const std::string& name, const std::string& commit, std::string_view what) {
    return commit.starts_with(name) ? commit.substr(0, 10) : fmt::format("{} ({}{})", name, what, commit.substr(0, 10));
  };
  PLUMB_TRY(base_tree, checkout.TreeOf(merge_base));
  out.base = {describe(base, merge_base, merge_base == base_commit ? "" : "merge base "), merge_base, base_tree};
  if (head.empty()) {
    PLUMB_TRY(files, OpenDirectoryTree(root));
    out.head = {"the files as they are", "", files};
  } else {
    PLUMB_TRY(head_tree, checkout.TreeOf(head_commit));
    out.head = {describe(head, head_commit, ""), head_commit, head_tree};
  }
  PLUMB_TRY(remotes, checkout.Remotes());
  out.remotes = std::move(remotes);
  out.base_branch = base;
  for (const std::string_view prefix : {"refs/heads/", "refs/remotes/", "origin/"})
    if (out.base_branch.starts_with(prefix)) out.base_branch.erase(0, prefix.size());
  return out;
}

}  // namespace plumb::cli
