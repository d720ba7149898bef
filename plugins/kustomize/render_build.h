// The build behind rendering and explaining: the objects of one kustomization, finished.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugins/kustomize/build.h"
#include "plugins/kustomize/resource.h"
#include "plugins/kustomize/trace.h"

namespace plumb::kustomize {

struct Built {
  std::shared_ptr<Arena> arena;
  std::vector<Resource> resources;  // in the order of the output, their trees settled (as_written.h)
  std::vector<std::string> warnings;
};

// `trace` may be null; it remembers trees of `Built::arena`. Errors: those of RenderKustomize.
Result<Built> BuildKustomization(const RenderRequest& request, const Helpers& helpers, Trace* trace);

}  // namespace plumb::kustomize
