// A bare mirror of one remote repository in the cache directory, filled by the git program one commit at a time.
//
//   CACHE/git/KEY/lock       held (flock) while the mirror changes; its time of change is when it was used last
//   CACHE/git/KEY/remote     the address, for people
//   CACHE/git/KEY/7/         a bare repository, the highest number is the one in use
//   CACHE/git/KEY/new/       the next one, while it is made
//
// Invariants: 1. a numbered repository is whole, since it got its name only after its first fetch. 2. A commit with a
// reference refs/plumb/ID is there with everything it needs; references are written by git after its own check.
// 3. A repository is never changed but by adding objects: a damaged or a crowded one is replaced by a new number, and
// the one before stays one round longer, so that trees in use keep their files.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "sources/git_failure.h"
#include "sources/git_program.h"
#include "sources/git_refs.h"
#include "sources/git_store.h"

namespace plumb {

// Not thread-safe; several mirrors of one remote, in any thread or process, share its folder safely.
class GitMirror {
 public:
  // Errors: as GitProgram::ForRemote. Touches neither network nor disk.
  static Result<GitMirror> Make(ProcessRunner& runner, const GitUrl& url, const GitCredentials& credentials,
                                const GitOptions& options);

  // What the remote has now, as far as it matters to `revision`. Errors: see ExplainGitFailure.
  Result<std::vector<GitRef>> ListRefs(const std::string& revision, std::stop_token stop);

  // A store that holds `commit` (40 digits) with all its files; fetched, alone and without history, where it is not
  // there yet. Errors: kNotFound (the remote has it no more), kUnavailable, kDenied, kLimit, kCancelled.
  Result<std::shared_ptr<const GitStore>> Obtain(const std::string& commit, std::stop_token stop);

  // The commit that `reference` of the remote ("refs/heads/main", "HEAD") points to now, fetched like by Obtain: one
  // connection in place of two. nullopt where that did not work; ListRefs and Obtain then tell why.
  std::optional<std::string> FetchTip(const std::string& reference, std::stop_token stop);

  // The whole id of an abbreviated one. Fetches the history of all branches and tags, unless it is known already.
  Result<std::string> Expand(const std::string& abbreviated, std::stop_token stop);

  bool fetched() const { return fetched_; }  // something was fetched
  const GitUrl& url() const { return url_; }

 private:
  enum class What { kOneCommit, kAllHistory };
  GitMirror(const GitUrl& url, GitProgram git, const GitOptions& options, std::string folder);

  Result<std::shared_ptr<const GitStore>> Current();
  Result<std::shared_ptr<const GitStore>> Fetch(What what, const std::string& commit, std::stop_token stop);
  // nullopt: it is there.
  std::optional<GitFailure> RunFetch(const std::string& repository, std::vector<std::string> what, std::stop_token stop);
  std::optional<GitFailure> FetchInto(const std::string& repository, What what, const std::string& commit,
                                      std::stop_token stop);
  Result<std::shared_ptr<const GitStore>> Replace(What what, const std::string& commit, std::stop_token stop);
  bool Crowded(const std::string& repository) const;
  void Observe(bool fetch, TimePoint started, const Error* error) const;

  GitUrl url_;
  GitProgram git_;
  GitOptions options_;
  std::string folder_;
  std::shared_ptr<const GitStore> store_;
  bool fetched_ = false;
};

struct SweepOptions {
  Duration keep = std::chrono::hours(24 * 14);  // since a mirror was used last
  uint64_t bytes = uint64_t{20} << 30;          // of all mirrors; the least recently used go first
};
struct Swept {
  size_t mirrors = 0;
  uint64_t bytes = 0;
};

// Removes old mirrors of a cache directory; those in use right now stay. Errors: kUnavailable (cannot be read).
Result<Swept> SweepGitMirrors(const std::string& cache_directory, SweepOptions options, WallTime now);

}  // namespace plumb
