#include "diff/immutable.h"

#include <algorithm>
#include <string_view>

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
    {"batch", "Job", "spec.template"},
    {"batch", "Job", "spec.podFailurePolicy"},
    {"batch", "Job", "spec.backoffLimitPerIndex"},
    {"batch", "Job", "spec.managedBy"},
    {"", "Service", "spec.clusterIP", true},
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
    {"storage.k8s.io", "CSIDriver", "spec.attachRequired"},
    {"storage.k8s.io", "CSIDriver", "spec.volumeLifecycleModes"},
    {"scheduling.k8s.io", "PriorityClass", "value"},
    {"scheduling.k8s.io", "PriorityClass", "preemptionPolicy"},
    {"apiextensions.k8s.io", "CustomResourceDefinition", "spec.scope"},
    {"networking.k8s.io", "IngressClass", "spec.controller"},
    {"node.k8s.io", "RuntimeClass", "handler"},
    {"discovery.k8s.io", "EndpointSlice", "addressType"},
    {"certificates.k8s.io", "CertificateSigningRequest", "spec"},
};

// What may change in the spec of a StatefulSet; everything else is fixed.
constexpr std::string_view kStatefulSetMutable[] = {
    "minReadySeconds", "ordinals", "persistentVolumeClaimRetentionPolicy", "replicas", "revisionHistoryLimit", "template", "updateStrategy",
};
// The same of a Pod.
constexpr std::string_view kPodMutable[] = {"activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations", "schedulingGates"};

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

}  // namespace

bool IsImmutable(const Gvk& gvk, const FieldPath& path, Value live, const std::optional<Value>& old_value,
                 const std::optional<Value>& new_value) {
  for (const Rule& rule : kRules)
    if (rule.kind == gvk.kind && rule.group == gvk.group && Below(path, rule.field)) {
      const bool set = old_value && !(old_value->is_bool() && !old_value->AsBool()) && !(old_value->is_string() && old_value->AsString().empty());
      if (!rule.when_set || set) return true;
    }
  if (gvk.group == "apps" && gvk.kind == "StatefulSet") return Field(path, 0, "spec") && path.size() > 1 && !Among(path, 1, kStatefulSetMutable);
  if (!gvk.group.empty()) return false;
  if (gvk.kind == "Pod") {
    if (!Field(path, 0, "spec") || path.size() < 2 || Among(path, 1, kPodMutable)) return false;
    const bool image = (Field(path, 1, "containers") || Field(path, 1, "initContainers")) && path.size() == 4 && Field(path, 3, "image");
    return !image;
  }
  if (gvk.kind == "PersistentVolumeClaim" && Below(path, "spec.resources.requests")) return Shrinks(old_value, new_value);
  if (gvk.kind == "Secret" || gvk.kind == "ConfigMap")
    return live.Get("immutable").AsBool() && (Field(path, 0, "data") || Field(path, 0, "binaryData"));
  return false;
}

}  // namespace plumb
