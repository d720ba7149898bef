// One run of a plan as a step function: the Applier's loop without its thread, so that tests drive it by hand.
//
// Phases: the inventory's superset is written (only where something new may come to exist or a hook runs), then the steps as
// the schedule allows, then the exact inventory (only where it differs, and may not wait), then hook objects are let go of. Owned by one thread; the plan, inventory, client and
// options must outlive it.
#pragma once

#include <memory>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "diff/mask.h"
#include "engine/apply/applier.h"
#include "engine/apply/hook_cleaner.h"
#include "engine/apply/mailbox.h"
#include "engine/apply/object_watches.h"
#include "engine/apply/schedule.h"
#include "engine/plan/hooks.h"

namespace plumb {

// How an inventory is written.
kube::WriteOptions RecordWrite(const ApplyOptions& options);

class ApplyRun {
 public:
  ApplyRun(kube::Client& client, const ResourceLookup& resources, const ApplyOptions& options, Clock& clock, const Plan& plan,
           const Inventory& inventory, const ApplyProgress& progress);

  // Takes in what has arrived and sends what may be sent. Never blocks. False: the run is over, see Finish.
  bool Step();
  // When Step should be called again even though nothing arrives: a retry, a look at an object, the deadline.
  TimePoint NextTimer() const;
  // Sends nothing new from now on; the run is over when what is on the wire has been answered.
  void Cancel();
  Mailbox& mailbox() { return *mailbox_; }

  Result<ApplyReport> Finish();

 private:
  enum class Phase : uint8_t { kBefore, kSteps, kAfter, kLetGo, kOver };
  enum class Replace : uint8_t { kNo, kDeleting, kDeleted };  // the old object is being deleted; it is gone
  struct Work {  // of one step
    int attempts = 0;
    Replace replace = Replace::kNo;
    bool watching = false;        // its object is watched, and looked at from time to time in case that cannot be
    Duration next_look{};
    Document seen;                // what the watch brought before the answer to the request did
    bool refused = false;         // the server wants it replaced, and this plan may not
    bool ended = false;           // of a hook that failed: it ran, and will not do better by itself
    TimePoint started{};
    std::string old_uid;          // of a hook: whose place it takes
    bool archived = false;        // before_removal knows of it
    std::string uid, resource_version, waiting_for;  // waiting_for: the last text told to `progress`
  };
  struct Timer {
    TimePoint at;
    size_t step;
    bool read;  // look at the object; otherwise: send again
    bool operator>(const Timer& other) const { return at > other.at; }
  };

  void Begin();
  void BeginSteps();
  void Handle(Letter letter);
  void OnInventory(const kube::Answer& answer);
  void OnWritten(size_t step, kube::Answer answer);
  void OnDeleted(size_t step, kube::Answer answer);
  void OnRead(size_t step, kube::Answer answer);
  void StartReady();
  void WatchAwaited();
  void LookLater(size_t step);
  void OnSeen(size_t step, const Document& object);
  void Advance();  // to the next phase, where this one is done
  void Expire();   // at the deadline

  void FindKindsOfCrds();
  void SendStep(size_t step);
  void SendApply(size_t step);
  void SendDelete(size_t step);
  Status ArchiveFirst(size_t step);
  void CreateAnew(size_t step);
  void SendHook(size_t step);
  void SendRead(size_t step);
  void SendInventory(const Inventory& inventory, Purpose purpose = Purpose::kInventory);
  bool Retry(size_t step, const kube::Answer& answer);
  void FailStep(size_t step, const std::string& said);
  std::string Masked(size_t step, std::string_view said);  // a server quotes values of what it refuses
  void Accepted(size_t step, Value object);
  void Ended(size_t step);
  void StartWatch(size_t step, bool look_if_late);
  std::string WatchLabel(size_t step) const;
  void Tell(ApplyEvent::Type type, size_t step, std::string text, Duration took = {});
  void TellWaiting(size_t step, Value object);
  kube::Client::Callback ReplyTo(Purpose purpose, size_t step);
  void FreePlace(size_t step);
  void SendRecord();
  void OnRecorded(const kube::Answer& answer);
  void OnCleaned(size_t item, const kube::Answer& answer);
  void CleanLeftovers();
  void LetGo();
  bool LetGoOf(const ObjectId& id) const;
  bool Succeeded(size_t step) const;
  std::optional<SyncRecord> ExactSync() const;
  Result<kube::ObjectRef> RefOf(size_t step) const { return RefOf(plan_.steps[step].gvk, plan_.steps[step].id); }
  Result<kube::ObjectRef> RefOf(const Gvk& gvk, const ObjectId& id) const;
  Inventory ExactInventory() const;
  kube::Client& records() { return options_.records ? *options_.records : client_; }

  kube::Client& client_;
  const ResourceLookup& resources_;
  const ApplyOptions& options_;
  Clock& clock_;
  const Plan& plan_;
  const ApplyProgress progress_;
  std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  ObjectWatches watches_;
  Schedule schedule_;
  HookCleaner cleaner_;
  std::vector<size_t> unrecorded_, recording_;  // steps that wait for the end of their earlier phase to be on record
  std::set<std::string> cleaned_;  // UIDs of leftovers that are let go of
  std::vector<Work> work_;
  std::vector<kube::Resource> from_crds_;  // kinds that CRDs of the plan define
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  Phase phase_ = Phase::kBefore;
  bool begun_ = false, cancelled_ = false, expired_ = false, made_namespace_ = false;
  size_t on_wire_ = 0, writes_on_wire_ = 0;
  size_t unplanned_replaces_ = 0;  // of Plan::replaces_left
  TimePoint deadline_;
  Inventory stored_, target_;  // what the cluster has, and what is being written
  std::optional<Error> error_, archive_error_;
  ApplyReport report_;
  std::optional<Masker> masker_;  // made for the first text that needs it
};

}  // namespace plumb
