// The values that the API server fills in where a built-in kind leaves them out, as one table by definition.
//
// Pure functions. Source: pkg/apis/{core,apps,batch,networking,...}/v1/defaults.go of Kubernetes 1.36.
#pragma once

#include "core/arena.h"
#include "diff/schema.h"

namespace plumb::sandbox {

// `object` with defaults. `arena` must own or have adopted its memory.
Value WithDefaults(Arena& arena, const Type& type, Value object);

}  // namespace plumb::sandbox
