// An exclusive lock between threads and processes on a file that stays (flock). Freed by the kernel when its holder
// dies, so that kill -9 leaves nothing to clean.
#pragma once

#include <stop_token>
#include <string>

#include "core/clock.h"
#include "core/result.h"

namespace plumb {

class FileLock {
 public:
  // Waits at most `wait` for whoever holds it; zero tries once. The file is made where missing.
  // Errors: kUnavailable (held too long; no such directory), kDenied, kCancelled.
  static Result<FileLock> Take(const std::string& file, Duration wait, std::stop_token stop = {});

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace plumb
