// Numbers as text: the float spelling that Kubernetes and its tools print.
#pragma once

#include <string>

namespace plumb {

// The shortest decimal that reads back as `d`, laid out as Go's encoding/json does: plain decimal for exponents
// from -6 to 20, otherwise scientific ("1e+21", "1e-7"). NaN and infinities, which JSON has not, print as "null".
// Source: Go encoding/json encode.go, floatEncoder.
std::string FormatDouble(double d);

}  // namespace plumb
