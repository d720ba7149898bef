// StatefulSet: pods by ordinal, in order up, backwards down and in updates, each with its claims. Source:
// pkg/controller/statefulset, Kubernetes 1.36, without ControllerRevisions: the revision is the template's hash.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "engine/sandbox/controllers/support.h"

namespace plumb::sandbox {

namespace {

constexpr std::string_view kRevision = "controller-revision-hash";

std::string_view RevisionOf(Value pod) { return GetAt(pod, {"metadata", "labels", kRevision}).AsString(); }

int64_t Ordinal(Value pod) {
  const std::string_view name = NameOf(pod);
  int64_t n = -1;
  const size_t dash = name.rfind('-');
  if (dash != std::string_view::npos) std::from_chars(name.data() + dash + 1, name.data() + name.size(), n);
  return n;
}

// Makes the claims of one ordinal, and returns the template with the volumes that mount them.
Value WithClaims(Cluster& cluster, Arena& a, Value set, Value pod_template, std::string_view pod_name) {
  Value volumes = GetAt(pod_template, {"spec", "volumes"});
  std::vector<Value> all;
  for (Value claim : GetAt(set, {"spec", "volumeClaimTemplates"}).items()) {
    const std::string_view volume = NameOf(claim);
    const std::string name = fmt::format("{}-{}", volume, pod_name);
    const Document made = BuildDocument([&](Arena& b) {
      Value metadata = b.Map({{"name", b.String(name)}});
      Value labels = GetAt(claim, {"metadata", "labels"});
      for (const Member& m : GetAt(set, {"spec", "selector", "matchLabels"}).members()) labels = With(b, labels, m.key, m.value);
      if (!labels.empty()) metadata = With(b, metadata, "labels", labels);
      if (const Value annotations = GetAt(claim, {"metadata", "annotations"}); !annotations.empty()) metadata = With(b, metadata, "annotations", annotations);
      return b.Copy(b.Map({{"apiVersion", b.Borrow("v1")}, {"kind", b.Borrow("PersistentVolumeClaim")}, {"metadata", metadata}, {"spec", claim.Get("spec")}}));
    });
    if (cluster.Find({"persistentvolumeclaims", std::string(NamespaceOf(set)), name})->is_null())
      CreateObject(cluster, "persistentvolumeclaims", NamespaceOf(set), made);
    all.push_back(a.Map({{"name", a.String(volume)}, {"persistentVolumeClaim", a.Map({{"claimName", a.String(name)}})}}));
  }
  for (Value v : volumes.items())
    if (std::ranges::none_of(all, [&](Value mine) { return mine.Get("name") == v.Get("name"); })) all.push_back(v);
  return all.empty() ? pod_template : WithAt(a, pod_template, {"spec", "volumes"}, a.List(all));
}

void CreatePod(Cluster& cluster, const StoreKey& key, Value set, int64_t ordinal, const std::string& revision) {
  Arena a;
  const std::string name = fmt::format("{}-{}", key.name, ordinal), index = std::to_string(ordinal);
  Value pod_template = WithClaims(cluster, a, set, GetAt(set, {"spec", "template"}), name);
  pod_template = WithAt(a, pod_template, {"spec", "hostname"}, a.String(name));
  if (const Value service = GetAt(set, {"spec", "serviceName"}); service.is_string()) pod_template = WithAt(a, pod_template, {"spec", "subdomain"}, service);
  CreateObject(cluster, "pods", key.ns,
               PodFrom(set, pod_template, name, {{"statefulset.kubernetes.io/pod-name", a.String(name)}, {"apps.kubernetes.io/pod-index", a.String(index)},
                                                 {kRevision, a.String(revision)}}));
}

// One step of the update: returns where something has to be waited for.
void Act(Cluster& cluster, const StoreKey& key, Value set, const std::string& revision) {
  const int64_t replicas = GetAt(set, {"spec", "replicas"}).AsInt();
  const bool ordered = GetAt(set, {"spec", "podManagementPolicy"}).AsString() != "Parallel";
  std::map<int64_t, Document> pods;
  for (const Document& pod : Controlled(cluster, set, "pods")) pods[Ordinal(*pod)] = pod;
  for (int64_t i = 0; i < replicas; ++i) {
    const auto pod = pods.find(i);
    if (pod == pods.end()) {
      CreatePod(cluster, key, set, i, revision);
      if (ordered) return;
    } else if (ordered && (Terminating(*pod->second) || !PodReady(*pod->second))) {
      return;
    }
  }
  for (auto pod = pods.rbegin(); pod != pods.rend() && pod->first >= replicas; ++pod) {
    if (!Terminating(*pod->second)) DeleteObject(cluster, KeyOf("pods", *pod->second), *pod->second);
    if (ordered) return;
  }
  if (GetAt(set, {"spec", "updateStrategy", "type"}).AsString() == "OnDelete") return;
  const int64_t partition = GetAt(set, {"spec", "updateStrategy", "rollingUpdate", "partition"}).AsInt();
  for (int64_t i = replicas - 1; i >= partition; --i) {
    const auto pod = pods.find(i);
    if (pod == pods.end() || Terminating(*pod->second)) return;
    if (RevisionOf(*pod->second) != revision) {
      DeleteObject(cluster, KeyOf("pods", *pod->second), *pod->second);
      return;
    }
    if (!PodReady(*pod->second)) return;
  }
}

std::optional<Duration> Reconcile(ControlState& state, const StoreKey& key) {
  Cluster& cluster = state.cluster;
  const Document set = cluster.Find(key);
  if (set->is_null()) return std::nullopt;
  const std::string revision = fmt::format("{}-{}", key.name, TemplateHash(GetAt(*set, {"spec", "template"}), 0));
  if (!Terminating(*set)) Act(cluster, key, *set, revision);
  std::optional<Duration> wait;
  int64_t total = 0, ready = 0, available = 0, updated = 0;
  for (const Document& pod : Controlled(cluster, *set, "pods")) {
    ++total;
    if (Terminating(*pod)) continue;
    ready += PodReady(*pod);
    available += PodAvailable(cluster, *pod, GetAt(*set, {"spec", "minReadySeconds"}).AsInt(), &wait);
    updated += RevisionOf(*pod) == revision;
  }
  const int64_t replicas = GetAt(*set, {"spec", "replicas"}).AsInt();
  SetStatus(cluster, key, [&](Arena& a, Value now) {
    const Value before = GetAt(now, {"status", "currentRevision"});
    const bool done = updated == replicas && ready == replicas;
    const Value current = done || !before.is_string() ? a.String(revision) : before;
    std::vector<Member> status;
    AddCount(status, "observedGeneration", GetAt(now, {"metadata", "generation"}).AsInt());
    status.push_back({"replicas", Arena::Int(total)});
    AddCount(status, "readyReplicas", ready);
    AddCount(status, "currentReplicas", current.AsString() == revision ? updated : total - updated);
    AddCount(status, "updatedReplicas", updated);
    status.push_back({"currentRevision", current});
    status.push_back({"updateRevision", a.String(revision)});
    status.push_back({"collisionCount", Arena::Int(0)});
    status.push_back({"availableReplicas", Arena::Int(available)});
    return a.Map(status);
  });
  return wait;
}

}  // namespace

Controller StatefulSetController() {
  return {"statefulset",
          [](const ControlState&, const Change& change, const std::function<void(const StoreKey&)>& enqueue) {
            Enqueues(change, "statefulsets.apps", "StatefulSet", "pods", enqueue);
          },
          Reconcile};
}

}  // namespace plumb::sandbox
