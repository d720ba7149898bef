// The sandbox's memory on disk: every object and the last resourceVersion in one SQLite file.
//
// Write-ahead logging with one transaction a write: what was answered survives the death of the process (`kill -9`); the
// death of the machine may cost the last moments. Not thread-safe; the store's owner locks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

namespace plumb::sandbox {

struct StoreKey;

class Journal {
 public:
  // Opens or creates. Errors: kUnavailable (cannot be opened, in use by another process), kInvalid (not such a file).
  static Result<std::unique_ptr<Journal>> Open(const std::string& path);
  ~Journal();

  // Calls `object` for every object, in no order; returns the last revision. Errors: kUnavailable, and those of `object`.
  Result<uint64_t> Load(const std::function<Status(StoreKey key, uint64_t revision, std::string_view json)>& object);

  // Errors: kUnavailable (disk full, ...): nothing was written.
  Status Put(const StoreKey& key, uint64_t revision, std::string_view json);
  Status Remove(const StoreKey& key, uint64_t revision);

 private:
  struct Impl;
  explicit Journal(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace plumb::sandbox
