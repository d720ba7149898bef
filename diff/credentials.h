// Finds credentials within texts that are not secret as a whole: arguments, addresses, configuration files.
//
// A heuristic by names and shapes, for masking: it may hide too much, and cannot know every secret. Pure, thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plumb {

struct CredentialNames {
  std::vector<std::string> globs;  // upper case, of NAME in `NAME=value` and of variables
  std::vector<std::string> keys;   // lower case, of names in `name: value` and of fields; their ends count: db_password

  bool Variable(std::string_view name) const;  // "DB_PASSWORD", "db-password"
  bool Key(std::string_view name) const;       // "password", "dbPassword"
};

// The text with each credential replaced by mask(credential); nullopt where none was found. A text that holds a private key
// in PEM is masked as a whole. References ($(VAR), ${VAR}, {{ ... }}) and markers stay.
std::optional<std::string> MaskCredentials(std::string_view text, const CredentialNames& names, const std::function<std::string(std::string_view)>& mask);

// "(masked 5f2c9a01)", with 8 to 64 digits.
bool IsMarker(std::string_view text);

}  // namespace plumb
