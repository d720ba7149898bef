#include "engine/kube/retry.h"

#include <algorithm>

namespace plumb::kube {
namespace {

bool WorthRepeating(bool idempotent, const ApiStatus& status, Code network) {
  switch (status.http) {
    case 0: return idempotent && network == Code::kUnavailable;
    case 429: return true;  // refused before any work (API priority and fairness, eviction budgets)
    case 503: return idempotent || status.retry_after > Duration{};
    case 502: case 504: return idempotent;
    // 500 covers everything from a failing webhook to a bug: repeated only where the server says it is a matter of time.
    case 500: return idempotent && (status.retry_after > Duration{} || status.reason == "ServerTimeout" || status.reason == "Timeout");
    default: return false;
  }
}

}  // namespace

std::optional<Duration> RetryDelay(const RetryPolicy& policy, int attempt, bool idempotent, const ApiStatus& status, Code network, double jitter) {
  if (attempt >= policy.attempts || !WorthRepeating(idempotent, status, network)) return std::nullopt;
  if (status.retry_after > policy.retry_after_max) return std::nullopt;
  Duration wait = policy.first;
  for (int i = 1; i < attempt && wait < policy.max; ++i) wait = std::min(wait * 2, policy.max);
  wait += Duration(static_cast<int64_t>(static_cast<double>(wait.count()) * jitter / 2));
  return std::max(wait, status.retry_after);
}

}  // namespace plumb::kube
