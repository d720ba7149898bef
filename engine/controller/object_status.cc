// The controller's writes to Application objects: their status, and the finalizer that is taken away at the end.
#include <algorithm>

#include "core/edit.h"
#include "core/log.h"
#include "engine/controller/controller.h"
#include "engine/controller/crd.h"
#include "engine/loop/status_document.h"

namespace plumb {

namespace {

// After a refused write: the watch brings what changed, well before this.
constexpr Duration kAgain = std::chrono::seconds(1);

}  // namespace

void Controller::TakeReplies() {
  std::deque<Reply> replies;
  std::set<std::string> told;
  {
    MutexLock lock(inbox_->mu);
    replies.swap(inbox_->replies);
    told.swap(inbox_->told);
  }
  for (const std::string& key : told)
    if (const auto known = known_.find(key); known != known_.end()) known->second.status_due = true;
  for (Reply& reply : replies) {
    const auto found = known_.find(reply.key);
    if (found == known_.end()) continue;
    Known& known = found->second;
    known.on_wire = false;
    if (reply.answer.object.ok()) {
      // The next write needs the version that this one made; the watch may be behind it for a moment.
      if (!known.releasing)
        for (const auto& followed : applications_)
          if (!followed->Find(reply.key)->is_null()) followed->Put(reply.key, *reply.answer.object);
      continue;
    }
    known.releasing = false;
    const Code code = reply.answer.object.error().code();
    if (code == Code::kNotFound) continue;  // deleted; the watch says so too
    known.status_due = true;
    known.next_write = clock_.Now() + kAgain;
    if (code != Code::kConflict) log::Warning("the status of an application cannot be written", {{"application", reply.key}, {"error", reply.answer.object.error().message()}});
  }
}

TimePoint Controller::WriteStatuses() {
  TimePoint next = TimePoint::max();
  const TimePoint now = clock_.Now();
  size_t on_wire = static_cast<size_t>(std::count_if(known_.begin(), known_.end(), [](const auto& one) { return one.second.on_wire; }));
  for (auto& [key, known] : known_) {
    if (!known.status_due || known.on_wire) continue;
    if (known.next_write > now) {
      next = std::min(next, known.next_write);
      continue;
    }
    if (on_wire >= options_.status_in_flight) break;  // an answer brings the next step
    const Document object = Find(key);
    if (object->is_null()) continue;
    std::optional<ApplicationStatus> status = known.broken ? known.broken : loop_->status(key);
    known.status_due = false;
    if (!status) continue;
    if (status->gone) ReleaseFinalizer(key, known, object);
    else WriteStatus(key, known, object, *status);
    if (known.on_wire) ++on_wire;
  }
  return next;
}

void Controller::WriteStatus(const std::string& key, Known& known, const Document& object, const ApplicationStatus& status) {
  const Document wanted = BuildDocument([&](Arena& arena) {
    const Value root = arena.Adopt(object);
    return With(arena, root, "status", StatusValue(arena, status));
  });
  if (wanted->Get("status") == object->Get("status")) return;
  known.on_wire = true;
  known.next_write = clock_.Now() + options_.status_interval;
  const Value metadata = object->Get("metadata");
  // With the version that was read: who works on what is out of date learns it from the conflict.
  client_.Update({ApplicationResource(), std::string(metadata.GetString("namespace")), std::string(metadata.GetString("name")), "status"}, *wanted, {},
                 [inbox = inbox_, key](kube::Answer answer) {
                   {
                     MutexLock lock(inbox->mu);
                     inbox->replies.push_back({key, std::move(answer)});
                   }
                   inbox->Wake();
                 });
}

void Controller::ReleaseFinalizer(const std::string& key, Known& known, const Document& object) {
  known.on_wire = known.releasing = true;
  const Value metadata = object->Get("metadata");
  const Document patch = BuildDocument([&](Arena& arena) {
    arena.Adopt(object);
    std::vector<Value> others;
    for (const Value finalizer : metadata.Get("finalizers").items())
      if (finalizer.AsString() != kDeleteFinalizer) others.push_back(finalizer);
    return arena.Map({{"metadata", arena.Map({{"resourceVersion", metadata.Get("resourceVersion")}, {"finalizers", arena.List(others)}})}});
  });
  client_.Patch({ApplicationResource(), std::string(metadata.GetString("namespace")), std::string(metadata.GetString("name")), ""}, kube::PatchType::kMerge, *patch, {},
                [inbox = inbox_, key](kube::Answer answer) {
                  {
                    MutexLock lock(inbox->mu);
                    inbox->replies.push_back({key, std::move(answer)});
                  }
                  inbox->Wake();
                });
}

}  // namespace plumb
