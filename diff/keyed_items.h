// The items of an associative list found by their keys, in time linear in the list.
//
// Two versions of a list mostly have the same order, so each look-up tries the place after the last hit first; only when
// that fails, an index of hashes is made. A view over a list that must outlive it. Not thread-safe.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/value.h"
#include "diff/schema.h"

namespace plumb {

class KeyedItems {
 public:
  // `names` are the keys; an item that lacks one has the default that `type` (may be null) gives it, else null.
  KeyedItems(Value list, std::span<const std::string_view> names, const Type* type);

  // The index of the first item with these key values (in the order of `names`), or nullopt.
  std::optional<size_t> Find(std::span<const Value> keys);
  // The item of another list that has the same keys as `item`.
  std::optional<size_t> FindLike(Value item);

  // The first item whose keys an earlier one has too. Constant memory for short lists, else an index.
  std::optional<size_t> FirstRepeated();

  // The key values of an item, defaults filled in.
  std::vector<Value> KeysOf(Value item) const;

 private:
  Value KeyOf(Value item, size_t i) const;
  bool Matches(size_t index, std::span<const Value> keys) const;
  void MakeIndex();
  static uint64_t HashOf(std::span<const Value> keys);

  Value list_;
  std::vector<std::string_view> names_;
  std::vector<Value> defaults_;
  size_t next_ = 0;
  bool indexed_ = false;
  std::vector<std::pair<uint64_t, uint32_t>> index_;  // hash of the keys and the item, sorted
};

// A set of scalars (or whatever a list of ListType::kSet holds), by value.
class SetItems {
 public:
  explicit SetItems(Value list) : list_(list) {}
  bool Has(Value item);

 private:
  Value list_;
  size_t next_ = 0;
  bool indexed_ = false;
  std::vector<std::pair<uint64_t, uint32_t>> index_;
};

}  // namespace plumb
