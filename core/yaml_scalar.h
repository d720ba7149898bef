// What a YAML scalar means: null, bool, integer, float, timestamp or string, exactly as go-yaml decides it.
//
// Source: go.yaml.in/yaml v2.4.3 and v3.0.4 resolve.go; Go 1.26 strconv and time for what they accept.
// Pure functions; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "core/yaml.h"

namespace plumb {

struct YamlScalar {
  enum class Type { kNull, kBool, kInt, kUint, kFloat, kTimestamp, kString };
  Type type = Type::kString;  // kUint: an integer above int64; kString and kTimestamp: the text as it stands
  union {
    bool boolean;
    int64_t integer = 0;
    uint64_t unsigned_integer;
    double number;
  };
};

// A plain scalar without a tag.
YamlScalar ResolveYamlScalar(std::string_view text, YamlDialect dialect);

// A scalar with a tag ("!!int" in full: "tag:yaml.org,2002:int"). Errors: kInvalid where the text is not of that type.
// An unknown tag, and !!binary, is kString.
Result<YamlScalar> ResolveTaggedYamlScalar(std::string_view tag, std::string_view text, YamlDialect dialect);

// What go-yaml v3 turns a timestamp into when it becomes JSON: "2001-12-14" is "2001-12-14T00:00:00Z".
std::string CanonicalTimestamp(std::string_view text);

// Would the text, written without quotes, be read as anything but this very string? Includes base 60 numbers ("1:30"),
// which go-yaml quotes for the sake of other parsers.
bool YamlStringNeedsQuotes(std::string_view text);

}  // namespace plumb
