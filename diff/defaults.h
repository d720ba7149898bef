// What the API server fills in by itself: the defaults of built-in types that lie inside atomic lists and maps (where the
// projection has to compare the whole), and the fields whose zero value asks for a default.
//
// Sources: the `default`s of the schema, the table of diff/server_defaults.h for those that it lacks, and here what the server computes.
// Pure functions, thread-safe.
#pragma once

#include <string_view>

#include "core/value.h"
#include "diff/schema.h"

namespace plumb {

// Whether `type` is one that the server decodes into a Go struct of its own, where empty fields vanish; custom resources
// keep what was written.
bool IsBuiltIn(const Type* type);

// Whether a member that the manifest lacks, in a map inside an atomic field, or writes as null may be the server's own: a
// default, or an empty value of a built-in type. `written` is the map in the manifest.
bool IsServerDefault(const Type* type, std::string_view key, Value live, Value written);

// Whether `live` may be what the server made of the zero value ("" or 0) in this field of a built-in type: what it chooses (clusterIP:
// "", nodePort: 0), or the default of a field that Go holds by value, so that zero and absent are one (roleRef.apiGroup: "").
bool ZeroMayBecome(const Type* type, std::string_view key, Value live);

// Whether `{}` in this field of a built-in type is printed as absent or the other way round: structs that are no pointers.
bool EmptyStructIsAbsent(std::string_view key);

}  // namespace plumb
