#include "diff/list_elements.h"
#include "diff/typed.h"

namespace plumb {

namespace {

// The members below a node; *self where the node itself is one.
class Collector {
 public:
  Collector(Arena& arena, const MergeProfile& profile) : arena_(arena), profile_(profile) {}

  FieldSet Visit(Value value, const Type* type, bool* self) {
    *self = false;
    switch (ShapeOf(*type, value)) {
      case Shape::kScalar: *self = true; return {};
      case Shape::kList:
        if (type->list_type != ListType::kAtomic) return VisitList(value, *type);
        *self = true;
        return {};
      case Shape::kMap:
        if (type->map_type != MapType::kAtomic) return VisitMap(value, *type);
        *self = true;
        return {};
    }
    return {};
  }

 private:
  FieldSet VisitMap(Value value, const Type& type) {
    const size_t begin = nodes_.size();
    for (const Member& m : value.members()) {
      const Field* field = type.FindField(m.key);
      const Type* below = field ? field->type : type.value ? type.value : Schema::Atomic();
      bool self;
      const FieldSet children = Visit(m.value, below, &self);
      const bool leaf = profile_.own_null && (m.value.is_null() || (m.value.is_map() && m.value.empty()));
      nodes_.push_back({PathElement::Field(m.key), self || leaf || !field, children});
    }
    return Take(begin);
  }

  FieldSet VisitList(Value value, const Type& type) {
    if (!value.is_list()) return {};
    std::vector<PathElement> elements;
    std::vector<Value> items;
    elements.reserve(value.size());
    items.reserve(value.size());
    std::string error;
    for (Value item : value.items()) {
      PathElement element;
      if (!ElementOf(arena_, type, item, profile_, &element, &error)) continue;
      elements.push_back(element);
      items.push_back(item);
    }
    const ElementIndex index(elements);
    const size_t begin = nodes_.size();
    for (size_t i = 0; i < elements.size(); ++i) {
      if (index.has_repeats()) {
        if (index.Find(elements[i]) != i) continue;
        if (index.IsRepeated(i)) {  // no one owns a part of items that cannot be told apart
          nodes_.push_back({elements[i], true, {}});
          continue;
        }
      }
      bool self;
      const FieldSet children = Visit(items[i], type.item, &self);
      nodes_.push_back({elements[i], true, children});
    }
    return Take(begin);
  }

  FieldSet Take(size_t begin) {
    const FieldSet set = FieldSet::Of(arena_, std::span(nodes_).subspan(begin));
    nodes_.resize(begin);
    return set;
  }

  Arena& arena_;
  const MergeProfile& profile_;
  std::vector<FieldNode> nodes_;  // a stack: each map and list has its top
};

class Remover {
 public:
  Remover(Arena& arena, const MergeProfile& profile) : arena_(arena), profile_(profile) {}

  // Null where nothing is left.
  Value Visit(Value value, const FieldSet& set, const Type* type) {
    switch (ShapeOf(*type, value)) {
      case Shape::kScalar: return value;
      case Shape::kList: return VisitList(value, set, *type);
      case Shape::kMap: return VisitMap(value, set, *type);
    }
    return value;
  }

 private:
  Value Below(Value value, const FieldSet& set, const Type* type) {
    const Value left = Visit(value, set, type);
    if (!left.is_null() || !profile_.keep_emptied) return left;
    return value.is_map() ? arena_.Map({}) : value.is_list() ? arena_.List({}) : left;
  }

  Value VisitMap(Value value, const FieldSet& set, const Type& type) {
    if (!value.is_map() || value.empty() || type.map_type == MapType::kAtomic) return {};
    std::vector<Member> members;
    members.reserve(value.size());
    bool same = true;
    for (const Member& m : value.members()) {
      const FieldNode* node = set.Find(PathElement::Field(m.key));
      if (node && node->member) {
        same = false;
        continue;
      }
      members.push_back(m);
      if (!node || node->children.empty()) continue;
      const Type* below = type.Member(m.key);
      members.back().value = Below(m.value, node->children, below ? below : Schema::Atomic());
      same = same && members.back().value.SameAs(m.value);
    }
    if (same) return value;
    return members.empty() ? Value() : arena_.Map(members);
  }

  Value VisitList(Value value, const FieldSet& set, const Type& type) {
    if (!value.is_list() || value.empty() || type.list_type == ListType::kAtomic) return {};
    std::vector<Value> items;
    items.reserve(value.size());
    bool same = true;
    std::string error;
    for (Value item : value.items()) {
      PathElement element;
      const FieldNode* node = ElementOf(arena_, type, item, profile_, &element, &error) ? set.Find(element) : nullptr;
      if (node && node->member) {
        same = false;
        continue;
      }
      items.push_back(item);
      if (!node || node->children.empty()) continue;
      items.back() = Below(item, node->children, type.item);
      same = same && items.back().SameAs(item);
    }
    if (same) return value;
    return items.empty() ? Value() : arena_.List(items);
  }

  Arena& arena_;
  const MergeProfile& profile_;
};

}  // namespace

FieldSet ToFieldSet(Arena& arena, Value value, const Type* type, const MergeProfile& profile) {
  bool self;
  return Collector(arena, profile).Visit(value, type, &self);
}

Value RemoveFields(Arena& arena, Value value, const FieldSet& set, const Type* type, const MergeProfile& profile) {
  return Remover(arena, profile).Visit(value, set, type);
}

}  // namespace plumb
