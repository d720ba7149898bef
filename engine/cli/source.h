// The manifests that a command speaks of: PATH, or --repo URL --revision R --path P.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/tree.h"
#include "engine/cli/flags.h"
#include "engine/loop/application.h"
#include "engine/loop/remote_bases.h"
#include "plugins/kustomize/explain.h"
#include "plugins/renderer.h"

namespace plumb::cli {

// --repo, --revision, --path, --renderer, --option, --cache, and those of remote bases
std::vector<Flag> SourceFlags();

// --remote-bases, --inner-addresses, --allow-functions; `hosts` are those asked where the flag is absent, in words.
std::vector<Flag> RemoteBaseFlags(const std::string& hosts);
RemoteBaseOptions RemoteBaseOptionsOf(const Flags& flags, const ApplicationSource& source, const GitOptions& git);

struct LoadedSource {
  RemoteBaseOptions remote;
  ApplicationSource source;
  std::shared_ptr<const Tree> tree;
  YamlCache* yaml = nullptr;  // for whoever renders more than once
  bool functions = false;  // programs of the source may run
  bool alone = false;      // a local directory in no checkout: what it builds on may lie beside and above it
  std::string revision;  // of git; "" for a directory
};

// Errors: kInvalid (both or neither form, a path that is missing), and those of the source.
Result<LoadedSource> LoadSource(const Flags& flags);
Result<Rendered> RenderLoaded(const LoadedSource& loaded);
// Errors: those of ExplainKustomize; kInvalid where the source is no kustomization.
Result<Explanation> ExplainLoaded(const LoadedSource& loaded, const std::string& object);

// Where mirrors are kept: --cache, else $XDG_CACHE_HOME/plumb, else ~/.cache/plumb.
std::string CacheDirectory(const Flags& flags);

}  // namespace plumb::cli
