// Health of what is not a workload: namespaces, API extensions, networking, storage, autoscaling. Sources as in workloads.cc.
#include <fmt/core.h>

#include "core/edit.h"
#include "engine/health/rules.h"

namespace plumb::health {
namespace {

Health Namespace(Value object) {
  const std::string_view phase = object.Get("status").GetString("phase");
  return phase == "Active" ? Healthy() : Progressing("is not active yet");
}

Health Crd(Value object) {
  if (const auto names = FindCondition(object, "NamesAccepted"); names && names->is_false())
    return Degraded("its names are taken: " + names->Text());
  const auto established = FindCondition(object, "Established");
  if (established && established->is_true()) return Healthy();
  if (established && established->is_false() && established->reason != "Installing")
    return Degraded("is not established: " + established->Text());
  return Progressing("is not served yet");
}

Health ApiService(Value object) {
  const auto available = FindCondition(object, "Available");
  if (available && available->is_true()) return Healthy();
  return Progressing(available ? "is not available: " + available->Text() : "was not checked yet");
}

Health Service(Value object) {
  if (object.Get("spec").GetString("type") != "LoadBalancer") return Healthy();
  if (!GetAt(object, {"status", "loadBalancer", "ingress"}).empty()) return Healthy();
  return Progressing("waits for the address of its load balancer");
}

// Many ingress controllers never publish an address: its absence is worth saying, but not worth waiting for.
Health Ingress(Value object) {
  return Healthy(GetAt(object, {"status", "loadBalancer", "ingress"}).empty() ? "has no address (yet)" : "");
}

Health VolumeClaim(Value object) {
  const std::string_view phase = object.Get("status").GetString("phase");
  if (phase == "Bound") return Healthy();
  if (phase == "Lost") return Degraded("its volume is lost", true);
  return Progressing("is not bound to a volume yet");
}

Health Volume(Value object) {
  const Value status = object.Get("status");
  const std::string_view phase = status.GetString("phase");
  if (phase == "Failed") return Degraded("has failed: " + Condition{"", status.GetString("reason"), status.GetString("message")}.Text());
  return phase == "Available" || phase == "Bound" || phase == "Released" ? Healthy() : Progressing("is not available yet");
}

Health Autoscaler(Value object) {
  if (const auto able = FindCondition(object, "AbleToScale"); able && able->is_false() && able->reason != "BackoffBoth" &&
                                                              able->reason != "BackoffDownscale" && able->reason != "BackoffUpscale")
    return Degraded("cannot scale: " + able->Text());
  const auto active = FindCondition(object, "ScalingActive");
  if (active && active->is_false())
    return active->reason == "ScalingDisabled" ? Suspended("does not scale: its target has no replicas") : Degraded("does not scale: " + active->Text());
  // Nothing can depend on an autoscaler's first look, and clusters without a metrics pipeline never have one.
  return Healthy(active ? "" : "has not looked at its target yet");
}

Health DisruptionBudget(Value object) {
  const Value status = object.Get("status");
  const int64_t healthy = Number(status, "currentHealthy"), want = Number(status, "desiredHealthy");
  return Healthy(healthy < want ? fmt::format("{} of {} pods healthy: no voluntary disruption is allowed", healthy, want) : "");
}

constexpr KindRule kRules[] = {
    {"", "Namespace", Namespace},
    {"apiextensions.k8s.io", "CustomResourceDefinition", Crd},
    {"apiregistration.k8s.io", "APIService", ApiService},
    {"", "Service", Service},
    {"networking.k8s.io", "Ingress", Ingress},
    {"", "PersistentVolumeClaim", VolumeClaim},
    {"", "PersistentVolume", Volume},
    {"autoscaling", "HorizontalPodAutoscaler", Autoscaler},
    {"policy", "PodDisruptionBudget", DisruptionBudget},
};

}  // namespace

std::span<const KindRule> ClusterRules() { return kRules; }

}  // namespace plumb::health
