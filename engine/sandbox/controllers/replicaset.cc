// ReplicaSet: as many pods as its replicas. Source: knowledge of pkg/controller/replicaset, Kubernetes 1.36; pods that
// are not its own are neither adopted nor released.
#include <algorithm>

#include "engine/sandbox/controllers/support.h"

namespace plumb::sandbox {

namespace {

// Which pods go first: not scheduled, pending, not ready, newer.
bool GoesFirst(const Document& a, const Document& b) {
  auto rank = [](Value pod) {
    const bool bound = !GetAt(pod, {"spec", "nodeName"}).AsString().empty();
    const bool running = GetAt(pod, {"status", "phase"}).AsString() == "Running";
    return std::tuple(bound, running, PodReady(pod));
  };
  if (rank(*a) != rank(*b)) return rank(*a) < rank(*b);
  return GetAt(*a, {"metadata", "creationTimestamp"}).AsString() > GetAt(*b, {"metadata", "creationTimestamp"}).AsString();
}

std::optional<Duration> Reconcile(ControlState& state, const StoreKey& key) {
  Cluster& cluster = state.cluster;
  const Document set = cluster.Find(key);
  if (set->is_null()) return std::nullopt;
  std::vector<Document> active;
  for (const Document& pod : Controlled(cluster, *set, "pods"))
    if (PodActive(*pod)) active.push_back(pod);
  const int64_t want = GetAt(*set, {"spec", "replicas"}).AsInt(), have = static_cast<int64_t>(active.size());
  if (!Terminating(*set)) {
    for (int64_t i = have; i < want; ++i)
      CreateObject(cluster, "pods", key.ns, PodFrom(*set, GetAt(*set, {"spec", "template"}), "", {}));
    if (have > want) {
      std::ranges::stable_sort(active, GoesFirst);
      for (int64_t i = 0; i < have - want; ++i) DeleteObject(cluster, KeyOf("pods", *active[static_cast<size_t>(i)]), *active[static_cast<size_t>(i)]);
    }
  }
  std::optional<Duration> wait;
  int64_t count = 0, ready = 0, available = 0;
  for (const Document& pod : Controlled(cluster, *set, "pods")) {
    if (!PodActive(*pod)) continue;
    ++count;
    ready += PodReady(*pod);
    available += PodAvailable(cluster, *pod, GetAt(*set, {"spec", "minReadySeconds"}).AsInt(), &wait);
  }
  SetStatus(cluster, key, [&](Arena& a, Value) {
    std::vector<Member> status = {{"replicas", Arena::Int(count)}};
    AddCount(status, "fullyLabeledReplicas", count);
    AddCount(status, "readyReplicas", ready);
    AddCount(status, "availableReplicas", available);
    AddCount(status, "observedGeneration", GetAt(*set, {"metadata", "generation"}).AsInt());
    return a.Map(status);
  });
  return wait;
}

}  // namespace

Controller ReplicaSetController() {
  return {"replicaset",
          [](const ControlState&, const Change& change, const std::function<void(const StoreKey&)>& enqueue) {
            Enqueues(change, "replicasets.apps", "ReplicaSet", "pods", enqueue);
          },
          Reconcile};
}

}  // namespace plumb::sandbox
