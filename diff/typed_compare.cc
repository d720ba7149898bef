#include <array>

#include "diff/list_elements.h"
#include "diff/typed.h"

namespace plumb {

namespace {

enum Change { kAdded, kModified, kRemoved, kChanges };

// What comparing one node says of it and of what is below.
struct Found {
  std::array<bool, kChanges> member{};
  std::array<FieldSet, kChanges> below;

  bool empty() const {
    for (size_t c = 0; c < kChanges; ++c)
      if (member[c] || !below[c].empty()) return false;
    return true;
  }
};

class Comparer {
 public:
  Comparer(Arena& arena, const MergeProfile& profile) : arena_(arena), profile_(profile) {}

  // A null pointer is a side that has nothing here. At least one side is given.
  Found Visit(const Value* before, const Value* after, const Type* type) {
    if (before && after && before->SameAs(*after)) return {};
    const Shape shape = ShapeOf(*type, after ? *after : *before);
    Found found;
    bool leaf = false;
    if (before && after && ShapeOf(*type, *before) != shape) {
      // The shape changed: what the old one had is gone, beside what the new one says.
      bool ignored;
      found = VisitAs(ShapeOf(*type, *before), before, after, type, &ignored);
      const Found now = VisitAs(shape, before, after, type, &leaf);
      for (size_t c = 0; c < kChanges; ++c) {
        found.member[c] |= now.member[c];
        found.below[c] = Union(arena_, found.below[c], now.below[c]);
      }
    } else {
      found = VisitAs(shape, before, after, type, &leaf);
    }
    if (!leaf && !before) found.member[kAdded] = true;
    if (!leaf && before && !after) found.member[kRemoved] = true;
    return found;
  }

 private:
  Found VisitAs(Shape shape, const Value* before, const Value* after, const Type* type, bool* leaf) {
    *leaf = false;
    if (shape == Shape::kMap) {
      const Value left = before && before->is_map() ? *before : Value(), right = after && after->is_map() ? *after : Value();
      if (type->map_type == MapType::kGranular && !(left.empty() && right.empty())) return VisitMap(left, right, *type);
    } else if (shape == Shape::kList) {
      const Value left = before && before->is_list() ? *before : Value(), right = after && after->is_list() ? *after : Value();
      if (type->list_type != ListType::kAtomic && !(left.empty() && right.empty())) return VisitList(left, right, *type);
    }
    *leaf = true;
    Found found;
    if (!before) found.member[kAdded] = true;
    else if (!after) found.member[kRemoved] = true;
    else found.member[kModified] = !(*before == *after);
    return found;
  }

  Found VisitMap(Value left, Value right, const Type& type) {
    const Level level(*this);
    for (const Member& m : left.members()) {
      const Value* other = right.Find(m.key);
      if (other && other->SameAs(m.value)) continue;
      Add(PathElement::Field(m.key), Visit(&m.value, other, MemberType(type, m.key)));
    }
    for (const Member& m : right.members())
      if (!left.Has(m.key)) Add(PathElement::Field(m.key), Visit(nullptr, &m.value, MemberType(type, m.key)));
    return level.Finish();
  }

  Found VisitList(Value left, Value right, const Type& type) {
    const Level level(*this);
    std::vector<PathElement> left_elements, right_elements;
    std::vector<Value> left_items, right_items;
    Elements(left, type, &left_elements, &left_items);
    Elements(right, type, &right_elements, &right_items);
    const ElementIndex left_index(left_elements), right_index(right_elements);
    for (size_t l = 0; l < left_elements.size(); ++l) {
      if (left_index.has_repeats() && left_index.Find(left_elements[l]) != l) continue;  // its first occurrence speaks for it
      const size_t r = right_index.Find(left_elements[l]);
      const bool left_repeated = left_index.IsRepeated(l), right_repeated = r != ElementIndex::kNone && right_index.IsRepeated(r);
      const Value* other = r == ElementIndex::kNone ? nullptr : &right_items[r];
      if (!left_repeated && !right_repeated) {
        Add(left_elements[l], Visit(&left_items[l], other, type.item));
      } else if (left_repeated && right_repeated) {
        // Repeated items have no identity of their own: together they are one value.
        Found found;
        found.member[kModified] = !SameRepeats(left_items, left_index, l, right_items, right_index, r);
        Add(left_elements[l], found);
      } else if (left_repeated) {
        Found found;
        if (other) found = Visit(nullptr, other, type.item);
        found.member[kRemoved] = true;
        Add(left_elements[l], found);
      } else {
        Found found = Visit(&left_items[l], nullptr, type.item);
        found.member[kAdded] = true;
        Add(left_elements[l], found);
      }
    }
    for (size_t r = 0; r < right_elements.size(); ++r) {
      if (left_index.Find(right_elements[r]) != ElementIndex::kNone) continue;
      if (right_index.has_repeats() && right_index.Find(right_elements[r]) != r) continue;
      Found found;
      if (right_index.IsRepeated(r)) found.member[kAdded] = true;
      else found = Visit(nullptr, &right_items[r], type.item);
      Add(right_elements[r], found);
    }
    return level.Finish();
  }

  static bool SameRepeats(const std::vector<Value>& left, const ElementIndex& left_index, size_t l, const std::vector<Value>& right,
                          const ElementIndex& right_index, size_t r) {
    while (l != ElementIndex::kNone && r != ElementIndex::kNone) {
      if (!(left[l] == right[r])) return false;
      l = left_index.Next(l);
      r = right_index.Next(r);
    }
    return l == r;
  }

  // Items without a name cannot be compared; validation refuses them before.
  void Elements(Value list, const Type& type, std::vector<PathElement>* elements, std::vector<Value>* items) {
    elements->reserve(list.size());
    items->reserve(list.size());
    std::string error;
    for (Value item : list.items()) {
      PathElement element;
      if (!ElementOf(arena_, type, item, profile_, &element, &error)) continue;
      elements->push_back(element);
      items->push_back(item);
    }
  }

  void Add(const PathElement& element, const Found& found) {
    if (found.empty()) return;
    for (size_t c = 0; c < kChanges; ++c)
      if (found.member[c] || !found.below[c].empty()) nodes_[c].push_back({element, found.member[c], found.below[c]});
  }

  // The nodes of one map or list are the top of the stacks.
  class Level {
   public:
    explicit Level(Comparer& comparer) : comparer_(comparer) {
      for (size_t c = 0; c < kChanges; ++c) begin_[c] = comparer.nodes_[c].size();
    }
    Found Finish() const {
      Found found;
      for (size_t c = 0; c < kChanges; ++c) {
        std::vector<FieldNode>& nodes = comparer_.nodes_[c];
        found.below[c] = FieldSet::Of(comparer_.arena_, std::span(nodes).subspan(begin_[c]));
        nodes.resize(begin_[c]);
      }
      return found;
    }

   private:
    Comparer& comparer_;
    std::array<size_t, kChanges> begin_{};
  };

  static const Type* MemberType(const Type& type, std::string_view key) {
    const Type* member = type.Member(key);
    return member ? member : Schema::Atomic();
  }

  Arena& arena_;
  const MergeProfile& profile_;
  std::array<std::vector<FieldNode>, kChanges> nodes_;
};

}  // namespace

Comparison CompareTyped(Arena& arena, Value before, Value after, const Type* type, const MergeProfile& profile) {
  const Found found = Comparer(arena, profile).Visit(&before, &after, type);
  return {found.below[kAdded], found.below[kModified], found.below[kRemoved]};
}

}  // namespace plumb
