// The reconciler's end: how healthy the objects are, and what is told of the whole.
#include <fmt/core.h>

#include <algorithm>

#include "engine/loop/reconciler.h"
#include "engine/loop/summary.h"

namespace plumb {

void Reconciler::AssessHealth(const std::set<ObjectId>* only) {
  const auto assess = [&](const ObjectId& id, size_t i) {
    const WantedObject wanted = {id, GvkOf(desired_->manifests[i].root())};
    LiveObject live = target_->live->Get(wanted);
    if (live.state == LiveObject::State::kUnknown) {  // the list that ends this may tell of no change: it brings the next pass all the same
      {
        MutexLock lock(mu_);
        waits_for_list_ = true;
      }
      live = target_->live->Get(wanted);
    }
    if (written_.Behind(id, live, context_.clock->Now())) health_[i] = {HealthStatus::kProgressing, "was applied just now"};
    else health_[i] = live.state == LiveObject::State::kUnknown ? Health{HealthStatus::kUnknown, live.reason} : Assess(live.object.root(), assessed_by_.get());
  };
  if (!only) {
    for (const auto& [id, i] : index_) assess(id, i);
    return;
  }
  for (const ObjectId& id : *only)
    if (const auto at = index_.find(id); at != index_.end()) assess(id, at->second);
}

// Everything that readers see, from everything that this pass left behind.
void Reconciler::Publish() {
  const size_t ready = static_cast<size_t>(std::count_if(health_.begin(), health_.end(), [](const Health& h) { return h.healthy(); }));
  ApplicationStatus next = status();
  const ApplicationStatus before = next;
  next.seen_revision = seen_revision_;
  next.subject = subject_;
  next.failure = !source_failure_.empty() ? source_failure_ : !render_failure_.empty() ? render_failure_ : sync_failure_;
  // A render of the same files fails the same way: only another commit helps.
  next.stalled = source_failure_.empty() && ((!render_failure_.empty() && retry_at_ == TimePoint::max()) || (render_failure_.empty() && stalled_));
  next.holds = holds_;
  next.gone = gone_;
  for (HoldState& hold : fights_.Holds(context_.clock->Now())) next.holds.push_back(std::move(hold));
  next.drift = book_.drift();
  next.objects = index_.size();
  next.ready = ready;
  next.states.clear();
  next.states.reserve(index_.size());
  for (const auto& [id, i] : index_) next.states.push_back({id, health_[i].status, health_[i].message});
  if (taken_over_ && next.failure.empty()) return;  // what it says stays until it is known better
  const bool applied = revision_synced_ && render_failure_.empty() && sync_failure_.empty();
  next.healthy = desired_ && ready == health_.size();
  next.synced = applied && next.drift.empty() && next.holds.empty();
  if (applied) next.revision = revision_;
  Summarise(next, application_.suspend, waiting_);
  if (next.failure != told_failure_ && !next.failure.empty()) Emit(LoopEvent::Type::kFailed, next.failure);  // once, not at every retry
  told_failure_ = next.failure;
  const bool news = next.summary != before.summary || next.revision != before.revision || next.healthy != before.healthy || next.synced != before.synced ||
                    next.history.size() != before.history.size() || next.ready != before.ready || next.objects != before.objects ||
                    next.drift.size() != before.drift.size() || next.sync_handled != before.sync_handled || next.gone != before.gone || next.plan_digest != before.plan_digest ||
                    next.approval != before.approval;
  if (next.phase != before.phase || next.revision != before.revision) next.changed = context_.clock->Wall();
  if ((next.phase == Phase::kSynced) != (before.phase == Phase::kSynced) || next.ready_since == WallTime{}) next.ready_since = context_.clock->Wall();
  const bool healthy = next.healthy;
  {
    MutexLock lock(mu_);
    status_ = std::move(next);
  }
  if (news && context_.on_status) context_.on_status();
  if (!healthy || !revision_synced_ || announced_healthy_) return;
  announced_healthy_ = true;
  Emit(LoopEvent::Type::kHealthy, fmt::format("all {} objects of {}", health_.size(), revision_.empty() ? "the directory" : revision_.substr(0, 10)), {},
       context_.clock->Now() - revision_seen_);
}

void Reconciler::Emit(LoopEvent event) {
  event.time = context_.clock->Wall();
  event.ns = application_.ns;
  event.application = application_.name;
  event.revision = seen_revision_;
  context_.events(event);
}

void Reconciler::Emit(LoopEvent::Type type, std::string text, std::vector<std::string> details, Duration took) {
  LoopEvent event;
  event.type = type;
  event.text = std::move(text);
  event.details = std::move(details);
  event.took = took;
  Emit(std::move(event));
}

}  // namespace plumb
