// Whose an object is that carries another application's label: told from that application's record.
#pragma once

#include "engine/kube/client.h"
#include "engine/loop/application_plan.h"

namespace plumb {

// Asks the server, once for each ApplySet that is looked for in one plan. The client must outlive the lookup.
OtherApplicationLookup OtherApplicationsOf(kube::Client& client);

}  // namespace plumb
