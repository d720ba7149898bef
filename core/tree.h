// A tree of files at one revision: the only way renderers read. Content-addressed where the source has addresses.
//
// Implementations: a git tree and a directory (sources/), memory (core/memory_tree.h, tests). Immutable; thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace plumb {

struct TreeEntry {
  enum class Type { kFile, kDirectory, kSymlink };
  std::string name;  // one path component
  Type type = Type::kFile;
};

// Where two trees differ, told without reading a file.
struct TreeChanges {
  std::set<std::string, std::less<>> changed;   // files with other bytes, and every directory above a difference, "" too
  std::set<std::string, std::less<>> replaced;  // what only one of the trees has, or has as another type: all below it differs

  // Could a look at `path`, which no symlink is on, find something else? Yes too often rather than too rarely.
  bool Concern(std::string_view path) const;
};

// Paths are relative to the root, separated by '/', without "." or ".." components; "" is the root.
// Symlinks are resolved within the tree; one that leaves it is kDenied.
class Tree {
 public:
  virtual ~Tree() = default;
  // Entries of a directory, sorted by name bytewise. Errors: kNotFound, kInvalid (a file), kDenied, kUnavailable.
  virtual Result<std::vector<TreeEntry>> List(std::string_view path) const = 0;
  // The bytes of a file. Errors: kNotFound, kInvalid (a directory), kDenied, kLimit (larger than the tree's bound).
  virtual Result<std::string> Read(std::string_view path) const = 0;
  // kNotFound, or what is there (symlinks resolved).
  virtual Result<TreeEntry::Type> Stat(std::string_view path) const = 0;
  // The path with every symlink on it followed: two paths are the same file or directory where theirs are equal.
  // Errors: those of Stat.
  virtual Result<std::string> RealPath(std::string_view path) const = 0;
  // An address of the content under `path`: equal addresses mean equal bytes. "" where the source has none.
  virtual std::string Address(std::string_view path) const = 0;
  // Where this tree differs from `before`. Nothing where that cannot be told cheaply, or where it differs in more than `most` places.
  virtual std::optional<TreeChanges> ChangesSince(const Tree& before, size_t most) const {
    (void)before, (void)most;
    return std::nullopt;
  }
};

// Joins and normalises: JoinPath("a/b", "../c") is "a/c". Errors: kDenied where it would leave the root.
Result<std::string> JoinPath(std::string_view base, std::string_view relative);

}  // namespace plumb
