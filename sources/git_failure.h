// What git says when it fails, read once, here: an error with a code, for people, and what the fetching side may try.
//
// Pure function; thread-safe. Source of the texts: git 2.39, with LC_ALL=C; hosts' own words where they are common.
#pragma once

#include <string_view>

#include "core/result.h"

namespace plumb {

enum class GitTrouble {
  kRemote,          // the far side, the network, the credentials, the disk: another try as it is may help later
  kRevisionGone,    // the commit asked for is not there (any more)
  kShallowRefused,  // the far side cannot send a part of the history, or a commit by its id: ask for all
  kMirrorDamaged,   // our own copy is broken: make it anew
};

struct GitFailure {
  GitTrouble trouble;
  Error error;
};

// `what` is the remote's address without password; `status` is git's exit status.
GitFailure ExplainGitFailure(std::string_view what, int status, std::string_view standard_error);

}  // namespace plumb
