// The credentials of a git source from a Secret in the cluster. What git reads only from files (keys, host keys, authorities)
// is written into a private directory that goes with the process.
//
// Thread-safe. No message holds a value.
#pragma once

#include <string>

#include "core/value.h"
#include "engine/loop/application.h"

namespace plumb {

class CredentialFiles {
 public:
  // Makes a directory below `parent` that only this user can read; at the first use.
  explicit CredentialFiles(std::string parent) : parent_(std::move(parent)) {}
  ~CredentialFiles();
  CredentialFiles(const CredentialFiles&) = delete;
  CredentialFiles& operator=(const CredentialFiles&) = delete;

  // Sets source.git.credentials from the Secret's data: username, password, token, ssh-privatekey, known_hosts, ca.crt. Errors:
  // kInvalid where it has none of these or one is not base64, kUnavailable where a file cannot be written.
  Status Fill(ApplicationSource& source, Value secret);

 private:
  // A file's name is the hash of its content: rotated credentials are other files, and a source of its own for the loop.
  Result<std::string> Write(const std::string& content);

  const std::string parent_;
  Mutex mu_;
  std::string directory_ GUARDED_BY(mu_);
};

}  // namespace plumb
