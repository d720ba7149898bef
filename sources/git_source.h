// From what a user says about a repository to a tree of files at one commit.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "core/process.h"
#include "core/tree.h"
#include "sources/git_mirror.h"
#include "sources/git_spec.h"
#include "sources/git_tree.h"

namespace plumb {

struct ResolvedSource {
  std::string commit;     // 40 hex digits
  std::string reference;  // what it was found by: "refs/heads/main", "HEAD", "refs/tags/v1.2.0"; "" by commit id
  WallTime authored{};
  WallTime committed{};
  std::string subject;               // the first line of the message, bounded and printable
  std::shared_ptr<const Tree> tree;  // stays usable, whatever becomes of the source
  bool fetched = false;              // the network gave new objects
};

// Not thread-safe: one thread resolves a source at a time. Any number of sources share a cache directory.
class GitSource {
 public:
  // Errors: kInvalid (address, revision), kNotFound (a file of the credentials). Does not ask the network.
  // The runner must outlive it.
  static Result<std::unique_ptr<GitSource>> Make(GitSpec spec, GitOptions options,
                                                 ProcessRunner& runner = ProcessRunner::Real());

  // Asks the remote which commit the revision means now, and fetches that commit unless it is there already: an
  // unchanged remote costs one `git ls-remote`, a commit id that is known costs nothing.
  //
  // Errors: kNotFound (no such repository or revision; the branch was deleted), kDenied (credentials, host key),
  // kUnavailable (host, disk), kLimit, kInvalid, kCancelled. The last tree stays usable in every case.
  //
  // `pushed`: somebody says that it moved. Where the revision is a branch or the default one, and known already, it is
  // fetched without asking first.
  Result<ResolvedSource> Resolve(std::stop_token stop = {}, bool pushed = false);

 private:
  GitSource(GitSpec spec, GitUrl url, GitOptions options, ProcessRunner& runner)
      : spec_(std::move(spec)), url_(std::move(url)), options_(std::move(options)), runner_(&runner) {}
  Result<GitRef> FindCommit(GitMirror& mirror, std::stop_token stop);
  std::optional<GitRef> FetchTip(GitMirror& mirror, std::stop_token stop);

  GitSpec spec_;
  GitUrl url_;
  GitOptions options_;
  ProcessRunner* runner_;
  std::optional<ResolvedSource> last_;
  std::shared_ptr<const GitNode> last_node_;  // of last_
  bool was_branch_ = false;  // the revision named a branch before: it never turns into a range of tags when that goes
};

}  // namespace plumb
