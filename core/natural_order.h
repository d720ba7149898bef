// The order in which go-yaml writes the keys of a map: as people sort, "a2" before "a10".
//
// Source: go.yaml.in/yaml v2.4.3 sorter.go; letters and digits as in Unicode 15, which Go 1.26 uses.
#pragma once

#include <string_view>

namespace plumb {

// Does `a` come before `b`? Both must be UTF-8. Symbols before letters, runs of digits by their value. Not transitive for every set of
// odd keys: sort with std::stable_sort, which is safe with such an order.
bool NaturalLess(std::string_view a, std::string_view b);

}  // namespace plumb
