#include "diff/strategic_apply.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/edit.h"

namespace plumb::strategic {

namespace {

class Merger {
 public:
  Merger(Arena& arena, const MergeMode& mode) : arena_(arena), mode_(mode) {}

  Result<Value> Map(Value original, Value patch, const Type* type) {
    if (const Value* directive = patch.Find(kDirective)) {
      if (directive->AsString() == "replace") return Without(arena_, patch, kDirective);
      if (directive->AsString() == "delete") return arena_.Map({});
      return Invalid(fmt::format("unknown $patch \"{}\"; expected replace or delete", directive->AsString()));
    }
    Fields out(original), in(patch);
    PLUMB_OK(RetainKeys(out, in));
    PLUMB_OK(OrderedLists(out, in, type));
    for (const Member& m : in.members()) PLUMB_OK(Field(out, m, type));
    return arena_.Map(out.members());
  }

 private:
  Status RetainKeys(Fields& out, Fields& in) {
    const Value* found = in.Find(kRetainKeys);
    if (!found) return Ok();
    const Value keep = *found;
    in.Remove(kRetainKeys);
    if (!mode_.carry_out) {
      const Value* other = out.Find(kRetainKeys);
      if (other && !(*other == keep)) return Invalid("the two halves of a three-way merge retain different keys");
      if (!other) out.Set(kRetainKeys, keep);
      return Ok();
    }
    if (!keep.is_list()) return Invalid("$retainKeys must be a list");
    const Positions kept(ItemsOf(keep), "");
    for (const Member& m : in.members()) {
      if (m.value.is_null() || m.key.starts_with(kDeletePrefix) || m.key.starts_with(kOrderPrefix)) continue;
      if (!kept.Of(Arena::Borrow(m.key))) return Invalid(fmt::format("\"{}\" is in the patch and not in its $retainKeys", m.key));
    }
    std::erase_if(out.members(), [&](const Member& m) { return !kept.Of(Arena::Borrow(m.key)); });
    return Ok();
  }

  // Lists that come with $setElementOrder are merged and put in order here; they leave `in`.
  Status OrderedLists(Fields& out, Fields& in, const Type* type) {
    const std::vector<Member> directives = in.members();
    for (const Member& m : directives) {
      if (!m.key.starts_with(kOrderPrefix)) continue;
      if (!mode_.carry_out) {
        const Value* other = out.Find(m.key);
        if (other && !(*other == m.value)) return Invalid(fmt::format("two different \"{}\"", m.key));
        if (!other) out.Set(m.key, m.value);
      }
      in.Remove(m.key);
      if (!m.value.is_list()) return Invalid(fmt::format("\"{}\" must be a list", m.key));
      PLUMB_TRY(name, ListOf(m.key, kOrderPrefix));
      PLUMB_OK(OrderedList(out, in, name, ItemsOf(m.value), type), name);
    }
    return Ok();
  }

  Status OrderedList(Fields& out, Fields& in, std::string_view name, const Items& order, const Type* type) {
    const Value* live = out.Find(name);
    const Value* patch = in.Find(name);
    for (const Value* list : {live, patch})
      if (list && !list->is_list()) return Invalid(fmt::format("expected a list, found a {}", KindName(list->kind())));
    PLUMB_TRY(meta, LookUp(type, name));
    const Items live_items = live ? ItemsOf(*live) : Items(), patch_items = patch ? ItemsOf(*patch) : Items();
    PLUMB_OK(CheckOrder(patch_items, order, meta.patch.merge_key));
    if (!live && !patch) return Ok();
    Items merged = live_items, live_order = live_items;
    if (!live) merged = DropDirectives(patch_items);
    if (live && patch) {
      PLUMB_TRY(both, meta.patch.merge ? MergeItems(live_items, patch_items, meta, &live_order) : patch_items);
      merged = std::move(both);
    }
    PLUMB_TRY(kind, ItemKind(live_items, patch_items));
    PLUMB_TRY(woven, Weave(merged, order, live_order, meta.patch.merge_key, kind == Kind::kMap));
    out.Set(name, arena_.List(woven));
    in.Remove(name);
    return Ok();
  }

  // The patch's items must come in the order that it asks for, all of them named there; deletions need not.
  static Status CheckOrder(const Items& patch, const Items& order, std::string_view key) {
    if (order.empty()) return Ok();
    size_t at = 0;
    for (const Value item : patch) {
      if (!key.empty() && !item.is_map()) return Invalid("expected maps in a list with a merge key");
      if (item.Has(kDirective)) continue;
      if (!key.empty() && !item.Has(key)) return Invalid(fmt::format("an item of the patch lacks its merge key \"{}\"", key));
      const auto same = [&](Value other) { return key.empty() ? SameKey(item, other) : SameKey(item.Get(key), other.Get(key)); };
      while (at < order.size() && !same(order[at])) ++at;
      if (at++ >= order.size()) return Invalid("the order of the patch's items is not that of $setElementOrder");
    }
    return Ok();
  }

  Status Field(Fields& out, const Member& m, const Type* type) {
    std::string_view key = m.key;
    bool deletes = false;
    if (key.starts_with(kDeletePrefix)) {
      if (!mode_.carry_out) {
        out.Set(key, m.value);
        return Ok();
      }
      PLUMB_TRY(list, ListOf(key, kDeletePrefix));
      key = list;
      deletes = true;
    }
    if (m.value.is_null()) {
      out.Remove(key);
      if (mode_.carry_out) return Ok();
    }
    const Value* there = out.Find(key);
    const bool both_containers = there && there->kind() == m.value.kind() && !m.value.is_scalar();
    if (!both_containers) {
      if (deletes) return Ok();
      if (const auto fresh = New(m.value)) out.Set(key, *fresh);
      else out.Remove(key);
      return Ok();
    }
    PLUMB_TRY(meta, LookUp(type, key));
    if (m.value.is_map()) {
      PLUMB_TRY(merged, meta.patch.replace ? Result<Value>(m.value) : Map(*there, m.value, meta.type), key);
      out.Set(key, merged);
      return Ok();
    }
    const bool merges = meta.patch.merge || (deletes && !mode_.options.keep_new_verbatim);
    if (!merges) {
      out.Set(key, m.value);
    } else if (there->empty() && m.value.empty()) {
      return Ok();
    } else {
      PLUMB_TRY(items, deletes ? DeleteItems(ItemsOf(*there), ItemsOf(m.value)) : MergeItems(ItemsOf(*there), ItemsOf(m.value), meta), key);
      out.Set(key, arena_.List(items));
    }
    return Ok();
  }

  Result<Items> DeleteItems(Items items, const Items& gone) {
    PLUMB_TRY(kind, ItemKind(items, gone));
    if (kind == Kind::kMap) return Invalid("$deleteFromPrimitiveList is for lists of scalars");
    const Positions places(gone, "");
    std::erase_if(items, [&](Value item) { return places.Of(item).has_value(); });
    return items;
  }

  // `left_behind` (may be null) becomes the live list as the server's program finds it afterwards: it merges in place, so that
  // new items take the places that deletions freed, and the order it then calls live's has them.
  Result<Items> MergeItems(const Items& live, const Items& patch, const FieldMeta& meta, Items* left_behind = nullptr) {
    if (live.empty() && patch.empty()) return live;
    PLUMB_TRY(kind, ItemKind(live, patch));
    if (kind != Kind::kMap) {
      Items merged;
      Positions seen({}, "");
      for (const Items* list : {&live, &patch})
        for (const Value item : *list) {
          if (seen.Of(item)) continue;
          seen.Add(item, merged.size());
          merged.push_back(item);
        }
      return Weave(merged, patch, live, "", false);
    }
    const std::string_view key = meta.patch.merge_key;
    if (key.empty()) return Invalid("a list of maps without a merge key cannot be merged");
    return MergeMaps(live, patch, meta.item(), key, left_behind);
  }

  Result<Items> MergeMaps(Items live, const Items& patch, const Type* item_type, std::string_view key, Items* left_behind) {
    const size_t room = live.size();
    Items plain, gone;
    bool replace = false;
    for (const Value item : patch) {
      const Value* directive = item.Find(kDirective);
      if (!directive) {
        plain.push_back(item);
      } else if (directive->AsString() == "delete") {
        if (!item.Has(key)) return Invalid(fmt::format("a deletion lacks the merge key \"{}\"", key));
        gone.push_back(item);
      } else if (directive->AsString() == "replace") {
        replace = true;
      } else if (directive->AsString() == "merge") {
        return Invalid("merging lists cannot yet be specified in the patch");
      } else {
        return Invalid(fmt::format("unknown $patch \"{}\"; expected replace or delete", directive->AsString()));
      }
    }
    if (replace) return SortBy(plain, plain, key, true);
    const Positions deleted(gone, key);
    std::erase_if(live, [&](Value item) { return item.Has(key) && deleted.Of(item); });
    Items merged = live;
    Positions places(live, key);
    for (const Value item : plain) {
      if (!item.Has(key)) return Invalid(fmt::format("an item of the patch lacks its merge key \"{}\"", key));
      if (const auto at = places.Of(item); at && merged[*at].Has(key)) {
        PLUMB_TRY(both, Map(merged[*at], item, item_type));
        merged[*at] = both;
      } else {
        places.Add(item, merged.size());
        merged.push_back(item);
      }
    }
    if (left_behind) left_behind->assign(merged.begin(), merged.begin() + static_cast<ptrdiff_t>(std::min(room, merged.size())));
    return Weave(merged, plain, live, key, true);
  }

  // A value where there was none: without nulls (when carried out) and directives. nullopt: it is a directive itself.
  std::optional<Value> New(Value v) {
    if (mode_.options.keep_new_verbatim) return v;
    return DropDirective(mode_.carry_out ? DropNulls(v) : v);
  }

  Value DropNulls(Value v) {
    if (v.is_list()) {
      Items items;
      for (const Value item : v.items()) items.push_back(DropNulls(item));
      return arena_.List(items);
    }
    if (!v.is_map()) return v;
    std::vector<Member> members;
    for (const Member& m : v.members())
      if (!m.value.is_null()) members.push_back({m.key, DropNulls(m.value)});
    return arena_.Map(members);
  }

  std::optional<Value> DropDirective(Value v) {
    if (v.is_list()) return arena_.List(DropDirectives(ItemsOf(v)));
    if (!v.is_map()) return v;
    if (v.Has(kDirective)) return std::nullopt;
    std::vector<Member> members;
    for (const Member& m : v.members())
      if (const auto kept = DropDirective(m.value)) members.push_back({m.key, *kept});
    return arena_.Map(members);
  }

  Items DropDirectives(const Items& items) {
    if (mode_.options.keep_new_verbatim) return items;
    Items out;
    for (const Value item : items)
      if (const auto kept = DropDirective(item)) out.push_back(*kept);
    return out;
  }

  Arena& arena_;
  const MergeMode& mode_;
};

}  // namespace

Result<Value> Merge(Arena& arena, Value original, Value patch, const Type* type, const MergeMode& mode) {
  if (!patch.is_map()) return Invalid(fmt::format("a strategic merge patch must be a map, not a {}", KindName(patch.kind())));
  if (!original.is_map() && !original.is_null())
    return Invalid(fmt::format("a strategic merge patch applies to a map, not to a {}", KindName(original.kind())));
  return Merger(arena, mode).Map(original, patch, type);
}

}  // namespace plumb::strategic

namespace plumb {

Result<Value> ApplyStrategicMerge(Arena& arena, Value original, Value patch, const Type* type, const StrategicMergeOptions& options) {
  return strategic::Merge(arena, original, patch, type, {.carry_out = true, .options = options});
}

}  // namespace plumb
