// JSON patch (RFC 6902) over document trees, with JSON pointers (RFC 6901).
//
// Thread-safe: pure functions over immutable trees; each caller has its own arena.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/result.h"

namespace plumb {

struct JsonPatchOptions {
  // "-1" is the last item, as the Kubernetes API server and kustomize accept (evanphx/json-patch v4); the RFC has none.
  bool negative_indices = false;
  // `test` of an absent map key against null succeeds, as in evanphx/json-patch; the RFC says the target must exist.
  bool absent_tests_as_null = false;
  // `replace` of an absent map key adds it, as in evanphx/json-patch v4; the RFC says the target must exist.
  bool replace_adds_keys = false;
  size_t operations = 10'000;     // the API server's bound on operations in a patch
  size_t copied_bytes = 3 << 20;  // the API server's bound on what all `copy` operations add together
  size_t depth = 512;             // nesting of the result

  static JsonPatchOptions Kubernetes() { return {.negative_indices = true, .absent_tests_as_null = true}; }
};

// Applies a list of operations in order; all or nothing. `arena` must own or have adopted the memory of both trees, and
// the result shares with both. Errors name the operation: `operation 2 (remove "/spec/replicas"): nothing is there`:
// kInvalid for a malformed patch or a path that does not exist, kConflict for a `test` that fails, kLimit.
Result<Value> ApplyJsonPatch(Arena& arena, Value document, Value patch, const JsonPatchOptions& options = {});

// The unescaped tokens of a JSON pointer: "/a~1b/0" is {"a/b", "0"}, "" is {}. Errors: kInvalid where it does not
// begin with '/' or has a '~' not followed by 0 or 1.
Result<std::vector<std::string>> ParseJsonPointer(std::string_view pointer);

// One token escaped for a pointer: '~' is "~0" and '/' is "~1".
std::string EscapeJsonPointer(std::string_view token);

}  // namespace plumb
