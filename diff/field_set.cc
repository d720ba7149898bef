#include "diff/field_set.h"

#include <algorithm>

#include "core/json.h"

namespace plumb {

namespace {

bool IsEmpty(const FieldNode& node) { return !node.member && node.children.empty(); }

// Walks two sorted lists of nodes together: f(a, b) for each element, with nullptr on the side that lacks it.
template <typename F>
void Zip(const FieldSet& a, const FieldSet& b, F&& f) {
  const auto left = a.nodes(), right = b.nodes();
  size_t i = 0, j = 0;
  while (i < left.size() || j < right.size()) {
    const int c = i == left.size() ? 1 : j == right.size() ? -1 : Compare(left[i].element, right[j].element);
    f(c <= 0 ? &left[i] : nullptr, c >= 0 ? &right[j] : nullptr);
    i += c <= 0;
    j += c >= 0;
  }
}

bool Same(const FieldSet& a, const FieldSet& b) { return a.SharesNodesWith(b); }

void AppendJson(const FieldSet& set, std::string* out) {
  *out += '{';
  bool first = true;
  for (const FieldNode& node : set.nodes()) {
    if (!first) *out += ',';
    first = false;
    const std::string key = SerializeElement(node.element);
    *out += WriteJson(Arena::Borrow(key));
    *out += ':';
    if (node.children.empty()) {
      *out += "{}";
      continue;
    }
    const size_t brace = out->size();
    AppendJson(node.children, out);
    if (node.member) out->insert(brace + 1, "\".\":{},");
  }
  *out += '}';
}

void Walk(const FieldSet& set, FieldPath* path, const std::function<void(const FieldPath&)>& f) {
  for (const bool members : {true, false})
    for (const FieldNode& node : set.nodes()) {
      if (members ? !node.member : node.children.empty()) continue;
      path->Push(ToStep(node.element));
      if (members) f(*path);
      else Walk(node.children, path, f);
      path->Pop();
    }
}

// The type below an element of a node of type `type`; nullptr where the schema says nothing.
const Type* TypeBelow(const Type* type, const PathElement& element) {
  if (!type) return nullptr;
  if (element.kind == PathElement::Kind::kField) return type->is_map ? type->Member(element.name()) : nullptr;
  return type->is_list ? type->item : nullptr;
}

// Nothing is known of the fields of such a map, so nothing about it can have changed.
bool IsDeducedMap(const Type* type) { return type->is_map && type->fields.empty() && type->value == Schema::Deduced(); }

PathElement FromStep(Arena& arena, const PathStep& step) {
  const auto scalar = [&arena](const PathScalar& s) { return arena.Copy(ParseJson(s.ToJson())->root()); };
  switch (step.kind) {
    case PathStep::Kind::kField: return PathElement::Field(arena.Text(step.name));
    case PathStep::Kind::kIndex: return PathElement::Index(static_cast<int64_t>(step.index));
    case PathStep::Kind::kValue: return PathElement::Item(scalar(step.value));
    case PathStep::Kind::kKey: break;
  }
  std::vector<Member> members;
  for (const auto& [name, value] : step.keys) members.push_back({arena.Key(name), scalar(value)});
  return PathElement::Key(arena.Map(members));
}

}  // namespace

const FieldNode* FieldSet::Find(const PathElement& element) const {
  const auto at = std::lower_bound(nodes_.begin(), nodes_.end(), element,
                                   [](const FieldNode& node, const PathElement& e) { return node.element < e; });
  return at != nodes_.end() && at->element == element ? &*at : nullptr;
}

FieldSet FieldSet::Children(const PathElement& element) const {
  const FieldNode* node = Find(element);
  return node ? node->children : FieldSet();
}

bool FieldSet::HasMember(const PathElement& element) const {
  const FieldNode* node = Find(element);
  return node && node->member;
}

size_t FieldSet::CountMembers() const {
  size_t n = 0;
  for (const FieldNode& node : nodes_) n += node.member + node.children.CountMembers();
  return n;
}

bool FieldSet::operator==(const FieldSet& other) const {
  if (Same(*this, other)) return true;
  return std::equal(nodes_.begin(), nodes_.end(), other.nodes_.begin(), other.nodes_.end(),
                    [](const FieldNode& a, const FieldNode& b) {
                      return a.member == b.member && a.element == b.element && a.children == b.children;
                    });
}

FieldSet FieldSet::Of(Arena& arena, std::span<FieldNode> nodes) {
  const auto less = [](const FieldNode& a, const FieldNode& b) { return a.element < b.element; };
  if (!std::is_sorted(nodes.begin(), nodes.end(), less)) std::sort(nodes.begin(), nodes.end(), less);
  return OfSorted(arena, nodes);
}

FieldSet FieldSet::OfSorted(Arena& arena, std::span<const FieldNode> nodes) {
  if (std::none_of(nodes.begin(), nodes.end(), IsEmpty)) return FieldSet(arena.Array(nodes));
  std::vector<FieldNode> kept;
  for (const FieldNode& node : nodes)
    if (!IsEmpty(node)) kept.push_back(node);
  return FieldSet(arena.Array(std::span<const FieldNode>(kept)));
}

Result<FieldSet> FieldSetFromValue(Arena& arena, Value fields) {
  if (!fields.is_map() && !fields.is_null())
    return Invalid("fieldsV1: expected a map, got a " + std::string(KindName(fields.kind())));
  std::vector<FieldNode> nodes;
  nodes.reserve(fields.size());
  for (const Member& m : fields.members()) {
    if (m.key == ".") continue;  // of this node itself: its parent looks
    FieldNode node;
    bool known;
    if (!ParseElement(arena, m.key, &node.element, &known)) return Invalid("fieldsV1: malformed key '" + std::string(m.key) + "'");
    PLUMB_TRY(children, FieldSetFromValue(arena, m.value));
    if (!known) continue;
    node.children = children;
    node.member = children.empty() || m.value.Has(".");
    nodes.push_back(node);
  }
  const auto less = [](const FieldNode& a, const FieldNode& b) { return a.element < b.element; };
  const auto out_of_order = [less](const FieldNode& a, const FieldNode& b) { return !less(a, b); };
  if (std::adjacent_find(nodes.begin(), nodes.end(), out_of_order) == nodes.end())  // as every server writes it
    return FieldSet::OfSorted(arena, nodes);
  std::stable_sort(nodes.begin(), nodes.end(), less);
  // Two spellings of one element (`k:{"a":1}` and `k:{"a": 1}`) are one node.
  std::vector<FieldNode> unique;
  for (const FieldNode& node : nodes) {
    if (unique.empty() || !(unique.back().element == node.element)) {
      unique.push_back(node);
      continue;
    }
    unique.back().member |= node.member;
    unique.back().children = Union(arena, unique.back().children, node.children);
  }
  return FieldSet::OfSorted(arena, unique);
}

Result<FieldSet> ParseFieldSet(Arena& arena, std::string_view json) {
  PLUMB_TRY(document, ParseJson(json), "fieldsV1");
  return FieldSetFromValue(arena, document.root());  // copies what it keeps
}

std::string SerializeFieldSet(const FieldSet& set) {
  std::string out;
  AppendJson(set, &out);
  return out;
}

namespace {
Value ToValue(Arena& arena, const FieldSet& set, std::string (*serialize)(const PathElement&)) {
  std::vector<Member> members;
  members.reserve(set.nodes().size());
  for (const FieldNode& node : set.nodes()) {
    Value below = ToValue(arena, node.children, serialize);
    if (node.member && !node.children.empty()) {
      std::vector<Member> with_self{{".", arena.Map({})}};
      with_self.insert(with_self.end(), below.members().begin(), below.members().end());
      below = arena.Map(with_self);
    }
    members.push_back({arena.Text(serialize(node.element)), below});
  }
  return arena.Map(members);
}
}  // namespace

Value FieldSetToValue(Arena& arena, const FieldSet& set) { return ToValue(arena, set, SerializeElement); }
Value FieldSetToManagedFields(Arena& arena, const FieldSet& set) { return ToValue(arena, set, SerializeElementEscaped); }

FieldSet Union(Arena& arena, const FieldSet& a, const FieldSet& b) {
  if (a.empty() || Same(a, b)) return b;
  if (b.empty()) return a;
  std::vector<FieldNode> out;
  out.reserve(a.nodes().size() + b.nodes().size());
  Zip(a, b, [&](const FieldNode* x, const FieldNode* y) {
    if (!x || !y) out.push_back(x ? *x : *y);
    else out.push_back({x->element, x->member || y->member, Union(arena, x->children, y->children)});
  });
  return FieldSet::OfSorted(arena, out);
}

FieldSet Intersection(Arena& arena, const FieldSet& a, const FieldSet& b) {
  if (Same(a, b)) return a;
  if (a.empty() || b.empty()) return {};
  std::vector<FieldNode> out;
  Zip(a, b, [&](const FieldNode* x, const FieldNode* y) {
    if (!x || !y) return;
    const FieldNode both{x->element, x->member && y->member, Intersection(arena, x->children, y->children)};
    if (!IsEmpty(both)) out.push_back(both);
  });
  return FieldSet::OfSorted(arena, out);
}

FieldSet Difference(Arena& arena, const FieldSet& a, const FieldSet& b) {
  if (a.empty() || b.empty()) return a;
  if (Same(a, b)) return {};
  std::vector<FieldNode> out;
  out.reserve(a.nodes().size());
  bool unchanged = true;
  Zip(a, b, [&](const FieldNode* x, const FieldNode* y) {
    if (!x) return;
    const FieldNode left = y ? FieldNode{x->element, x->member && !y->member, Difference(arena, x->children, y->children)} : *x;
    unchanged = unchanged && left.member == x->member && Same(left.children, x->children);
    if (!IsEmpty(left)) out.push_back(left);
  });
  return unchanged ? a : FieldSet::OfSorted(arena, out);
}

FieldSet RecursiveDifference(Arena& arena, const FieldSet& a, const FieldSet& b) {
  if (a.empty() || b.empty()) return a;
  std::vector<FieldNode> out;
  Zip(a, b, [&](const FieldNode* x, const FieldNode* y) {
    if (!x || (y && y->member)) return;
    const FieldNode left = y ? FieldNode{x->element, x->member, RecursiveDifference(arena, x->children, y->children)} : *x;
    if (!IsEmpty(left)) out.push_back(left);
  });
  return FieldSet::OfSorted(arena, out);
}

bool Intersects(const FieldSet& a, const FieldSet& b) {
  bool found = false;
  if (!a.empty() && !b.empty())
    Zip(a, b, [&](const FieldNode* x, const FieldNode* y) {
      found = found || (x && y && ((x->member && y->member) || Intersects(x->children, y->children)));
    });
  return found;
}

bool IsSubset(const FieldSet& a, const FieldSet& b) {
  if (a.empty() || Same(a, b)) return true;
  bool subset = true;
  Zip(a, b, [&](const FieldNode* x, const FieldNode* y) {
    subset = subset && (!x || (y && (!x->member || y->member) && IsSubset(x->children, y->children)));
  });
  return subset;
}

FieldSet WithNamedParents(Arena& arena, const FieldSet& set, const Type* type) {
  if (!type || set.empty()) return set;
  std::vector<FieldNode> out(set.nodes().begin(), set.nodes().end());
  for (FieldNode& node : out) {
    if (node.children.empty()) continue;
    node.member |= node.element.kind == PathElement::Kind::kField && type->is_map && type->FindField(node.element.name());
    node.children = WithNamedParents(arena, node.children, TypeBelow(type, node.element));
  }
  return FieldSet::OfSorted(arena, out);
}

FieldSet WithoutPartsOfAtomics(Arena& arena, const FieldSet& set, const Type* type) {
  if (!type || IsDeducedMap(type)) return set;
  std::vector<FieldNode> out;  // made only where something changes
  for (size_t i = 0; i < set.nodes().size(); ++i) {
    const FieldNode& node = set.nodes()[i];
    if (node.children.empty()) continue;
    const Type* below = TypeBelow(type, node.element);
    if (!below || IsDeducedMap(below)) continue;
    FieldNode changed = node;
    // A value that may have any shape counts as a map, as everywhere in this algorithm.
    const bool atomic = below->is_map ? below->map_type == MapType::kAtomic : below->is_list && below->list_type == ListType::kAtomic;
    if (atomic) changed = {node.element, true, {}};
    else changed.children = WithoutPartsOfAtomics(arena, node.children, below);
    if (Same(changed.children, node.children)) continue;
    if (out.empty()) out.assign(set.nodes().begin(), set.nodes().end());
    out[i] = changed;
  }
  return out.empty() ? set : FieldSet::OfSorted(arena, out);
}

FieldSet FieldSetOf(Arena& arena, const std::vector<FieldPath>& paths) {
  FieldSet all;
  for (const FieldPath& path : paths) {
    FieldSet one;
    for (size_t i = path.size(); i-- > 0;) {
      FieldNode node{FromStep(arena, path[i]), i + 1 == path.size(), one};
      one = FieldSet::OfSorted(arena, std::span<const FieldNode>(&node, 1));
    }
    all = Union(arena, all, one);
  }
  return all;
}

void ForEachMember(const FieldSet& set, const std::function<void(const FieldPath&)>& f) {
  FieldPath path;
  Walk(set, &path, f);
}

}  // namespace plumb
