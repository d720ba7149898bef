// What may lose data: deleted and shrunk storage, and what would take data along with it.
#include <fmt/core.h>

#include "core/edit.h"
#include "diff/quantity.h"
#include "engine/plan/references.h"
#include "engine/review/dangers.h"

namespace plumb {

namespace {

bool Shrinks(Value before, Value after) {
  const auto text = [](Value v) { return v.is_int() ? std::to_string(v.AsInt()) : std::string(v.AsString()); };
  const auto a = Quantity::Parse(text(before)), b = Quantity::Parse(text(after));
  return a.ok() && b.ok() && *b < *a;
}

void Deleted(DangerList& list) {
  const std::string& kind = list.id.kind;
  const auto add = [&](std::string_view what) { list.Add(DangerKind::kDataLoss, std::string(what)); };
  if (kind == "PersistentVolumeClaim") add("is deleted: its volume goes with it, unless its reclaim policy is Retain");
  else if (kind == "PersistentVolume") add("is deleted");
  else if (kind == "Namespace") add("is deleted, with everything in it");
  else if (kind == "CustomResourceDefinition") add("is deleted, with every object of its kind in the cluster");
  else if (kind == "StatefulSet" && GetAt(list.before, {"spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted"}).AsString() == "Delete")
    add("is deleted, and its volume claims with it (whenDeleted: Delete)");
  else if (kind == "Secret") add("is deleted: what it holds may be nowhere else");
}

void ClaimsOfStatefulSet(DangerList& list) {
  const Value before = GetAt(list.before, {"spec", "volumeClaimTemplates"}), after = GetAt(list.after, {"spec", "volumeClaimTemplates"});
  for (Value old : before.items()) {
    const std::string_view name = old.Get("metadata").GetString("name");
    bool there = false;
    for (Value now : after.items()) there |= now.Get("metadata").GetString("name") == name;
    if (!there) list.Add(DangerKind::kDataLoss, fmt::format("volume claim template '{}' goes: new pods start without that data", name));
  }
  for (const std::string_view when : {"whenDeleted", "whenScaled"}) {
    const auto policy = [&](Value v) { return GetAt(v, {"spec", "persistentVolumeClaimRetentionPolicy", when}).AsString(); };
    if (policy(list.after) == "Delete" && policy(list.before) != "Delete") list.Add(DangerKind::kDataLoss, fmt::format("volume claims are deleted {}", when == "whenDeleted" ? "with it" : "when it is scaled down"));
  }
}

// A volume of a workload that was persistent and is not any more.
void VolumesOfPods(DangerList& list) {
  const Value before = PodSpecOf(list.before), after = PodSpecOf(list.after);
  for (Value old : before.Get("volumes").items()) {
    if (!old.Has("persistentVolumeClaim")) continue;
    for (Value now : after.Get("volumes").items())
      if (now.GetString("name") == old.GetString("name") && !now.Has("persistentVolumeClaim"))
        list.Add(DangerKind::kDataLoss, fmt::format("volume '{}' is no longer a persistent one", old.GetString("name")));
  }
}

}  // namespace

void FindStorageDangers(DangerList& list) {
  if (list.after.is_null()) return Deleted(list);
  if (list.before.is_null()) return;
  const std::string& kind = list.id.kind;
  const auto field = [](Value v, std::initializer_list<std::string_view> keys) { return GetAt(v, keys); };
  if (kind == "PersistentVolumeClaim" && Shrinks(field(list.before, {"spec", "resources", "requests", "storage"}), field(list.after, {"spec", "resources", "requests", "storage"})))
    list.Add(DangerKind::kDataLoss, "the claim shrinks");
  if (kind == "PersistentVolume" && field(list.after, {"spec", "persistentVolumeReclaimPolicy"}).AsString() == "Delete" &&
      field(list.before, {"spec", "persistentVolumeReclaimPolicy"}).AsString() == "Retain")
    list.Add(DangerKind::kDataLoss, "the volume is deleted with its claim from now on (Retain to Delete)");
  if (kind == "CustomResourceDefinition") {
    for (Value old : field(list.before, {"spec", "versions"}).items()) {
      bool there = false;
      for (Value now : field(list.after, {"spec", "versions"}).items()) there |= now.GetString("name") == old.GetString("name");
      if (!there) list.Add(DangerKind::kDataLoss, fmt::format("version '{}' goes: objects stored in it can no longer be read", old.GetString("name")));
    }
  }
  if (kind == "StatefulSet") ClaimsOfStatefulSet(list);
  VolumesOfPods(list);
}

}  // namespace plumb
