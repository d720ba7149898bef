// Whose an object is that carries another application's label: told from that application's record.
#pragma once

#include <string>
#include <vector>

#include "engine/kube/client.h"
#include "engine/loop/application_plan.h"

namespace plumb {

// Asks the server, once for each ApplySet that is looked for in one plan. Where it may not list the records of all namespaces, it
// looks in `namespaces` alone: where the records of the applications are that it knows of. What is found nowhere then may be
// elsewhere, and is an error (kDenied): never "nobody's". The client must outlive the lookup.
OtherApplicationLookup OtherApplicationsOf(kube::Client& client, std::vector<std::string> namespaces = {});

}  // namespace plumb
