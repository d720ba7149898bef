#include "engine/sandbox/controllers/manager.h"

#include <algorithm>

namespace plumb::sandbox {

ControllerManager::ControllerManager(Cluster& cluster, Duration pod_start)
    : state_{cluster, pod_start},
      controllers_{NamespaceContentController(), DeploymentController(), ReplicaSetController(), StatefulSetController(),
                   DaemonSetController(), JobController(), PodController(), VolumeController(), EndpointsController(),
                   CollectorController(), DefinitionController(), NamespaceController()} {}

void ControllerManager::Enqueue(size_t controller, const StoreKey& key) {
  if (queued_.emplace(controller, key).second) queue_.emplace_back(controller, key);
}

// At the start, and when more changed than the log holds: everything is looked at once.
void ControllerManager::Resync() {
  seen_ = state_.cluster.revision();
  for (const std::string& resource : state_.cluster.StoredResources())
    for (const Document& object : state_.cluster.All(resource, "")) {
      const Value metadata = object->Get("metadata");
      const Change change{seen_, Change::Type::kAdded, {resource, std::string(metadata.GetString("namespace")), std::string(metadata.GetString("name"))}, object, {}};
      for (size_t i = 0; i < controllers_.size(); ++i) controllers_[i].interested(state_, change, [&](const StoreKey& key) { Enqueue(i, key); });
    }
  synced_ = true;
}

void ControllerManager::ReadChanges() {
  constexpr size_t kBatch = 1000;
  if (!synced_ || !state_.cluster.Covers(seen_)) return Resync();
  for (const Change& change : state_.cluster.ChangesAfter(seen_, kBatch)) {
    seen_ = change.revision;
    for (size_t i = 0; i < controllers_.size(); ++i) controllers_[i].interested(state_, change, [&](const StoreKey& key) { Enqueue(i, key); });
  }
}

bool ControllerManager::Step() {
  const uint64_t before = seen_;
  ReadChanges();
  const TimePoint now = state_.cluster.clock().Now();
  std::erase_if(delayed_, [&](const auto& entry) {
    if (entry.second > now) return false;
    Enqueue(entry.first.first, entry.first.second);
    return true;
  });
  if (queue_.empty()) return seen_ != before;
  const Item item = std::move(queue_.front());
  queue_.pop_front();
  queued_.erase(item);
  if (const auto again = controllers_[item.first].reconcile(state_, item.second)) delayed_[item] = now + *again;
  return true;
}

std::optional<TimePoint> ControllerManager::NextDue() const {
  std::optional<TimePoint> due;
  for (const auto& [_, at] : delayed_) due = due ? std::min(*due, at) : at;
  return due;
}

}  // namespace plumb::sandbox
