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

// Whether a thing is complete enough to delete by, and why not.
struct Completeness {
  bool complete = false;
  std::string reason;  // where not complete: "fetch: connection refused (last success 5m ago)"
};

struct PlanOptions {
  bool prune = true;
  // More deletes and replaces than this in one plan are held until the plan's digest is approved.
  size_t budget_deletes = 10;
  // Delete (and replace) these kinds only with the annotation plumb.dev/prune: allowed, or approval. "Kind.group".
  std::set<std::string> protected_kinds = {"Namespace", "CustomResourceDefinition.apiextensions.k8s.io", "PersistentVolumeClaim",
                                           "PersistentVolume"};
  // Never deleted by any plan, whatever annotations say. Source: Config Sync's special namespaces.
  std::set<std::string> kept_namespaces = {"default", "kube-system", "kube-public", "kube-node-lease"};
  bool replace = false;  // replace on immutable fields without the annotation plumb.dev/replace: allowed
  bool adopt = false;    // take over objects labelled as another application's
};

struct PlanInput {
  std::string application;
  std::vector<DesiredObject> desired;
  Inventory inventory;                               // as it was written last
  std::unordered_map<ObjectId, LiveObject> orphans;  // live state of inventory entries that are not desired; missing = unknown
  Completeness source, live;
  PlanOptions options;
};

// Errors, kInvalid, each naming the files: two manifests of one object; a manifest without a name; a cycle of
// explicit dependencies; a malformed depends-on or sync-wave annotation.
// Cost: O(objects + references), and O(n^2) only inside cycles of implicit references.
Result<Plan> MakePlan(const PlanInput& input);

}  // namespace plumb
