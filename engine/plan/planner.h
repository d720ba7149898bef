// From desired and live objects to a plan: a pure function, without I/O or clock.
//
// Rules of safety, all here: unknown is not empty (an incomplete source or live view deletes nothing), only what the
// inventory names is deleted, protected kinds and big deletions wait for a person (docs/safety.md).
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/plan/contents.h"
#include "engine/plan/inventory.h"
#include "engine/plan/plan.h"

namespace plumb {

// What is known of one object in the cluster.
struct LiveObject {
  enum class State : uint8_t { kUnknown, kAbsent, kPresent };
  State state = State::kUnknown;
  Document object;     // of kPresent
  std::string reason;  // of kUnknown: "list certificates.cert-manager.io: 403 forbidden"

  static LiveObject Present(Document object) { return {State::kPresent, std::move(object), ""}; }
  static LiveObject Absent() { return {State::kAbsent, {}, ""}; }
  static LiveObject Unknown(std::string reason) { return {State::kUnknown, {}, std::move(reason)}; }
};

// One manifest after DefaultNamespaces and Inventory::Stamp.
struct DesiredObject {
  Manifest manifest;
  LiveObject live;
  // Live against manifest. Null: the manifest is sent as it is, and counts as changed where the object is there.
  std::shared_ptr<const ObjectDiff> diff;
  bool owned = true;     // false: applied but never pruned (a namespace made by createNamespace)
  std::string blocked;   // not "": a step that cannot be carried out, and why ("kind 'Foo' is not known to the cluster")
};

// The hooks of a sync, and what is known of their objects.
struct HookInput {
  std::vector<Manifest> manifests;
  std::unordered_map<size_t, std::string> blocked;  // of manifests, by index: why they cannot be carried out
  // ContentOf everything that is applied: what tells one sync from the next. "": the plan is no sync of an application but heals a
  // part of it, and hooks are left alone.
  std::string content;
  std::string request;   // of a sync that somebody asked for: it runs hooks again though the content is the same
  bool retry = false;    // hooks of this sync that failed run again
  std::unordered_map<ObjectId, LiveObject> live;    // of HookObjects(); missing = unknown
};

// Another application, as its record says: whose label an object has.
struct OtherApplication {
  std::string name;          // "default/shop"; "" where there is no record: nobody owns what has its label
  std::set<ObjectId> owned;  // without what left its source
  std::string unknown{};     // why neither is known: its record may not be read, or is damaged; "" where it is
};

struct PlanOptions {
  bool prune = true;
  bool deleting = false;  // the application goes: PreDelete and PostDelete hooks run, and no others
  // Held until the plan's digest is approved: more deletes and replaces than `budget_deletes` that are also more than
  // `budget_percent` of the inventory. 0 percent: the number alone counts.
  size_t budget_deletes = 10;
  size_t budget_percent = 20;
  bool remove_all = false;  // somebody deletes the application with all it made: neither budget nor emptiness holds that
  // Delete (and replace) these kinds only with the annotation plumb.dev/prune: allowed, or approval. "Kind.group".
  std::set<std::string> protected_kinds = {"Namespace",
                                           "CustomResourceDefinition.apiextensions.k8s.io",
                                           "PersistentVolumeClaim",
                                           "PersistentVolume",
                                           "StatefulSet.apps",
                                           "ClusterRole.rbac.authorization.k8s.io",
                                           "ClusterRoleBinding.rbac.authorization.k8s.io"};
  // Never deleted by any plan, whatever annotations say. Source: Config Sync's special namespaces.
  std::set<std::string> kept_namespaces = {"default", "kube-system", "kube-public", "kube-node-lease"};
  // Nor these: where Plumb itself runs, and where the application's record is.
  std::set<std::string> own_namespaces;
  bool replace = false;  // replace on immutable fields without the annotation plumb.dev/replace: allowed
  bool adopt = false;    // take over objects labelled as another application's
  std::set<std::string> adopt_from;  // only of these, by ApplySet id
};

struct PlanInput {
  std::string application;
  std::vector<DesiredObject> desired;
  Inventory inventory;                               // as it was written last
  // Of a plan for a part of an application: how much the whole inventory has; 0: `inventory` is the whole.
  size_t inventory_size = 0;
  // Objects of which the server has refused what is wanted as a change in place, with the UIDs they had: they are to be replaced.
  std::map<ObjectId, std::string> refused;
  size_t removed_recently = 0;                       // deletes and replaces of earlier plans that the budget still counts
  std::string moved;                                 // the source is another one than that of the inventory: both; "": it is not
  // Orphans that are not deleted this time, and why: others may still claim them. They become Plan::pending.
  std::unordered_map<ObjectId, std::string> waits;
  // Who owns objects with the label of another application, by ApplySet id; missing = nobody asked.
  std::unordered_map<std::string, OtherApplication> others;
  std::string frozen;                                // why nothing is deleted or replaced at present; "": it is not so
  std::unordered_map<ObjectId, LiveObject> orphans;  // live state of inventory entries that are not desired; missing = unknown
  // What lives in the Namespaces and CustomResourceDefinitions among the orphans; missing = unknown.
  std::unordered_map<ObjectId, Contents> contents;
  HookInput hooks;
  Completeness source, live;
  PlanOptions options;
};

// Errors, kInvalid, each naming the files: two manifests of one object; a manifest without a name; a cycle of
// explicit dependencies; a malformed depends-on or sync-wave annotation.
// Cost: O(objects + references), and O(n^2) only inside cycles of implicit references.
Result<Plan> MakePlan(const PlanInput& input);

}  // namespace plumb
