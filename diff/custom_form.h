// What a custom resource looks like after the API server read it: undeclared fields pruned, null fields dropped or replaced, and
// the defaults of its schema filled in.
//
// Source: apiextensions-apiserver pkg/apiserver/schema/{pruning,defaulting} (1.36). Pure functions.
#pragma once

#include "core/arena.h"
#include "diff/schema.h"

namespace plumb {

enum class Nulls : bool { kDrop, kKeep };

// `object` of the kind with this type (of its CustomResourceDefinition), sharing what does not change. Nulls that the schema
// does not allow go when the object is stored; until then (kKeep) they count as a change.
Value CustomForm(Arena& arena, Value object, const Type* type, Nulls nulls = Nulls::kDrop);

}  // namespace plumb
