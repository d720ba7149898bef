// Numbers as text: the float spelling that Kubernetes and its tools print.
#pragma once

#include <string>

namespace plumb {

// The shortest decimal that reads back as `d`, laid out as Go's encoding/json does: plain decimal for exponents
// from -6 to 20, otherwise scientific ("1e+21", "1e-7"). NaN and infinities, which JSON has not, print as "null".
// Source: Go encoding/json encode.go, floatEncoder.
std::string FormatDouble(double d);

// The same digits as go-yaml lays them out: plain for exponents from -4 to 5 ("123456.5"), otherwise scientific with two
// digits of exponent or more ("1.2345675e+06", "1e-05"). Source: Go strconv.FormatFloat(f, 'g', -1, 64 or 32).
std::string FormatShortest(double d);
std::string FormatShortest(float f);

}  // namespace plumb
