// The controller's part in sharing Applications with other replicas: what is whose, and letting go before others begin.
#include "engine/controller/controller.h"

namespace plumb {

namespace {

constexpr Duration kPassEnds = std::chrono::milliseconds(20);  // a pass that was told to end is looked at again after this

}  // namespace

// Whoever comes or goes, or may begin: every Application is looked at anew.
TimePoint Controller::StepMembers() {
  if (!options_.members) return TimePoint::max();
  Members& members = *options_.members;
  const TimePoint next = members.Step();
  members_ = members.alive() ? members.live() : 0;
  if (members.view() == view_ && members.Open() == open_) return next;
  view_ = members.view();
  open_ = members.Open();
  for (const auto& followed : applications_)
    for (const auto& [key, object] : followed->objects()) dirty_.insert(key);
  for (const auto& [key, known] : known_) dirty_.insert(key);
  return next;
}

// What this one has and keeps needs nobody's word; what is new to it waits until nobody else can be acting on it.
bool Controller::Mine(const std::string& key) const {
  if (!options_.members) return true;
  return options_.members->Owns(key) && (options_.members->Open() || known_.contains(key));
}

void Controller::LeaveToOthers(const std::string& key, Value application) {
  if (known_.contains(key)) Forget(key);
  const Value status = application.Get("status");
  ApplicationStatus told;
  told.summary = status.GetString("summary");
  told.synced = status.Get("synced").AsBool();
  told.healthy = status.Get("healthy").AsBool();
  {
    MutexLock lock(mu_);
    ApplicationStatus& before = elsewhere_[key];
    if (before.summary == told.summary && before.synced == told.synced && before.healthy == told.healthy) return;
    before = std::move(told);
  }
  loop_->WakeDependants(key);
}

// Says that everything which others own is let go of, once the passes over it have ended.
TimePoint Controller::LetGo() {
  if (!options_.members) return TimePoint::max();
  std::erase_if(leaving_, [&](const std::string& key) { return !loop_->Running(key); });
  if (!leaving_.empty()) return clock_.Now() + kPassEnds;
  if (dirty_.empty()) options_.members->Acknowledge();
  return TimePoint::max();
}

}  // namespace plumb
