// gzip (RFC 1952) of byte strings in memory.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace plumb {

// The same bytes for the same input: no time, no name in the header.
std::string Gzip(std::string_view bytes);
// Errors: kInvalid for damaged data, kLimit where it unpacks to more than `limit` bytes.
Result<std::string> Gunzip(std::string_view bytes, size_t limit);

}  // namespace plumb
