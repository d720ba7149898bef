#include "core/edit.h"

namespace plumb {

Value With(Arena& arena, Value map, std::string_view key, Value value) {
  std::vector<Member> members(map.members().begin(), map.members().end());
  for (Member& m : members) {
    if (m.key != key) continue;
    m.value = value;
    return arena.Map(members);
  }
  members.push_back({arena.Key(key), value});
  return arena.Map(members);
}

Value Without(Arena& arena, Value map, std::string_view key) {
  if (!map.Has(key)) return map;
  std::vector<Member> members;
  members.reserve(map.size());
  for (const Member& m : map.members())
    if (m.key != key) members.push_back(m);
  return arena.Map(members);
}

Value WithAt(Arena& arena, Value root, std::span<const std::string_view> keys, Value value) {
  if (keys.empty()) return value;
  if (!root.is_map() && !root.is_null()) return root;
  return With(arena, root, keys[0], WithAt(arena, root.Get(keys[0]), keys.subspan(1), value));
}

Value WithoutAt(Arena& arena, Value root, std::span<const std::string_view> keys) {
  if (keys.empty() || !root.Has(keys[0])) return root;
  if (keys.size() == 1) return Without(arena, root, keys[0]);
  const Value child = root.Get(keys[0]);
  const Value changed = WithoutAt(arena, child, keys.subspan(1));
  return changed.SameAs(child) ? root : With(arena, root, keys[0], changed);
}

const Value* FindAt(const Value& root, std::initializer_list<std::string_view> keys) {
  const Value* at = &root;
  for (std::string_view key : keys)
    if (at = at->Find(key); !at) return nullptr;
  return at;
}

}  // namespace plumb
