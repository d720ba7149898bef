// JSON merge patch (RFC 7386): apply, compute between two documents, and compute three-way as `kubectl apply` does.
//
// Thread-safe: pure functions. `arena` must own or have adopted the memory of every Value passed in; results share it.
#pragma once

#include "core/arena.h"

namespace plumb {

// RFC 7386 section 2: null removes a key, maps merge, anything else replaces. Never fails. O(target's touched maps + patch).
Value ApplyMergePatch(Arena& arena, Value target, Value patch);

// The smallest merge patch from `from` to `to`: {} where they are equal. A null inside `to` cannot be said in a merge
// patch and reads as a removal; lists are replaced whole. Both must be maps; otherwise the answer is `to`.
Value DiffMergePatch(Arena& arena, Value from, Value to);

// What `kubectl apply` sends for kinds without a strategic merge: everything in `modified` that `current` (live) has not,
// and the removal of what `original` (last applied; null for none) had and `modified` has not.
// Source: apimachinery util/jsonmergepatch CreateThreeWayJSONMergePatch.
Value ThreeWayMergePatch(Arena& arena, Value original, Value modified, Value current);

}  // namespace plumb
