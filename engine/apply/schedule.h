// Which steps of a plan may start now: the graph, its gates and its stages as a state machine without I/O.
//
// Owned by one thread. The plan must outlive it.
//
// Invariants:
// 1. A step starts once, after all its edges have reached their gates and its stage is open.
// 2. A step that fails, is blocked, held or skipped takes along exactly what still waits for it.
// 3. Stages that need success (later waves and phases, deletes) open only where nothing before them failed, those of SyncFail
//    only where something did. What comes after a phase waits for nothing that is held.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "engine/health/health.h"
#include "engine/plan/plan.h"

namespace plumb {

// Whether `object` (null: not there), whose health is `health`, has reached a gate.
bool Reached(Gate gate, Value object, const Health& health);

// The health of a hook's object: one that is being deleted counts by what it had come to.
Health AssessHook(Value object, const HealthRules* rules = nullptr);

class Schedule {
 public:
  enum class State : uint8_t { kWaiting, kRunning, kSettled, kFailed, kBlocked, kHeld, kSkipped, kKept, kUncalled };

  // `lift_holds`: held steps are carried out. `wait`: every applied step must become healthy, every deleted one vanish.
  // `rules` are the user's rules of health, which must outlive this; may be null.
  Schedule(const Plan& plan, bool lift_holds, bool wait, const HealthRules* rules = nullptr);

  // A step that may start, which is kRunning from now on; -1 where there is none now. Kinds that others need come first.
  int TakeReady();

  // The request of a running step was accepted. `object` is the server's answer; null where it is gone (deletes).
  void Accept(size_t step, Value object);
  // A newer state of an accepted step's object; null: it is not there.
  void Observe(size_t step, Value object);
  // A running step was refused, or what was waited for will not come.
  void Fail(size_t step, std::string why);

  // The gates of an accepted step that somebody waits for and that are not reached yet: it has to be watched.
  bool Awaited(size_t step) const { return states_[step] == State::kSettled && (needed_[step] & ~reached_[step]) != 0; }
  // Whether somebody will look at more than the step's acceptance: its answer has to bring the whole object.
  bool WantsObject(size_t step) const { return (needed_[step] & ~Bit(Gate::kExists)) != 0; }
  // All steps of which Awaited() is true.
  const std::set<size_t>& awaited() const { return awaited_; }

  State state(size_t step) const { return states_[step]; }
  const std::string& why(size_t step) const { return why_[step]; }  // of failed, blocked, held and skipped ones
  const Health& health(size_t step) const { return health_[step]; }
  bool gone(size_t step) const { return reached_[step] & Bit(Gate::kGone); }
  bool Finished() const { return ready_.empty() && running_ == 0 && awaited_.empty(); }
  size_t running() const { return running_; }

 private:
  static constexpr uint8_t Bit(Gate gate) { return static_cast<uint8_t>(1u << static_cast<unsigned>(gate)); }
  uint8_t StageGate(size_t step, const Stage& stage) const;
  bool Done(size_t step, uint8_t bits) const;
  void Reach(size_t step, Value object);
  Health HealthOf(size_t step, Value object) const;
  void Settle(size_t step, State state, std::string why);
  void ForgetStageGates();
  void Open(const Stage& stage, const std::vector<size_t>& steps);
  void OpenStages();
  void Examine(size_t step);

  const Plan& plan_;
  bool lift_holds_;
  const HealthRules* rules_;
  std::vector<State> states_;
  std::vector<uint8_t> needed_, own_, reached_;  // bits of gates; own_: what is needed without the stages
  std::vector<Health> health_;
  std::vector<std::string> why_;
  std::vector<size_t> blockers_;           // edges whose gate is not reached
  std::vector<std::vector<std::pair<size_t, Gate>>> dependants_;
  std::vector<std::vector<size_t>> in_stage_;
  size_t open_ = 0;               // stages [0, open_) are open
  std::vector<size_t> lagging_;   // steps of open stages that the next stage may have to wait for
  bool opening_ = false;
  std::string first_failure_, first_held_;
  std::set<size_t> ready_, awaited_;
  size_t running_ = 0;
};

}  // namespace plumb
