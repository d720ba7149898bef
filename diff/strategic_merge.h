// Strategic merge patch: apply, compute between two objects, and compute three-way as client-side `kubectl apply` does.
//
// Lists merge as each field's patch strategy says (diff/schema.h), and patches steer it by directives: $patch (replace,
// delete), $retainKeys, $setElementOrder/<list>, $deleteFromPrimitiveList/<list>, and null for "remove".
// Source: apimachinery pkg/util/strategicpatch, v0.36, its known flaws included: servers and kubectl have them.
//
// Thread-safe: pure functions. `arena` must own or have adopted the memory of every Value passed in; results share it.
// Errors: kInvalid for what the patch or the schema does not allow, kConflict as said below.
#pragma once

#include "core/arena.h"
#include "core/result.h"
#include "diff/schema.h"

namespace plumb {

struct StrategicMergeOptions {
  // As servers before 1.27: nulls and directives in subtrees that the original lacks are kept as they are, and
  // $deleteFromPrimitiveList of a list that does not merge replaces it.
  bool keep_new_verbatim = false;
};

// `original` with `patch` applied, as the server does it. `type` is the object's; nullptr or an undeclared field that has to be
// merged is an error. A null original counts as empty.
Result<Value> ApplyStrategicMerge(Arena& arena, Value original, Value patch, const Type* type, const StrategicMergeOptions& options = {});

// The patch that makes `modified` of `original`; {} where they are equal.
Result<Value> DiffStrategicMerge(Arena& arena, Value original, Value modified, const Type* type);

// The patch that gives `current` (live) everything in `modified`, and takes away what `original` (last applied; null for none)
// had and `modified` has not. With `overwrite` false: kConflict where `current` was changed elsewhere in a field that the patch
// changes differently.
Result<Value> ThreeWayStrategicMerge(Arena& arena, Value original, Value modified, Value current, const Type* type, bool overwrite,
                                     const StrategicMergeOptions& options = {});

}  // namespace plumb
