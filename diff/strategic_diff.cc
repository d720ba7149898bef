#include <fmt/core.h>

#include <algorithm>

#include "core/edit.h"
#include "core/json.h"
#include "diff/strategic_apply.h"

namespace plumb {

namespace {

using namespace strategic;

struct DiffMode {
  bool order = false;             // say $setElementOrder
  bool changes = true;            // say what is new or another
  bool deletions = true;          // say what is gone
};

struct ListPatch {
  Items patch, deletions, order;
};

class Differ {
 public:
  Differ(Arena& arena, const DiffMode& mode) : arena_(arena), mode_(mode) {}

  Result<Value> Map(Value original, Value modified, const Type* type, bool retain_keys = false) {
    Fields patch{Value()};
    Items retained;
    for (const Member& m : modified.members()) {
      if (retain_keys && !m.value.is_null()) retained.push_back(Arena::Borrow(m.key));
      const Value* old = original.Find(m.key);
      if (old && m.key == kDirective) {
        if (!old->is_string() || !m.value.is_string()) return Invalid("$patch must be a string");
        if (!(*old == m.value)) patch.Set(m.key, m.value);
      } else if (old && old->kind() == m.value.kind() && m.value.is_map()) {
        PLUMB_OK(MapField(patch, m, *old, type), m.key);
      } else if (old && old->kind() == m.value.kind() && m.value.is_list()) {
        PLUMB_OK(ListField(patch, m, *old, type), m.key);
      } else if (mode_.changes && (!old || !(*old == m.value))) {
        patch.Set(m.key, m.value);
      }
    }
    bool dropped = false;
    for (const Member& m : original.members()) {
      if (modified.Has(m.key)) continue;
      dropped |= !m.value.is_null();
      if (mode_.deletions) patch.Set(m.key, Arena::Null());
    }
    if (!retained.empty() && (patch.size() > 0 || dropped)) {
      std::sort(retained.begin(), retained.end(), [](Value a, Value b) { return a.AsString() < b.AsString(); });
      patch.Set(kRetainKeys, arena_.List(retained));
    }
    return arena_.Map(patch.members());
  }

 private:
  Status MapField(Fields& patch, const Member& m, Value old, const Type* type) {
    const auto meta = LookUp(type, m.key);
    if (!meta.ok()) return old == m.value ? Ok() : Status(meta.error());
    if (meta->patch.replace) {
      if (mode_.changes) patch.Set(m.key, m.value);
      return Ok();
    }
    PLUMB_TRY(inner, Map(old, m.value, meta->type, meta->patch.retain_keys));
    if (!inner.empty()) patch.Set(m.key, inner);
    return Ok();
  }

  Status ListField(Fields& patch, const Member& m, Value old, const Type* type) {
    const auto meta = LookUp(type, m.key);
    if (!meta.ok()) return old == m.value ? Ok() : Status(meta.error());
    if (!meta->patch.merge) {
      if (mode_.changes && !(old == m.value)) patch.Set(m.key, m.value);
      return Ok();
    }
    PLUMB_TRY(list, List(ItemsOf(old), ItemsOf(m.value), *meta));
    if (!list.patch.empty()) patch.Set(m.key, arena_.List(list.patch));
    if (!list.deletions.empty()) patch.Set(arena_.Key(fmt::format("{}/{}", kDeletePrefix, m.key)), arena_.List(list.deletions));
    if (!list.order.empty()) patch.Set(arena_.Key(fmt::format("{}/{}", kOrderPrefix, m.key)), arena_.List(list.order));
    return Ok();
  }

  Result<ListPatch> List(const Items& old, const Items& now, const FieldMeta& meta) {
    ListPatch out;
    if (old.empty()) {
      if (mode_.changes) out.patch = now;
      return out;
    }
    PLUMB_TRY(kind, ItemKind(old, now));
    if (kind != Kind::kMap) return Scalars(old, now);
    const std::string_view key = meta.patch.merge_key;
    Items deletions;
    PLUMB_OK(Maps(old, now, meta, out.patch, deletions));
    PLUMB_TRY(sorted, SortBy(std::move(out.patch), now, key, true));
    out.patch = std::move(sorted);
    bool same_order = old.size() == now.size();
    for (size_t i = 0; same_order && i < now.size(); ++i) same_order = SameKey(old[i].Get(key), now[i].Get(key));
    out.patch.insert(out.patch.end(), deletions.begin(), deletions.end());
    const bool say = (mode_.changes && (!out.patch.empty() || !same_order)) || (mode_.deletions && !out.patch.empty());
    if (mode_.order && say)
      for (const Value item : now) out.order.push_back(arena_.Map({{arena_.Key(key), item.Get(key)}}));
    return out;
  }

  static Items Sorted(Items items) {
    std::stable_sort(items.begin(), items.end(), [](Value a, Value b) { return GoText(a) < GoText(b); });
    return items;
  }

  Result<ListPatch> Scalars(const Items& before, const Items& now) {
    ListPatch out;
    const Items old = Sorted(before), wanted = Sorted(now);
    size_t i = 0, j = 0;
    while (i < old.size() || j < wanted.size()) {
      const int cmp = i == old.size() ? 1 : j == wanted.size() ? -1 : GoText(old[i]).compare(GoText(wanted[j]));
      if (cmp == 0) {
        ++i, ++j;
      } else if (cmp < 0) {
        if (mode_.deletions && (out.deletions.empty() || !SameKey(out.deletions.back(), old[i]))) out.deletions.push_back(old[i]);
        ++i;
      } else {
        if (mode_.changes) out.patch.push_back(wanted[j]);
        ++j;
      }
    }
    PLUMB_TRY(sorted, SortBy(std::move(out.patch), now, "", false));
    out.patch = std::move(sorted);
    // The comparison is with the sorted list: an order that differs from live's and is the sorted one is not said.
    const bool another = !std::equal(old.begin(), old.end(), now.begin(), now.end());
    if (mode_.order && ((mode_.deletions && !out.deletions.empty()) || (mode_.changes && another))) out.order = now;
    return out;
  }

  Status Maps(const Items& before, const Items& now, const FieldMeta& meta, Items& patch, Items& deletions) {
    const std::string_view key = meta.patch.merge_key;
    PLUMB_OK(CheckKeys(before, key));
    PLUMB_OK(CheckKeys(now, key));
    const auto sorted = [key](const Items& items) {
      std::vector<std::pair<std::string, Value>> out;
      for (const Value item : items) out.emplace_back(GoText(item.Get(key)), item);
      std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      return out;
    };
    const auto old = sorted(before), wanted = sorted(now);
    size_t i = 0, j = 0;
    while (i < old.size() || j < wanted.size()) {
      const int cmp = i == old.size() ? 1 : j == wanted.size() ? -1 : old[i].first.compare(wanted[j].first);
      if (cmp == 0) {
        PLUMB_TRY(inner, Map(old[i].second, wanted[j].second, meta.item(), meta.patch.retain_keys));
        if (!inner.empty()) patch.push_back(With(arena_, inner, key, wanted[j].second.Get(key)));
        ++i, ++j;
      } else if (cmp < 0) {
        if (mode_.deletions)
          deletions.push_back(arena_.Map({{arena_.Key(key), old[i].second.Get(key)}, {kDirective, Arena::Borrow("delete")}}));
        ++i;
      } else {
        if (mode_.changes) patch.push_back(wanted[j].second);
        ++j;
      }
    }
    return Ok();
  }

  Arena& arena_;
  const DiffMode& mode_;
};

// Whether two patches of one object change the same thing in different ways.
class Conflicts {
 public:
  static Result<bool> Maps(Value a, Value b, const Type* type) {
    for (const Member& m : a.members()) {
      const Value* other = b.Find(m.key);
      if (!other || m.key == kDirective || m.key == kRetainKeys) continue;
      FieldMeta meta;
      if (!m.value.is_scalar()) {
        PLUMB_TRY(found, LookUp(type, m.key));
        meta = found;
      }
      PLUMB_TRY(conflict, Values(m.value, *other, meta));
      if (conflict) return true;
    }
    return false;
  }

 private:
  static Result<bool> Values(Value a, Value b, const FieldMeta& meta) {
    if (a.is_scalar() || a.kind() != b.kind()) return !(a == b);
    if (a.is_list()) return Lists(ItemsOf(a), ItemsOf(b), meta);
    if (a.Has(kDirective) != b.Has(kDirective) || !(a.Get(kDirective) == b.Get(kDirective))) return true;
    if (meta.patch.replace) return false;
    return Maps(a, b, meta.type);
  }

  static Result<bool> Lists(Items a, Items b, const FieldMeta& meta) {
    PLUMB_TRY(kind, ItemKind(a, b));
    const FieldMeta item{meta.item(), {}};
    if (meta.patch.merge) {
      if (kind != Kind::kMap) return false;  // sets of scalars always agree
      PLUMB_OK(CheckKeys(a, meta.patch.merge_key));
      PLUMB_OK(CheckKeys(b, meta.patch.merge_key));
      const Positions places(b, meta.patch.merge_key);
      for (const Value v : a) {
        const auto at = places.Of(v);
        if (!at) continue;
        PLUMB_TRY(conflict, Values(v, b[*at], item));
        if (conflict) return true;
      }
      return false;
    }
    if (a.size() != b.size()) return true;
    if (kind != Kind::kMap)
      for (Items* list : {&a, &b})
        std::sort(list->begin(), list->end(), [](Value x, Value y) { return GoText(x) < GoText(y); });
    for (size_t i = 0; i < a.size(); ++i) {
      PLUMB_TRY(conflict, Values(a[i], b[i], item));
      if (conflict) return true;
    }
    return false;
  }
};

}  // namespace

Result<Value> DiffStrategicMerge(Arena& arena, Value original, Value modified, const Type* type) {
  return Differ(arena, {.order = true}).Map(original, modified, type);
}

Result<Value> ThreeWayStrategicMerge(Arena& arena, Value original, Value modified, Value current, const Type* type, bool overwrite,
                                     const StrategicMergeOptions& options) {
  PLUMB_TRY(changes, Differ(arena, {.order = true, .deletions = false}).Map(current, modified, type));
  PLUMB_TRY(removals, Differ(arena, {.order = true, .changes = false}).Map(original, modified, type));
  PLUMB_TRY(patch, Merge(arena, removals, changes, type, {.carry_out = false, .options = options}));
  if (overwrite) return patch;
  PLUMB_TRY(elsewhere, Differ(arena, {}).Map(original, current, type));
  PLUMB_TRY(conflict, Conflicts::Maps(patch, elsewhere, type));
  if (conflict)
    return Conflict("fields of the patch were changed in the cluster too: the patch is " + WriteJson(patch) + ", the changes there " +
                    WriteJson(elsewhere));
  return patch;
}

}  // namespace plumb
