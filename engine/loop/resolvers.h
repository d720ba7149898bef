// How sources are looked at: git repositories by their mirror, local directories as they are.
#pragma once

#include <string>
#include <thread>

#include "engine/loop/source_hub.h"
#include "sources/git_spec.h"

namespace plumb {

// Makes a resolver for each source: a git source keeps its mirror between looks, so that an unchanged remote costs one
// `git ls-remote`, and a push that was told one `git fetch`.
SourceHub::MakeResolver Resolvers(GitOptions options);

// Removes mirrors that nobody has used for two weeks, and the least recently used beyond 20 GiB, at once and every day, on
// a thread of its own. Those in use stay. It says so in the log; a cache that cannot be read is no error here, the sources
// will tell.
class MirrorSweeper {
 public:
  explicit MirrorSweeper(std::string cache_directory);

 private:
  std::jthread thread_;
};

}  // namespace plumb
