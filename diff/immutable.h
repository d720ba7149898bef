// Fields that the API server refuses to change on an existing object: the object has to be replaced.
//
// Source: Kubernetes 1.36 pkg/apis/*/validation; not yet checked against a real server. Custom resources say it in CEL
// rules, which are not read here. Pure functions, thread-safe.
#pragma once

#include <optional>

#include "core/object.h"
#include "core/path.h"

namespace plumb {

// Whether a change of this field of `live` would be refused. Fields that are set for the first time count as changes only
// where the server says so. Unknown kinds: false.
bool IsImmutable(const Gvk& gvk, const FieldPath& path, Value live, const std::optional<Value>& old_value,
                 const std::optional<Value>& new_value);

}  // namespace plumb
