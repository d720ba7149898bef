// Makes resources of YAML texts: manifests, patches, plugin configurations.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "plugins/kustomize/build.h"
#include "plugins/kustomize/resource.h"

namespace plumb::kustomize {

// All objects of a text. Lists (`kind: List`, `kind: FooList` with items) are taken apart, empty documents left out.
// Errors: kInvalid for malformed YAML, and for an object without kind or metadata.name; kLimit.
Result<std::vector<Resource>> ParseResources(Build& build, std::string_view text, const std::string& file);

}  // namespace plumb::kustomize
