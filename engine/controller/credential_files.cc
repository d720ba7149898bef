#include "engine/controller/credential_files.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "core/hash.h"

namespace plumb {

CredentialFiles::~CredentialFiles() {
  MutexLock lock(mu_);
  std::error_code ignored;
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

Result<std::string> CredentialFiles::Write(const std::string& content) {
  MutexLock lock(mu_);
  if (directory_.empty()) {
    std::error_code error;
    std::filesystem::create_directories(parent_, error);
    std::string name = parent_ + "/plumb-credentials-XXXXXX";
    if (!mkdtemp(name.data())) return Unavailable(fmt::format("no directory for credentials can be made in '{}': {}", parent_, std::strerror(errno)));
    directory_ = name;
  }
  const std::string path = directory_ + "/" + Sha256Hex(content).substr(0, 32);
  if (std::filesystem::exists(path)) return path;
  const std::string fresh = path + ".new";
  const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written = fd >= 0 && write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  const bool closed = fd >= 0 && close(fd) == 0;
  if (!written || !closed || rename(fresh.c_str(), path.c_str()) != 0) return Unavailable(fmt::format("credentials cannot be written to '{}': {}", directory_, std::strerror(errno)));
  return path;
}

Status CredentialFiles::Fill(ApplicationSource& source, Value secret) {
  GitCredentials& to = source.git.credentials;
  const struct {
    std::string_view key;
    std::string* text;
    std::string* file;
  } kKeys[] = {{"username", &to.username, nullptr},           {"password", &to.password.value, nullptr},        {"token", &to.bearer.value, nullptr},
               {"ssh-privatekey", nullptr, &to.ssh_key_file}, {"known_hosts", nullptr, &to.known_hosts_file}, {"ca.crt", nullptr, &to.ca_file}};
  size_t found = 0;
  for (const auto& known : kKeys) {
    const Value value = secret.Get("data").Get(known.key);
    if (value.is_null()) continue;
    ++found;
    PLUMB_TRY(content, DecodeBase64(value.AsString()), fmt::format("data[{}]", known.key));
    if (known.text) {
      *known.text = content;
      while (known.text->ends_with('\n') || known.text->ends_with('\r')) known.text->pop_back();
      continue;
    }
    std::string text = content;
    if (!text.ends_with('\n')) text += '\n';  // ssh takes no key whose last line is not whole
    PLUMB_TRY(path, Write(text));
    *known.file = path;
  }
  if (found == 0) return Invalid("it has none of username, password, token, ssh-privatekey, known_hosts and ca.crt");
  return Ok();
}

}  // namespace plumb
