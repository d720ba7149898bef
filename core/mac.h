// Message authentication (RFC 2104) and comparison that leaks no timing: signatures and tokens of webhooks.
//
// Plain functions; thread-safe.
#pragma once

#include <string>
#include <string_view>

namespace plumb {

std::string HmacSha256Hex(std::string_view key, std::string_view data);  // 64 lower-case hexadecimal digits

// a == b in a time that depends on the lengths alone.
bool EqualConstantTime(std::string_view a, std::string_view b);

}  // namespace plumb
