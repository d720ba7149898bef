// Replacements that a kustomization keeps in files of their own.
#pragma once

#include "plugins/kustomize/kustomization.h"
#include "plugins/kustomize/loader.h"

namespace plumb::kustomize {

// The list with every `path` entry replaced by what its file holds: one replacement, or a list of them.
// Errors: kInvalid, and those of reading files.
Result<std::vector<Replacement>> LoadReplacements(const Loader& loader, std::vector<Replacement> list);

}  // namespace plumb::kustomize
