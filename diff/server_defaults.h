// The values that the API server fills in where a built-in kind leaves them out: the defaults of the schema, one table by
// definition, and what takes a look at other fields (a pull policy at the image's tag).
//
// Pure functions, thread-safe. Source: pkg/apis/{core,apps,batch,networking,...}/v1/defaults.go of Kubernetes 1.36.
#pragma once

#include <string_view>

#include "core/arena.h"
#include "diff/schema.h"

namespace plumb {

// `object`, in its Go form (diff/go_form.h), with defaults. `arena` must own or have adopted its memory.
Value WithServerDefaults(Arena& arena, const Type& type, Value object);

// Whether the server may write `value` where a node of the definition leaves `field` out; `definition` is the last part of its name
// ("Probe"), for the versions of a kind agree in their defaults. What is computed (a pull policy) is not known here.
bool IsDefaultOfServer(std::string_view definition, std::string_view field, Value value);

}  // namespace plumb
