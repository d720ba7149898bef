// DaemonSet on the one node there is. Source: pkg/controller/daemon, Kubernetes 1.36; taints are not looked at.
#include "engine/sandbox/controllers/support.h"

namespace plumb::sandbox {

namespace {

constexpr std::string_view kRevision = "controller-revision-hash";

std::optional<Duration> Reconcile(ControlState& state, const StoreKey& key) {
  Cluster& cluster = state.cluster;
  const Document set = cluster.Find(key);
  if (set->is_null()) return std::nullopt;
  const Value pod_template = GetAt(*set, {"spec", "template"});
  const std::string revision = TemplateHash(pod_template, 0);
  auto is_new = [&](const Document& pod) { return GetAt(*pod, {"metadata", "labels", kRevision}).AsString() == revision; };
  if (!Terminating(*set)) {
    const std::vector<Document> pods = Controlled(cluster, *set, "pods");
    if (pods.empty()) {
      Arena a;
      CreateObject(cluster, "pods", key.ns, PodFrom(*set, pod_template, "", {{kRevision, a.String(revision)}, {"pod-template-generation", a.String(std::to_string(GetAt(*set, {"metadata", "generation"}).AsInt()))}}));
    }
    // An outdated pod goes first, and its place is filled when it is gone.
    if (GetAt(*set, {"spec", "updateStrategy", "type"}).AsString() != "OnDelete")
      for (const Document& pod : pods)
        if (!is_new(pod) && !Terminating(*pod)) DeleteObject(cluster, KeyOf("pods", *pod), *pod);
  }
  std::optional<Duration> wait;
  int64_t current = 0, ready = 0, available = 0, updated = 0;
  for (const Document& pod : Controlled(cluster, *set, "pods")) {
    if (Terminating(*pod)) continue;
    ++current;
    ready += PodReady(*pod);
    available += PodAvailable(cluster, *pod, GetAt(*set, {"spec", "minReadySeconds"}).AsInt(), &wait);
    updated += is_new(pod);
  }
  SetStatus(cluster, key, [&](Arena& a, Value now) {
    std::vector<Member> status = {{"currentNumberScheduled", Arena::Int(current)}, {"numberMisscheduled", Arena::Int(0)},
                                  {"desiredNumberScheduled", Arena::Int(1)}, {"numberReady", Arena::Int(ready)}};
    AddCount(status, "observedGeneration", GetAt(now, {"metadata", "generation"}).AsInt());
    AddCount(status, "updatedNumberScheduled", updated);
    AddCount(status, "numberAvailable", available);
    AddCount(status, "numberUnavailable", 1 - available);
    return a.Map(status);
  });
  return wait;
}

}  // namespace

Controller DaemonSetController() {
  return {"daemonset",
          [](const ControlState&, const Change& change, const std::function<void(const StoreKey&)>& enqueue) {
            Enqueues(change, "daemonsets.apps", "DaemonSet", "pods", enqueue);
          },
          Reconcile};
}

}  // namespace plumb::sandbox
