// Keeps one application true: source, render, plan, apply, health, drift; one pass at a time, from whatever state.
//
// A pass looks at the source when that is due, at everything after a new revision, a failure or a relist, and otherwise
// only at the objects that changed: a live event re-plans one object. Level-based: a lost pass costs nothing but time.
//
// Reconcile is called by one thread at a time (the work queue sees to it); the other members are thread-safe.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/tree.h"
#include "diff/mask.h"
#include "engine/apply/applier.h"
#include "engine/loop/application_plan.h"
#include "engine/loop/event.h"
#include "engine/loop/live_store.h"

namespace plumb {

// One state of a source.
struct SourceState {
  std::string revision;  // the commit's id; "" for a directory
  std::string subject;   // the first line of the commit's message
  std::shared_ptr<const Tree> tree;
};
using SourceResolver = std::function<Result<SourceState>(const ApplicationSource&, std::stop_token)>;

// What a reconciler works with; all of it outlives the reconciler.
struct ReconcilerContext {
  kube::Client* client = nullptr;
  LiveStore* live = nullptr;
  ScopeLookup scope_of;
  ResourceLookup resources;
  SchemaLookup schema;
  SourceResolver resolve;  // for this application alone: it may keep state
  EventSink events;
  Clock* clock = nullptr;
};

struct DriftedObject {
  WallTime since{};
  size_t fields = 0;
};

// A snapshot for metrics and the status API.
struct ApplicationStatus {
  std::string name, revision;
  std::string summary = "waiting for its source";  // "synced and healthy", "3 of 12 ready, waiting for ...", "failed: ..."
  bool synced = false, healthy = false, failing = false;
  size_t objects = 0, ready = 0;
  std::map<ObjectId, DriftedObject> drift;
  std::vector<std::string> holds;
  std::string plan_digest;  // of the last plan that had changes
};

class Reconciler {
 public:
  // Errors: kInvalid where the application's ignore rules are wrong.
  static Result<std::unique_ptr<Reconciler>> Make(Application application, ReconcilerContext context);

  // One pass. An error means: try again, with backoff; it was told to the event sink already.
  Status Reconcile(std::stop_token stop);
  // When the next pass is wanted though nothing happens; TimePoint::max() for never. Of the thread that reconciles.
  TimePoint next_look() const { return next_look_; }

  void MarkSourceDue();                // a push, or the poll timer
  void MarkDirty(const ObjectId& id);  // a live event of an object that it owns
  void MarkAllDirty();                 // a relist
  bool Owns(const ObjectId& id) const;

  const Application& application() const { return application_; }
  ApplicationStatus status() const;

 private:
  struct Work {
    bool source = false, all = false;
    std::set<ObjectId> dirty;
  };
  Reconciler(Application application, ReconcilerContext context, IgnoreRules ignore);

  Work TakeWork();
  void PutBack(const Work& work);
  Status Pass(const Work& work, std::stop_token stop);
  Status RefreshSources(bool& changed, std::stop_token stop);
  Status RenderSources();
  Status CompleteManifests();
  Status LoadInventory();
  Status SyncAll(std::stop_token stop);
  Status HealSome(const std::set<ObjectId>& dirty, std::stop_token stop);
  Status CarryOut(const Plan& plan, std::stop_token stop);
  std::vector<ObjectId> NoteDrift(const Plan& plan);
  bool Behind(const ObjectId& id, const LiveObject& live);
  void AssessHealth(const std::set<ObjectId>* only);
  void Summarise();
  PlanView View() const;
  void Emit(LoopEvent event);
  void Emit(LoopEvent::Type type, std::string text, std::vector<std::string> details = {}, Duration took = {});

  const Application application_;
  const ReconcilerContext context_;
  const IgnoreRules ignore_;  // of the Application
  const Masker masker_;

  // Touched by Reconcile alone.
  std::vector<SourceState> sources_;
  std::vector<std::string> render_keys_;
  Completeness fresh_{false, "the source was not read yet"};
  std::vector<Manifest> rendered_;
  IgnoreRules rules_;  // ignore_, and those of the sources' .plumb/ignore.yaml
  bool have_rendered_ = false;
  std::optional<DesiredSet> desired_;
  std::map<ObjectId, size_t> index_;  // of desired_->manifests
  std::vector<Health> health_;        // beside desired_->manifests
  std::optional<Inventory> inventory_;
  std::string seen_revision_;  // the newest that the source has
  std::string revision_;       // the newest that could be rendered
  TimePoint revision_seen_{};
  bool revision_synced_ = false, announced_healthy_ = false;
  std::string last_failure_, last_hold_, told_plan_;
  TimePoint next_look_ = TimePoint::max();
  // Our own writes that the live cache has not shown yet: until it does, it is behind, and what it says is not drift.
  struct Written {
    uint64_t version = 0;
    TimePoint until{};  // then the cache is believed all the same
  };
  std::map<ObjectId, Written> written_;

  mutable Mutex mu_;
  Work work_ GUARDED_BY(mu_);
  std::set<ObjectId> owned_ GUARDED_BY(mu_);
  ApplicationStatus status_ GUARDED_BY(mu_);
};

}  // namespace plumb
