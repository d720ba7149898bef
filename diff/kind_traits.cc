#include "diff/kind_traits.h"

#include <algorithm>
#include <string>

#include "core/edit.h"
#include "diff/embedded_schema.h"

namespace plumb {

namespace {

using Generation = KindTraits::Generation;

struct Row {
  std::string_view kind;  // "Deployment.apps"
  Generation generation = Generation::kNone;
  std::string_view initial_status = {};
};

constexpr Row kRows[] = {
    {"ConfigMap"},
    {"Endpoints"},
    {"LimitRange"},
    {"Namespace", Generation::kNone, R"({"phase":"Active"})"},
    {"Node", Generation::kNone, "{}"},
    {"PersistentVolume", Generation::kNone, R"({"phase":"Pending","lastPhaseTransitionTime":"$now"})"},
    {"PersistentVolumeClaim", Generation::kNone, R"({"phase":"Pending"})"},
    {"Pod", Generation::kSpec, R"({"phase":"Pending"})"},
    {"PodTemplate", Generation::kSpec},
    {"ReplicationController", Generation::kSpec, R"({"replicas":0})"},
    {"ResourceQuota", Generation::kNone, "{}"},
    {"Secret"},
    {"Service", Generation::kNone, R"({"loadBalancer":{}})"},
    {"ServiceAccount"},
    {"APIService.apiregistration.k8s.io", Generation::kNone, "{}"},
    {"CSIDriver.storage.k8s.io", Generation::kFromChange},
    {"CertificateSigningRequest.certificates.k8s.io", Generation::kNone, "{}"},
    {"ClusterRole.rbac.authorization.k8s.io"},
    {"ClusterRoleBinding.rbac.authorization.k8s.io"},
    {"CronJob.batch", Generation::kSpec, "{}"},
    {"CustomResourceDefinition.apiextensions.k8s.io", Generation::kSpec, "{}"},
    {"DaemonSet.apps", Generation::kSpec,
     R"({"currentNumberScheduled":0,"numberMisscheduled":0,"desiredNumberScheduled":0,"numberReady":0})"},
    {"Deployment.apps", Generation::kAndAnnotations, "{}"},
    {"EndpointSlice.discovery.k8s.io", Generation::kAndLabels},
    {"FlowSchema.flowcontrol.apiserver.k8s.io", Generation::kSpec, "{}"},
    {"HorizontalPodAutoscaler.autoscaling", Generation::kNone, R"({"currentMetrics":null,"desiredReplicas":0})"},
    {"Ingress.networking.k8s.io", Generation::kSpec, R"({"loadBalancer":{}})"},
    {"IngressClass.networking.k8s.io", Generation::kSpec},
    {"Job.batch", Generation::kSpec, "{}"},
    {"Lease.coordination.k8s.io"},
    {"MutatingWebhookConfiguration.admissionregistration.k8s.io", Generation::kSpec},
    {"NetworkPolicy.networking.k8s.io", Generation::kSpec},
    {"PodDisruptionBudget.policy", Generation::kSpec,
     R"({"disruptionsAllowed":0,"currentHealthy":0,"desiredHealthy":0,"expectedPods":0})"},
    {"PriorityClass.scheduling.k8s.io", Generation::kOnce},
    {"PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io", Generation::kSpec, "{}"},
    {"ReplicaSet.apps", Generation::kSpec, R"({"replicas":0})"},
    {"Role.rbac.authorization.k8s.io"},
    {"RoleBinding.rbac.authorization.k8s.io"},
    {"RuntimeClass.node.k8s.io"},
    {"StatefulSet.apps", Generation::kSpec, R"({"replicas":0,"availableReplicas":0})"},
    {"StorageClass.storage.k8s.io"},
    {"ValidatingAdmissionPolicy.admissionregistration.k8s.io", Generation::kSpec, "{}"},
    {"ValidatingWebhookConfiguration.admissionregistration.k8s.io", Generation::kSpec},
};

bool SameApart(Value before, Value after, std::initializer_list<std::string_view> apart) {
  const auto counts = [&](std::string_view key) { return std::find(apart.begin(), apart.end(), key) == apart.end(); };
  for (const Member& m : before.members())
    if (counts(m.key) && !(m.value == after.Get(m.key))) return false;
  return std::none_of(after.members().begin(), after.members().end(), [&](const Member& m) { return counts(m.key) && !before.Has(m.key); });
}

}  // namespace

KindTraits TraitsOf(const Gvk& gvk) {
  const std::string name = gvk.group.empty() ? gvk.kind : gvk.kind + "." + gvk.group;
  const auto row = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& r) { return r.kind == name; });
  const EmbeddedResource* resource = FindEmbeddedResource(gvk);
  KindTraits traits;
  traits.known = row != std::end(kRows);
  if (traits.known) {
    traits.generation = row->generation;
    traits.initial_status = row->initial_status;
    traits.empty_counts = gvk.kind == "NetworkPolicy" || gvk.kind.ends_with("WebhookConfiguration");
  }
  traits.status_subresource = resource && std::any_of(resource->subresources.begin(), resource->subresources.end(),
                                                      [](const EmbeddedSubresource& sub) { return sub.name == "status"; });
  return traits;
}

KindTraits TraitsOfCustom(bool status_subresource) {
  KindTraits traits;
  traits.generation = Generation::kSpec;
  traits.status_subresource = status_subresource;
  return traits;
}

bool CountsAsGeneration(const KindTraits& traits, Value before, Value after) {
  if (traits.generation == Generation::kNone || traits.generation == Generation::kOnce) return false;
  if (traits.generation == Generation::kAndAnnotations && !(GetAt(before, {"metadata", "annotations"}) == GetAt(after, {"metadata", "annotations"}))) return true;
  if (traits.generation == Generation::kAndLabels && !(GetAt(before, {"metadata", "labels"}) == GetAt(after, {"metadata", "labels"}))) return true;
  if (traits.status_subresource) return !SameApart(before, after, {"apiVersion", "kind", "metadata", "status"});
  return !SameApart(before, after, {"apiVersion", "kind", "metadata"});
}

}  // namespace plumb
