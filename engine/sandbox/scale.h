// The scale subresource: the replicas of any workload, built-in or custom, as one autoscaling/v1 Scale.
//
// Pure functions.
#pragma once

#include "core/arena.h"
#include "engine/sandbox/api_error.h"
#include "engine/sandbox/cluster.h"
#include "engine/sandbox/resource.h"

namespace plumb::sandbox {

Document ScaleOf(const Resource& resource, const Document& object);
// A patch of the object's Scale.
Answer<Document> PatchScale(const Resource& resource, const Document& object, PatchType type, const Document& patch);
// The object with the replicas of `scale`. Errors: 409 where that is of another resourceVersion, 422.
Answer<Value> WithScale(Arena& arena, const Resource& resource, Value object, Value scale);

}  // namespace plumb::sandbox
