#include "engine/apply/schedule.h"

#include <fmt/core.h>

#include "core/edit.h"

namespace plumb {
namespace {

std::string_view HowItEnded(Schedule::State state) {
  switch (state) {
    case Schedule::State::kHeld: return "is held";
    case Schedule::State::kSkipped: return "was skipped";
    case Schedule::State::kKept: return "is kept";
    case Schedule::State::kBlocked: return "is blocked";
    default: return "failed";
  }
}

bool IsApply(Action action) { return action != Action::kDelete && action != Action::kKeep; }

}  // namespace

bool Reached(Gate gate, Value object, const Health& health) {
  switch (gate) {
    case Gate::kExists: return !object.is_null();
    case Gate::kActive: return GetAt(object, {"status", "phase"}).AsString() == "Active" && health.healthy();
    case Gate::kEstablished:
    case Gate::kHealthy: return health.healthy();
    case Gate::kGone: return object.is_null();
  }
  return false;
}

Health AssessHook(Value object, const HealthRules* rules) {
  if (object.Get("metadata").Get("deletionTimestamp").is_null()) return Assess(object, rules);
  const Document as_if_kept = BuildDocument([&](Arena& a) { return WithoutAt(a, object, {"metadata", "deletionTimestamp"}); });
  const Health health = Assess(as_if_kept.root(), rules);
  if (health.healthy() || health.final) return health;
  return {HealthStatus::kDegraded, "was deleted before it had ended", true};
}

Schedule::Schedule(const Plan& plan, bool lift_holds, bool wait, const HealthRules* rules)
    : plan_(plan), lift_holds_(lift_holds), rules_(rules), states_(plan.steps.size(), State::kWaiting), needed_(plan.steps.size(), 0),
      reached_(plan.steps.size(), 0), health_(plan.steps.size(), Health{}), why_(plan.steps.size()), blockers_(plan.steps.size(), 0),
      dependants_(plan.steps.size()), in_stage_(plan.stages.size()) {
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    // A deletion is only watched to its end where something depends on that, or the caller waits.
    if (step.action != Action::kDelete) needed_[i] |= Bit(Gate::kExists);
    if (step.hook) needed_[i] |= Bit(Gate::kHealthy);
    if (wait) needed_[i] |= Bit(step.action == Action::kDelete ? Gate::kGone : Gate::kHealthy);
    blockers_[i] = step.after.size();
    for (const Edge& edge : step.after) {
      dependants_[edge.on].push_back({i, edge.gate});
      needed_[edge.on] |= Bit(edge.gate);
    }
    in_stage_[step.stage].push_back(i);
  }
  own_ = needed_;
  // What a later stage asks of earlier ones is needed of all their steps.
  uint8_t applies = 0, deletes = 0;
  for (size_t s = plan.stages.size(); s-- > 0;) {
    for (size_t i : in_stage_[s]) needed_[i] |= IsApply(plan.steps[i].action) ? applies : deletes;
    const Gate gate = plan.stages[s].requires_gate;
    if (gate == Gate::kHealthy) applies |= Bit(gate);
    if (gate == Gate::kGone || plan.stages[s].phase == SyncPhase::kPostDelete) deletes |= Bit(Gate::kGone);
  }
  OpenStages();
}

uint8_t Schedule::StageGate(size_t step, const Stage& stage) const {
  if (!IsApply(plan_.steps[step].action)) return stage.requires_gate == Gate::kGone || stage.phase == SyncPhase::kPostDelete ? Bit(Gate::kGone) : 0;
  return stage.requires_gate == Gate::kHealthy ? Bit(Gate::kHealthy) : Bit(Gate::kExists);
}

// Nothing more is to be expected of the step as far as `bits` go.
bool Schedule::Done(size_t step, uint8_t bits) const {
  switch (states_[step]) {
    case State::kWaiting:
    case State::kRunning: return false;
    case State::kSettled: return (bits & ~reached_[step]) == 0;
    default: return true;
  }
}

// Opens stages as long as nothing lags. `lagging_` shrinks from its end: what is done stays done.
void Schedule::OpenStages() {
  if (opening_) return;  // called again by a step that ended while its stage was being opened
  opening_ = true;
  for (;;) {
    if (open_ == plan_.stages.size()) break;
    // What will be skipped anyway need not wait for the health of what goes on.
    const bool skips = plan_.stages[open_].needs_success && !first_failure_.empty();
    while (!lagging_.empty() && Done(lagging_.back(), skips ? 0 : StageGate(lagging_.back(), plan_.stages[open_]))) lagging_.pop_back();
    if (!lagging_.empty()) break;
    const size_t stage = open_++;
    Open(plan_.stages[stage], in_stage_[stage]);
    if (open_ == plan_.stages.size()) {
      ForgetStageGates();
      break;
    }
    for (size_t s = 0; s < open_; ++s) lagging_.insert(lagging_.end(), in_stage_[s].begin(), in_stage_[s].end());
  }
  opening_ = false;
}

// Every stage is open: what only they waited for is waited for no longer.
void Schedule::ForgetStageGates() {
  needed_ = own_;
  std::erase_if(awaited_, [&](size_t step) { return !Awaited(step); });
}

void Schedule::Open(const Stage& stage, const std::vector<size_t>& steps) {
  for (size_t i : steps) {
    if (states_[i] != State::kWaiting || !plan_.steps[i].changes()) continue;
    if (stage.phase == SyncPhase::kSyncFail) {
      if (first_failure_.empty()) Settle(i, State::kUncalled, "nothing failed");
    } else if (stage.needs_success && !first_failure_.empty()) {
      Settle(i, State::kSkipped, first_failure_);
    } else if (stage.phase == SyncPhase::kPostSync && !first_held_.empty()) {
      Settle(i, State::kSkipped, first_held_);
    }
  }
  for (size_t i : steps) Examine(i);
}

// A waiting step of an open stage: ends at once where there is nothing to send, and is ready where nothing is in its way.
void Schedule::Examine(size_t step) {
  if (states_[step] != State::kWaiting) return;
  const Step& s = plan_.steps[step];
  if (s.action == Action::kBlocked) return Settle(step, State::kBlocked, s.why);
  if (s.action == Action::kKeep) return Settle(step, State::kKept, s.why);
  if (s.hold >= 0 && !lift_holds_) return Settle(step, State::kHeld, plan_.holds[static_cast<size_t>(s.hold)].reason);
  if (blockers_[step] == 0) ready_.insert(step);
}

int Schedule::TakeReady() {
  while (!ready_.empty()) {
    const size_t step = *ready_.begin();
    ready_.erase(ready_.begin());
    states_[step] = State::kRunning;
    ++running_;
    const Action action = plan_.steps[step].action;
    if (action != Action::kNone && action != Action::kAwait) return static_cast<int>(step);
    Accept(step, plan_.steps[step].live.root());
  }
  return -1;
}

void Schedule::Accept(size_t step, Value object) {
  if (states_[step] != State::kRunning) return;
  --running_;
  states_[step] = State::kSettled;
  Reach(step, object);
}

void Schedule::Observe(size_t step, Value object) {
  if (states_[step] == State::kSettled) Reach(step, object);
}

Health Schedule::HealthOf(size_t step, Value object) const {
  return plan_.steps[step].hook && !object.is_null() ? AssessHook(object, rules_) : Assess(object, rules_);
}

void Schedule::Reach(size_t step, Value object) {
  const bool removes = plan_.steps[step].action == Action::kDelete;
  uint8_t now = removes ? 0 : Bit(Gate::kExists);  // the request was accepted, whatever is there by now
  const bool looks = (needed_[step] & ~(Bit(Gate::kExists) | Bit(Gate::kGone))) != 0;
  const Health health = looks ? HealthOf(step, object) : Health{};
  for (Gate gate : {Gate::kActive, Gate::kEstablished, Gate::kHealthy, Gate::kGone})
    if ((needed_[step] & Bit(gate)) && Reached(gate, object, health)) now |= Bit(gate);
  if (removes && object.is_null()) now |= Bit(Gate::kGone);
  const uint8_t fresh = now & static_cast<uint8_t>(~reached_[step]);
  reached_[step] |= now;
  if (!removes && looks) health_[step] = health;

  if (Awaited(step)) awaited_.insert(step);
  else awaited_.erase(step);
  for (const auto& [dependant, gate] : dependants_[step]) {
    if (!(fresh & Bit(gate)) || --blockers_[dependant] > 0) continue;
    if (states_[dependant] == State::kWaiting && plan_.steps[dependant].stage < open_) Examine(dependant);
  }
  OpenStages();
}

void Schedule::Fail(size_t step, std::string why) {
  if (states_[step] == State::kRunning) --running_;
  Settle(step, State::kFailed, std::move(why));
}

// The step ends here; what waits for a gate it has not reached is skipped, and so on down the graph.
void Schedule::Settle(size_t step, State state, std::string why) {
  std::vector<size_t> todo = {step};
  states_[step] = state;
  why_[step] = std::move(why);
  if (state == State::kHeld && first_held_.empty()) first_held_ = fmt::format("{} is held", plan_.steps[step].id.ToString());
  if (state == State::kFailed || state == State::kBlocked)
    if (first_failure_.empty()) first_failure_ = fmt::format("{} {}", plan_.steps[step].id.ToString(), HowItEnded(state));
  while (!todo.empty()) {
    const size_t ended = todo.back();
    todo.pop_back();
    ready_.erase(ended);
    awaited_.erase(ended);
    for (const auto& [dependant, gate] : dependants_[ended]) {
      if (states_[dependant] != State::kWaiting || (reached_[ended] & Bit(gate))) continue;
      if (plan_.steps[dependant].action == Action::kNone) {
        // It is as declared, whatever became of its dependencies: nothing is sent, so nothing is skipped.
        if (--blockers_[dependant] == 0 && plan_.steps[dependant].stage < open_) Examine(dependant);
      } else if (plan_.steps[dependant].changes()) {
        states_[dependant] = State::kSkipped;
        why_[dependant] = fmt::format("{} {}", plan_.steps[ended].id.ToString(), HowItEnded(states_[ended]));
        todo.push_back(dependant);
      }  // blocked and kept steps say their own reason when their stage opens
    }
  }
  OpenStages();
}

}  // namespace plumb
