// ConfigMaps and Secrets made of literals, files and env files. Source: Kustomize 5.5, api/internal/generators and kv.
#pragma once

#include "plugins/kustomize/build.h"
#include "plugins/kustomize/kustomization.h"
#include "plugins/kustomize/loader.h"
#include "plugins/kustomize/resource.h"

namespace plumb::kustomize {

// Errors: kInvalid for a key given twice or a malformed source; those of reading files. Keys are not checked further.
Result<Resource> GenerateConfig(Build& build, const Loader& loader, const GeneratorArgs& args);

}  // namespace plumb::kustomize
