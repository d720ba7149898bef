// Changes to immutable trees: each function returns a new root that shares all unchanged subtrees with the old one.
//
// `arena` must own or have adopted the memory of every Value passed in. Cost: the maps and lists on the path are copied.
#pragma once

#include <string_view>
#include <vector>

#include "core/arena.h"

namespace plumb {

// `map` with `key` set to `value`: replaced in place, else added at the end. A `map` that is null counts as empty.
Value With(Arena& arena, Value map, std::string_view key, Value value);

// `map` without `key`; the same Value where it has no such key.
Value Without(Arena& arena, Value map, std::string_view key);

// Sets the value at a path of map keys, making maps on the way where a node is absent or null.
// Returns `root` unchanged where a node on the way is neither a map nor null.
Value WithAt(Arena& arena, Value root, std::span<const std::string_view> keys, Value value);
inline Value WithAt(Arena& arena, Value root, std::initializer_list<std::string_view> keys, Value value) {
  return WithAt(arena, root, std::span(keys.begin(), keys.size()), value);
}

// Removes the value at a path of map keys; `root` unchanged where it is not there. Emptied maps stay.
Value WithoutAt(Arena& arena, Value root, std::span<const std::string_view> keys);
inline Value WithoutAt(Arena& arena, Value root, std::initializer_list<std::string_view> keys) {
  return WithoutAt(arena, root, std::span(keys.begin(), keys.size()));
}

// The node at a path of map keys, or nullptr.
const Value* FindAt(const Value& root, std::initializer_list<std::string_view> keys);
inline Value GetAt(Value root, std::initializer_list<std::string_view> keys) {
  for (std::string_view key : keys) root = root.Get(key);
  return root;
}

}  // namespace plumb
