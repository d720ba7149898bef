// Lists whose items have an identity: the value of one or several keys, or their own value. What a strategic merge
// needs to do to them. Source: Kustomize 5.5, kyaml ElementSetter, ElementMatcher and associative_sequence.
//
// The odd cases are meant: empty items vanish whenever a list is changed, and an item without the keys is added again
// rather than matched.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/arena.h"
#include "core/result.h"

namespace plumb::kustomize {

// Keys of items, or the texts of their values; {""} as keys means the item's own value.
using ListKeys = std::vector<std::string>;

class MergeList {
 public:
  explicit MergeList(Value list) : items_(list.items().begin(), list.items().end()) {}

  size_t size() const { return items_.size(); }
  Value operator[](size_t i) const { return items_[i]; }
  void Replace(size_t i, Value item) { items_[i] = item; }
  Value ToValue(Arena& arena) const { return arena.List(items_); }

  // The first item with these values of these keys.
  std::optional<size_t> Find(const ListKeys& keys, const ListKeys& values) const;
  // Replaces the items with these values of these keys by `item`, or adds it at the end where there is none.
  Status Set(const ListKeys& keys, const ListKeys& values, Value item) { return Change(keys, values, item); }
  Status Remove(const ListKeys& keys, const ListKeys& values) { return Change(keys, values, std::nullopt); }
  // Sets each item of `other`, by its own values of the keys.
  Status SetAll(const MergeList& other, const ListKeys& keys);

  // Adds the values of `keys` of every item to `values`, those that are there already left out; "" where an item has
  // no such key.
  void CollectValues(const ListKeys& keys, std::vector<ListKeys>& values) const;

 private:
  Status Change(const ListKeys& keys, const ListKeys& values, std::optional<Value> item);

  std::vector<Value> items_;
};

// With several keys, an item that has only some of them is the same as one that agrees on those: fills the gaps.
void FillPartialValues(std::vector<ListKeys>& values);

// Those of `keys` that any of `values` has; all of them where none has any.
ListKeys UsedKeys(const ListKeys& keys, const std::vector<ListKeys>& values);
// The part of `values` (one for each of `keys`) that belongs to `used`.
ListKeys ValuesOf(const ListKeys& used, const ListKeys& keys, const ListKeys& values);

}  // namespace plumb::kustomize
