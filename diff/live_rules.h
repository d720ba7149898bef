// Differences that the state of the live object itself explains, so that nobody has to write a rule for them: replicas that
// an autoscaler sets, rules that the server aggregates, CA bundles that a controller injects, tokens of service accounts.
//
// Pure, thread-safe.
#pragma once

#include <string>

#include "diff/managed_owners.h"
#include "diff/object_diff.h"

namespace plumb {

// Why the change should be left alone ("scaled by kube-controller-manager"), or "" where nothing says so.
std::string ExplainedByLiveState(const Gvk& gvk, const FieldChange& change, Value desired, Value live, const ManagedOwners& owners);

}  // namespace plumb
