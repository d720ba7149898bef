// Keeps one application true: source, render, plan, apply, health, drift; one pass at a time, from whatever state.
//
// A pass looks at everything after a new revision, a failure or a relist, and otherwise only at the objects that changed:
// a live event re-plans one object. Level-based: a lost pass costs nothing but time. What failed is tried again after its
// backoff and not before, whatever else happens meanwhile; a newer revision does not wait for it, and ends a running pass.
//
// Reconcile is called by one thread at a time (the work queue sees to it); the other members are thread-safe.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "engine/loop/backoff.h"
#include "engine/loop/drift_book.h"
#include "engine/loop/event.h"
#include "engine/loop/field_fights.h"
#include "engine/loop/own_writes.h"
#include "engine/loop/rendering.h"
#include "engine/loop/status.h"
#include "engine/loop/target.h"

namespace plumb {

// Somebody asked for a sync: it is carried out though sync.auto is off.
struct SyncRequest {
  std::string id;  // tells one request from the next
  std::string by;  // who asked
};

// What a reconciler works with; all of it outlives the reconciler. Functions are called on the reconciling thread.
struct ReconcilerContext {
  std::function<Result<std::shared_ptr<Target>>()> target;      // the application's cluster
  std::function<SourceView(size_t)> source;                     // of spec.sources[i]
  std::function<std::string()> waits_for{};                     // another application that is not ready; "" none
  std::function<Status(const Target&, const DesiredSet&, const Inventory&)> admit{};  // what the application's project allows
  std::function<void(const std::vector<ObjectId>&)> on_owned{};  // the objects whose live events it wants to hear of
  std::function<void()> on_status{};                            // status() says something new
  // Another application that wants this object, "namespace/name"; "" none.
  std::function<std::string(const ObjectId&)> claimed_by{};
  // How long what left the source waits for another application to claim it; null or zero: it is deleted at once.
  std::function<Duration()> prune_grace{};
  // Keeps what a plan deletes, before it does: see ApplyOptions::before_removal. `cluster` is its identity.
  std::function<Status(const Plan&, const std::vector<size_t>& steps, const Application&, const std::string& cluster)> archive{};
  RenderHelpers helpers{};                                      // what sources may ask for beyond their files
  EventSink events;
  Clock* clock = nullptr;
};

class Reconciler {
 public:
  // `before` is what the application's status said last, where that is known: history and revision go on from it.
  // Errors: kInvalid where the application's ignore rules are wrong.
  static Result<std::unique_ptr<Reconciler>> Make(Application application, ReconcilerContext context, const ApplicationStatus& before = {});

  // One pass. An error was told to the event sink, and next_look says when it is tried again.
  Status Reconcile(std::stop_token stop);
  // When the next pass is wanted though nothing happens; TimePoint::max() for never. Of the thread that reconciles.
  TimePoint next_look() const { return next_look_; }

  // A source moved or failed. True where that concerns this application, so that a pass is wanted; a running one ends.
  bool SourceMoved(size_t source, const SourceMove& move);
  void SourceChanged();                // fresh again, or failing: no other revision
  void MarkDirty(const ObjectId& id);  // a live event of an object that it owns
  bool MarkListed();                   // a kind was listed whole. True where a pass waits for that
  void MarkAllDirty();
  void Request(SyncRequest request);
  void Approve(std::string digest, std::string by);
  void Supersede();                    // ends a running pass: what it works on is out of date

  bool Owns(const ObjectId& id) const;
  bool Wants(const ObjectId& id) const;  // its source declares it
  const Application& application() const { return application_; }
  ApplicationStatus status() const;

 private:
  struct Work {
    bool source = false, all = false;
    std::set<ObjectId> dirty;
  };
  // Why a plan is not carried out now.
  struct Gate {
    HoldState hold;
    bool waits = false;  // no hold that a person lifts: something else has to come first
  };
  Reconciler(Application application, ReconcilerContext context, IgnoreRules ignore, const ApplicationStatus& before);

  Work TakeWork();
  void PutBack(const Work& work);
  Status Pass(const Work& work, std::stop_token stop);
  bool RefreshSources();
  Status CompleteManifests();
  Status DeleteAll(std::stop_token stop);
  Status LoadInventory();
  Status LookAtCluster(Duration max_age);
  Status SyncAll(std::stop_token stop, bool& finished);
  Status HealSome(const std::set<ObjectId>& dirty, std::stop_token stop, bool& whole);
  Status CarryOut(const Plan& plan, bool part, std::stop_token stop, bool& held);
  Status Apply(const Plan& plan, const std::vector<FoundDrift>& drifted, std::stop_token stop);
  Status RecordUids();
  std::string WhyWrongCluster() const;  // "" where it is the one that is meant
  std::optional<Gate> WhyNotNow(const Plan& plan, bool drifted);
  void SetHolds(const Plan& plan, const std::optional<Gate>& gate);
  void TellDrift(const std::vector<FoundDrift>& drifted);
  void Remember(const Plan& plan, HistoryEntry::Result result, std::string message, WallTime started);
  void AssessHealth(const std::set<ObjectId>* only);
  void Failed(const Error& error, bool passes);
  void Publish();
  PlanView View();
  void LookAt(TimePoint at) { next_look_ = std::min(next_look_, at); }
  // Looks at everything then, though nothing happens: what holds it back may be over.
  void LookAtAllIn(Duration after) { whole_at_ = std::min(whole_at_, context_.clock->Now() + after); }
  size_t RemovedRecently();
  std::string WhyNotPrunedYet(const ObjectId& id);
  Result<Plan> MakePlanFor(const DesiredSet& desired, const Inventory& inventory, PlanView& view);
  void Emit(LoopEvent event);
  void Emit(LoopEvent::Type type, std::string text, std::vector<std::string> details = {}, Duration took = {});

  const Application application_;
  const ReconcilerContext context_;
  const IgnoreRules ignore_;  // of the Application

  // Touched by Reconcile alone.
  std::shared_ptr<Target> target_;
  Rendering rendering_;
  std::shared_ptr<const HealthRules> assessed_by_;  // the health rules of the Application, then those of its sources
  IgnoreRules rules_;  // ignore_, and those of the sources
  Completeness fresh_{false, "the source was not read yet"};
  std::optional<DesiredSet> desired_;
  std::map<ObjectId, size_t> index_;  // of desired_->manifests
  std::vector<Health> health_;        // beside desired_->manifests
  std::optional<Inventory> inventory_;   // as it stands in the cluster
  std::optional<Inventory> unrecorded_;  // what it is to be at record_at_: with the UIDs of what was made
  std::string seen_revision_;  // the newest that the source has
  std::string revision_;       // the newest that could be rendered
  std::string subject_;
  TimePoint revision_seen_{};
  bool have_seen_ = false;
  bool revision_applied_ = false;  // all its manifests are; what left it may be held
  bool revision_synced_ = false, announced_healthy_ = false;
  std::string source_failure_, render_failure_, sync_failure_, waiting_ = "for its source";
  bool stalled_ = false;
  bool taken_over_ = false;  // the status is of before a restart or a hand-over, and no pass came to its end yet
  bool gone_ = false;  // of a deletion: all that was to be deleted is
  std::string told_failure_, told_hold_, told_plan_;
  std::vector<HoldState> holds_;          // of the last plan for everything
  std::set<ObjectId> held_back_;          // what that plan did not carry out
  std::map<ObjectId, std::string> refused_;  // of this revision: PlanInput::refused
  std::set<ObjectId> failed_objects_;  // of the last plan: not touched before the next one
  Backoff backoff_;
  TimePoint retry_at_ = TimePoint::max(), whole_at_ = TimePoint::max(), record_at_ = TimePoint::max();
  TimePoint next_look_ = TimePoint::max();
  ClusterState cluster_;                                // as it was asked last
  std::deque<std::pair<TimePoint, size_t>> removals_;   // of plans that nobody approved: when, how many
  FieldFights fights_;
  IgnoreRules fight_rules_;                             // rules_, and those of fights; used where there are any
  bool quarantined_ = false;                            // deletions of this revision were put off
  std::map<ObjectId, TimePoint> left_source_;           // orphans that wait for somebody who claims them: since when
  OwnWrites written_;
  DriftBook book_;
  std::optional<SyncRequest> request_;  // that the next plan answers
  std::string approved_, approved_by_;

  mutable Mutex mu_;
  Work work_ GUARDED_BY(mu_);
  std::optional<SyncRequest> new_request_ GUARDED_BY(mu_);
  std::optional<std::pair<std::string, std::string>> new_approval_ GUARDED_BY(mu_);
  bool waits_for_list_ GUARDED_BY(mu_) = false;
  bool superseded_ GUARDED_BY(mu_) = false;
  std::stop_source pass_stop_ GUARDED_BY(mu_);
  std::map<ObjectId, bool> owned_ GUARDED_BY(mu_);  // true: declared by the source, false: only on record
  ApplicationStatus status_ GUARDED_BY(mu_);
};

}  // namespace plumb
