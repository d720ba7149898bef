// Who may be deleted: the rules that stand between an inventory and a delete request. docs/safety.md lists them.
#pragma once

#include <optional>
#include <string>

#include "engine/plan/planner.h"

namespace plumb {

// Why an object that left the source stays in the cluster for now, or nullopt: it may be deleted.
// `entry` is its inventory record, `live` the object in the cluster, `applyset_id` that of the application.
std::optional<std::string> WhyKept(const InventoryEntry& entry, Value live, const PlanInput& input, std::string_view applyset_id);

// Does deleting this object need a person's word, and has it not got it by annotation? By its kind; and an Application whose
// finalizer would take everything along that it made (Plumb's own, and Argo CD's).
bool IsProtected(const ObjectId& id, Value live, const PlanOptions& options);
// The same of a step that deletes or replaces; the word for a replace stands in the manifest.
bool IsProtected(const Step& step, const PlanOptions& options);
bool ReplaceAllowed(Value desired);  // by the annotation plumb.dev/replace, also of a protected kind

// Why the contents of a Namespace or CustomResourceDefinition keep it from being deleted, or nullopt. `takes_along`: what
// would go with it.
std::optional<std::string> WhyInUse(const ObjectId& id, const PlanInput& input, std::string_view applyset_id, std::string* takes_along);

// What a step says that a freeze stopped.
std::string FrozenText(std::string_view reason);

// May this object be deleted and created again to change an immutable field? Never a Namespace, CRD, PV or PVC:
// what they hold would go with them.
bool IsReplaceable(const ObjectId& id, Value desired, const PlanOptions& options);

// The other application (its ApplySet id) that a live object is labelled as part of, or "".
std::string_view OtherOwner(Value live, std::string_view applyset_id);

}  // namespace plumb
