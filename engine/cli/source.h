// The manifests that a command speaks of: PATH, or --repo URL --revision R --path P.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/tree.h"
#include "engine/cli/flags.h"
#include "engine/loop/application.h"
#include "plugins/renderer.h"

namespace plumb::cli {

// --repo, --revision, --path, --renderer, --cache
std::vector<Flag> SourceFlags();

struct LoadedSource {
  ApplicationSource source;
  std::shared_ptr<const Tree> tree;
  std::string revision;  // of git; "" for a directory
};

// Errors: kInvalid (both or neither form, a path that is missing), and those of the source.
Result<LoadedSource> LoadSource(const Flags& flags);
Result<Rendered> RenderLoaded(const LoadedSource& loaded);

// Where mirrors are kept: --cache, else $XDG_CACHE_HOME/plumb, else ~/.cache/plumb.
std::string CacheDirectory(const Flags& flags);

}  // namespace plumb::cli
