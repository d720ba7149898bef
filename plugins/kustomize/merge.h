// Strategic merge patches as Kustomize applies them: maps field by field, lists of known types by their keys (new items
// in front), all other lists replaced, `$patch: delete|replace|merge` in maps and lists, null removes.
//
// It differs from the API server's strategic merge (diff/strategic_merge.h): new list items go first, items are matched
// by any subset of several keys, `$setElementOrder` and `$deleteFromPrimitiveList` mean nothing, and what both sides do
// not know is replaced. Source: Kustomize 5.5, kyaml merge2 and walk; confirmed against the program.
#pragma once

#include <optional>

#include "core/arena.h"
#include "core/result.h"
#include "plugins/kustomize/patch_schema.h"

namespace plumb::kustomize {

// `target` with `patch` merged into it; nullopt where the patch deletes it. The types are those of `apiVersion` and
// `kind`. `arena` must own or have adopted both. Errors: kInvalid, naming the field, where the kinds of nodes differ or
// a directive is unknown.
Result<std::optional<Value>> MergePatch(Arena& arena, Value target, Value patch, const PatchSchema& schema);

}  // namespace plumb::kustomize
