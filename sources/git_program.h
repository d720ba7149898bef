// Runs the git program as a tool that trusts nothing: no configuration but its own, no prompts, no hooks, no protocols
// beyond https, http, ssh and file, bounded time and size; and reads its complaints.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "core/process.h"
#include "sources/git_spec.h"
#include "sources/git_url.h"

namespace plumb {

// Not thread-safe in itself; make one where it is used (it is cheap). The runner must outlive it.
class GitProgram {
 public:
  // For a remote: its credentials go to git by the environment, bound to the remote's host, never by arguments.
  // Errors: those of SecretRef::Read, kNotFound (key or known_hosts file).
  static Result<GitProgram> ForRemote(ProcessRunner& runner, const GitUrl& url, const GitCredentials& credentials);
  // For work on a local repository alone.
  static GitProgram Local(ProcessRunner& runner);

  struct Bounds {
    Duration timeout{};
    size_t out_bytes = 64u << 20;
    size_t file_bytes = 0;  // the largest file it may write; 0: no bound
  };
  // Runs `git arguments...` in `directory`. Errors: those of ProcessRunner::Run; a git that failed is no error here.
  Result<ProcessResult> TryRun(std::vector<std::string> arguments, const std::string& directory, Bounds bounds,
                               std::stop_token stop = {}) const;
  // The same; what git printed, or an error made of its complaint (ExplainGitFailure).
  Result<std::string> Run(std::vector<std::string> arguments, const std::string& directory, Bounds bounds,
                          std::stop_token stop = {}) const;
  const std::string& what() const { return what_; }

 private:
  GitProgram(ProcessRunner& runner, std::string what) : runner_(&runner), what_(std::move(what)) {}
  void Configure(std::string key, std::string value) { config_.emplace_back(std::move(key), std::move(value)); }
  std::vector<std::pair<std::string, std::string>> Environment() const;

  ProcessRunner* runner_;
  std::string what_;  // the remote's address or "", for messages
  std::vector<std::pair<std::string, std::string>> config_;
  std::vector<std::pair<std::string, std::string>> environment_;
};

}  // namespace plumb
