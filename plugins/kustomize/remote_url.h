// Addresses of remote bases: "https://host/org/repo//path?ref=v1", "git@host:org/repo.git", "github.com/org/repo/path".
//
// Pure function; thread-safe. Source: Kustomize 5.5, api/internal/git repospec.
#pragma once

#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"

namespace plumb::kustomize {

struct RemoteUrl {
  std::string repository;  // what git is given
  std::string host;        // in lower case, without user and port; "" for file://
  std::string path;        // of the directory in the repository
  std::string revision;    // of `ref`, else `version`; "" is the remote's HEAD
  Duration timeout = std::chrono::seconds(27);
  bool submodules = true;
};

// Errors: kInvalid where it is no such address, or its path leaves the repository.
Result<RemoteUrl> ParseRemoteUrl(std::string_view text);

// The host of an http or https address, in lower case; "" for any other text.
std::string HostOfUrl(std::string_view url);

}  // namespace plumb::kustomize
