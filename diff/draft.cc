#include "diff/draft.h"

#include <algorithm>

namespace plumb {

namespace {

size_t DepthOf(Value v) {
  size_t below = 0;
  for (Value item : v.items()) below = std::max(below, DepthOf(item));
  for (const Member& m : v.members()) below = std::max(below, DepthOf(m.value));
  return v.is_scalar() ? 0 : below + 1;
}

}  // namespace

void Draft::Thaw() {
  if (thawed_) return;
  thawed_ = true;
  children_.reserve(frozen_.size());
  for (Value item : frozen_.items()) children_.emplace_back(item);
  for (const Member& m : frozen_.members()) {
    keys_.push_back(m.key);
    children_.emplace_back(m.value);
  }
}

Draft* Draft::Find(std::string_view key) {
  if (!is_map() || (!thawed_ && !frozen_.Has(key))) return nullptr;
  Thaw();
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  return found == keys_.end() ? nullptr : &children_[static_cast<size_t>(found - keys_.begin())];
}

Draft* Draft::At(size_t index) {
  if (!is_list() || index >= size()) return nullptr;
  Thaw();
  return &children_[index];
}

void Draft::Set(std::string_view key, Draft value) {
  if (Draft* old = Find(key)) {
    *old = std::move(value);
    return;
  }
  Thaw();
  keys_.push_back(key);
  children_.push_back(std::move(value));
}

bool Draft::Remove(std::string_view key) {
  const Draft* child = Find(key);
  if (!child) return false;
  const ptrdiff_t index = child - children_.data();
  keys_.erase(keys_.begin() + index);
  children_.erase(children_.begin() + index);
  return true;
}

void Draft::Insert(size_t index, Draft value) {
  Thaw();
  children_.insert(children_.begin() + static_cast<ptrdiff_t>(index), std::move(value));
}

void Draft::Remove(size_t index) {
  Thaw();
  children_.erase(children_.begin() + static_cast<ptrdiff_t>(index));
}

Value Draft::Freeze(Arena& arena) const {
  if (!thawed_) return frozen_;
  if (is_list()) {
    std::vector<Value> items;
    items.reserve(children_.size());
    for (const Draft& child : children_) items.push_back(child.Freeze(arena));
    return arena.List(items);
  }
  std::vector<Member> members;
  members.reserve(children_.size());
  for (size_t i = 0; i < keys_.size(); ++i) members.push_back({keys_[i], children_[i].Freeze(arena)});
  return arena.Map(members);
}

size_t Draft::Depth() const {
  if (!thawed_) return DepthOf(frozen_);
  size_t below = 0;
  for (const Draft& child : children_) below = std::max(below, child.Depth());
  return below + 1;
}

}  // namespace plumb
