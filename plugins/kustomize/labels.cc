// Labels and annotations: string pairs in maps. A pair that is added to several fields of an object is one node in Kustomize,
// so that a later change in one place changes all of them (as_written.h).
#include "core/edit.h"
#include "plugins/kustomize/as_written.h"
#include "plugins/kustomize/transformers.h"

namespace plumb::kustomize {

Result<Value> SetPairs(Arena& arena, Value object, const Labels& pairs, const FieldSpecs& fields, bool check_keys) {
  for (const auto& [key, text] : pairs) {
    const Value added = SharedString(arena, text);  // one node for all fields that do not have the key yet
    SharedWrites shared;
    const auto set = [&, &key = key](Value old) -> Result<Value> {
      if (old.is_null()) return old;
      if (!old.is_map()) return Invalid("a map of strings was expected, found a " + std::string(KindName(old.kind())));
      const Value* found = old.Find(key);
      if (!found && check_keys) PLUMB_OK(CheckAddedKey(key));
      if (!found || found->SameAs(added)) return found ? old : With(arena, old, key, added);
      const Value written = WrittenOver(arena, *found, Arena::Borrow(added.AsString()));
      return With(arena, old, key, found->is_shared() ? shared.Write(*found, written) : written);
    };
    PLUMB_TRY(changed, ApplyFieldSpecs(arena, object, fields, Create::kMap, set));
    object = shared.Apply(arena, changed);
  }
  return object;
}

Status ApplyPairs(Arena& arena, ResMap& map, const Labels& pairs, const FieldSpecs& fields) {
  if (pairs.empty()) return Ok();
  for (Resource& resource : map) {
    PLUMB_TRY(changed, SetPairs(arena, resource.root, pairs, fields, true), "labels of " + resource.CurrentId().ToString());
    resource.root = changed;
  }
  return Ok();
}

}  // namespace plumb::kustomize
