// One patch of any of the API's types applied to an object.
#pragma once

#include "core/arena.h"
#include "diff/schema.h"
#include "engine/sandbox/api_error.h"
#include "engine/sandbox/cluster.h"

namespace plumb::sandbox {

// `arena` must own or have adopted the memory of both. Errors: 400 (not a patch), 415 (strategic, of a custom kind),
// 422 (a JSON patch that does not fit the object).
Answer<Value> ApplyPatch(Arena& arena, const Schema& schema, const Resource& resource, PatchType type, Value existing, Value patch);

}  // namespace plumb::sandbox
