#include "diff/live_rules.h"

#include <algorithm>

#include "core/edit.h"
#include "core/hash.h"

namespace plumb {

namespace {

// Entries that an autoscaler writes come through the scale subresource; `kubectl scale` does too, and is a person.
std::string Autoscaler(const ManagedOwners& owners) {
  for (const ManagedOwners::Entry& entry : owners.entries())
    if (entry.subresource == "scale" && !entry.manager.starts_with("kubectl")) return std::string(entry.manager);
  return "";
}

bool IsEmptyBundle(const std::optional<Value>& v) {
  if (!v || v->is_null()) return true;
  const auto bytes = DecodeBase64(v->AsString());
  return bytes.ok() && bytes->find_first_not_of(" \r\n\t") == std::string::npos;
}

// A token secret that OpenShift (and old Kubernetes) adds to a service account.
bool OnlyAddsTokens(const FieldChange& change, Value desired, Value live, std::string_view field) {
  const Value wanted = desired.Get(field), there = live.Get(field);
  const std::string prefix = std::string(live.Get("metadata").GetString("name")) + "-";
  const auto has = [](Value list, Value item) { return std::find(list.items().begin(), list.items().end(), item) != list.items().end(); };
  return change.path.size() >= 1 && there.size() > wanted.size() &&
         std::all_of(wanted.items().begin(), wanted.items().end(), [&](Value v) { return has(there, v); }) &&
         std::all_of(there.items().begin(), there.items().end(), [&](Value v) {
           const std::string_view name = v.GetString("name");
           return has(wanted, v) || (name.starts_with(prefix) && (name.find("-dockercfg-") != name.npos || name.find("-token-") != name.npos));
         });
}

// "Complete" or "Failed", or "": a Job that is over runs no more, whatever its fields say.
std::string_view FinishedAs(Value job) {
  for (Value condition : GetAt(job, {"status", "conditions"}).items())
    for (const std::string_view type : {"Complete", "Failed"})
      if (condition.GetString("type") == type && condition.GetString("status") == "True") return type;
  return "";
}

bool FromGit(Cause cause) { return cause == Cause::kChangedInGit || cause == Cause::kRemovedFromGit || cause == Cause::kReleased; }

}  // namespace

std::string ExplainedByLiveState(const LiveState& state, const FieldChange& change) {
  const auto& [gvk, desired, live, owners, autoscaler] = state;
  const FieldPath& path = change.path;
  const auto is = [&](size_t i, std::string_view name) { return i < path.size() && path[i].kind == PathStep::Kind::kField && path[i].name == name; };
  if (path.size() == 2 && is(0, "spec") && is(1, "replicas") && change.old_value) {
    if (!autoscaler.empty()) return "replicas are scaled by " + std::string(autoscaler);
    if (const std::string scaler = Autoscaler(owners); !scaler.empty()) return "replicas are scaled by " + scaler;
  }
  if (gvk.kind == "ClusterRole" && gvk.group == "rbac.authorization.k8s.io" && is(0, "rules") &&
      (desired.Has("aggregationRule") || live.Has("aggregationRule")))
    return "rules are aggregated by the server";
  if (!path.empty() && is(path.size() - 1, "caBundle") && IsEmptyBundle(change.new_value) && !IsEmptyBundle(change.old_value))
    return "the CA bundle is injected";
  if (gvk.kind == "Job" && gvk.group == "batch" && !FromGit(change.cause))
    if (const std::string_view how = FinishedAs(live); !how.empty()) return "the Job has finished (" + std::string(how) + ")";
  if (gvk.kind == "ServiceAccount" && gvk.group.empty())
    for (const std::string_view field : {"imagePullSecrets", "secrets"})
      if (is(0, field) && OnlyAddsTokens(change, desired, live, field)) return "tokens are added by the cluster";
  return "";
}

}  // namespace plumb
