// What a run leaves behind: the exact inventory and the report.
#include <fmt/core.h>

#include "engine/apply/run.h"

namespace plumb {
namespace {

using State = Schedule::State;

StepResult::State ResultState(State state, Action action) {
  switch (state) {
    case State::kWaiting:
    case State::kRunning: return StepResult::State::kNotStarted;
    case State::kUncalled: return StepResult::State::kUnchanged;
    case State::kSettled:
      return action == Action::kNone ? StepResult::State::kUnchanged : action == Action::kDelete ? StepResult::State::kDeleted : StepResult::State::kApplied;
    case State::kFailed: return StepResult::State::kFailed;
    case State::kBlocked: return StepResult::State::kBlocked;
    case State::kHeld: return StepResult::State::kHeld;
    case State::kSkipped: return StepResult::State::kSkipped;
    case State::kKept: return StepResult::State::kKept;
  }
  return StepResult::State::kNotStarted;
}

}  // namespace

// Starts from what the record says, and changes an entry only on knowledge: an answer of the server, or the plan's
// own view that an object is gone.
Inventory ApplyRun::ExactInventory() const {
  Inventory exact = stored_;
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    const plumb::Step& step = plan_.steps[i];
    const State state = schedule_.state(i);
    const std::string& uid = work_[i].uid.empty() ? step.uid : work_[i].uid;
    if (!step.owned) {
      exact.Erase(step.id);
    } else if (step.action == Action::kDelete) {
      // Accepted, but a finalizer may hold it: it stays on record until it was seen gone.
      if (state == State::kSettled && schedule_.gone(i)) exact.Erase(step.id);
    } else if (step.action != Action::kKeep && !work_[i].uid.empty()) {
      exact.Set({step.id, step.gvk.version, uid});  // written in this run, whatever became of its health
    } else if (step.action == Action::kNone) {
      exact.Set({step.id, step.gvk.version, uid});
    }
    // All others (held, kept, blocked, failed, skipped) stay as recorded; one that may not exist has no UID, and does no harm.
  }
  for (const ObjectId& id : plan_.pending) {
    const InventoryEntry* entry = exact.Find(id);
    if (!entry || entry->pending) continue;
    InventoryEntry marked = *entry;
    marked.pending = true;
    exact.Set(std::move(marked));
  }
  for (const ObjectId& id : plan_.gone) exact.Erase(id);
  exact.SetSync(ExactSync());
  return exact;
}

Result<ApplyReport> ApplyRun::Finish() {
  if (error_ && phase_ == Phase::kOver && report_.errors.empty()) return *error_;
  if (cancelled_) return Cancelled(fmt::format("apply of '{}' was cancelled", plan_.application));
  size_t* const counters[] = {nullptr, &report_.unchanged, &report_.applied, &report_.deleted, &report_.kept, &report_.held,
                              &report_.blocked, &report_.failed, &report_.skipped};
  bool all_settled = true;
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    StepResult result;
    result.state = ResultState(schedule_.state(i), plan_.steps[i].action);
    result.uid = work_[i].uid.empty() ? plan_.steps[i].uid : work_[i].uid;
    result.resource_version = work_[i].resource_version;
    result.replaced = work_[i].replace == Replace::kDeleted && !plan_.steps[i].hook;
    result.refused = work_[i].refused;
    result.health = schedule_.health(i);
    result.message = schedule_.why(i);
    if (size_t* counter = counters[static_cast<size_t>(result.state)]) ++*counter;
    if (result.state == StepResult::State::kBlocked) report_.errors.push_back(fmt::format("{}{}: {}", plan_.steps[i].hook ? fmt::format("{} hook ", PhaseName(plan_.steps[i].hook->phase)) : "", plan_.steps[i].id.ToString(), result.message));
    if (result.state == StepResult::State::kSkipped) Tell(ApplyEvent::Type::kSkipped, i, result.message);
    all_settled &= result.state != StepResult::State::kNotStarted && result.state != StepResult::State::kSkipped;
    report_.steps.push_back(std::move(result));
  }
  if (expired_ && !all_settled) report_.errors.push_back(fmt::format("not finished within {}", FormatDuration(options_.deadline)));
  report_.inventory = stored_;
  // What is only held, or waits for what is held, is no failure.
  report_.complete = report_.errors.empty() && (all_settled || report_.held > 0) && !expired_;
  return std::move(report_);
}

}  // namespace plumb
