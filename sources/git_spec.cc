#include "sources/git_spec.h"

#include <fmt/core.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "core/hash.h"

namespace plumb {

Result<std::string> SecretRef::Read() const {
  constexpr size_t kMostBytes = 64u << 10;
  std::string secret = value;
  if (!env.empty()) {
    const char* found = std::getenv(env.c_str());
    if (found == nullptr) return NotFound(fmt::format("environment variable '{}' is not set", env));
    secret = found;
  } else if (!file.empty()) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
      const std::string message = fmt::format("secret file '{}': {}", file, std::strerror(errno));
      return errno == EACCES ? Denied(message) : NotFound(message);
    }
    secret.resize(kMostBytes + 1);
    in.read(secret.data(), static_cast<std::streamsize>(secret.size()));
    secret.resize(static_cast<size_t>(in.gcount()));
    while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  }
  if (secret.size() > kMostBytes) return LimitExceeded("a secret is longer than 64 KiB");
  return secret;
}

std::string SecretRef::Identity() const {
  if (empty()) return "";
  return fmt::format("{}|{}|{}", value.empty() ? "" : Sha256Hex(value), file, env);
}

}  // namespace plumb
