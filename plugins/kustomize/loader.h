// Reads the files of one kustomization directory, under its load restriction, and opens the directories it builds on.
//
// A loader knows who opened it, so that a cycle of bases is found. Source: Kustomize 5.5, api/internal/loader.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "plugins/kustomize/build.h"

namespace plumb::kustomize {

class Loader {
 public:
  // The loader of the directory that is built. `tree` and `build` must outlive it.
  static Result<Loader> AtRoot(Build& build, const Tree& tree, std::string_view path);

  // The bytes of a file, by its path relative to the directory. Errors: kNotFound, kInvalid (a directory), kDenied
  // (outside of what may be read), kLimit.
  Result<std::string> Load(std::string_view path) const;
  // The loader of another directory, which must not contain this one or one that led here. Errors: as Load; kInvalid
  // for a cycle.
  Result<Loader> Open(std::string_view path) const;

  bool IsDirectory(std::string_view path) const;
  bool Has(std::string_view path) const;  // a file or a directory of the same tree
  // ", did you mean 'web.yaml'?" for a path that does not exist, where its directory has such a name; else "".
  std::string Nearest(std::string_view path) const;
  // Path from the tree's root, for messages and origins: "deploy/base/web.yaml".
  std::string Name(std::string_view path) const;
  const std::string& root() const { return root_; }
  const Tree& tree() const { return *tree_; }
  bool is_remote() const { return owned_tree_ != nullptr; }  // in a remote base

 private:
  Loader(Build& build, const Tree& tree, std::string root, const Loader* opener)
      : build_(&build), tree_(&tree), root_(std::move(root)), opener_(opener) {}

  Build* build_;
  const Tree* tree_;
  std::shared_ptr<const Tree> owned_tree_;  // of a remote base
  std::string root_;
  const Loader* opener_;
  int depth_ = 0;
};

// "https://...", "git@...", "ssh://...", "git::...", "github.com/...": elsewhere.
bool IsRemote(std::string_view path);

}  // namespace plumb::kustomize
