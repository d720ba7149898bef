// Carries a plan out against a cluster: bounded requests in flight, every step as soon as what it waits for is there.
//
// Safe to kill between any two requests: before the first write the inventory names everything that may come to exist,
// and after the last it says exactly what does. A plan without changes sends nothing.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/clock.h"
#include "engine/health/health.h"
#include "engine/plan/plan.h"
#include "engine/plan/inventory.h"

namespace plumb {

namespace kube {
class Client;
}

struct ApplyOptions {
  std::string field_manager = "plumb";
  bool force = true;              // take fields over from other managers, as their declared owner
  size_t in_flight = 32;          // requests at the same time
  bool wait = false;              // the run ends when everything applied is healthy, not only accepted
  Duration deadline = std::chrono::minutes(10);     // of the whole run
  Duration request_timeout = std::chrono::seconds(30);
  int attempts = 6;               // of one request, where retrying can help (kUnavailable, kConflict)
  Duration retry_first = std::chrono::milliseconds(100);  // doubles with each attempt
  Duration retry_max = std::chrono::seconds(10);
  std::string propagation = "Background";  // of deletes: Background or Foreground
  std::string approved_digest;    // lifts the holds of exactly this plan
};

// What happens, as it happens: for timelines. Called on the thread that runs the Applier.
struct ApplyEvent {
  enum class Type : uint8_t { kStarted, kDone, kFailed, kSkipped, kWaiting, kHealthy, kRetry };
  Type type = Type::kStarted;
  const Step* step = nullptr;  // null for the inventory's own writes
  std::string text;            // "waiting for Deployment shop/db: 0 of 1 replicas available", the error, ...
  Duration took{};             // of kDone and kFailed
};
using ApplyProgress = std::function<void(const ApplyEvent&)>;

struct StepResult {
  enum class State : uint8_t { kNotStarted, kUnchanged, kApplied, kDeleted, kKept, kHeld, kBlocked, kFailed, kSkipped };
  State state = State::kNotStarted;
  std::string uid;          // of the object as it is now
  Health health;            // as far as it was looked at; kUnknown otherwise
  std::string message;      // the error, or why skipped
};

struct ApplyReport {
  std::vector<StepResult> steps;  // one for each of the plan's
  size_t applied = 0, unchanged = 0, deleted = 0, kept = 0, held = 0, blocked = 0, failed = 0, skipped = 0;
  size_t requests = 0;            // sent, retries and waits included
  std::vector<std::string> errors;  // "Deployment shop/web: 422 ...", without those of skipped steps
  Inventory inventory;            // as it stands in the cluster now
  bool complete = false;          // everything the plan wanted (holds apart) is done, and healthy where `wait` says so
};

// Not thread-safe: one run at a time for each Applier. Many Appliers may share a Client.
class Applier {
 public:
  Applier(kube::Client& client, ApplyOptions options = {}, Clock& clock = Clock::Real());

  // Carries out `plan`; `inventory` is what the plan was made with. Blocks until done, cancelled or out of time.
  // A step that fails fails what depends on it and nothing else: such a run is a report with `errors`, not an Error.
  // Errors: of the inventory's write before (nothing else was sent then), kCancelled, kUnavailable at the deadline
  // (it names what was waited for); then the next run continues from what is there.
  Result<ApplyReport> Run(const Plan& plan, const Inventory& inventory, const ApplyProgress& progress = nullptr, std::stop_token stop = {});

 private:
  kube::Client& client_;
  ApplyOptions options_;
  Clock& clock_;
};

}  // namespace plumb
