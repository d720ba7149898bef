// Claims are bound as soon as they are made, to a volume of their own; a claim or volume that is deleted goes when no
// pod or claim uses it.
#include <fmt/core.h>

#include <algorithm>

#include "engine/sandbox/controllers/support.h"

namespace plumb::sandbox {

namespace {

bool Uses(Value pod, std::string_view claim) {
  return std::ranges::any_of(GetAt(pod, {"spec", "volumes"}).items(),
                             [&](Value v) { return GetAt(v, {"persistentVolumeClaim", "claimName"}).AsString() == claim; });
}

void Release(Cluster& cluster, const StoreKey& key, std::string_view finalizer) {
  ChangeObject(cluster, key, "", [&](Arena& a, Value now) {
    std::vector<Value> rest;
    for (Value f : GetAt(now, {"metadata", "finalizers"}).items())
      if (f.AsString() != finalizer) rest.push_back(f);
    return WithAt(a, now, {"metadata", "finalizers"}, a.List(rest));
  });
}

void Bind(Cluster& cluster, const StoreKey& key, Value claim) {
  const std::string volume = fmt::format("pvc-{}", UidOf(claim));
  if (cluster.Find({"persistentvolumes", "", volume})->is_null()) {
    CreateObject(cluster, "persistentvolumes", "", BuildDocument([&](Arena& a) {
      const Value spec = claim.Get("spec");
      std::vector<Member> made = {{"capacity", GetAt(spec, {"resources", "requests"})}, {"accessModes", spec.Get("accessModes")}, {"volumeMode", spec.Get("volumeMode")},
                                  {"persistentVolumeReclaimPolicy", a.Borrow("Delete")}, {"hostPath", a.Map({{"path", a.String("/sandbox/" + volume)}})},
                                  {"claimRef", a.Map({{"apiVersion", a.Borrow("v1")}, {"kind", a.Borrow("PersistentVolumeClaim")}, {"namespace", GetAt(claim, {"metadata", "namespace"})},
                                                      {"name", GetAt(claim, {"metadata", "name"})}, {"uid", GetAt(claim, {"metadata", "uid"})}})}};
      if (spec.Has("storageClassName")) made.push_back({"storageClassName", spec.Get("storageClassName")});
      return a.Copy(a.Map({{"apiVersion", a.Borrow("v1")}, {"kind", a.Borrow("PersistentVolume")}, {"metadata", a.Map({{"name", a.String(volume)}})}, {"spec", a.Map(made)}}));
    }));
    SetStatus(cluster, {"persistentvolumes", "", volume}, [](Arena& a, Value) { return a.Map({{"phase", a.Borrow("Bound")}}); });
  }
  ChangeObject(cluster, key, "", [&](Arena& a, Value now) { return WithAt(a, now, {"spec", "volumeName"}, a.String(volume)); });
  SetStatus(cluster, key, [](Arena& a, Value now) {
    return a.Map({{"phase", a.Borrow("Bound")}, {"accessModes", GetAt(now, {"spec", "accessModes"})}, {"capacity", GetAt(now, {"spec", "resources", "requests"})}});
  });
}

std::optional<Duration> Reconcile(ControlState& state, const StoreKey& key) {
  Cluster& cluster = state.cluster;
  const Document object = cluster.Find(key);
  if (object->is_null()) return std::nullopt;
  if (key.resource == "persistentvolumes") {
    const Value claim = GetAt(*object, {"spec", "claimRef"});
    const Document bound = cluster.Find({"persistentvolumeclaims", std::string(claim.GetString("namespace")), std::string(claim.GetString("name"))});
    const bool used = UidOf(*bound) == claim.GetString("uid") && !claim.GetString("uid").empty();
    if (Terminating(*object) && !used) Release(cluster, key, "kubernetes.io/pv-protection");
    else if (!claim.is_null() && !used && GetAt(*object, {"spec", "persistentVolumeReclaimPolicy"}).AsString() == "Delete") DeleteObject(cluster, key, *object);
    return std::nullopt;
  }
  if (!Terminating(*object)) {
    if (GetAt(*object, {"status", "phase"}).AsString() != "Bound") Bind(cluster, key, *object);
    return std::nullopt;
  }
  const auto pods = cluster.All("pods", key.ns);
  if (std::ranges::none_of(pods, [&](const Document& pod) { return Uses(*pod, key.name); })) Release(cluster, key, "kubernetes.io/pvc-protection");
  return std::nullopt;
}

}  // namespace

Controller VolumeController() {
  return {"volume",
          [](const ControlState&, const Change& change, const std::function<void(const StoreKey&)>& enqueue) {
            const bool gone = change.type == Change::Type::kDeleted;
            if (change.key.resource == "persistentvolumeclaims") {
              if (!gone) return enqueue(change.key);
              if (const Value volume = GetAt(*change.object, {"spec", "volumeName"}); volume.is_string()) enqueue({"persistentvolumes", "", std::string(volume.AsString())});
            }
            if (change.key.resource == "persistentvolumes" && !gone) enqueue(change.key);
            if (change.key.resource != "pods" || !gone) return;
            for (Value v : GetAt(*change.object, {"spec", "volumes"}).items())
              if (const Value claim = GetAt(v, {"persistentVolumeClaim", "claimName"}); claim.is_string())
                enqueue({"persistentvolumeclaims", change.key.ns, std::string(claim.AsString())});
          },
          Reconcile};
}

}  // namespace plumb::sandbox
