// A mutable view of an immutable tree, for many edits in a row: a node is thawed when an edit first passes through
// it, and every other subtree stays shared. Two thousand edits of one list cost one copy of it, not two thousand.
//
// Not thread-safe. The Values behind a Draft must outlive it.
#pragma once

#include <string_view>
#include <vector>

#include "core/arena.h"

namespace plumb {

class Draft {
 public:
  explicit Draft(Value value = {}) : frozen_(value) {}

  Kind kind() const { return frozen_.kind(); }
  bool is_map() const { return frozen_.is_map(); }
  bool is_list() const { return frozen_.is_list(); }
  size_t size() const { return thawed_ ? children_.size() : frozen_.size(); }

  // The child for editing (this node is thawed), or nullptr. Valid until this node's children change.
  Draft* Find(std::string_view key);
  Draft* At(size_t index);

  // Map: sets in place, else appends. `key` must live as long as the tree that Freeze makes.
  void Set(std::string_view key, Draft value);
  bool Remove(std::string_view key);
  // List: `index` in [0, size()] for Insert, below size() for Remove.
  void Insert(size_t index, Draft value);
  void Remove(size_t index);

  // The tree as it is now, in `arena`, which must own or have adopted the memory behind the draft.
  Value Freeze(Arena& arena) const;

  // Levels of maps and lists, a scalar being 0.
  size_t Depth() const;

 private:
  void Thaw();

  Value frozen_;         // its kind is right always, its content only while not thawed
  bool thawed_ = false;
  std::vector<std::string_view> keys_;  // of a map, beside its children
  std::vector<Draft> children_;
};

}  // namespace plumb
