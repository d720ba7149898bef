// A plan: what has to happen so that the cluster is what the manifests say, as an ordered graph of steps.
//
// One value, the same in the command line, the pull request, the controller and the web page. Plain data that shares
// the documents it speaks of; immutable once made, so thread-safe to read.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/object.h"
#include "engine/plan/sync_record.h"

namespace plumb {

struct ObjectDiff;  // diff/object_diff.h

enum class Action : uint8_t {
  kNone,     // live is as declared: nothing is sent
  kCreate,
  kPatch,    // server-side apply over the live object
  kReplace,  // delete, wait until gone, create: an immutable field changes, and the manifest allows it
  kDelete,
  kKeep,     // left the source but stays in the cluster, and in the inventory; `why` says why
  kBlocked,  // should be carried out and cannot be; `why` says why. What depends on it is skipped
  kAwait,    // of hooks: it was made by an earlier attempt at this sync, and its end is awaited; nothing is sent
};

// "none", "create", "patch", ...
std::string_view ActionName(Action action);

// What must be true of a step before one that depends on it may start.
enum class Gate : uint8_t {
  kExists,       // the request was accepted
  kActive,       // Namespace: status.phase is Active
  kEstablished,  // CustomResourceDefinition: served
  kHealthy,      // engine/health says so
  kGone,         // deletes: the object is not there any more
};

std::string_view GateName(Gate gate);

struct Edge {
  size_t on = 0;       // index in Plan::steps of the step that comes first
  Gate gate = Gate::kExists;
  std::string reason;  // "its namespace", "uses ConfigMap shop/settings", "depends-on"
};

// Of a step that runs a hook (hooks.h). Its gate is kHealthy: it has completed.
struct HookRun {
  SyncPhase phase = SyncPhase::kSync;
  bool delete_on_success = false, delete_on_failure = false;
};

// A hook object of an earlier attempt whose end is on record: it is let go of, and deleted where its policy says so.
struct HookLeftover {
  ObjectId id;
  Gvk gvk;
  std::string uid;
  bool remove = false;
};

struct Step {
  Action action = Action::kNone;
  ObjectId id;
  Gvk gvk;
  Origin origin;                           // of the manifest; empty for deletes
  Document desired;                        // what to send (ObjectDiff::desired); null for deletes
  Document live;                           // as the plan saw it; null where absent
  std::string uid;                         // of live, "" where absent: the precondition of deletes
  std::shared_ptr<const ObjectDiff> diff;  // live against desired; null for deletes and where nothing was compared
  std::vector<Edge> after;                 // without duplicates; never a cycle
  size_t stage = 0;                        // index in Plan::stages
  int hold = -1;                           // index in Plan::holds: not carried out until lifted; -1 none
  bool owned = true;                       // goes into the inventory
  bool replaceable = false;                // may be deleted and made anew where the server refuses a change as immutable,
  bool guarded = false;                    // but of a protected kind: not in a plan that did not say so
  std::string why;                         // of kKeep, kBlocked, kReplace; else ""
  bool in_use = false;                     // of kKeep: what is in it belongs to others, or is not known
  std::string takes_along;                 // of deletes: what goes with it beside the plan's own steps, counted and named; else ""
  std::optional<HookRun> hook;             // it runs a hook; several steps may have one id then, in different phases

  bool changes() const { return (action >= Action::kCreate && action <= Action::kDelete) || action == Action::kAwait; }
};

// Steps of a stage start when all steps of the earlier stages are as far as `requires` says. Within a stage only edges count.
struct Stage {
  bool deletes = false;           // delete stages come after all applies of the Sync phase
  SyncPhase phase = SyncPhase::kSync;     // SyncFail: its steps start where something before them failed, and otherwise never
  int wave = 0;
  Gate requires_gate = Gate::kExists;  // of apply steps: kExists or kHealthy; of delete steps: kExists or kGone
  bool needs_success = false;     // skipped where a step of an earlier stage failed
};

// Why something does not move, and who can lift it. docs/operations.md has a row for every id.
struct Hold {
  std::string id;      // "budget", "protected", "empty", "frozen", "source", "live", "in-use": stable, for metrics
  std::string reason;  // "37 objects would be deleted or replaced, of 90: more than the budget (10 objects and 20 %)"
  std::string lift;    // "approve 1f2e3d4c5b6a", "wait for the source": what makes it go
  std::vector<size_t> steps;  // held back until approved; empty where approval does not lift it: those steps are kKeep or kBlocked
};

struct PlanSummary {
  size_t none = 0, create = 0, patch = 0, replace = 0, remove = 0, keep = 0, blocked = 0, held = 0;
  size_t hooks = 0;  // to run or to await, those for failures apart; not among the counts before

  bool in_sync() const { return create + patch + replace + remove + blocked + held + hooks == 0; }
  bool sends() const { return create + patch + replace + remove + hooks > 0; }  // though nobody lifts a hold
  bool operator==(const PlanSummary&) const = default;
};

struct Plan {
  std::string application;
  std::vector<Step> steps;  // in one order that respects every edge and stage
  std::vector<Stage> stages;
  std::vector<Hold> holds;
  std::vector<std::string> warnings;
  std::vector<std::string> unchecked;  // errors to show: of what the server was asked, what it refuses or could not be asked
  std::vector<ObjectId> pending;  // kept this time, and marked in the record: deleted soon, unless another application takes them
  std::vector<ObjectId> gone;  // inventory entries that a complete view does not show any more: they leave the record
  bool heals = false;                   // of a part of an application: it is no sync, and says nothing about one
  std::optional<SyncRecord> sync;       // what the inventory says of this sync before the first hook runs
  std::vector<HookLeftover> leftovers;  // hook objects to let go of
  // Replaces that only the server asks for, when it refuses a change as immutable: this many are let through by the budget, beside
  // what the plan itself deletes and replaces. More of them fail, and are replaces of the next plan (PlanInput::refused).
  size_t replaces_left = SIZE_MAX;
  PlanSummary summary;  // held steps are counted as held only
  // SHA-256 in hexadecimal over everything that would change: the same changes have the same digest on any machine.
  // Secret values enter as parts of hashes only.
  std::string digest;
  // Likewise over what waits for approval, and that alone: it stays the same while other changes come and go, and is another one
  // as soon as one more object, or another one, would be deleted. "" where approval lifts nothing.
  std::string approval;

  bool empty() const { return summary.in_sync(); }
  bool ApprovedBy(const std::string& digest_of_approval) const { return !approval.empty() && digest_of_approval == approval; }
};

}  // namespace plumb
