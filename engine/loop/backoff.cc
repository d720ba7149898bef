#include "engine/loop/backoff.h"

namespace plumb {

Duration Backoff::Next(const std::string& key) {
  const int failures = failures_[key]++;
  Duration wait = options_.first;
  for (int i = 0; i < failures; ++i) {
    if (wait >= options_.max / 2) return options_.max;  // checked first: doubling must not overflow
    wait *= 2;
  }
  return wait < options_.max ? wait : options_.max;
}

int Backoff::failures(const std::string& key) const {
  auto found = failures_.find(key);
  return found == failures_.end() ? 0 : found->second;
}

}  // namespace plumb
