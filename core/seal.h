// Sealed bytes: AES-256-GCM under a key from a file. Without the key they tell nothing but their size, and a changed byte is found.
//
// Plain functions; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace plumb {

// The 32 bytes of a key, made from everything in the file. Errors: kNotFound, kInvalid (less than 16 bytes; readable by
// others than its owner and group).
Result<std::string> LoadSealingKey(const std::string& file);

// A random nonce, the tag and the ciphertext. `key` has 32 bytes.
std::string Seal(std::string_view key, std::string_view plain);
// Errors: kInvalid (another key, or damaged).
Result<std::string> Unseal(std::string_view key, std::string_view sealed);

}  // namespace plumb
