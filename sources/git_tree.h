// A Tree on a commit of a git mirror, submodules included where they were fetched. Its addresses are git's own ids.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/tree.h"
#include "sources/git_store.h"

namespace plumb {

// A repository's tree and the submodules within it, by their path.
struct GitNode {
  std::shared_ptr<const GitStore> store;
  GitId tree{};
  std::map<std::string, std::shared_ptr<const GitNode>, std::less<>> submodules;
};

// True where any of its repositories is (GitStore::damaged).
bool IsDamaged(const GitNode& node);

// Thread-safe. Symlinks are followed within the tree, submodules and their parents included; one that leaves it is
// kDenied. A submodule that was not fetched is a directory that can neither be listed nor entered (kInvalid says how
// to have it): it must not look empty. Entries named ".", "..", ".git" or with a '/' make List fail with kInvalid.
// Files larger than `file_bytes` are kLimit.
//
// ChangesSince reads the directories that differ and nothing else; it cannot tell of trees with submodules.
//
// Address is "git:" and the id of the blob or tree; where symlinks below a directory lead out of it, so that other
// files count too, the id of the whole tree is a part of it.
std::shared_ptr<const Tree> MakeGitTree(std::shared_ptr<const GitNode> root, size_t file_bytes);

}  // namespace plumb
