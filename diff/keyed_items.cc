#include "diff/keyed_items.h"

#include <algorithm>

namespace plumb {

namespace {

using Index = std::vector<std::pair<uint64_t, uint32_t>>;

// The entries of a sorted index with this hash.
std::span<const std::pair<uint64_t, uint32_t>> Range(const Index& index, uint64_t hash) {
  const auto first = std::lower_bound(index.begin(), index.end(), std::pair<uint64_t, uint32_t>(hash, 0));
  auto last = first;
  while (last != index.end() && last->first == hash) ++last;
  return {first, last};
}

}  // namespace

KeyedItems::KeyedItems(Value list, std::span<const std::string_view> names, const Type* type)
    : list_(list), names_(names.begin(), names.end()), defaults_(names.size()) {
  for (size_t i = 0; type && i < names_.size(); ++i)
    for (size_t k = 0; k < type->keys.size() && k < type->key_defaults.size(); ++k)
      if (type->keys[k] == names_[i] && type->key_defaults[k]) defaults_[i] = *type->key_defaults[k];
}

Value KeyedItems::KeyOf(Value item, size_t i) const {
  const Value* key = item.Find(names_[i]);
  return key ? *key : defaults_[i];
}

std::vector<Value> KeyedItems::KeysOf(Value item) const {
  std::vector<Value> keys;
  keys.reserve(names_.size());
  for (size_t i = 0; i < names_.size(); ++i) keys.push_back(KeyOf(item, i));
  return keys;
}

bool KeyedItems::Matches(size_t index, std::span<const Value> keys) const {
  for (size_t i = 0; i < keys.size(); ++i)
    if (!(KeyOf(list_[index], i) == keys[i])) return false;
  return true;
}

uint64_t KeyedItems::HashOf(std::span<const Value> keys) {
  uint64_t h = 0;
  for (Value key : keys) h = h * 1000003 ^ Hash(key);
  return h;
}

void KeyedItems::MakeIndex() {
  if (indexed_) return;
  indexed_ = true;
  index_.reserve(list_.size());
  for (size_t i = 0; i < list_.size(); ++i) index_.emplace_back(HashOf(KeysOf(list_[i])), static_cast<uint32_t>(i));
  std::sort(index_.begin(), index_.end());
}

std::optional<size_t> KeyedItems::FirstRepeated() {
  constexpr size_t kShort = 8;
  const auto same = [&](size_t i, size_t j) {
    for (size_t k = 0; k < names_.size(); ++k)
      if (!(KeyOf(list_[i], k) == KeyOf(list_[j], k))) return false;
    return true;
  };
  if (list_.size() <= kShort) {
    for (size_t i = 1; i < list_.size(); ++i)
      for (size_t j = 0; j < i; ++j)
        if (same(i, j)) return i;
    return std::nullopt;
  }
  MakeIndex();
  for (size_t i = 1; i < index_.size(); ++i)
    if (index_[i].first == index_[i - 1].first && same(index_[i].second, index_[i - 1].second)) return index_[i].second;
  return std::nullopt;
}

std::optional<size_t> KeyedItems::Find(std::span<const Value> keys) {
  if (next_ < list_.size() && Matches(next_, keys)) return next_++;
  MakeIndex();
  for (const auto& [hash, i] : Range(index_, HashOf(keys)))
    if (Matches(i, keys)) {
      next_ = i + 1;
      return i;
    }
  return std::nullopt;
}

std::optional<size_t> KeyedItems::FindLike(Value item) {
  Value keys[4];
  if (names_.size() > std::size(keys)) return Find(KeysOf(item));
  for (size_t i = 0; i < names_.size(); ++i) keys[i] = KeyOf(item, i);
  return Find(std::span<const Value>(keys, names_.size()));
}

bool SetItems::Has(Value item) {
  if (next_ < list_.size() && list_[next_] == item) {
    ++next_;
    return true;
  }
  if (!indexed_) {
    indexed_ = true;
    index_.reserve(list_.size());
    for (size_t i = 0; i < list_.size(); ++i) index_.emplace_back(Hash(list_[i]), static_cast<uint32_t>(i));
    std::sort(index_.begin(), index_.end());
  }
  for (const auto& [hash, i] : Range(index_, Hash(item)))
    if (list_[i] == item) {
      next_ = i + 1;
      return true;
    }
  return false;
}

}  // namespace plumb
