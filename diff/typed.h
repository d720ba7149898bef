// Objects with a schema: validation, the paths a configuration owns, merge, comparison and removal. The parts of which
// server-side apply is made (diff/server_side_apply.h).
//
// Pure functions. Results share every unchanged subtree with their arguments: `arena` must own or have adopted their memory,
// and the schema must outlive the field sets. Cost is linear in the values, associative lists included.
// Rules: structured-merge-diff typed/, v4.0 to v6.4 by MergeProfile. A `type` is never null.
#pragma once

#include <string>
#include <vector>

#include "core/arena.h"
#include "core/result.h"
#include "diff/field_set.h"
#include "diff/merge_profile.h"
#include "diff/schema.h"

namespace plumb {

enum class Shape : uint8_t { kScalar, kList, kMap };
// As what a value of `type` counts: a type that allows several shapes goes by the value.
Shape ShapeOf(const Type& type, Value value);

enum class Duplicates : bool { kRefuse, kAllow };
// Checks shapes, undeclared fields, and the keys of associative lists. Errors: kInvalid; the text is Kubernetes':
// ".spec.replcas: field not declared in schema", several of them as "errors:\n  ...".
Status ValidateTyped(Value value, const Type* type, const MergeProfile& profile, Duplicates duplicates);

// The paths that applying `value` owns: leaves, atomic lists and maps, items of associative lists, keys of maps.
FieldSet ToFieldSet(Arena& arena, Value value, const Type* type, const MergeProfile& profile);

// `live` with everything that `config` says. Both must be valid (live: duplicates allowed where the profile does).
// Errors: kInvalid.
Result<Value> MergeTyped(Arena& arena, Value live, Value config, const Type* type, const MergeProfile& profile);

struct Comparison {
  FieldSet added, modified, removed;
  bool empty() const { return added.empty() && modified.empty() && removed.empty(); }
};
// Which paths differ. The order of associative lists does not count.
Comparison CompareTyped(Arena& arena, Value before, Value after, const Type* type, const MergeProfile& profile);

// `value` without the paths of `set`; what is below an atomic list or map goes with it.
Value RemoveFields(Arena& arena, Value value, const FieldSet& set, const Type* type, const MergeProfile& profile);

}  // namespace plumb
