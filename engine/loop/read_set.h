// What a render read of a tree, so that a revision with the same content there need not be rendered again: a push that
// touches one of a thousand applications renders one.
#pragma once

#include <map>
#include <string>

#include "core/mutex.h"
#include "core/tree.h"

namespace plumb {

// Plain value; thread-safe to read.
class ReadSet {
 public:
  // True where a render of `tree` would read just what it read before. False also where nobody can tell: trees without
  // addresses, and paths that cannot be looked at.
  bool Same(const Tree& tree) const;
  // False where Same is certain to say yes of a tree that differs so from one of which it says yes: a look at a list of
  // changes instead of one at the tree for each path.
  bool ConcernedBy(const TreeChanges& changes) const;
  size_t size() const { return reads_.size(); }

 private:
  friend class RecordingTree;
  enum class What : uint8_t { kContent, kType };
  // By path: the address of what is there (of a directory: of everything below), or its type where only that was asked;
  // "-" where nothing is.
  std::map<std::string, std::pair<What, std::string>, std::less<>> reads_;
  std::map<std::string, std::string, std::less<>> places_;  // paths with their symlinks followed; "-" where nothing is
  bool known_ = true;  // every read had an address
  bool plain_ = true;  // no read went through a symlink, and none depends on more than what is below its path
};

// Hands a tree on and remembers what was read. Thread-safe. The tree must outlive it.
class RecordingTree final : public Tree {
 public:
  explicit RecordingTree(const Tree& tree) : tree_(tree) {}

  Result<std::vector<TreeEntry>> List(std::string_view path) const override;
  Result<std::string> Read(std::string_view path) const override;
  Result<TreeEntry::Type> Stat(std::string_view path) const override;
  Result<std::string> RealPath(std::string_view path) const override;
  std::string Address(std::string_view path) const override { return tree_.Address(path); }

  // What was read so far. A directory that was listed stands for everything below it.
  ReadSet Taken() const;

 private:
  void Note(std::string_view path, ReadSet::What what) const;

  const Tree& tree_;
  mutable Mutex mu_;
  mutable ReadSet set_ GUARDED_BY(mu_);
};

}  // namespace plumb
