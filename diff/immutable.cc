#include "diff/immutable.h"

#include <algorithm>
#include <string_view>

#include "core/edit.h"
#include "diff/quantity.h"

namespace plumb {

namespace {

struct Rule {
  std::string_view group, kind;
  std::string_view field;  // a path of map keys; the rule covers everything below it
  bool when_set = false;   // only where it has a value already
};

constexpr Rule kRules[] = {
    {"apps", "Deployment", "spec.selector"},
    {"apps", "ReplicaSet", "spec.selector"},
    {"apps", "DaemonSet", "spec.selector"},
    {"batch", "Job", "spec.selector"},
    {"batch", "Job", "spec.completionMode"},
    {"batch", "Job", "spec.podFailurePolicy"},
    {"batch", "Job", "spec.backoffLimitPerIndex"},
    {"batch", "Job", "spec.managedBy"},
    {"batch", "Job", "spec.successPolicy"},
    {"", "Service", "spec.clusterIP", true},
    {"", "Service", "spec.loadBalancerClass", true},
    {"", "Node", "spec.podCIDR", true},
    {"", "Node", "spec.podCIDRs", true},
    {"", "Node", "spec.providerID", true},
    {"", "ResourceQuota", "spec.scopes"},
    {"", "PersistentVolume", "spec.nodeAffinity", true},
    {"", "PersistentVolumeClaim", "spec.accessModes"},
    {"", "PersistentVolumeClaim", "spec.selector"},
    {"", "PersistentVolumeClaim", "spec.storageClassName", true},
    {"", "PersistentVolumeClaim", "spec.volumeMode"},
    {"", "PersistentVolumeClaim", "spec.volumeName", true},
    {"", "PersistentVolumeClaim", "spec.dataSource"},
    {"", "PersistentVolumeClaim", "spec.dataSourceRef"},
    {"", "Secret", "type"},
    {"", "Secret", "immutable", true},
    {"", "ConfigMap", "immutable", true},
    {"rbac.authorization.k8s.io", "RoleBinding", "roleRef"},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", "roleRef"},
    {"storage.k8s.io", "StorageClass", "provisioner"},
    {"storage.k8s.io", "StorageClass", "parameters"},
    {"storage.k8s.io", "StorageClass", "reclaimPolicy"},
    {"storage.k8s.io", "StorageClass", "volumeBindingMode"},
    {"storage.k8s.io", "VolumeAttachment", "spec"},
    {"storage.k8s.io", "VolumeAttributesClass", "driverName"},
    {"storage.k8s.io", "VolumeAttributesClass", "parameters"},
    {"storage.k8s.io", "CSIStorageCapacity", "storageClassName"},
    {"storage.k8s.io", "CSIStorageCapacity", "nodeTopology"},
    {"storage.k8s.io", "CSIDriver", "spec.attachRequired"},
    {"storage.k8s.io", "CSIDriver", "spec.volumeLifecycleModes"},
    {"scheduling.k8s.io", "PriorityClass", "value"},
    {"scheduling.k8s.io", "PriorityClass", "preemptionPolicy"},
    {"apiextensions.k8s.io", "CustomResourceDefinition", "spec.scope"},
    {"apiextensions.k8s.io", "CustomResourceDefinition", "spec.names.kind"},
    {"apps", "ControllerRevision", "data"},
    {"networking.k8s.io", "IngressClass", "spec.controller"},
    {"networking.k8s.io", "IPAddress", "spec.parentRef"},
    {"networking.k8s.io", "ServiceCIDR", "spec.cidrs", true},
    {"resource.k8s.io", "ResourceClaim", "spec"},
    {"resource.k8s.io", "ResourceClaimTemplate", "spec"},
    {"resource.k8s.io", "ResourceSlice", "spec.driver"},
    {"resource.k8s.io", "ResourceSlice", "spec.nodeName"},
    {"resource.k8s.io", "ResourceSlice", "spec.pool.name"},
    {"node.k8s.io", "RuntimeClass", "handler"},
    {"discovery.k8s.io", "EndpointSlice", "addressType"},
    {"certificates.k8s.io", "CertificateSigningRequest", "spec"},
};

// What may change in the spec of a StatefulSet; everything else is fixed.
constexpr std::string_view kStatefulSetMutable[] = {
    "minReadySeconds", "ordinals", "persistentVolumeClaimRetentionPolicy", "replicas", "revisionHistoryLimit", "template", "updateStrategy",
};
// The same of a PersistentVolume: whatever is not among these is its source.
constexpr std::string_view kPersistentVolumeMutable[] = {
    "accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy", "storageClassName", "volumeAttributesClassName",
};
// The same of the template of a Job that never ran.
constexpr std::string_view kSuspendedJobMutable[] = {"nodeSelector", "tolerations", "schedulingGates"};
constexpr std::string_view kContainers[] = {"containers", "initContainers"};
// The same of a Pod.
constexpr std::string_view kPodMutable[] = {"activeDeadlineSeconds", "tolerations"};

bool Field(const FieldPath& path, size_t i, std::string_view name) {
  return i < path.size() && path[i].kind == PathStep::Kind::kField && path[i].name == name;
}

bool Below(const FieldPath& path, std::string_view field) {
  for (size_t i = 0;; ++i) {
    const size_t dot = field.find('.');
    if (!Field(path, i, field.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    field.remove_prefix(dot + 1);
  }
}

template <size_t N>
bool Among(const FieldPath& path, size_t i, const std::string_view (&names)[N]) {
  return std::any_of(std::begin(names), std::end(names), [&](std::string_view name) { return Field(path, i, name); });
}

bool Shrinks(const std::optional<Value>& from, const std::optional<Value>& to) {
  const auto a = Quantity::Parse(from ? from->AsString() : ""), b = Quantity::Parse(to ? to->AsString() : "");
  return a.ok() && b.ok() && *b < *a;
}

bool IsJobImmutable(const FieldPath& path, Value live, Value desired) {
  const Value spec = live.Get("spec");
  if (Below(path, "spec.completions")) {  // an Indexed Job may grow and shrink, together with its parallelism
    const Value wanted = desired.Get("spec");
    return spec.GetString("completionMode") != "Indexed" || wanted.Get("completions") != wanted.Get("parallelism");
  }
  if (!Below(path, "spec.template")) return false;
  const bool never_ran = spec.Get("suspend").AsBool() && live.Get("status").Get("startTime").is_null();
  if (!never_ran) return true;
  if (Field(path, 2, "metadata")) return !Field(path, 3, "labels") && !Field(path, 3, "annotations");
  if (Among(path, 3, kContainers)) return !Field(path, 5, "resources");
  if (Field(path, 3, "affinity")) return path.size() > 4 && !Field(path, 4, "nodeAffinity");
  return !Among(path, 3, kSuspendedJobMutable);
}

bool IsPodImmutable(const FieldPath& path, Value live, const std::optional<Value>& from) {
  if (!Field(path, 0, "spec") || path.size() < 2 || Among(path, 1, kPodMutable)) return false;
  if (Field(path, 1, "schedulingGates")) return !from;  // they may only go
  const bool gated = GetAt(live, {"spec", "schedulingGates"}).size() > 0;
  if (gated && (Field(path, 1, "nodeSelector") || (Field(path, 1, "affinity") && Field(path, 2, "nodeAffinity")))) return false;
  return !(Among(path, 1, kContainers) && path.size() == 4 && Field(path, 3, "image"));
}

bool IsVolumeImmutable(const FieldPath& path, const std::optional<Value>& from) {
  if (!from && Below(path, "spec.csi.controllerExpandSecretRef")) return false;
  return Field(path, 0, "spec") && path.size() > 1 && !Among(path, 1, kPersistentVolumeMutable);
}

// Only a bound claim may ask for more.
bool IsClaimImmutable(const FieldPath& path, Value live, const std::optional<Value>& from, const std::optional<Value>& to) {
  const bool unbound = live.Get("status").GetString("phase") == "Pending";
  if (Below(path, "spec.resources.requests")) return unbound || Shrinks(from, to);
  return Below(path, "spec.volumeAttributesClassName") && unbound;
}

}  // namespace

bool IsImmutable(const Gvk& gvk, const FieldPath& path, Value live, Value desired, const std::optional<Value>& old_value,
                 const std::optional<Value>& new_value) {
  for (const Rule& rule : kRules)
    if (rule.kind == gvk.kind && rule.group == gvk.group && Below(path, rule.field)) {
      const bool set = old_value && !(old_value->is_bool() && !old_value->AsBool()) && !(old_value->is_string() && old_value->AsString().empty());
      if (!rule.when_set || set) return true;
    }
  const bool in_spec = Field(path, 0, "spec") && path.size() > 1;
  if (gvk.group == "apps" && gvk.kind == "StatefulSet") return in_spec && !Among(path, 1, kStatefulSetMutable);
  if (gvk.group == "batch" && gvk.kind == "Job") return IsJobImmutable(path, live, desired);
  // A driver may come and go; what it said of itself stays.
  if (gvk.group == "storage.k8s.io" && gvk.kind == "CSINode") return Below(path, "spec.drivers") && path.size() > 3 && !Field(path, 3, "allocatable");
  if (!gvk.group.empty()) return false;
  if (gvk.kind == "Pod") return IsPodImmutable(path, live, old_value);
  if (gvk.kind == "PersistentVolume") return IsVolumeImmutable(path, old_value);
  if (gvk.kind == "PersistentVolumeClaim") return IsClaimImmutable(path, live, old_value, new_value);
  if (gvk.kind == "Secret" || gvk.kind == "ConfigMap")
    return live.Get("immutable").AsBool() && (Field(path, 0, "data") || Field(path, 0, "binaryData"));
  return false;
}

}  // namespace plumb
