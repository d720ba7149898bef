// A JSON parser that takes its time: it says where a text is wrong and what was expected, and takes what simdjson refuses
// though Go does not: integers of any size, and halves of surrogate pairs (which become U+FFFD).
//
// For core/json.cc, and for tests that compare the two. Thread-safe.
#pragma once

#include <string_view>

#include "core/json.h"

namespace plumb {

// As ParseJson, without the limit on bytes and without a byte order mark.
Result<Document> ParseJsonExactly(std::string_view text, const JsonLimits& limits);

}  // namespace plumb
