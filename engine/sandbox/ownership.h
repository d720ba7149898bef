// Server-side apply and managedFields on the sandbox's write path.
//
// Pure functions over diff/server_side_apply.h.
#pragma once

#include "core/arena.h"
#include "core/clock.h"
#include "engine/sandbox/cluster.h"
#include "engine/sandbox/crd.h"

namespace plumb::sandbox {

// `next` with the managedFields that it has after `options.manager` wrote it over `before` (null: created). `arena` owns or
// has adopted the memory of both.
Value WithOwnership(const std::shared_ptr<Arena>& arena, const CrdSet& kinds, const Resource& resource, Value before, Value next,
                    const WriteOptions& options, WallTime now);

// `config` applied to `live` (null: to nothing). Errors: 409 with each conflicting field, 400 and 500 as the server.
Answer<Document> ApplyConfiguration(const CrdSet& kinds, const Resource& resource, const Document& live, const Document& config,
                                    const WriteOptions& options, WallTime now);

}  // namespace plumb::sandbox
