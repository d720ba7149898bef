#include "diff/defaults.h"

#include <algorithm>

namespace plumb {

namespace {

struct Row {
  std::string_view field;  // "Toleration.operator": the last part of the type's name, and the field
  std::string_view value;  // as text
};

constexpr std::string_view kAny = "(any)";  // whatever the server computed

// What stands where the manifest says nothing (inside atomic fields) or null. Sorted by field.
constexpr Row kDefaults[] = {
    {"ConfigMapKeySelector.name", ""},
    {"ConfigMapVolumeSource.defaultMode", "420"},
    {"Container.imagePullPolicy", kAny},  // by the image's tag
    {"Container.terminationMessagePath", "/dev/termination-log"},
    {"Container.terminationMessagePolicy", "File"},
    {"ContainerPort.protocol", "TCP"},
    {"CronJobSpec.concurrencyPolicy", "Allow"},
    {"CronJobSpec.failedJobsHistoryLimit", "1"},
    {"CronJobSpec.successfulJobsHistoryLimit", "3"},
    {"DaemonSetSpec.revisionHistoryLimit", "10"},
    {"DaemonSetUpdateStrategy.type", "RollingUpdate"},
    {"DeploymentSpec.progressDeadlineSeconds", "600"},
    {"DeploymentSpec.replicas", "1"},
    {"DeploymentSpec.revisionHistoryLimit", "10"},
    {"DeploymentStrategy.type", "RollingUpdate"},
    {"DeviceRequest.allocationMode", "ExactCount"},
    {"DeviceRequest.count", "1"},
    {"DeviceSubRequest.allocationMode", "ExactCount"},
    {"DeviceSubRequest.count", "1"},
    {"DownwardAPIVolumeSource.defaultMode", "420"},
    {"EndpointPort.name", ""},
    {"EndpointPort.protocol", "TCP"},
    {"ExactDeviceRequest.allocationMode", "ExactCount"},
    {"ExactDeviceRequest.count", "1"},
    {"HTTPGetAction.path", "/"},
    {"HTTPGetAction.scheme", "HTTP"},
    {"HTTPIngressPath.pathType", "ImplementationSpecific"},
    {"IngressClassParametersReference.scope", "Cluster"},
    {"JobSpec.backoffLimit", "6"},
    {"JobSpec.completionMode", "NonIndexed"},
    {"JobSpec.completions", "1"},
    {"JobSpec.parallelism", "1"},
    {"LimitRangeItem.default", kAny},         // from max, for type Container
    {"LimitRangeItem.defaultRequest", kAny},  // from default or min
    {"MatchResources.matchPolicy", "Equivalent"},
    {"NamedRuleWithOperations.scope", "*"},
    {"NetworkPolicyPort.protocol", "TCP"},
    {"NetworkPolicySpec.policyTypes", kAny},
    {"ObjectFieldSelector.apiVersion", "v1"},
    {"PersistentVolumeClaim.apiVersion", "v1"},
    {"PersistentVolumeClaim.kind", "PersistentVolumeClaim"},
    {"PersistentVolumeClaim.status", kAny},
    {"PersistentVolumeClaimSpec.volumeMode", "Filesystem"},
    {"PodFailurePolicyOnPodConditionsPattern.status", "True"},
    {"PodSpec.dnsPolicy", "ClusterFirst"},
    {"PodSpec.restartPolicy", "Always"},
    {"PodSpec.schedulerName", "default-scheduler"},
    {"PodSpec.terminationGracePeriodSeconds", "30"},
    {"Probe.failureThreshold", "3"},
    {"Probe.periodSeconds", "10"},
    {"Probe.successThreshold", "1"},
    {"Probe.timeoutSeconds", "1"},
    {"ProjectedVolumeSource.defaultMode", "420"},
    {"ResourceFieldSelector.divisor", "0"},
    {"RoleRef.apiGroup", "rbac.authorization.k8s.io"},
    {"RollingUpdateDaemonSet.maxUnavailable", "1"},
    {"RollingUpdateDeployment.maxSurge", "25%"},
    {"RollingUpdateDeployment.maxUnavailable", "25%"},
    {"Rule.scope", "*"},
    {"RuleWithOperations.scope", "*"},
    {"SecretKeySelector.name", ""},
    {"SecretVolumeSource.defaultMode", "420"},
    {"ServiceAccountTokenProjection.expirationSeconds", "3600"},
    {"ServicePort.nodePort", kAny},    // allocated
    {"ServicePort.protocol", "TCP"},
    {"ServicePort.targetPort", kAny},  // the port
    {"ServiceReference.port", "443"},
    {"ServiceSpec.clusterIP", kAny},   // allocated
    {"ServiceSpec.clusterIPs", kAny},
    {"ServiceSpec.internalTrafficPolicy", "Cluster"},
    {"ServiceSpec.ipFamilies", kAny},
    {"ServiceSpec.ipFamilyPolicy", "SingleStack"},
    {"ServiceSpec.sessionAffinity", "None"},
    {"ServiceSpec.type", "ClusterIP"},
    {"StatefulSetSpec.podManagementPolicy", "OrderedReady"},
    {"StatefulSetSpec.replicas", "1"},
    {"StatefulSetSpec.revisionHistoryLimit", "10"},
    {"StatefulSetUpdateStrategy.type", "RollingUpdate"},
    {"Subject.apiGroup", "rbac.authorization.k8s.io"},  // users and groups
    {"Subject.namespace", ""},
    {"TopologySpreadConstraint.nodeAffinityPolicy", "Honor"},
    {"TopologySpreadConstraint.nodeTaintsPolicy", "Ignore"},
    {"TypedLocalObjectReference.apiGroup", ""},
};

// Fields whose zero value the server replaces. Sorted.
constexpr std::string_view kZeroIsDefault[] = {
    "Container.imagePullPolicy",
    "Container.terminationMessagePath",
    "Container.terminationMessagePolicy",
    "ContainerPort.hostPort",
    "ContainerPort.protocol",
    "DeploymentStrategy.type",
    "HTTPGetAction.scheme",
    "ObjectMeta.namespace",
    "PersistentVolumeClaimSpec.volumeName",
    "PodSpec.dnsPolicy",
    "PodSpec.nodeName",
    "PodSpec.restartPolicy",
    "PodSpec.schedulerName",
    "PodSpec.serviceAccount",
    "PodSpec.serviceAccountName",
    "Probe.failureThreshold",
    "Probe.periodSeconds",
    "Probe.successThreshold",
    "Probe.timeoutSeconds",
    "Secret.type",
    "ServicePort.nodePort",
    "ServicePort.protocol",
    "ServicePort.targetPort",
    "ServiceSpec.clusterIP",
    "ServiceSpec.externalTrafficPolicy",
    "ServiceSpec.healthCheckNodePort",
    "ServiceSpec.internalTrafficPolicy",
    "ServiceSpec.ipFamilyPolicy",
    "ServiceSpec.sessionAffinity",
    "ServiceSpec.type",
    "StatefulSetSpec.podManagementPolicy",
    "StatefulSetUpdateStrategy.type",
};

// Structs held by value in the API's Go types, under the names their fields have: always printed, even if never written.
constexpr std::string_view kPlainStructs[] = {"metadata", "resources", "spec", "status", "strategy", "template", "updateStrategy"};

// "Toleration" of "io.k8s.api.core.v1.Toleration".
std::string_view ShortName(std::string_view name) { return name.substr(name.rfind('.') + 1); }

bool IsEmpty(Value v) {
  switch (v.kind()) {
    case Kind::kNull: return true;
    case Kind::kBool: return !v.AsBool();
    case Kind::kInt: return v.AsInt() == 0;
    case Kind::kFloat: return v.AsDouble() == 0;
    case Kind::kString: return v.AsString().empty();
    case Kind::kList:
    case Kind::kMap: return v.empty();
  }
  return false;
}

bool SaysText(Value v, std::string_view text) {
  return v.is_string() ? v.AsString() == text : v.is_int() && std::to_string(v.AsInt()) == text;
}

int Compare(std::string_view field, std::string_view type, std::string_view key) {
  const size_t dot = field.find('.');
  const int by_type = field.substr(0, dot).compare(type);
  return by_type != 0 ? by_type : field.substr(dot + 1).compare(key);
}

}  // namespace

bool IsBuiltIn(const Type* type) { return type && type->name.starts_with("io.k8s."); }

bool IsServerDefault(const Type* type, std::string_view key, Value live, Value written) {
  const Field* field = type ? type->FindField(key) : nullptr;
  if (field && field->HasRealDefault() && live == field->default_value) return true;
  if (!IsBuiltIn(type)) return live.is_null() || (field && field->has_default && live == field->default_value);
  if (IsEmpty(live)) return true;
  const std::string_view name = ShortName(type->name);
  if (name == "LimitRangeItem" && written.GetString("type") != "Container" && !written.GetString("type").empty()) return false;
  for (const Row& row : kDefaults)
    if (Compare(row.field, name, key) == 0) return row.value == kAny || SaysText(live, row.value);
  // A struct held by value that only holds defaults itself.
  if (live.is_map() && field && field->type)
    return std::all_of(live.members().begin(), live.members().end(), [&](const Member& m) { return IsServerDefault(field->type, m.key, m.value, {}); });
  return false;
}

bool ZeroAsksForDefault(const Type* type, std::string_view key) {
  if (!IsBuiltIn(type)) return false;
  const std::string_view name = ShortName(type->name);
  return std::any_of(std::begin(kZeroIsDefault), std::end(kZeroIsDefault), [&](std::string_view row) { return Compare(row, name, key) == 0; });
}

bool EmptyStructIsAbsent(std::string_view key) {
  return std::find(std::begin(kPlainStructs), std::end(kPlainStructs), key) != std::end(kPlainStructs);
}

}  // namespace plumb
