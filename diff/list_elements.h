// The items of an associative list by what names them: their keys, or their value in a set.
#pragma once

#include <string>
#include <vector>

#include "core/arena.h"
#include "diff/merge_profile.h"
#include "diff/path_element.h"
#include "diff/schema.h"

namespace plumb {

// What names `item` in a list of `type` (kSet or kMap): memory of `arena`, of the item and of the schema. False where it has
// no name, with the reason in *error. Rules: structured-merge-diff typed/helpers.go.
bool ElementOf(Arena& arena, const Type& type, Value item, const MergeProfile& profile, PathElement* element, std::string* error);

// Finds elements by value in constant time, however long the list. Holds a reference to the elements it was made of.
// Not thread-safe; made and dropped within one operation.
class ElementIndex {
 public:
  explicit ElementIndex(const std::vector<PathElement>& elements);

  static constexpr size_t kNone = ~size_t{0};
  size_t Find(const PathElement& element) const;   // where it occurs first, or kNone
  size_t Next(size_t i) const { return next_.empty() ? kNone : next_[i]; }  // where the same element occurs again, or kNone
  bool IsRepeated(size_t first) const { return Next(first) != kNone; }
  bool has_repeats() const { return !next_.empty(); }

 private:
  const std::vector<PathElement>& elements_;
  std::vector<uint32_t> slots_;  // open addressing, index + 1; empty for short lists, which are scanned
  std::vector<size_t> next_;     // empty where no element occurs twice
};

}  // namespace plumb
