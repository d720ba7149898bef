// What a user says about a git source, and how its credentials are found.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "core/clock.h"
#include "core/result.h"

namespace plumb {

// A secret and where it comes from. Read at every use, so that a rotated file needs no restart.
struct SecretRef {
  std::string value{};  // at most one of the three is set
  std::string file{};   // its whole content, without trailing line breaks
  std::string env{};    // the name of a variable of this process

  bool empty() const { return value.empty() && file.empty() && env.empty(); }
  // "" where empty(). Errors: kNotFound (no such file or variable), kDenied, kLimit (above 64 KiB). No message holds
  // it.
  Result<std::string> Read() const;
  // Tells two references apart without telling the secret.
  std::string Identity() const;
};

struct GitCredentials {
  std::string username{};          // https; where empty: the address's, else "git", which hosts accept beside a token
  SecretRef password{};            // https: a password or an access token
  SecretRef bearer{};              // https: sent as "Authorization: Bearer ..." instead
  std::string ca_file{};           // https: PEM of the authorities to trust instead of the system's
  std::string ssh_key_file{};      // ssh; where empty: the agent and the usual keys
  std::string address{};           // the one address of the host to connect to, redirects refused; "" leaves both to git
  std::string known_hosts_file{};  // ssh; where empty: ~/.ssh/known_hosts. An unknown host is always refused.
};

struct GitSpec {
  std::string url{};
  // "" is the remote's HEAD. Otherwise in this order: a full name (refs/...), a commit id of 40 digits, a branch, a
  // tag, a range of versions over the tags ("^1.2", "1.x", ">=1 <2": the highest one), an abbreviated commit id.
  std::string revision{};
  GitCredentials credentials{};
  bool submodules = false;
};

// One run of the git program against a remote, for metrics.
struct GitOperation {
  std::string url;     // without any password
  bool fetch = false;  // false: only the references were asked for
  Duration elapsed{};
  bool ok = false;
  Code code = Code::kInternal;  // where not ok
};

struct GitOptions {
  std::string cache_directory;                         // mirrors live in its folder "git"; made where missing
  Duration list_timeout = std::chrono::seconds(60);    // of asking for the references
  Duration fetch_timeout = std::chrono::minutes(10);   // of one fetch
  size_t fetch_bytes = size_t{4} << 30;                // of one pack; a larger one is kLimit
  size_t file_bytes = 64u << 20;                       // of one file read from the tree
  size_t list_bytes = 64u << 20;                       // of the list of references
  int submodule_depth = 5;                             // submodules within submodules
  int submodules = 100;                                // in all
  std::function<void(const GitOperation&)> observe{};  // called on the resolving thread
};

}  // namespace plumb
