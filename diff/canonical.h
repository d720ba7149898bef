// Canonical scalars: which spellings of a value are the same to the API server. `500m` and `0.5` are one quantity,
// `2026-01-02T03:04:05Z` and `2026-01-02T04:04:05+01:00` one time.
//
// Pure functions, thread-safe. A text that is not of the format is equal only to itself: never an error.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/value.h"
#include "diff/schema.h"

namespace plumb {

// Whether the server takes two scalars of a field of this format for the same value. A string and a number differ, but
// for quantities (`cpu: 1` is "1"); numbers compare by value (1 is 1.0). kIntOrString: 80 is not "80".
bool EquivalentScalar(Value a, Value b, Format format);

// How the server spells a value of this format in its answers; nullopt where it keeps `v` as it is.
// Times become UTC with whole seconds (kMicroTime: six digits), bytes standard base64 without line breaks.
std::optional<std::string> CanonicalScalar(Value v, Format format);

// An IP address or CIDR in canonical form ("2001:db8::1", "10.0.0.0/8"; host bits stay); nullopt where it is neither.
std::optional<std::string> CanonicalIp(std::string_view text);

}  // namespace plumb
