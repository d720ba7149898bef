// A tree of files in memory: for tests, and for files that Plumb makes itself.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/tree.h"

namespace plumb {

// Directories are those that the files' paths name. Immutable; thread-safe.
class MemoryTree final : public Tree {
 public:
  // Path to content. Paths as Tree wants them, without "." and "..".
  explicit MemoryTree(std::map<std::string, std::string> files, std::map<std::string, std::string> symlinks = {})
      : files_(std::move(files)), symlinks_(std::move(symlinks)) {}

  Result<std::vector<TreeEntry>> List(std::string_view path) const override;
  Result<std::string> Read(std::string_view path) const override;
  Result<TreeEntry::Type> Stat(std::string_view path) const override;
  Result<std::string> RealPath(std::string_view path) const override;
  std::string Address(std::string_view path) const override;  // a digest of the files below
  std::optional<TreeChanges> ChangesSince(const Tree& before, size_t most) const override;  // of trees without symlinks

 private:
  // The path with symlinks, in any component, followed. Errors: kDenied, kLimit for a loop.
  Result<std::string> Resolve(std::string_view path) const;
  bool IsDirectory(const std::string& path) const;

  const std::map<std::string, std::string> files_;
  const std::map<std::string, std::string> symlinks_;  // path to target, relative to the link's directory
};

}  // namespace plumb
