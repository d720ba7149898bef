// The sandbox's controllers as step functions: changes become keys in one ordered queue, and each step reconciles one key
// of one controller. Level-triggered: a reconcile reads the present state only.
//
// Not thread-safe: one thread runs Step(), or a test does.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/clock.h"
#include "engine/sandbox/cluster.h"

namespace plumb::sandbox {

// What controllers share beside the cluster: what a real kubelet would know and the API does not.
struct ControlState {
  Cluster& cluster;
  Duration pod_start;  // from scheduled to ready
  std::map<std::string, TimePoint> pod_due = {};  // by UID: when a pod goes on to its next phase
  uint32_t last_pod_address = 1;
};

struct Controller {
  const char* name;
  // Names the keys that a change gives reason to look at.
  void (*interested)(const ControlState&, const Change&, const std::function<void(const StoreKey&)>& enqueue);
  // Brings one object nearer to what it should be; returns when to look again without a change.
  std::optional<Duration> (*reconcile)(ControlState&, const StoreKey&);
};

class ControllerManager {
 public:
  ControllerManager(Cluster& cluster, Duration pod_start);

  // Reads what changed and reconciles one key; false where nothing was to do.
  bool Step();
  // When a delayed key falls due; nullopt: only a change gives work.
  std::optional<TimePoint> NextDue() const;
  uint64_t seen() const { return seen_; }

 private:
  using Item = std::pair<size_t, StoreKey>;  // controller, key

  void ReadChanges();
  void Resync();
  void Enqueue(size_t controller, const StoreKey& key);

  ControlState state_;
  const std::vector<Controller> controllers_;
  uint64_t seen_ = 0;
  bool synced_ = false;
  std::deque<Item> queue_;
  std::set<Item> queued_;
  std::map<Item, TimePoint> delayed_;
};

// One for each file of this folder.
Controller DeploymentController();
Controller ReplicaSetController();
Controller StatefulSetController();
Controller DaemonSetController();
Controller JobController();
Controller PodController();
Controller EndpointsController();
Controller NamespaceController();
Controller NamespaceContentController();
Controller CollectorController();
Controller VolumeController();
Controller DefinitionController();

}  // namespace plumb::sandbox
