// Who owns a field of a live object, read straight from its metadata.managedFields (FieldsV1), without building sets.
//
// Format: structured-merge-diff fieldpath serialize-pe.go: "f:name", "k:{...}", "v:...", "i:0", "." for the node itself.
// A view: the object must outlive it. Thread-safe to read.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/path.h"
#include "diff/object_diff.h"

namespace plumb {

class ManagedOwners {
 public:
  struct Entry {
    std::string_view manager, operation, time, subresource;
    Value fields;

    FieldWriter writer() const;
  };

  explicit ManagedOwners(Value object);

  // The entry of `manager` with operation Apply on the object itself; nullptr where there is none.
  const Entry* FindApply(std::string_view manager) const;
  std::span<const Entry> entries() const { return entries_; }

  // The entry other than `except` that owns the path, something below it, or an atomic field above it; of several the
  // latest. nullptr where nobody does.
  const Entry* FindOwner(const FieldPath& path, const Entry* except) const;

 private:
  std::vector<Entry> entries_;
};

// How much of the path a FieldsV1 tree has: all of it where it has the path itself or something below it; the steps to a leaf above it,
// which is an atomic field that holds the path, or a map of which others took all parts; 0 where it has nothing of the kind.
size_t OwnedDepth(Value fields, const FieldPath& path);
inline bool OwnsPath(Value fields, const FieldPath& path) { return path.empty() || OwnedDepth(fields, path) > 0; }

// The names and values of a "k:" element: `k:{"containerPort":80,"protocol":"TCP"}`. Strings without escapes point into
// `element`; others live in `memory`. Empty where it is malformed.
std::vector<Member> ParseKeyElement(std::string_view element, Arena& memory);

}  // namespace plumb
