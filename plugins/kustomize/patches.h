// Patches: strategic merge and JSON 6902, aimed by the id in the patch or by a selector.
//
// Errors: kInvalid, naming the patch and what it did not fit or find.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "plugins/kustomize/build.h"
#include "plugins/kustomize/kustomization.h"
#include "plugins/kustomize/loader.h"
#include "plugins/kustomize/res_map.h"

namespace plumb::kustomize {

// One entry of `patches`: a file or a text of either kind.
Status ApplyPatch(Build& build, const Loader& loader, ResMap& map, const PatchArgs& args);
// One entry of `patchesJson6902` (deprecated).
Status ApplyJson6902(Build& build, const Loader& loader, ResMap& map, const PatchArgs& args);
// All of `patchesStrategicMerge` (deprecated): files or texts, read before the first is applied. `applied` (or null) is told
// of each entry once its patches have run, and of the file that it names, or "".
Status ApplyStrategicMerges(Build& build, const Loader& loader, ResMap& map, const std::vector<std::string>& entries,
                            const std::function<void(size_t entry, const std::string& file)>& applied = nullptr);

// The indices of the objects that a selector chooses: its parts are regular expressions that must match as a whole.
Result<std::vector<size_t>> Select(const ResMap& map, const Selector& selector);

// One object through a patch in YAML or JSON: the tests of single transformers. nullopt where it is deleted.
Result<std::optional<Value>> MergeOne(Build& build, Value object, Value patch);
Result<Value> ApplyJsonOperations(Build& build, Value object, std::string_view operations);

}  // namespace plumb::kustomize
