// Labels and annotations: string pairs in maps.
#include "core/edit.h"
#include "plugins/kustomize/transformers.h"

namespace plumb::kustomize {

Result<Value> SetPairs(Arena& arena, Value object, const Labels& pairs, const FieldSpecs& fields) {
  return ApplyFieldSpecs(arena, object, fields, Create::kMap, [&](Value old) -> Result<Value> {
    if (old.is_null()) return old;
    if (!old.is_map()) return Invalid("a map of strings was expected, found a " + std::string(KindName(old.kind())));
    for (const auto& [key, text] : pairs) old = With(arena, old, key, arena.String(text));
    return old;
  });
}

Status ApplyPairs(Arena& arena, ResMap& map, const Labels& pairs, const FieldSpecs& fields) {
  if (pairs.empty()) return Ok();
  for (Resource& resource : map) {
    PLUMB_TRY(changed, SetPairs(arena, resource.root, pairs, fields), "labels of " + resource.CurrentId().ToString());
    resource.root = changed;
  }
  return Ok();
}

}  // namespace plumb::kustomize
