#include "engine/review/dangers.h"

namespace plumb {

std::string_view DangerName(DangerKind kind) {
  switch (kind) {
    case DangerKind::kDataLoss: return "data loss";
    case DangerKind::kPrivilege: return "privilege gained";
    case DangerKind::kRbac: return "RBAC widened";
    case DangerKind::kExposure: return "exposed";
    case DangerKind::kAvailability: return "availability lowered";
    case DangerKind::kReplace: return "must be replaced";
  }
  return "unknown";
}

std::vector<Danger> DangersOf(const ObjectId& id, Value before, Value after) {
  DangerList list{id, before, after};
  FindStorageDangers(list);
  FindPrivilegeDangers(list);
  FindAvailabilityDangers(list);
  return std::move(list.found);
}

std::vector<Value> ContainersOf(Value pod_spec) {
  std::vector<Value> out;
  for (const std::string_view list : {"initContainers", "containers", "ephemeralContainers"})
    for (Value container : pod_spec.Get(list).items()) out.push_back(container);
  return out;
}

Value ContainerNamed(Value pod_spec, std::string_view name) {
  for (Value container : ContainersOf(pod_spec))
    if (container.GetString("name") == name) return container;
  return {};
}

}  // namespace plumb
