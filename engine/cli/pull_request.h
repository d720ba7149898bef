// plumb diff --base REF: what a change of git does, beside the drift that is there already and what the server would refuse.
#pragma once

#include "engine/cli/flags.h"

namespace plumb::cli {

// --base, --head, --config, --snapshot, --offline, --limit
std::vector<Flag> PullRequestFlags();

// The exit code of `plumb diff`: 0 nothing changes, 1 changes, 2 the head cannot be rendered. Errors: of the flags, git, the cluster.
Result<int> RunPullRequest(const Flags& flags);

}  // namespace plumb::cli
