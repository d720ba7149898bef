// Which Plumb this is.
#pragma once

#include <string_view>

namespace plumb {

inline constexpr std::string_view kVersion = "0.1.0";

// The commit it was built from, abbreviated; "unknown" outside a git checkout.
std::string_view BuildCommit();

}  // namespace plumb
