// The order of a plan: edges between its objects, stages, and one sequence that respects both.
//
// Edges come from what objects say (references.h), from namespaces and CRDs, and from the policies and rights of a
// workload. Applies follow the edges; deletes follow them backwards, after every apply. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/plan/plan.h"

namespace plumb {

struct OrderNode {
  ObjectId id;
  Value object;          // the manifest; of a delete: the live object
  Origin origin;
  bool remove = false;
  bool exists = false;   // it is in the cluster already
  std::optional<std::pair<SyncPhase, int>> hook{};  // of hooks: their phase, and the wave in it. Two nodes of one id are in different phases
};

struct Ordering {
  std::vector<std::vector<Edge>> after;  // for each node: indices into the nodes
  std::vector<Stage> stages;
  std::vector<size_t> stage_of;          // for each node
  std::vector<size_t> sequence;          // all nodes, each after everything it waits for
  std::vector<std::string> warnings;     // references to objects that the plan deletes or that a later phase makes, unknown depends-on targets
};

// Ids must be unique within a phase. Hooks of PreSync come before everything else but the Namespaces and CRDs that they need,
// those of PostSync after everything is healthy, those of SyncFail last: nothing is an edge of theirs. Explicit dependencies are promises: a cycle of them, or one against the waves, is kInvalid and the
// message prints it. Implicit ones are advice: one that would close a cycle, or runs against the waves, is dropped.
// Namespaces and CRDs move to the earliest wave of what needs them. Webhook configurations come last in their wave, so
// that they do not refuse the objects applied beside them while their server starts.
// The answer does not depend on the order of `nodes`, except where two are equal in stage, kind rank and id.
Result<Ordering> OrderSteps(std::span<const OrderNode> nodes);

// Where a kind stands among steps that are ready at the same time: 0 first. Source: the union of the tables of
// cli-utils and Helm (Namespace, CRD, classes, policies, accounts, rights, configuration, storage, Services, workloads, ...).
int KindRank(const ObjectId& id);

}  // namespace plumb
