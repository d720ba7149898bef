// What the API server makes of the JSON of a built-in kind: types checked, unknown fields found, nulls and empty optional
// values dropped, scalars in canonical form. Its own answer to a Go struct read and written again.
//
// Pure functions.
#pragma once

#include <string>
#include <vector>

#include "core/arena.h"
#include "diff/schema.h"
#include "engine/sandbox/api_error.h"

namespace plumb::sandbox {

struct Decoded {
  Value value;
  std::vector<std::string> unknown;  // "spec.template.spec.containers[0].imagee", left out of `value`
};

// `arena` must own or have adopted the memory of `object`. Errors: 400 for a value of the wrong type.
Answer<Decoded> DecodeBuiltIn(Arena& arena, const Type& type, Value object);

}  // namespace plumb::sandbox
