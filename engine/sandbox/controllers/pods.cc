// Scheduler and kubelet in one: pods are bound to the one node, run after a short while, and end when they are deleted or
// their Job's work is done. An image whose tag is `broken` cannot be pulled.
#include <fmt/core.h>

#include <algorithm>

#include "engine/sandbox/controllers/support.h"

namespace plumb::sandbox {

namespace {

bool Broken(Value container) { return container.GetString("image").ends_with(":broken"); }

bool AnyBroken(Value pod) { return std::ranges::any_of(GetAt(pod, {"spec", "containers"}).items(), Broken); }

// The node has the labels that every kubelet sets; a selector for others leaves a pod pending.
bool Fits(Value pod) {
  return std::ranges::all_of(GetAt(pod, {"spec", "nodeSelector"}).members(), [](const Member& m) {
    return (m.key == "kubernetes.io/os" && m.value.AsString() == "linux") || (m.key == "kubernetes.io/arch" && m.value.AsString() == "amd64") ||
           (m.key == "kubernetes.io/hostname" && m.value.AsString() == kNodeName);
  });
}

Value ContainerStatus(Arena& a, Value container, bool running, bool finished, Value time) {
  const Value image = container.Get("image");
  Value status = a.Map({{"name", container.Get("name")}, {"image", image}, {"imageID", image}, {"ready", Arena::Bool(running && !finished)},
                        {"restartCount", Arena::Int(0)}, {"started", Arena::Bool(running && !finished)}});
  Value state = a.Map({{"running", a.Map({{"startedAt", time}})}});
  if (finished) state = a.Map({{"terminated", a.Map({{"exitCode", Arena::Int(0)}, {"reason", a.Borrow("Completed")}, {"startedAt", time}, {"finishedAt", time}})}});
  else if (!running) state = a.Map({{"waiting", a.Map({{"reason", a.Borrow("ImagePullBackOff")}, {"message", a.String(fmt::format("Back-off pulling image \"{}\"", image.AsString()))}})}});
  return With(a, status, "state", state);
}

void WritePhase(ControlState& state, const StoreKey& key, std::string_view phase) {
  Cluster& cluster = state.cluster;
  const WallTime now = cluster.clock().Wall();
  const bool finished = phase == "Succeeded";
  const uint32_t n = state.last_pod_address + 1;
  SetStatus(cluster, key, [&](Arena& a, Value pod) {
    const Value before = pod.Get("status"), time = a.String(FormatTime(now));
    const bool ready = phase == "Running" && !AnyBroken(pod);
    Value conditions = before.Get("conditions");
    conditions = WithCondition(a, conditions, now, "PodScheduled", true, "", "");
    conditions = WithCondition(a, conditions, now, "PodReadyToStartContainers", true, "", "");
    conditions = WithCondition(a, conditions, now, "Initialized", true, finished ? "PodCompleted" : "", "");
    const std::string_view why = finished ? "PodCompleted" : ready ? "" : "ContainersNotReady";
    conditions = WithCondition(a, conditions, now, "ContainersReady", ready, why, "");
    conditions = WithCondition(a, conditions, now, "Ready", ready, why, "");
    std::vector<Value> containers;
    for (Value c : GetAt(pod, {"spec", "containers"}).items()) {
      Value started = time;
      for (Value old : before.Get("containerStatuses").items())
        if (old.Get("name") == c.Get("name") && old.Get("image") == c.Get("image"))
          if (const Value since = GetAt(old, {"state", "running", "startedAt"}); since.is_string()) started = since;
      containers.push_back(ContainerStatus(a, c, !Broken(c), finished, started));
    }
    const Value ip = before.Has("podIP") ? before.Get("podIP") : a.String(fmt::format("10.244.{}.{}", n / 250 % 250, n % 250 + 2));
    return a.Map({{"phase", a.String(phase)}, {"conditions", conditions}, {"hostIP", a.Borrow("10.0.0.1")},
                  {"hostIPs", a.List({a.Map({{"ip", a.Borrow("10.0.0.1")}})})}, {"podIP", ip}, {"podIPs", a.List({a.Map({{"ip", ip}})})},
                  {"startTime", before.Has("startTime") ? before.Get("startTime") : time}, {"containerStatuses", a.List(containers)},
                  {"qosClass", before.Has("qosClass") ? before.Get("qosClass") : a.Borrow("BestEffort")},
                  {"observedGeneration", GetAt(pod, {"metadata", "generation"})}});
  });
  state.last_pod_address = n;
}

void WriteUnschedulable(Cluster& cluster, const StoreKey& key) {
  const WallTime now = cluster.clock().Wall();
  SetStatus(cluster, key, [&](Arena& a, Value pod) {
    const Value conditions = WithCondition(a, GetAt(pod, {"status", "conditions"}), now, "PodScheduled", false, "Unschedulable",
                                           "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.");
    return With(a, pod.Get("status"), "conditions", conditions);
  });
}

// Time until a pod goes on, from when it was first asked; zero once that has come.
Duration Left(ControlState& state, const std::string& what, Duration wait) {
  const TimePoint now = state.cluster.clock().Now();
  const auto [due, fresh] = state.pod_due.try_emplace(what, now + wait);
  (void)fresh;
  return std::max(due->second - now, Duration::zero());
}

std::optional<Duration> Reconcile(ControlState& state, const StoreKey& key) {
  Cluster& cluster = state.cluster;
  const Document pod = cluster.Find(key);
  if (pod->is_null()) return std::nullopt;
  const std::string uid(UidOf(*pod));
  const std::string_view phase = GetAt(*pod, {"status", "phase"}).AsString();
  if (Terminating(*pod)) {
    const Duration grace = std::chrono::seconds(GetAt(*pod, {"metadata", "deletionGracePeriodSeconds"}).AsInt());
    if (const Duration left = Left(state, uid + "/end", std::min(grace, state.pod_start)); left > Duration::zero()) return left;
    if (DeleteObject(cluster, key, *pod, "", 0)) std::erase_if(state.pod_due, [&](const auto& entry) { return entry.first.starts_with(uid); });
    return std::nullopt;
  }
  if (GetAt(*pod, {"spec", "nodeName"}).AsString().empty()) {
    if (!Fits(*pod)) {
      WriteUnschedulable(cluster, key);
      return std::nullopt;
    }
    ChangeObject(cluster, key, "", [&](Arena& a, Value now) { return WithAt(a, now, {"spec", "nodeName"}, a.Borrow(kNodeName)); });
    return std::nullopt;  // the change brings it back here
  }
  if (phase == "Succeeded" || phase == "Failed") return std::nullopt;
  if (const Duration left = Left(state, uid + "/start", state.pod_start); left > Duration::zero()) return left;
  const bool broken = AnyBroken(*pod);
  if (phase == "Running" && !broken && GetAt(*pod, {"spec", "restartPolicy"}).AsString() != "Always") {
    if (const Duration left = Left(state, uid + "/work", state.pod_start); left > Duration::zero()) return left;
    WritePhase(state, key, "Succeeded");
    return std::nullopt;
  }
  WritePhase(state, key, broken ? "Pending" : "Running");
  return std::nullopt;
}

}  // namespace

Controller PodController() {
  return {"pod",
          [](const ControlState&, const Change& change, const std::function<void(const StoreKey&)>& enqueue) {
            if (change.key.resource == "pods" && change.type != Change::Type::kDeleted) enqueue(change.key);
          },
          Reconcile};
}

}  // namespace plumb::sandbox
