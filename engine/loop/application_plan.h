// From rendered manifests and a view of the cluster to an application's plan. The one way that a plan is made: by
// `plumb diff`, `plumb apply` and the loop alike.
//
// Pure but for the lookups handed in.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "diff/ignore.h"
#include "diff/schema.h"
#include "engine/loop/application.h"
#include "engine/plan/namespaces.h"
#include "engine/plan/planner.h"

namespace plumb {

// An object to look at, by identity and by the version of the API it is written in.
struct WantedObject {
  ObjectId id;
  Gvk gvk;
};

// Rendered manifests as they are to be applied: namespaces filled in, labelled as the application's own.
struct DesiredSet {
  std::vector<Manifest> manifests;
  HookInput hooks;                     // those among the manifests that are hooks, apart from `manifests`; no live objects yet
  std::vector<UnknownKind> unknown;    // manifests whose kind neither the cluster nor a CRD among them knows
  std::vector<std::string> warnings;
  size_t unowned_from = 0;             // manifests from here on are Plumb's own additions (the target namespace)
  std::map<ObjectId, std::string> autoscaled;  // what an autoscaler among the manifests scales, and its name
};

// `rendered` completed for `application`. Adds the target namespace where it is wanted, used and not among the manifests.
DesiredSet CompleteDesired(const Application& application, std::vector<Manifest> rendered, const ScopeLookup& scope_of);

// Everything a plan looks at: the desired objects, then what only the inventory names, then the objects of hooks.
std::vector<WantedObject> ObjectsToRead(const DesiredSet& desired, const Inventory& inventory);

// What lives in a Namespace, or is of a CustomResourceDefinition's kind. `live`: that object. Asks the server: slow.
using ContentsLookup = std::function<Contents(const ObjectId& id, Value live)>;

// Who an ApplySet id is. Errors: of the server, or of a damaged record: nobody knows then.
using OtherApplicationLookup = std::function<Result<OtherApplication>(const std::string& applyset_id)>;

using LiveLookup = std::function<LiveObject(const WantedObject&)>;
// The schema of a kind and the type in it; the type is nullptr where the kind is not known.
using SchemaLookup = std::function<std::pair<SchemaPtr, const Type*>(const Gvk&)>;

// Asks the server about those of the diffs that it is to be asked about, and puts its verdicts in their place. What it could not
// be asked, or refuses, in words.
using CheckLookup = std::function<std::vector<std::string>(std::span<ObjectDiff* const>)>;

struct PlanView {
  LiveLookup live;
  SchemaLookup schema;
  CheckLookup check;  // empty: no server is asked
  Completeness source, complete;  // whether the source is fresh and every live list whole
  std::string request;       // of a sync that somebody asked for: its hooks run though nothing has changed
  bool retry_hooks = false;  // hooks of this sync that failed run again
  const IgnoreRules* ignore = nullptr;
  const std::map<ObjectId, std::string>* autoscaled = nullptr;  // DesiredSet::autoscaled
  // The manifest of the object as it was applied last, null where unknown: makes causes exact. May be empty.
  std::function<Document(const ObjectId&)> declared_before;
  ContentsLookup contents;      // null: nobody knows, and neither a Namespace nor a CRD is deleted
  std::string frozen;           // why nothing is deleted or replaced at present; ""
  std::string own_namespace;    // where Plumb itself runs; "" where it runs in none
  OtherApplicationLookup other; // null: whose an object with another label is, is not known
  std::function<std::string(const InventoryEntry&)> waits;  // why an orphan is not deleted yet, "" where it may be; null: none waits
  size_t inventory_size = 0;    // of the whole application, where the plan is for a part of it; else 0
  size_t removed_recently = 0;  // that the budget still counts
  const std::map<ObjectId, std::string>* refused = nullptr;  // PlanInput::refused; null: none
};

// Errors: of MakePlan.
Result<Plan> PlanApplication(const Application& application, const DesiredSet& desired, const Inventory& inventory, const PlanView& view);

// The comparison of one desired object with the cluster, without asking the server.
ObjectDiff DiffDesired(const Manifest& manifest, const LiveObject& live, const PlanView& view);

// The same with the server's verdict where one is needed: what a single live event asks for.
ObjectDiff CheckedDiff(const Manifest& manifest, const LiveObject& live, const PlanView& view);

// Writes into the inventory where the manifests come from; not while that very change holds the plan back.
void RecordSource(const Application& application, const Plan& plan, const std::string& approved, Inventory& inventory);

// The inventory that a cluster's record (null where there is none) says `application` has. Errors: of Inventory::Parse.
Result<Inventory> ReadInventory(const Application& application, Value record);

}  // namespace plumb
