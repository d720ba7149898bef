// Differences that the state of the live object itself explains, so that nobody has to write a rule for them: replicas that
// an autoscaler sets, rules that the server aggregates, CA bundles that a controller injects, tokens of service accounts,
// what others wrote to a Job that has finished.
//
// Pure, thread-safe.
#pragma once

#include <string>

#include "diff/managed_owners.h"
#include "diff/object_diff.h"

namespace plumb {

struct LiveState {
  const Gvk& gvk;
  Value desired, live;
  const ManagedOwners& owners;
  std::string_view autoscaler;  // DiffInput::autoscaler
};

// Why the change should be left alone ("replicas are scaled by kube-controller-manager"), or "" where nothing says so.
std::string ExplainedByLiveState(const LiveState& state, const FieldChange& change);

}  // namespace plumb
