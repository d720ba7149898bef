#include "sources/git_submodules.h"

#include <fmt/core.h>

#include <map>

#include "sources/git_mirror.h"
#include "sources/git_program.h"

namespace plumb {
namespace {

struct Module {
  std::string path;
  std::string url;
};

// "submodule.NAME.path\nVALUE\0..." of `git config -z --list`. Names may hold dots and anything else.
std::map<std::string, Module> ParseModules(std::string_view listing) {
  std::map<std::string, Module> modules;
  while (!listing.empty()) {
    const size_t end = std::min(listing.find('\0'), listing.size());
    const std::string_view entry = listing.substr(0, end);
    listing.remove_prefix(std::min(end + 1, listing.size()));
    const size_t line = entry.find('\n');
    const std::string_view key = entry.substr(0, line);
    const size_t dot = key.rfind('.');
    constexpr std::string_view kPrefix = "submodule.";
    if (line == std::string_view::npos || !key.starts_with(kPrefix) || dot < kPrefix.size()) continue;
    Module& module = modules[std::string(key.substr(kPrefix.size(), dot - kPrefix.size()))];
    if (key.substr(dot + 1) == "path") module.path = entry.substr(line + 1);
    if (key.substr(dot + 1) == "url") module.url = entry.substr(line + 1);
  }
  return modules;
}

class Fetcher {
 public:
  Fetcher(ProcessRunner& runner, const GitOptions& options, std::stop_token stop)
      : runner_(runner), options_(options), stop_(std::move(stop)) {}

  Status Descend(const GitUrl& parent, const GitCredentials& credentials, const std::string& commit, GitNode& node,
                 int depth) {
    PLUMB_TRY(file, node.store->Entry(node.tree, ".gitmodules"));
    if (!file || file->kind != GitEntry::Kind::kFile) return Ok();
    if (depth >= options_.submodule_depth) {
      return LimitExceeded(fmt::format("submodules are nested more than {} deep", options_.submodule_depth));
    }
    PLUMB_TRY(
        listing,
        GitProgram::Local(runner_).Run({"--git-dir=.", "config", "--blob", commit + ":.gitmodules", "-z", "--list"},
                                       node.store->directory(), {std::chrono::seconds(30)}, stop_),
        ".gitmodules");
    for (const auto& [name, module] : ParseModules(listing)) {
      PLUMB_OK(Add(parent, credentials, module, node, depth), fmt::format("submodule '{}'", name));
    }
    return Ok();
  }

 private:
  Status Add(const GitUrl& parent, const GitCredentials& credentials, const Module& module, GitNode& node, int depth) {
    if (module.path.empty()) return Ok();  // a section about something else
    PLUMB_TRY(path, JoinPath("", module.path));
    PLUMB_TRY(entry, Find(node, path));
    if (!entry || entry->kind != GitEntry::Kind::kSubmodule) return Ok();  // named, but removed from the tree
    if (++count_ > options_.submodules)
      return LimitExceeded(fmt::format("more than {} submodules", options_.submodules));
    if (module.url.empty()) return Invalid("its address is missing in .gitmodules");
    PLUMB_TRY(url, ResolveSubmoduleUrl(parent, module.url));
    if (url.local() && !parent.local()) return Denied("a repository from the network may not name a local path");
    const GitCredentials own = url.Origin() == parent.Origin() ? credentials : GitCredentials{};
    PLUMB_TRY(mirror, GitMirror::Make(runner_, url, own, options_));
    const std::string commit = GitIdHex(entry->id);
    PLUMB_TRY(store, mirror.Obtain(commit, stop_));
    PLUMB_TRY(found, store->Commit(commit));
    auto sub = std::make_shared<GitNode>(GitNode{store, found.tree, {}});
    PLUMB_OK(Descend(url, own, commit, *sub, depth + 1));
    node.submodules.emplace(path, std::move(sub));
    return Ok();
  }

  static Result<std::optional<GitEntry>> Find(const GitNode& node, std::string_view path) {
    GitId tree = node.tree;
    for (;;) {
      const size_t slash = path.find('/');
      PLUMB_TRY(entry, node.store->Entry(tree, path.substr(0, slash)));
      if (slash == std::string_view::npos || !entry) return entry;
      if (entry->kind != GitEntry::Kind::kDirectory) return std::optional<GitEntry>();
      tree = entry->id;
      path.remove_prefix(slash + 1);
    }
  }

  ProcessRunner& runner_;
  const GitOptions& options_;
  std::stop_token stop_;
  int count_ = 0;
};

}  // namespace

Status FetchSubmodules(ProcessRunner& runner, const GitUrl& parent, const GitCredentials& credentials,
                       const GitOptions& options, const std::string& commit, GitNode& node, std::stop_token stop) {
  return Fetcher(runner, options, std::move(stop)).Descend(parent, credentials, commit, node, 0);
}

}  // namespace plumb
