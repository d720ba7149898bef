#include "diff/merge_patch.h"

#include <vector>

namespace plumb {

namespace {

// A copy without the nulls in maps: what a patch leaves where there was nothing to merge with. Shares what has none.
Value DropNulls(Arena& arena, Value v) {
  if (!v.is_map()) return v;
  std::vector<Member> members;
  bool changed = false;
  for (const Member& m : v.members()) {
    if (m.value.is_null()) {
      changed = true;
      continue;
    }
    const Value kept = DropNulls(arena, m.value);
    changed |= !kept.SameAs(m.value);
    members.push_back({m.key, kept});
  }
  return changed ? arena.Map(members) : v;
}

// The halves of a three-way patch: only the removals (nulls) of a patch, or everything but them. A map that ends up
// empty only because all of it was left out is left out too; a map written empty is a value.
Value Half(Arena& arena, Value patch, bool removals) {
  std::vector<Member> members;
  for (const Member& m : patch.members()) {
    if (m.value.is_null()) {
      if (removals) members.push_back(m);
    } else if (m.value.is_map() && !m.value.empty()) {
      const Value half = Half(arena, m.value, removals);
      if (!half.empty()) members.push_back({m.key, half});
    } else if (!removals) {
      members.push_back(m);
    }
  }
  return arena.Map(members);
}

}  // namespace

Value ApplyMergePatch(Arena& arena, Value target, Value patch) {
  if (!patch.is_map()) return patch;
  if (!target.is_map()) return DropNulls(arena, patch);
  if (patch.empty()) return target;
  std::vector<Member> members;
  members.reserve(target.size() + patch.size());
  for (const Member& m : target.members()) {
    const Value* change = patch.Find(m.key);
    if (!change) members.push_back(m);
    else if (!change->is_null()) members.push_back({m.key, ApplyMergePatch(arena, m.value, *change)});
  }
  for (const Member& m : patch.members())
    if (!m.value.is_null() && !target.Has(m.key)) members.push_back({m.key, DropNulls(arena, m.value)});
  return arena.Map(members);
}

Value DiffMergePatch(Arena& arena, Value from, Value to) {
  if (!from.is_map() || !to.is_map()) return to;
  std::vector<Member> members;
  for (const Member& m : to.members()) {
    const Value* old = from.Find(m.key);
    if (!old) {
      members.push_back(m);
    } else if (old->is_map() && m.value.is_map()) {
      const Value inner = DiffMergePatch(arena, *old, m.value);
      if (!inner.empty()) members.push_back({m.key, inner});
    } else if (!(*old == m.value)) {
      members.push_back(m);
    }
  }
  for (const Member& m : from.members())
    if (!to.Has(m.key)) members.push_back({m.key, Arena::Null()});
  return arena.Map(members);
}

Value ThreeWayMergePatch(Arena& arena, Value original, Value modified, Value current) {
  const Value empty = arena.Map({});
  const Value changes = Half(arena, DiffMergePatch(arena, current.is_map() ? current : empty, modified), false);
  const Value removals = Half(arena, DiffMergePatch(arena, original.is_map() ? original : empty, modified), true);
  return ApplyMergePatch(arena, removals, changes);
}

}  // namespace plumb
