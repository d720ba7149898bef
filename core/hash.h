// SHA-256 and base64 (RFC 4648): digests of plans and trees, identities of inventories, Secret data.
//
// Plain functions; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace plumb {

std::string Sha256(std::string_view bytes);     // the 32 raw bytes
std::string Sha256Hex(std::string_view bytes);  // 64 lower-case hexadecimal digits

std::string Base64(std::string_view bytes);     // with padding
std::string Base64Url(std::string_view bytes);  // "-_" for "+/", no padding
// Accepts what Go's base64.StdEncoding does: padding needed, line breaks skipped. Errors: kInvalid.
Result<std::string> DecodeBase64(std::string_view text);

}  // namespace plumb
