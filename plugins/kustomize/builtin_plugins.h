// Generators, transformers and validators configured by files (`generators:`, `transformers:`, `validators:`) with
// `apiVersion: builtin`, or that are programs of the source (functions.h). Source: Kustomize 5.5, api/internal/builtins.
#pragma once

#include "plugins/kustomize/build.h"
#include "plugins/kustomize/loader.h"
#include "plugins/kustomize/res_map.h"

namespace plumb::kustomize {

// What the plugin makes. Errors: kInvalid for another kind or a bad configuration; kDenied for plugins that are
// programs or containers (never run here).
Result<std::vector<Resource>> RunGenerator(Build& build, const Loader& loader, const Resource& config);
Status RunTransformer(Build& build, const Loader& loader, const Resource& config, ResMap& map);

}  // namespace plumb::kustomize
