// Who may be deleted: the rules that stand between an inventory and a delete request. docs/safety.md lists them.
#pragma once

#include <optional>
#include <string>

#include "engine/plan/planner.h"

namespace plumb {

// Why an object that left the source stays in the cluster for now, or nullopt: it may be deleted.
// `entry` is its inventory record, `live` the object in the cluster, `applyset_id` that of the application.
std::optional<std::string> WhyKept(const InventoryEntry& entry, Value live, const PlanInput& input, std::string_view applyset_id);

// Does deleting (or replacing) this kind need a person's word, and has the object not got it by annotation?
bool IsProtected(const ObjectId& id, Value live, const PlanOptions& options);

// May this object be deleted and created again to change an immutable field? Never a Namespace, CRD, PV or PVC:
// what they hold would go with them.
bool IsReplaceable(const ObjectId& id, Value desired, const PlanOptions& options);

// The other application (its ApplySet id) that a live object is labelled as part of, or "".
std::string_view OtherOwner(Value live, std::string_view applyset_id);

}  // namespace plumb
