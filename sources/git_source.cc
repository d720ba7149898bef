#include "sources/git_source.h"

#include <fmt/core.h>

#include <algorithm>

#include "sources/git_submodules.h"

namespace plumb {

Result<std::unique_ptr<GitSource>> GitSource::Make(GitSpec spec, GitOptions options, ProcessRunner& runner) {
  PLUMB_TRY(url, ParseGitUrl(spec.url));
  const std::string& r = spec.revision;
  const bool odd = std::any_of(r.begin(), r.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (odd || r.starts_with('-') || r.size() > 1000)
    return Invalid(fmt::format("'{}' is not a revision", r.substr(0, 100)));
  if (options.cache_directory.empty()) return Invalid("the cache directory for git mirrors is not set");
  return std::unique_ptr<GitSource>(new GitSource(std::move(spec), std::move(url), std::move(options), runner));
}

// The commit that the revision means now, with the reference that it was found by.
Result<GitRef> GitSource::FindCommit(GitMirror& mirror, std::stop_token stop) {
  const std::string& revision = spec_.revision;
  if (IsCommitId(revision)) return GitRef{"", revision};
  PLUMB_TRY(refs, mirror.ListRefs(revision, stop));
  if (was_branch_ &&
      std::none_of(refs.begin(), refs.end(), [&](auto& ref) { return ref.name == "refs/heads/" + revision; })) {
    return NotFound(fmt::format("branch '{}' is gone from git repository '{}'", revision, url_.text));
  }
  auto selected = SelectGitRef(refs, revision.empty() ? "HEAD" : revision);
  if (!selected.ok()) return std::move(selected).error().Wrap(fmt::format("git repository '{}'", url_.text));
  if (*selected) {
    was_branch_ = (*selected)->name == "refs/heads/" + revision;
    return **std::move(selected);
  }
  PLUMB_TRY(commit, mirror.Expand(revision, std::move(stop)), fmt::format("git repository '{}'", url_.text));
  return GitRef{"", commit};
}

std::optional<GitRef> GitSource::FetchTip(GitMirror& mirror, std::stop_token stop) {
  if (!last_ || IsDamaged(*last_node_) || !(was_branch_ || last_->reference == "HEAD")) return std::nullopt;
  const auto commit = mirror.FetchTip(last_->reference, std::move(stop));
  if (!commit) return std::nullopt;
  return GitRef{last_->reference, *commit};
}

Result<ResolvedSource> GitSource::Resolve(std::stop_token stop, bool pushed) {
  PLUMB_TRY(mirror, GitMirror::Make(*runner_, url_, spec_.credentials, options_));
  auto tip = pushed ? FetchTip(mirror, stop) : std::nullopt;
  PLUMB_TRY(ref, tip ? Result<GitRef>(*std::move(tip)) : FindCommit(mirror, stop));
  if (last_ && last_->commit == ref.commit && !IsDamaged(*last_node_)) {
    last_->reference = ref.name;
    last_->fetched = false;
    return *last_;
  }
  auto store = mirror.Obtain(ref.commit, stop);
  if (!store.ok() && store.error().code() == Code::kNotFound && !IsCommitId(spec_.revision)) {
    // Pushed over between the question and the fetch: ask once more.
    PLUMB_TRY(again, FindCommit(mirror, stop));
    ref = again;
    store = mirror.Obtain(ref.commit, stop);
  }
  if (!store.ok()) return std::move(store).error();
  PLUMB_TRY(commit, (*store)->Commit(ref.commit), fmt::format("git repository '{}'", url_.text));

  auto node = std::make_shared<GitNode>(GitNode{*store, commit.tree, {}});
  if (spec_.submodules) {
    PLUMB_OK(FetchSubmodules(*runner_, url_, spec_.credentials, options_, commit.id, *node, stop),
             fmt::format("git repository '{}'", url_.text));
  }
  last_ = ResolvedSource{.commit = commit.id,
                         .reference = ref.name,
                         .authored = commit.authored,
                         .committed = commit.committed,
                         .subject = commit.subject,
                         .tree = MakeGitTree(node, options_.file_bytes),
                         .fetched = mirror.fetched()};
  last_node_ = std::move(node);
  return *last_;
}

}  // namespace plumb
