// The garbage collector: objects go when the last of their owners has gone; foreground and orphan deletions as their
// finalizers say. Source: pkg/controller/garbagecollector, Kubernetes 1.36.
#include <algorithm>

#include "engine/sandbox/controllers/support.h"

namespace plumb::sandbox {

namespace {

bool HasFinalizer(Value object, std::string_view name) {
  return std::ranges::any_of(GetAt(object, {"metadata", "finalizers"}).items(), [&](Value f) { return f.AsString() == name; });
}

Value DropFinalizer(Arena& a, Value object, std::string_view name) {
  std::vector<Value> rest;
  for (Value f : GetAt(object, {"metadata", "finalizers"}).items())
    if (f.AsString() != name) rest.push_back(f);
  return rest.empty() ? WithoutAt(a, object, {"metadata", "finalizers"}) : WithAt(a, object, {"metadata", "finalizers"}, a.List(rest));
}

// The owners whose UIDs `keep` says yes to.
Value KeepOwners(Arena& a, Value object, const std::function<bool(Value owner)>& keep) {
  std::vector<Value> rest;
  for (Value owner : GetAt(object, {"metadata", "ownerReferences"}).items())
    if (keep(owner)) rest.push_back(owner);
  return rest.empty() ? WithoutAt(a, object, {"metadata", "ownerReferences"}) : WithAt(a, object, {"metadata", "ownerReferences"}, a.List(rest));
}

bool Blocks(Value dependent, std::string_view uid) {
  return std::ranges::any_of(GetAt(dependent, {"metadata", "ownerReferences"}).items(),
                             [&](Value o) { return o.GetString("uid") == uid && o.Get("blockOwnerDeletion").AsBool(); });
}

void Foreground(Cluster& cluster, const StoreKey& key, Value owner) {
  const std::string uid(UidOf(owner));
  bool blocked = false;
  for (const StoreKey& dependent : cluster.Dependents(uid)) {
    const Document object = cluster.Find(dependent);
    if (object->is_null()) continue;
    const bool has_own = !cluster.Dependents(std::string(UidOf(*object))).empty();
    if (!Terminating(*object)) DeleteObject(cluster, dependent, *object, has_own ? "Foreground" : "Background");
    blocked |= Blocks(*object, uid) && !cluster.Find(dependent)->is_null();
  }
  if (!blocked) ChangeObject(cluster, key, "", [](Arena& a, Value now) { return DropFinalizer(a, now, "foregroundDeletion"); });
}

void Orphan(Cluster& cluster, const StoreKey& key, Value owner) {
  const std::string uid(UidOf(owner));
  for (const StoreKey& dependent : cluster.Dependents(uid))
    ChangeObject(cluster, dependent, "", [&](Arena& a, Value now) {
      return KeepOwners(a, now, [&](Value o) { return o.GetString("uid") != uid; });
    });
  ChangeObject(cluster, key, "", [](Arena& a, Value now) { return DropFinalizer(a, now, "orphan"); });
}

// An owner is solid (there), gone, or waiting for this very object to go.
enum class Owner { kSolid, kGone, kWaiting };

Owner StateOf(const Cluster& cluster, const StoreKey& key, Value reference) {
  const auto kinds = cluster.kinds();
  Gvk gvk = MakeGvk(reference.GetString("apiVersion"), reference.GetString("kind"));
  const Resource* r = kinds->registry->FindKind(gvk);
  if (!r) return Owner::kSolid;  // a kind that is not known proves nothing
  const Document owner = cluster.Find({r->StoreName(), r->namespaced ? key.ns : "", std::string(reference.GetString("name"))});
  if (owner->is_null() || UidOf(*owner) != reference.GetString("uid")) return Owner::kGone;
  return Terminating(*owner) && HasFinalizer(*owner, "foregroundDeletion") ? Owner::kWaiting : Owner::kSolid;
}

std::optional<Duration> Reconcile(ControlState& state, const StoreKey& key) {
  Cluster& cluster = state.cluster;
  const Document object = cluster.Find(key);
  if (object->is_null()) return std::nullopt;
  if (Terminating(*object) && HasFinalizer(*object, "orphan")) Orphan(cluster, key, *object);
  else if (Terminating(*object) && HasFinalizer(*object, "foregroundDeletion")) Foreground(cluster, key, *object);
  if (Terminating(*object)) return std::nullopt;
  std::vector<std::string> gone;
  bool solid = false, waiting = false;
  for (Value owner : GetAt(*object, {"metadata", "ownerReferences"}).items()) {
    const Owner owner_state = StateOf(cluster, key, owner);
    solid |= owner_state == Owner::kSolid;
    waiting |= owner_state == Owner::kWaiting;
    if (owner_state != Owner::kSolid) gone.emplace_back(owner.GetString("uid"));
  }
  if (gone.empty()) return std::nullopt;
  if (solid) {
    ChangeObject(cluster, key, "", [&](Arena& a, Value now) {
      return KeepOwners(a, now, [&](Value o) { return std::ranges::find(gone, o.GetString("uid")) == gone.end(); });
    });
  } else {
    const bool has_own = !cluster.Dependents(std::string(UidOf(*object))).empty();
    DeleteObject(cluster, key, *object, waiting && has_own ? "Foreground" : "Background");
  }
  return std::nullopt;
}

}  // namespace

Controller CollectorController() {
  return {"collector",
          [](const ControlState& state, const Change& change, const std::function<void(const StoreKey&)>& enqueue) {
            const Value owners = GetAt(*change.object, {"metadata", "ownerReferences"});
            if (change.type != Change::Type::kDeleted) {
              if (!owners.empty() || Terminating(*change.object)) enqueue(change.key);
              return;
            }
            for (const StoreKey& dependent : state.cluster.Dependents(std::string(UidOf(*change.object)))) enqueue(dependent);
            const auto kinds = state.cluster.kinds();  // an owner may have waited for this
            for (Value owner : owners.items())
              if (const Resource* r = kinds->registry->FindKind(MakeGvk(owner.GetString("apiVersion"), owner.GetString("kind"))))
                enqueue({r->StoreName(), r->namespaced ? change.key.ns : "", std::string(owner.GetString("name"))});
          },
          Reconcile};
}

}  // namespace plumb::sandbox
