// A live object as it will be once the changes of its diff are applied, and how to show an object: without what only the
// server writes. What the changed object is shown as, line by line.
//
// Pure, thread-safe. `arena` must own or have adopted the memory of every Value passed in.
#pragma once

#include <optional>
#include <span>

#include "core/arena.h"
#include "diff/object_diff.h"

namespace plumb {

// `root` with `value` at `path`; nullopt removes what is there. New map keys and list items go to the end. `root` as it is
// where the way to the path does not exist.
Value PutAt(Arena& arena, Value root, const FieldPath& path, const std::optional<Value>& value);

// `live` with every change made.
Value Patched(Arena& arena, Value live, std::span<const FieldChange> changes);

// The object without status, server metadata and the last-applied annotation.
Value Declarable(Arena& arena, Value object);

}  // namespace plumb
