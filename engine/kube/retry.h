// Which failed requests are worth another attempt, and when. Pure.
#pragma once

#include <optional>

#include "core/clock.h"
#include "engine/kube/api_error.h"

namespace plumb::kube {

struct RetryPolicy {
  int attempts = 4;
  Duration first = std::chrono::milliseconds(100);
  Duration max = std::chrono::seconds(10);
  Duration retry_after_max = std::chrono::seconds(30);
};

// How long to wait before the next attempt, or nothing: give up. `attempt` counts from 1 and has failed with `status`
// (http 0: no answer, `network` says why). A server that did the work before it failed must not be asked again for work
// that is not idempotent. `jitter` is in [0, 1).
std::optional<Duration> RetryDelay(const RetryPolicy& policy, int attempt, bool idempotent, const ApiStatus& status, Code network, double jitter);

}  // namespace plumb::kube
