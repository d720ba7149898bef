// Addresses of git repositories: https, http, ssh, file, plain paths and git@host:path; which of them mean the same.
//
// Pure functions over plain values; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace plumb {

struct GitUrl {
  enum class Scheme { kHttps, kHttp, kSsh, kFile };
  Scheme scheme = Scheme::kFile;
  std::string user{};      // percent-decoded
  std::string password{};  // taken out of the address: it must not reach a command line or a log
  std::string host{};      // as written; empty for kFile
  std::string port{};
  std::string path{};  // for kFile absolute; else without the leading '/'
  std::string text{};  // what git is given and people are shown: without any password

  bool local() const { return scheme == Scheme::kFile; }
  bool http() const { return scheme == Scheme::kHttps || scheme == Scheme::kHttp; }
  // "https://host:port", the part that credentials are bound to.
  std::string Origin() const;
};

// Relative paths are made absolute from the working directory. Errors: kInvalid for other schemes, an address that git
// would take for an option, or control characters. The message never holds a password.
Result<GitUrl> ParseGitUrl(std::string_view text);

// The address of a submodule: `relative` as it stands in .gitmodules, from the repository at `base` where it begins
// with "./" or "../". Errors: kInvalid.
Result<GitUrl> ResolveSubmoduleUrl(const GitUrl& base, std::string_view relative);

// True where both name the same repository as far as their text tells: scheme, user, port, case, a trailing ".git" or
// '/' and Bitbucket Server's "scm/" do not count. May be true for two that differ; use it to poll, not to trust.
bool SameRepository(std::string_view a, std::string_view b);

}  // namespace plumb
