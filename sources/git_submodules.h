// Submodules of a commit, fetched into mirrors of their own and hung into the tree.
#pragma once

#include <stop_token>
#include <string>

#include "core/process.h"
#include "sources/git_spec.h"
#include "sources/git_tree.h"
#include "sources/git_url.h"

namespace plumb {

// Fetches every submodule that .gitmodules of `commit` names and the tree holds, recursively, and puts them into
// `node.submodules`. All or nothing.
//
// The file .gitmodules is untrusted: a repository from the network cannot name local paths, the credentials go to the
// parent's own host alone, and depth and number are bounded (GitOptions).
// Errors: those of GitMirror::Obtain, kInvalid (.gitmodules), kDenied (a local path), kLimit.
Status FetchSubmodules(ProcessRunner& runner, const GitUrl& parent, const GitCredentials& credentials,
                       const GitOptions& options, const std::string& commit, GitNode& node, std::stop_token stop);

}  // namespace plumb
