// JSON (RFC 8259) into document trees and back.
#pragma once

#include <string>
#include <string_view>

#include "core/arena.h"
#include "core/result.h"

namespace plumb {

struct JsonLimits {
  size_t bytes = 512u << 20;  // input
  size_t depth = 512;         // nesting of lists and maps
  bool refuse_repeated_keys = false;
};

// Parses one JSON value; a byte order mark before it is skipped, anything after it refused. Integers within int64 stay
// integers; every other number is a float that keeps its spelling (1.0, 1e3, 18446744073709551615).
// A key given twice takes its last value, as in Go. Thread-safe. Errors: kInvalid "line:column: ..." (1-based), kLimit.
Result<Document> ParseJson(std::string_view text, const JsonLimits& limits = {});

enum class JsonStyle { kCompact, kIndent4 };  // kIndent4: what `kubectl -o json` prints

// Keys in document order (kCompact: no spaces). No HTML escaping. Floats keep their spelling.
std::string WriteJson(Value value, JsonStyle style = JsonStyle::kCompact);
// As WriteJson with the keys of every map sorted bytewise: one text for equal trees, for digests.
std::string WriteCanonicalJson(Value value);

}  // namespace plumb
