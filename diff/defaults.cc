#include "diff/defaults.h"

#include <algorithm>

#include "diff/server_defaults.h"

namespace plumb {

namespace {

// Fields that the server itself computes, or that the table of diff/server_defaults.h does not have: "Toleration.operator" is the last
// part of the type's name, and the field. Sorted by field.
struct Row {
  std::string_view field;
  std::string_view value;  // as text
};

constexpr std::string_view kAny = "(any)";  // whatever the server computed

constexpr Row kComputed[] = {
    {"Container.imagePullPolicy", kAny},  // by the image's tag
    {"DeviceRequest.allocationMode", "ExactCount"},
    {"DeviceRequest.count", "1"},
    {"HTTPIngressPath.pathType", "ImplementationSpecific"},
    {"LimitRangeItem.default", kAny},         // from max, for type Container
    {"LimitRangeItem.defaultRequest", kAny},  // from default or min
    {"NetworkPolicySpec.policyTypes", kAny},
    {"PersistentVolumeClaim.apiVersion", "v1"},
    {"PersistentVolumeClaim.kind", "PersistentVolumeClaim"},
    {"PersistentVolumeClaim.status", kAny},
    {"Rule.scope", "*"},
    {"ServicePort.nodePort", kAny},    // allocated
    {"ServicePort.targetPort", kAny},  // the port
    {"ServiceSpec.clusterIP", kAny},   // allocated
    {"ServiceSpec.clusterIPs", kAny},
    {"ServiceSpec.ipFamilies", kAny},
    {"ServiceSpec.ipFamilyPolicy", "SingleStack"},
    {"TopologySpreadConstraint.nodeAffinityPolicy", "Honor"},
    {"TopologySpreadConstraint.nodeTaintsPolicy", "Ignore"},
};

// Fields whose zero value the server replaces by what it chooses. Sorted.
constexpr std::string_view kChosen[] = {
    "Container.imagePullPolicy",
    "ContainerPort.hostPort",
    "ObjectMeta.namespace",
    "PersistentVolumeClaimSpec.volumeName",
    "PodSpec.nodeName",
    "PodSpec.serviceAccount",
    "PodSpec.serviceAccountName",
    "ServicePort.nodePort",
    "ServicePort.targetPort",
    "ServiceSpec.clusterIP",
    "ServiceSpec.healthCheckNodePort",
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
  for (const Row& row : kComputed)
    if (Compare(row.field, name, key) == 0) return row.value == kAny || SaysText(live, row.value);
  if (IsDefaultOfServer(name, key, live)) return true;
  // A struct held by value that only holds defaults itself.
  if (live.is_map() && field && field->type)
    return std::all_of(live.members().begin(), live.members().end(), [&](const Member& m) { return IsServerDefault(field->type, m.key, m.value, {}); });
  return false;
}

bool ZeroMayBecome(const Type* type, std::string_view key, Value live) {
  if (!IsBuiltIn(type)) return false;
  const std::string_view name = ShortName(type->name);
  if (std::any_of(std::begin(kChosen), std::end(kChosen), [&](std::string_view row) { return Compare(row, name, key) == 0; })) return true;
  const Field* field = type->FindField(key);
  if (!field || !field->IsByValue()) return false;
  return (field->HasRealDefault() && live == field->default_value) || IsDefaultOfServer(name, key, live);
}

bool EmptyStructIsAbsent(std::string_view key) {
  return std::find(std::begin(kPlainStructs), std::end(kPlainStructs), key) != std::end(kPlainStructs);
}

}  // namespace plumb
