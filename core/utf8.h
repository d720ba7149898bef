// UTF-8 as Go sees it: what is a valid sequence, and what a bad byte becomes.
//
// Pure functions; thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace plumb {

// Bytes of the valid sequence at the start of `text` (1 to 4); 0 where there is none.
size_t Utf8Length(std::string_view text);

// The code point at the start of `text`; U+FFFD where there is no valid sequence.
char32_t Utf8Decode(std::string_view text);

// The offset of the first byte that belongs to no valid sequence, or npos.
size_t FindInvalidUtf8(std::string_view text);

// The text with each byte that belongs to no valid sequence replaced by U+FFFD, as Go does when it makes JSON.
std::string ReplaceInvalidUtf8(std::string_view text);

void AppendUtf8(std::string& out, char32_t code_point);

}  // namespace plumb
