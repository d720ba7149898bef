// What may make a service weaker or stop it: fewer replicas, probes and budgets that go, selectors that lose their pods.
#include <fmt/core.h>

#include <charconv>
#include <optional>

#include "core/edit.h"
#include "engine/plan/references.h"
#include "engine/review/dangers.h"

namespace plumb {

namespace {

std::optional<int64_t> Number(Value v) { return v.is_int() ? std::optional(v.AsInt()) : std::nullopt; }

// "25%" and 2 alike: comparable only within one spelling.
std::optional<int64_t> Amount(Value v, bool* percent) {
  *percent = v.is_string();
  if (v.is_int()) return v.AsInt();
  int64_t n = 0;
  const std::string_view text = v.AsString();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end == text.data() + text.size() || *end != '%') return std::nullopt;
  return n;
}

bool Lower(Value before, Value after) {
  bool a_percent = false, b_percent = false;
  const auto a = Amount(before, &a_percent), b = Amount(after, &b_percent);
  return a && b && a_percent == b_percent && *b < *a;
}

void Deleted(DangerList& list) {
  for (const std::string_view kind : {"Deployment", "StatefulSet", "DaemonSet", "Service", "Ingress", "HTTPRoute", "Gateway", "PodDisruptionBudget", "HorizontalPodAutoscaler"})
    if (list.id.kind == kind) list.Add(DangerKind::kAvailability, "is deleted");
}

void Workload(DangerList& list) {
  const Value before = list.before.Get("spec"), after = list.after.Get("spec");
  const auto replicas = [](Value spec) { return Number(spec.Get("replicas")); };
  if (const auto a = replicas(before), b = replicas(after); a && b && *b < *a) list.Add(DangerKind::kAvailability, fmt::format("{} replicas instead of {}", *b, *a));
  if (GetAt(after, {"strategy", "type"}).AsString() == "Recreate" && GetAt(before, {"strategy", "type"}).AsString() != "Recreate")
    list.Add(DangerKind::kAvailability, "all pods stop before new ones start (strategy Recreate)");
  if (Lower(GetAt(after, {"strategy", "rollingUpdate", "maxUnavailable"}), GetAt(before, {"strategy", "rollingUpdate", "maxUnavailable"})))
    list.Add(DangerKind::kAvailability, "more pods may be unavailable during an update");
  const Value old = PodSpecOf(list.before), now = PodSpecOf(list.after);
  for (Value container : ContainersOf(now)) {
    const std::string_view name = container.GetString("name");
    const Value earlier = ContainerNamed(old, name);
    for (const auto& [probe, word] : {std::pair("readinessProbe", "readiness probe"), std::pair("livenessProbe", "liveness probe"), std::pair("startupProbe", "startup probe")})
      if (earlier.Has(probe) && !container.Has(probe)) list.Add(DangerKind::kAvailability, fmt::format("container '{}' loses its {}", name, word));
    if (GetAt(earlier, {"lifecycle", "preStop"}).is_map() && !GetAt(container, {"lifecycle", "preStop"}).is_map())
      list.Add(DangerKind::kAvailability, fmt::format("container '{}' loses its preStop hook", name));
  }
  for (Value container : ContainersOf(old))
    if (ContainerNamed(now, container.GetString("name")).is_null()) list.Add(DangerKind::kAvailability, fmt::format("container '{}' goes", container.GetString("name")));
  if (Lower(old.Get("terminationGracePeriodSeconds"), now.Get("terminationGracePeriodSeconds"))) list.Add(DangerKind::kAvailability, "its pods get less time to stop");
  for (const auto& [field, word] : {std::pair("topologySpreadConstraints", "is no longer spread over the topology"), std::pair("affinity", "loses its affinity rules")})
    if (old.Get(field).size() > 0 && now.Get(field).size() == 0) list.Add(DangerKind::kAvailability, word);
}

}  // namespace

void FindAvailabilityDangers(DangerList& list) {
  if (list.after.is_null()) return Deleted(list);
  if (list.before.is_null()) return;
  const std::string& kind = list.id.kind;
  const Value before = list.before.Get("spec"), after = list.after.Get("spec");
  if (!PodSpecOf(list.after).is_null()) Workload(list);
  if (kind == "PodDisruptionBudget" && (Lower(before.Get("minAvailable"), after.Get("minAvailable")) || Lower(after.Get("maxUnavailable"), before.Get("maxUnavailable"))))
    list.Add(DangerKind::kAvailability, "allows more pods to be disrupted at a time");
  if (kind == "HorizontalPodAutoscaler") {
    for (const std::string_view bound : {"minReplicas", "maxReplicas"})
      if (Lower(before.Get(bound), after.Get(bound))) list.Add(DangerKind::kAvailability, fmt::format("{} {} instead of {}", bound, after.Get(bound).AsInt(), before.Get(bound).AsInt()));
  }
  if (kind == "Service" && before.Get("selector").is_map() && before.Get("selector") != after.Get("selector"))
    list.Add(DangerKind::kAvailability, "selects other pods: it has no endpoints where none has the new labels");
}

}  // namespace plumb
