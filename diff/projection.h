// The walk of the drift comparison: where does `live` not say what `desired` declares, field by field.
//
// Finds differences only; why they are there and who made them is object_diff.cc's part. Builds no path for equal fields.
// Pure, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/path.h"
#include "diff/schema.h"

namespace plumb {

struct Difference {
  FieldPath path;
  std::optional<Value> live;     // nullopt: absent
  std::optional<Value> desired;  // nullopt: absent (only inside atomic fields, and of removed fields)
  FieldPath owned;                 // the field that managedFields would name: `path`, or the atomic field around it
};

struct Projection {
  std::vector<Difference> differences;  // in the manifest's order
  std::vector<std::string> unknown;     // paths in the manifest that the schema has not; not compared
  std::vector<std::string> unsure;      // what only the server can decide, each with its path and reason
};

// Compares the declared fields. Both are objects (maps); apiVersion, kind, status and the server's metadata are left out.
// `type` null: by structure, every list atomic.
Projection Project(Value desired, Value live, const Type* type);

// The fields of `owned` (FieldsV1 of our last apply) that `desired` has no longer and `live` still has: removals.
std::vector<Difference> FindRemoved(Value owned, Value desired, Value live, const Type* type);

}  // namespace plumb
