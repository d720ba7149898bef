#include "diff/strategic_lists.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/json.h"

namespace plumb::strategic {

const Value* Fields::Find(std::string_view key) const {
  for (const Member& m : members_)
    if (m.key == key) return &m.value;
  return nullptr;
}

void Fields::Set(std::string_view key, Value value) {
  for (Member& m : members_)
    if (m.key == key) {
      m.value = value;
      return;
    }
  members_.push_back({key, value});
}

void Fields::Remove(std::string_view key) {
  std::erase_if(members_, [key](const Member& m) { return m.key == key; });
}

Result<FieldMeta> LookUp(const Type* type, std::string_view key) {
  if (type)
    if (const Field* field = type->FindField(key)) return FieldMeta{field->type, field->patch};
  if (type && type->value) return FieldMeta{type->value, {}};
  return Invalid(fmt::format("field \"{}\" is not in the schema of {}; how to merge it is not known", key,
                             type && !type->name.empty() ? type->name : "the object"));
}

Result<std::string_view> ListOf(std::string_view directive, std::string_view prefix) {
  if (directive.size() < prefix.size() + 2 || directive[prefix.size()] != '/')
    return Invalid(fmt::format("\"{}\" must name a list: \"{}/<list>\"", directive, prefix));
  return directive.substr(prefix.size() + 1);
}

bool SameKey(Value a, Value b) { return a.kind() == b.kind() && a.is_scalar() && a == b; }

Result<Kind> ItemKind(const Items& a, const Items& b) {
  std::optional<Kind> kind;
  for (const Items* list : {&a, &b})
    for (const Value item : *list) {
      if (item.is_list()) return Invalid("lists of lists cannot be merged");
      if (item.is_null()) return Invalid("a list to be merged has a null item");
      if (kind && *kind != item.kind()) return Invalid("the items of lists to be merged are of several kinds");
      kind = item.kind();
    }
  if (!kind) return Invalid("lists to be merged are both empty");
  return *kind;
}

Positions::Positions(const Items& items, std::string_view merge_key) : merge_key_(merge_key) {
  places_.reserve(items.size());
  for (size_t i = 0; i < items.size(); ++i) Add(items[i], i);
}

void Positions::Add(Value item, size_t at) {
  const Value key = KeyOf(item);
  if (!OfKey(key)) places_.emplace(Hash(key), std::pair(key, at));
}

std::optional<size_t> Positions::OfKey(Value key) const {
  const auto [first, last] = places_.equal_range(Hash(key));
  for (auto it = first; it != last; ++it)
    if (SameKey(it->second.first, key)) return it->second.second;
  return std::nullopt;
}

Status CheckKeys(const Items& items, std::string_view merge_key) {
  for (const Value item : items) {
    if (!item.is_map()) return Invalid(fmt::format("expected a map in a list merged by \"{}\", found a {}", merge_key, KindName(item.kind())));
    if (!item.Has(merge_key)) return Invalid(fmt::format("an item of a list lacks its merge key \"{}\"", merge_key));
  }
  return Ok();
}

bool IsDeletion(Value item) { return item.GetString(kDirective) == "delete"; }

Result<Items> SortBy(Items items, const Items& order, std::string_view merge_key, bool maps) {
  if (maps) {
    PLUMB_OK(CheckKeys(items, merge_key));
    PLUMB_OK(CheckKeys(order, merge_key));
  }
  const Positions places(order, maps ? merge_key : std::string_view());
  std::vector<std::pair<size_t, Value>> sorted;
  for (const Value item : items) {
    // Deletions last; what the order does not name keeps its place in front of them.
    const size_t place = maps && IsDeletion(item) ? order.size() + 1 : places.Of(item).value_or(order.size());
    sorted.emplace_back(place, item);
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < items.size(); ++i) items[i] = sorted[i].second;
  return items;
}

Result<Items> Weave(const Items& merged, const Items& patch_order, const Items& live_order, std::string_view merge_key, bool maps) {
  const std::string_view key = maps ? merge_key : std::string_view();
  if (maps) PLUMB_OK(CheckKeys(merged, merge_key));
  const Positions named(patch_order, key), live(live_order, key);
  Items ours, theirs;
  for (const Value item : merged) (named.Of(item) ? ours : theirs).push_back(item);
  PLUMB_TRY(right, SortBy(std::move(ours), patch_order, merge_key, maps));
  PLUMB_TRY(left, SortBy(std::move(theirs), live_order, merge_key, maps));
  Items out;
  out.reserve(merged.size());
  size_t i = 0, j = 0;
  while (i < left.size() && j < right.size()) {
    // An item that only live has goes first only where live has both, and it in front.
    const auto a = live.Of(left[i]), b = live.Of(right[j]);
    out.push_back(a && b && *a < *b ? left[i++] : right[j++]);
  }
  out.insert(out.end(), left.begin() + static_cast<ptrdiff_t>(i), left.end());
  out.insert(out.end(), right.begin() + static_cast<ptrdiff_t>(j), right.end());
  return out;
}

std::string GoText(Value v) {
  if (v.is_string()) return std::string(v.AsString());
  if (v.is_null()) return "<nil>";
  return WriteJson(v);
}

}  // namespace plumb::strategic
