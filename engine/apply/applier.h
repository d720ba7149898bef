// Carries a plan out against a cluster: bounded requests in flight, every step as soon as what it waits for is there.
//
// Safe to kill between any two requests: before the first write the inventory names everything that may come to exist,
// and after the last (or soon after it, `uids_later`) it says exactly what does. A plan without changes sends nothing. Where a server quotes sensitive values of the
// object that it speaks of, they are masked in every text here.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/clock.h"
#include "engine/health/health.h"
#include "engine/kube/client.h"
#include "engine/plan/inventory.h"
#include "engine/plan/plan.h"

namespace plumb {

struct ApplyOptions {
  std::string field_manager = "plumb";
  bool force = true;              // take fields over from other managers, as their declared owner
  size_t in_flight = 32;          // requests at the same time
  bool wait = false;              // the run ends when everything applied is healthy, not only accepted
  Duration deadline = std::chrono::minutes(10);     // of the whole run
  // Of one step, on top of the Client's own retries: where the server was away, somebody else wrote at the same moment, or
  // a namespace or kind that was just made is not known everywhere yet.
  int attempts = 5;
  Duration retry_first = std::chrono::milliseconds(50);  // doubles with each attempt
  Duration retry_max = std::chrono::seconds(5);
  // What is waited for is watched. It is looked at besides, in case the watch cannot be had: first after this, which doubles.
  Duration look_first = std::chrono::seconds(2);
  Duration look_max = std::chrono::seconds(30);
  std::string propagation = "Background";  // of deletes: Background or Foreground
  kube::Client* records = nullptr;         // reads and writes the inventory, where that is another than carries the steps out
  std::shared_ptr<const HealthRules> health;  // of the user; may be null
  bool uids_later = false;        // a run whose record misses nothing but UIDs ends without that write: see ApplyReport::unrecorded
  std::string approved;           // lifts the holds of a plan with this Plan::approval
  // Called before the first delete of a run with every step that deletes or replaces, and again for a replace that only the
  // server asked for. An error keeps all of them from being sent: what was not archived is not deleted. Null: nothing is kept.
  std::function<Status(const Plan& plan, const std::vector<size_t>& steps)> before_removal = nullptr;
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
  std::string resource_version;  // of what was written; "" where nothing was
  bool replaced = false;    // it was deleted and made anew, by the plan or because only the server said so
  bool refused = false;     // it failed: the server wants it deleted and made anew, and that is for a plan that says so (PlanInput::refused)
  Health health;            // as far as it was looked at; kUnknown otherwise
  std::string message;      // the error, or why skipped
};

struct ApplyReport {
  std::vector<StepResult> steps;  // one for each of the plan's
  size_t applied = 0, unchanged = 0, deleted = 0, kept = 0, held = 0, blocked = 0, failed = 0, skipped = 0;
  size_t requests = 0;            // sent, waits included; the Client's own retries are not
  std::vector<std::string> errors;    // "Deployment shop/web: 422 ...", without those of skipped steps
  std::vector<std::string> warnings;  // of the server: "Deployment shop/web: unknown field ..."
  Inventory inventory;            // as it stands in the cluster now
  std::optional<Inventory> unrecorded;  // with `uids_later`: what is to be written by Record, soon and before the next Run
  bool complete = false;          // everything the plan wanted (holds apart) is done, and healthy where `wait` says so
};

// The resource of a kind, from discovery; nullopt where the cluster does not serve it (yet). Kinds that the plan's own CRDs
// define need not be known. Called on the thread of the run; may look things up, must not take long.
using ResourceLookup = std::function<std::optional<kube::Resource>(const Gvk& gvk)>;

// Where an inventory is kept.
kube::ObjectRef RecordRef(const Inventory& inventory);

// Not thread-safe: one run at a time for each Applier. Many Appliers may share a Client.
class Applier {
 public:
  Applier(kube::Client& client, ResourceLookup resources, ApplyOptions options = {}, Clock& clock = Clock::Real());

  // Carries out `plan`; `inventory` is what the plan was made with. Blocks until done, cancelled or out of time.
  // A step that fails fails what depends on it and nothing else: such a run is a report with `errors`, not an Error; so
  // is one that met its deadline. With `stop` nothing new is sent, and the answers to what is on the wire are awaited.
  // Worth calling for a plan without changes too: it brings the inventory up to date, or sends nothing.
  // Errors: of the inventory's write before (no object was touched then), kCancelled; the next run goes on from there.
  Result<ApplyReport> Run(const Plan& plan, const Inventory& inventory, const ApplyProgress& progress = nullptr, std::stop_token stop = {});

  // Writes the inventory as it is. Errors: of the API, kLimit.
  Status Record(const Inventory& inventory);

 private:
  kube::Client& client_;
  ResourceLookup resources_;
  ApplyOptions options_;
  Clock& clock_;
};

}  // namespace plumb
