// Is this object ready? One pure function over the live object: no cluster, no clock.
//
// The rules are those of kstatus (cli-utils v0.37), corrected where they mislead: a running Job is progressing, a failed
// Pod is degraded, a LoadBalancer without an address is progressing, a StatefulSet stuck on a broken revision is degraded.
// docs/health.md has the table.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/value.h"

namespace plumb {

enum class HealthStatus : uint8_t {  // from best to worst, so that the worst of several is the maximum
  kHealthy,
  kSuspended,    // does nothing because somebody said so: paused Deployment, suspended CronJob
  kProgressing,  // on its way; also: being deleted
  kUnknown,      // its state cannot be told
  kMissing,      // it should be there and is not
  kDegraded,     // failed, or will not become ready without help
};

// "healthy", "suspended", "progressing", "unknown", "missing", "degraded".
std::string_view HealthStatusName(HealthStatus status);

struct Health {
  HealthStatus status = HealthStatus::kUnknown;
  std::string message;  // one sentence, lower case: "1 of 3 replicas available"; "" only where healthy without more to say
  // Of degraded: only a change of the object helps, so that waiting is pointless: a failed Job, a deadline exceeded.
  bool final = false;

  bool healthy() const { return status == HealthStatus::kHealthy || status == HealthStatus::kSuspended; }
  bool operator==(const Health&) const = default;
};

class HealthRules;  // health_rules.h

// The health of a live object; of null: missing. `own` are rules of the user, which go before those of the program.
// Never fails: hostile input is at worst unknown. Thread-safe.
Health Assess(Value object, const HealthRules* own = nullptr);

}  // namespace plumb
