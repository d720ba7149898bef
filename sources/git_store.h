// Reads objects of one bare repository through libgit2, without a work tree. The only file that includes <git2.h>.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/result.h"

namespace plumb {

using GitId = std::array<unsigned char, 20>;
std::string GitIdHex(const GitId& id);

struct GitEntry {
  enum class Kind { kFile, kDirectory, kSymlink, kSubmodule };
  std::string name;
  Kind kind = Kind::kFile;
  GitId id{};
};

struct GitCommit {
  std::string id;  // 40 hex digits
  GitId tree{};
  WallTime authored{};
  WallTime committed{};
  std::string subject;  // the first line, at most 200 bytes, valid UTF-8 without control characters
};

// Thread-safe: each call borrows a repository handle of its own from a pool. Handles see packs that are added later.
//
// Strict hash verification is off (4 to 7 times faster reads): the packs were just indexed, and so verified, by git.
// An object that cannot be read is kUnavailable, and marks the repository as damaged, so that the mirror makes it anew.
class GitStore {
 public:
  static Result<std::shared_ptr<const GitStore>> Open(const std::string& directory);
  ~GitStore();

  // `revision`: a commit id, abbreviated or not, or a full reference. Errors: kNotFound, kInvalid (several match).
  Result<GitCommit> Commit(const std::string& revision) const;
  Result<std::vector<GitEntry>> Entries(const GitId& tree) const;
  Result<std::optional<GitEntry>> Entry(const GitId& tree, std::string_view name) const;
  // Errors: kLimit above `most_bytes`, told from the header: the object is not read.
  Result<std::string> Blob(const GitId& blob, size_t most_bytes) const;

  // Whether the bytes under a tree depend on its id alone, as somebody found out and noted: a fact about the id, and so kept from
  // one commit to the next. nullopt: not known, or forgotten.
  std::optional<bool> IsClosed(const GitId& tree) const;
  void NoteClosed(const GitId& tree, bool closed) const;

  bool damaged() const;  // some read failed, here or in another process, or it was removed
  const std::string& directory() const { return directory_; }

 private:
  struct Pool;
  class Handle;
  GitStore(std::string directory, std::unique_ptr<Pool> pool);
  Error Broken(std::string_view what) const;

  const std::string directory_;
  const std::unique_ptr<Pool> pool_;
  mutable Mutex mu_;
  mutable std::map<GitId, bool> closed_ GUARDED_BY(mu_);
};

}  // namespace plumb
