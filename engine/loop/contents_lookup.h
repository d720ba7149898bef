// Lists what a deletion would take along: everything in a Namespace, everything of a CustomResourceDefinition's kind.
#pragma once

#include "engine/kube/client.h"
#include "engine/kube/discovery.h"
#include "engine/loop/application_plan.h"

namespace plumb {

// Asks the server afresh, one list of metadata for each kind, side by side. A list or a group that fails makes the contents
// unknown, never empty. Blocks: not for a transport's callback. Client and discovery must outlive the lookup.
ContentsLookup ContentsOf(kube::Client& client, kube::Discovery& discovery);

}  // namespace plumb
