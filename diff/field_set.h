// A set of paths of an object, as a trie: who owns what, what changed, what to remove. FieldsV1 is its written form.
//
// A FieldSet is a 16-byte view into an Arena, like a Value: immutable, freely copied, sharing subtrees; the operations
// build new sets in the arena they are given, which must own or have adopted the memory of their arguments.
// The meaning of each operation is that of structured-merge-diff fieldpath v6.4. Thread-safe to read.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/arena.h"
#include "core/path.h"
#include "core/result.h"
#include "diff/path_element.h"
#include "diff/schema.h"

namespace plumb {

struct FieldNode;

class FieldSet {
 public:
  FieldSet() = default;  // empty

  bool empty() const { return nodes_.empty(); }
  std::span<const FieldNode> nodes() const { return nodes_; }  // in the order of FieldsV1, each a member or with children
  const FieldNode* Find(const PathElement& element) const;     // O(log n)
  FieldSet Children(const PathElement& element) const;
  bool HasMember(const PathElement& element) const;
  size_t CountMembers() const;

  bool operator==(const FieldSet& other) const;
  // The same nodes in memory: implies ==, O(1).
  bool SharesNodesWith(const FieldSet& other) const {
    return nodes_.data() == other.nodes_.data() && nodes_.size() == other.nodes_.size();
  }

  // Takes nodes in any order, each element at most once; leaves out those that are neither member nor parent. For the
  // operations and walkers of this room.
  static FieldSet Of(Arena& arena, std::span<FieldNode> nodes);
  static FieldSet OfSorted(Arena& arena, std::span<const FieldNode> nodes);

 private:
  explicit FieldSet(std::span<const FieldNode> nodes) : nodes_(nodes) {}
  std::span<const FieldNode> nodes_;
};

struct FieldNode {
  PathElement element;
  bool member = false;  // the path that ends here is in the set
  FieldSet children;
};

// Reads FieldsV1 of any spelling; elements of unknown kind are skipped, as Kubernetes does. Errors: kInvalid.
Result<FieldSet> ParseFieldSet(Arena& arena, std::string_view json);
Result<FieldSet> FieldSetFromValue(Arena& arena, Value fields_v1);
// The canonical form: byte for byte what the API server writes (less its escaping of <, > and &).
std::string SerializeFieldSet(const FieldSet& set);
Value FieldSetToValue(Arena& arena, const FieldSet& set);
Value FieldSetToManagedFields(Arena& arena, const FieldSet& set);  // with its escaping

FieldSet Union(Arena& arena, const FieldSet& a, const FieldSet& b);
FieldSet Intersection(Arena& arena, const FieldSet& a, const FieldSet& b);
// Members of `a` that are not members of `b`: a member `x` of `b` does not take away `x.y`.
FieldSet Difference(Arena& arena, const FieldSet& a, const FieldSet& b);
// As Difference, but a member of `b` takes away everything below it too.
FieldSet RecursiveDifference(Arena& arena, const FieldSet& a, const FieldSet& b);
bool Intersects(const FieldSet& a, const FieldSet& b);
bool IsSubset(const FieldSet& a, const FieldSet& b);  // every member of `a` is one of `b`

// `set` with the declared fields that have members below them as members too. A null `type` changes nothing.
FieldSet WithNamedParents(Arena& arena, const FieldSet& set, const Type* type);
// `set` with every path below a list or map that is atomic (now) replaced by that list or map itself.
FieldSet WithoutPartsOfAtomics(Arena& arena, const FieldSet& set, const Type* type);

FieldSet FieldSetOf(Arena& arena, const std::vector<FieldPath>& paths);
// Calls f for each member, in the server's order: those of a level before what is below them.
void ForEachMember(const FieldSet& set, const std::function<void(const FieldPath&)>& f);

}  // namespace plumb
