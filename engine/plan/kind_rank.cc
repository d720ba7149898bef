// Where kinds stand among steps that are ready at the same time.
#include "engine/plan/order.h"

namespace plumb {
namespace {

struct RankedKind {
  std::string_view group, kind;
  int rank;
};
constexpr RankedKind kRanks[] = {
    {"", "Namespace", 0},
    {"apiextensions.k8s.io", "CustomResourceDefinition", 1},
    {"scheduling.k8s.io", "PriorityClass", 2},
    {"storage.k8s.io", "StorageClass", 2},
    {"node.k8s.io", "RuntimeClass", 2},
    {"networking.k8s.io", "IngressClass", 2},
    {"gateway.networking.k8s.io", "GatewayClass", 2},
    {"", "ResourceQuota", 3},
    {"", "LimitRange", 3},
    {"networking.k8s.io", "NetworkPolicy", 3},
    {"", "ServiceAccount", 4},
    {"rbac.authorization.k8s.io", "ClusterRole", 5},
    {"rbac.authorization.k8s.io", "Role", 5},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", 6},
    {"rbac.authorization.k8s.io", "RoleBinding", 6},
    {"", "ConfigMap", 7},
    {"", "Secret", 7},
    {"", "PersistentVolume", 8},
    {"", "PersistentVolumeClaim", 9},
    {"", "Service", 10},
    {"policy", "PodDisruptionBudget", 11},
    {"apps", "DaemonSet", 12},
    {"apps", "StatefulSet", 12},
    {"apps", "Deployment", 12},
    {"apps", "ReplicaSet", 12},
    {"", "Pod", 12},
    {"batch", "Job", 13},
    {"batch", "CronJob", 13},
    {"autoscaling", "HorizontalPodAutoscaler", 14},
    {"networking.k8s.io", "Ingress", 15},
    {"apiregistration.k8s.io", "APIService", 16},
    {"admissionregistration.k8s.io", "MutatingWebhookConfiguration", 18},
    {"admissionregistration.k8s.io", "ValidatingWebhookConfiguration", 18},
};
constexpr int kOtherRank = 17;  // custom resources and everything else

}  // namespace

int KindRank(const ObjectId& id) {
  for (const RankedKind& ranked : kRanks)
    if (ranked.kind == id.kind && ranked.group == id.group) return ranked.rank;
  return kOtherRank;
}

}  // namespace plumb
