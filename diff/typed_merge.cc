#include <algorithm>

#include "diff/list_elements.h"
#include "diff/typed.h"

namespace plumb {

namespace {

// "Keep the configuration where it says something, else what is live." A null pointer is a side that says nothing.
class Merger {
 public:
  Merger(Arena& arena, const MergeProfile& profile) : arena_(arena), profile_(profile) {}

  // False where nothing is left to say. At least one side is given.
  bool Visit(const Value* live, const Value* config, const Type* type, Value* out) {
    if (live && config && live->SameAs(*config)) return Leaf(live, config, out);
    switch (ShapeOf(*type, config ? *config : *live)) {
      case Shape::kScalar: return Leaf(live, config, out);
      case Shape::kList: return VisitList(live, config, *type, out);
      case Shape::kMap: return VisitMap(live, config, *type, out);
    }
    return false;
  }

  Status Finish() const { return error_.empty() ? Ok() : Status(Invalid(error_)); }

 private:
  // Of two equal values the live one is kept, so that what does not change is shared.
  static bool Leaf(const Value* live, const Value* config, Value* out) {
    *out = !config || (live && *live == *config) ? *live : *config;
    return true;
  }

  bool VisitMap(const Value* live, const Value* config, const Type& type, Value* out) {
    const Value left = live && live->is_map() ? *live : Value(), right = config && config->is_map() ? *config : Value();
    // Two empty sides are a leaf, which keeps {} and null apart as the configuration has them.
    if (type.map_type == MapType::kAtomic || (left.empty() && right.empty())) return Leaf(live, config, out);
    std::vector<Member> members;
    members.reserve(left.size() + right.size());
    bool same = true;
    for (const Member& m : left.members()) {
      Member merged{m.key, {}};
      if (!Visit(&m.value, right.Find(m.key), MemberType(type, m.key), &merged.value)) {
        same = false;
        continue;
      }
      same = same && merged.value.SameAs(m.value);
      members.push_back(merged);
    }
    for (const Member& m : right.members()) {
      if (left.Has(m.key)) continue;
      Member merged{m.key, {}};
      same = false;
      if (Visit(nullptr, &m.value, MemberType(type, m.key), &merged.value)) members.push_back(merged);
    }
    if (members.empty()) return false;
    *out = same ? left : arena_.Map(members);
    return true;
  }

  bool VisitList(const Value* live, const Value* config, const Type& type, Value* out) {
    const Value left = live && live->is_list() ? *live : Value(), right = config && config->is_list() ? *config : Value();
    if (type.list_type == ListType::kAtomic || (left.empty() && right.empty())) return Leaf(live, config, out);
    if (right.empty()) {
      *out = left;
      return true;
    }
    if (left.empty()) {
      *out = right;
      return true;
    }
    std::vector<PathElement> left_elements, right_elements;
    if (!Elements(left, type, &left_elements) || !Elements(right, type, &right_elements)) return Leaf(live, config, out);
    const ElementIndex left_index(left_elements), right_index(right_elements);
    std::vector<Value> items;
    items.reserve(left.size() + right.size());
    // Several live items of one key are replaced by the one that the configuration has, merged with nothing.
    const auto merge_right = [&](size_t r) {
      const size_t l = left_index.Find(right_elements[r]);
      const Value nothing{};
      const Value* with = l == ElementIndex::kNone ? nullptr : left_index.IsRepeated(l) ? &nothing : &left.items()[l];
      Value merged;
      if (Visit(with, &right.items()[r], type.item, &merged)) items.push_back(merged);
    };
    if (profile_.config_order) ZipByConfig(left, left_elements, left_index, right_elements, right_index, &items, merge_right);
    else AppendToLive(left, left_elements, left_index, right_elements, right_index, &items, merge_right);
    if (items.empty()) return false;
    const bool same = items.size() == left.size() &&
                      std::equal(items.begin(), items.end(), left.items().begin(), [](Value a, Value b) { return a.SameAs(b); });
    *out = same ? left : arena_.List(items);
    return true;
  }

  // The applied items keep the configuration's order; items that are only live keep their place between them.
  template <typename MergeRight>
  void ZipByConfig(Value left, const std::vector<PathElement>& left_elements, const ElementIndex& left_index,
                   const std::vector<PathElement>& right_elements, const ElementIndex& right_index, std::vector<Value>* items,
                   MergeRight merge_right) {
    const size_t left_size = left_elements.size(), right_size = right_elements.size();
    std::vector<bool> shared(right_size), merged(right_size);
    for (size_t r = 0; r < right_size; ++r) shared[r] = left_index.Find(right_elements[r]) != ElementIndex::kNone;
    size_t next_shared = 0;  // the first item at or after r that both have
    for (size_t l = 0, r = 0; l < left_size || r < right_size;) {
      while (next_shared < right_size && (next_shared < r || !shared[next_shared])) ++next_shared;
      const size_t match = l < left_size ? right_index.Find(left_elements[l]) : ElementIndex::kNone;
      if (l < left_size && r < right_size) {
        if (match == r) {
          merge_right(r);
          merged[r] = true;
          ++l, ++r;
          continue;
        }
        if (match != ElementIndex::kNone && next_shared < right_size && next_shared != match) {
          ++l;  // its turn comes with the configuration's order
          continue;
        }
      }
      if (l < left_size) {
        if (match == ElementIndex::kNone) {
          items->push_back(left[l]);
          ++l;
          continue;
        }
        if (merged[match]) ++l;
      }
      if (r < right_size) {
        merge_right(r);
        merged[r] = true;
        ++r;
      }
    }
  }

  // Before 1.23: live items first, then what the configuration adds.
  template <typename MergeRight>
  static void AppendToLive(Value left, const std::vector<PathElement>& left_elements, const ElementIndex& left_index,
                           const std::vector<PathElement>& right_elements, const ElementIndex& right_index,
                           std::vector<Value>* items, MergeRight merge_right) {
    for (size_t l = 0; l < left_elements.size(); ++l) {
      const size_t r = right_index.Find(left_elements[l]);
      if (r == ElementIndex::kNone) items->push_back(left[l]);
      else merge_right(r);
    }
    for (size_t r = 0; r < right_elements.size(); ++r)
      if (left_index.Find(right_elements[r]) == ElementIndex::kNone) merge_right(r);
  }

  bool Elements(Value list, const Type& type, std::vector<PathElement>* elements) {
    elements->reserve(list.size());
    for (Value item : list.items()) {
      PathElement element;
      if (!ElementOf(arena_, type, item, profile_, &element, &error_)) return false;
      elements->push_back(element);
    }
    return true;
  }

  static const Type* MemberType(const Type& type, std::string_view key) {
    const Type* member = type.Member(key);
    return member ? member : Schema::Atomic();  // only where the live object has a field that the schema lost
  }

  Arena& arena_;
  const MergeProfile& profile_;
  std::string error_;
};

}  // namespace

Result<Value> MergeTyped(Arena& arena, Value live, Value config, const Type* type, const MergeProfile& profile) {
  Merger merger(arena, profile);
  Value out;
  if (!merger.Visit(&live, &config, type, &out)) out = Value();
  PLUMB_OK(merger.Finish());
  return out;
}

}  // namespace plumb
