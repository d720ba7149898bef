// What an application is like now: the one value behind `plumb get`, the status of Application objects, the metrics and
// the page of /api/v1/applications.
//
// Plain values without secrets.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/object.h"
#include "engine/health/health.h"
#include "engine/plan/plan.h"

namespace plumb {

struct DriftedObject {
  WallTime since{};
  size_t fields = 0;
};

struct ObjectState {
  ObjectId id;
  HealthStatus health = HealthStatus::kUnknown;
  std::string message;
};

// Why something does not move, since when, and what lifts it.
struct HoldState {
  std::string id;  // "budget", "window", "dependency", ...: stable, for metrics
  std::string reason, lift;
  WallTime since{};
  std::string Text() const { return lift.empty() ? reason : reason + "; " + lift; }
};

// One revision that was carried out, or was tried.
struct HistoryEntry {
  enum class Result : uint8_t { kSucceeded, kFailed, kSuperseded };
  std::string revision;
  std::string digest;           // of the plan
  std::string by = "auto";      // who asked: "auto", or the person of `plumb sync`
  Result result = Result::kSucceeded;
  std::string message;          // the plan's summary line, or the error
  WallTime started{}, ended{};
  size_t attempts = 1;
};
std::string_view HistoryResultName(HistoryEntry::Result result);  // "succeeded", "failed", "superseded"

enum class Phase : uint8_t { kWaiting, kProgressing, kSynced, kHeld, kFailed, kSuspended };
// "Waiting", "Progressing", "Synced", "Held", "Failed", "Suspended": the first word of the summary.
std::string_view PhaseName(Phase phase);

struct ApplicationStatus {
  std::string ns, name;
  Phase phase = Phase::kWaiting;
  std::string summary = "Waiting: for its source";  // one sentence
  std::string revision;         // what the cluster is as: applied whole
  std::string seen_revision;    // the newest that the source has
  std::string subject;          // of seen_revision: the first line of the commit's message
  bool synced = false, healthy = false;
  std::string failure;          // of the last pass, where it failed
  bool stalled = false;         // the failure stays until somebody changes something
  std::vector<std::string> warnings;
  size_t objects = 0, ready = 0;
  std::vector<ObjectState> states;  // of every desired object, in the order of their identity
  std::map<ObjectId, DriftedObject> drift;
  std::vector<HoldState> holds;
  std::string plan_digest;      // of the last plan that had changes
  std::string approval;         // Plan::approval of what is held now; "" where approval lifts nothing
  PlanSummary plan;
  std::deque<HistoryEntry> history;  // the newest first
  std::string cluster_identity; // UID of the kube-system namespace of the cluster that was written to
  std::string sync_handled;     // the last request of `plumb sync` that was answered
  bool gone = false;            // of an application that is being deleted: what it made is deleted too
  int64_t generation = 0;       // of the Application object that this is the status of
  WallTime changed{};           // when phase or revision changed last
  WallTime ready_since{};       // since when it is Synced and healthy, or is not

  bool failing() const { return !failure.empty(); }
};

}  // namespace plumb
