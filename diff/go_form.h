// What a built-in object looks like after the API server read it into its Go types and wrote it again: fields that always are
// there, zero values that never are, and scalars in their one spelling.
//
// Source: the generated types of k8s.io/api 1.36 (diff/go_type.h); of a definition that is newer than that, what OpenAPI tells
// (`default: {}` marks a struct, `required` a field without omitempty). Pure functions.
#pragma once

#include "core/arena.h"
#include "diff/schema.h"

namespace plumb {

// True for kinds the server holds in Go types: built-in ones. Custom resources are held as they were written.
bool IsGoType(const Type* type);

// `value` in its Go form, sharing what does not change. `type` of a value that is not a map is not looked into. `known` is a value of
// the same type in its Go form already, of which `value` may share parts: they are taken as they are.
Value GoForm(Arena& arena, Value value, const Type* type, Value known = {});

// Whether a list or map in `value` is empty rather than absent. The Go form has them alike; to the server they differ until
// the object was stored.
bool HasEmptyContainer(Value value, const Type* type);

}  // namespace plumb
