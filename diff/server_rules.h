// What the server does to single kinds when it writes them, beyond defaults: values that it allocates, keeps, adds and clears.
// What it draws from its own state (addresses, ports, names) is not guessed but said.
//
// Pure functions, thread-safe. Source: pkg/registry/*/strategy.go and storage, plugin/pkg/admission of Kubernetes 1.36.
#pragma once

#include <string>
#include <vector>

#include "core/arena.h"
#include "core/object.h"

namespace plumb {

// `object` as written over `before` (null: created). Why the server's answer cannot be known is added to *needs_server:
// "the server allocates spec.clusterIP".
Value WithKindRules(Arena& arena, const Gvk& gvk, Value before, Value object, std::vector<std::string>* needs_server);

}  // namespace plumb
