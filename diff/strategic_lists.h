// What applying and computing strategic merges share: directives, patch strategies of fields, and the order of lists.
//
// Internal to diff/. Pure but for `arena`.
#pragma once

#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/arena.h"
#include "core/result.h"
#include "diff/schema.h"

namespace plumb::strategic {

inline constexpr std::string_view kDirective = "$patch";
inline constexpr std::string_view kRetainKeys = "$retainKeys";
inline constexpr std::string_view kDeletePrefix = "$deleteFromPrimitiveList";
inline constexpr std::string_view kOrderPrefix = "$setElementOrder";

using Items = std::vector<Value>;

// A map in the making: keys in order, edited in place.
class Fields {
 public:
  explicit Fields(Value map) : members_(map.members().begin(), map.members().end()) {}

  const Value* Find(std::string_view key) const;
  void Set(std::string_view key, Value value);
  void Remove(std::string_view key);
  size_t size() const { return members_.size(); }
  std::vector<Member>& members() { return members_; }

 private:
  std::vector<Member> members_;
};

// A field's type and how its patches merge.
struct FieldMeta {
  const Type* type = nullptr;
  PatchStrategy patch;

  const Type* item() const { return type && type->item ? type->item : type; }
};
// Errors: kInvalid where `type` has no such field.
Result<FieldMeta> LookUp(const Type* type, std::string_view key);

// "web" of "$setElementOrder/web". Errors: kInvalid where there is nothing after the prefix and a slash.
Result<std::string_view> ListOf(std::string_view directive, std::string_view prefix);

// Equal as the patch format counts: "80" is not 80.
bool SameKey(Value a, Value b);

// The one kind that all items of the lists have. Errors: kInvalid for none, for several, and for lists of lists.
Result<Kind> ItemKind(const Items& a, const Items& b);

// First places of items: of maps by their merge key, of scalars by value. O(1) a look-up.
class Positions {
 public:
  Positions(const Items& items, std::string_view merge_key);
  std::optional<size_t> Of(Value item) const { return OfKey(KeyOf(item)); }
  std::optional<size_t> OfKey(Value key) const;
  void Add(Value item, size_t at);

 private:
  Value KeyOf(Value item) const { return merge_key_.empty() ? item : item.Get(merge_key_); }

  std::string_view merge_key_;
  std::unordered_multimap<uint64_t, std::pair<Value, size_t>> places_;
};

// Every item must be a map with the key. Errors: kInvalid.
Status CheckKeys(const Items& items, std::string_view merge_key);

// Items in the order of `order`; deletions of maps go to the end.
Result<Items> SortBy(Items items, const Items& order, std::string_view merge_key, bool maps);

// The items of `patch_order` that are in `merged`, in that order, with all others woven in where live has them.
Result<Items> Weave(const Items& merged, const Items& patch_order, const Items& live_order, std::string_view merge_key, bool maps);

bool IsDeletion(Value item);
inline Items ItemsOf(Value list) { return {list.items().begin(), list.items().end()}; }

// The text that Go's %v prints of a scalar: what lists are sorted by.
std::string GoText(Value v);

}  // namespace plumb::strategic
