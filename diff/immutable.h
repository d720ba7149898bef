// Fields that the API server refuses to change on an existing object: the object has to be replaced.
//
// Checked against a real server of 1.36, both ways (tests/diff/immutable_server_test.cc). Custom resources say it in CEL rules, which
// are not read here. Pure functions, thread-safe.
#pragma once

#include <optional>

#include "core/object.h"
#include "core/path.h"

namespace plumb {

// Whether the change of this field from `live` to `desired` would be refused. Fields that are set for the first time count as changes
// only where the server says so. Unknown kinds: false.
bool IsImmutable(const Gvk& gvk, const FieldPath& path, Value live, Value desired, const std::optional<Value>& old_value,
                 const std::optional<Value>& new_value);

}  // namespace plumb
