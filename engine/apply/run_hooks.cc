// A run's hooks: their places are made free, their ends recorded, their objects let go of.
#include <algorithm>

#include <fmt/core.h>

#include "engine/apply/run.h"

namespace plumb {

void ApplyRun::SendHook(size_t step) {
  const plumb::Step& s = plan_.steps[step];
  work_[step].old_uid = s.action == Action::kReplace ? s.uid : "";
  bool of_this_run = false;  // an earlier phase's object, which is the only witness of its end
  for (size_t i = 0; i < step; ++i) {
    if (!plan_.steps[i].hook || plan_.steps[i].id != s.id) continue;
    of_this_run = true;
    if (!work_[i].uid.empty()) work_[step].old_uid = work_[i].uid;
  }
  if (work_[step].old_uid.empty()) return SendApply(step);
  work_[step].replace = Replace::kDeleting;
  if (!of_this_run) return FreePlace(step);
  unrecorded_.push_back(step);
  if (recording_.empty()) SendRecord();
}

// One write at a time: a later one must not be overtaken by an earlier one.
void ApplyRun::SendRecord() {
  recording_ = std::exchange(unrecorded_, {});
  Inventory inventory = stored_;
  inventory.SetSync(ExactSync());
  SendInventory(inventory, Purpose::kRecord);
}

void ApplyRun::OnRecorded(const kube::Answer& answer) {
  const std::vector<size_t> steps = std::exchange(recording_, {});
  if (answer.object.ok()) stored_ = target_;
  if (cancelled_) return;
  for (size_t step : steps) {
    if (answer.object.ok()) FreePlace(step);
    else FailStep(step, "its earlier phase cannot be recorded: " + answer.object.error().message());
  }
  if (!unrecorded_.empty()) SendRecord();
}

void ApplyRun::FreePlace(size_t step) {
  auto ref = RefOf(step);
  if (!ref.ok()) return FailStep(step, ref.error().message());
  cleaner_.Add({*std::move(ref), work_[step].old_uid, true, static_cast<int>(step)});
}

void ApplyRun::OnCleaned(size_t item, const kube::Answer& answer) {
  if (cancelled_) return;
  const auto result = cleaner_.Handle(item, answer);
  if (!result) return;
  const HookCleaner::Item& cleaned = cleaner_.item(item);
  using End = HookCleaner::End;
  if (cleaned.step < 0) {
    if (result->end != End::kFailed) cleaned_.insert(cleaned.uid);
    else report_.warnings.push_back(fmt::format("hook {}/{}: it could not be let go of: {}; the next run tries again", cleaned.ref.resource.plural, cleaned.ref.name, result->error));
    return;
  }
  const size_t step = static_cast<size_t>(cleaned.step);
  switch (result->end) {
    case End::kFailed: return FailStep(step, "the object of an earlier run cannot be deleted: " + result->error);
    case End::kDeleting:
      TellWaiting(step, result->object.root());
      return StartWatch(step, true);
    default: return CreateAnew(step);
  }
}

// What earlier runs left behind; their ends are on record already.
void ApplyRun::CleanLeftovers() {
  for (const HookLeftover& left : plan_.leftovers) {
    auto ref = RefOf(left.gvk, left.id);
    if (ref.ok()) cleaner_.Add({*std::move(ref), left.uid, left.remove, -1});
  }
}

bool ApplyRun::Succeeded(size_t step) const {
  return schedule_.state(step) == Schedule::State::kSettled && schedule_.health(step).healthy();
}

std::optional<SyncRecord> ApplyRun::ExactSync() const {
  if (!plan_.sync) return std::nullopt;
  SyncRecord record = *plan_.sync;
  bool finished = !expired_ && report_.errors.empty();
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    const Schedule::State state = schedule_.state(i);
    const plumb::Step& step = plan_.steps[i];
    finished &= state == Schedule::State::kSettled || state == Schedule::State::kKept || state == Schedule::State::kUncalled;
    if (!step.hook) continue;
    const auto entry = std::find_if(record.hooks.begin(), record.hooks.end(), [&](const HookEntry& e) {
      return e.phase == step.hook->phase && e.id == step.id && e.state == HookEntry::State::kPending;
    });
    if (entry == record.hooks.end()) continue;
    if (Succeeded(i)) {
      entry->state = HookEntry::State::kSucceeded;
      entry->remove = step.hook->delete_on_success;
    } else if (state == Schedule::State::kFailed && work_[i].ended) {
      entry->state = HookEntry::State::kFailed;
      entry->message = schedule_.why(i);
      entry->remove = step.hook->delete_on_failure;
    } else {
      continue;
    }
    entry->uid = work_[i].uid;
  }
  // A plan of a part of the application (a heal) says nothing about its sync.
  if (!plan_.heals) record.finished |= finished;
  std::erase_if(record.hooks, [&](const HookEntry& e) { return e.state == HookEntry::State::kLeft && LetGoOf(e.id); });
  return record;
}

bool ApplyRun::LetGoOf(const ObjectId& id) const {
  return std::any_of(plan_.leftovers.begin(), plan_.leftovers.end(), [&](const HookLeftover& left) { return left.id == id && cleaned_.contains(left.uid); });
}

// After the record: what has ended need not be kept any longer.
void ApplyRun::LetGo() {
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    const plumb::Step& step = plan_.steps[i];
    if (!step.hook || work_[i].uid.empty()) continue;
    const bool failed = schedule_.state(i) == Schedule::State::kFailed && work_[i].ended;
    if (!failed && !Succeeded(i)) continue;
    const bool remove = failed ? step.hook->delete_on_failure : step.hook->delete_on_success;
    auto ref = RefOf(i);
    if (ref.ok() && (remove || HasHookFinalizer(step.desired.root()))) cleaner_.Add({*std::move(ref), work_[i].uid, remove, -1});
  }
  phase_ = cleaner_.busy() ? Phase::kLetGo : Phase::kOver;
}

}  // namespace plumb
