#include "diff/patched.h"

#include <vector>

#include "core/edit.h"
#include "diff/desired.h"

namespace plumb {

namespace {

Value PutFrom(Arena& arena, Value root, const FieldPath& path, size_t i, const std::optional<Value>& value) {
  const PathStep& step = path[i];
  const bool last = i + 1 == path.size();
  if (step.kind == PathStep::Kind::kField) {
    const Value* child = root.Find(step.name);
    if (!root.is_map() || (!child && !last)) return root;
    if (last) return value ? With(arena, root, step.name, *value) : Without(arena, root, step.name);
    return With(arena, root, arena.Key(step.name), PutFrom(arena, *child, path, i + 1, value));
  }
  if (!root.is_list()) return root;
  std::vector<Value> items(root.items().begin(), root.items().end());
  const Value* found = FieldPath({step}).Find(root);
  if (!found) {
    if (!last || !value) return root;
    items.push_back(*value);
    return arena.List(items);
  }
  const auto at = items.begin() + (found - root.items().data());
  if (!last) *at = PutFrom(arena, *at, path, i + 1, value);
  else if (value) *at = *value;
  else items.erase(at);
  return arena.List(items);
}

}  // namespace

Value PutAt(Arena& arena, Value root, const FieldPath& path, const std::optional<Value>& value) {
  if (path.empty()) return value ? *value : Value();
  return PutFrom(arena, root, path, 0, value);
}

Value Patched(Arena& arena, Value live, std::span<const FieldChange> changes) {
  for (const FieldChange& change : changes)
    if (change.cause != Cause::kReleased) live = PutAt(arena, live, change.path, change.new_value);
  return live;
}

Value Declarable(Arena& arena, Value object) {
  std::vector<Member> metadata;
  for (const Member& m : object.Get("metadata").members()) {
    if (IsServerMetadata(m.key)) continue;
    metadata.push_back(m.key == "annotations" ? Member{m.key, Without(arena, m.value, kLastApplied)} : m);
  }
  return With(arena, Without(arena, object, "status"), "metadata", arena.Map(metadata));
}

}  // namespace plumb
