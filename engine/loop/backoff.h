// Per-key exponential backoff: the n-th failure in a row waits first * 2^(n-1), at most max.
//
// The first delay is a second rather than the controllers' 5 ms: what fails here is a fetch or a sync, not a cache read.
//
// Not thread-safe: the loop that owns it calls it under its own lock.
#pragma once

#include <string>
#include <unordered_map>

#include "core/clock.h"

namespace plumb {

struct BackoffOptions {
  Duration first = std::chrono::seconds(1);  // delay after the first failure
  Duration max = std::chrono::minutes(5);    // no delay is longer than this
};

class Backoff {
 public:
  explicit Backoff(BackoffOptions options = {}) : options_(options) {}

  // Records one more failure of `key` and returns how long to wait. Never fails; O(1).
  Duration Next(const std::string& key);
  // Forgets the failures of `key`; call it on success.
  void Reset(const std::string& key) { failures_.erase(key); }
  int failures(const std::string& key) const;

 private:
  BackoffOptions options_;
  std::unordered_map<std::string, int> failures_;
};

}  // namespace plumb
