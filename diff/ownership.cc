#include "diff/ownership.h"

namespace plumb {

namespace {

// Comparisons of the same two objects, one for each version that a manager speaks.
class Comparisons {
 public:
  Comparisons(const OwnershipContext& context, Value before, Value after) : context_(context), before_(before), after_(after) {}

  // nullptr where the version is not served.
  const Comparison* At(const std::string& api_version) {
    const Type* type = context_.type_of(api_version);
    if (!type) return nullptr;
    if (const auto known = by_type_.find(type); known != by_type_.end()) return &known->second;
    Comparison c = CompareTyped(context_.arena, before_, after_, type, context_.profile);
    if (!context_.ignored.empty())
      for (FieldSet* set : {&c.added, &c.modified, &c.removed}) *set = RecursiveDifference(context_.arena, *set, context_.ignored);
    return &by_type_.emplace(type, c).first->second;
  }

 private:
  const OwnershipContext& context_;
  Value before_, after_;
  std::map<const Type*, Comparison> by_type_;
};

// Takes from the other managers what the write changed or removed; the conflicts are what they owned and was changed.
std::vector<OwnershipConflict> TakeOver(const OwnershipContext& context, Comparisons* comparisons, const std::string& manager,
                                        bool force, Owners* owners) {
  Arena& arena = context.arena;
  std::vector<OwnershipConflict> conflicts;
  Owners after;
  for (const auto& [name, owned] : *owners) {
    if (name == manager) {
      after.emplace(name, owned);
      continue;
    }
    const Comparison* c = comparisons->At(owned.api_version);
    if (!c) continue;  // the version is gone, and with it what was owned in it
    OwnedFields left = owned;
    const FieldSet conflict = Union(arena, Intersection(arena, owned.set, c->modified), Intersection(arena, owned.set, c->added));
    if (!conflict.empty()) {
      conflicts.push_back({name, conflict});
      left.set = Difference(arena, left.set, conflict);
    }
    left.set = Difference(arena, left.set, c->removed);
    after.emplace(name, std::move(left));
  }
  if (!force && !conflicts.empty()) return conflicts;
  std::erase_if(after, [](const auto& owner) { return owner.second.set.empty(); });
  *owners = std::move(after);
  return {};
}

// `set` with the parts, as `parts` has them, of each list and map that it owns as a whole and that `type` calls granular.
FieldSet WithParts(Arena& arena, const FieldSet& set, const FieldSet& parts, const Type* type) {
  std::vector<FieldNode> nodes(set.nodes().begin(), set.nodes().end());
  for (FieldNode& node : nodes) {
    const bool is_field = node.element.kind == PathElement::Kind::kField;
    const Type* below = is_field ? (type->is_map ? type->Member(node.element.name()) : nullptr) : type->is_list ? type->item : nullptr;
    if (!below) continue;
    const FieldSet live = parts.Children(node.element);
    if (!node.children.empty()) node.children = WithParts(arena, node.children, live, below);
    else if (below->is_map ? below->map_type == MapType::kGranular && !below->IsAny() : below->list_type != ListType::kAtomic)
      node.children = live;
  }
  return FieldSet::OfSorted(arena, nodes);
}

// A list or map that has become atomic since a manager wrote is owned as a whole.
void FollowSchema(const OwnershipContext& context, Value live, Owners* owners) {
  for (auto it = owners->begin(); it != owners->end();) {
    const Type* type = context.type_of(it->second.api_version);
    if (!type) {
      it = owners->erase(it);
      continue;
    }
    it->second.set = WithoutPartsOfAtomics(context.arena, it->second.set, type);
    if (context.profile.expand_atomics) {
      const FieldSet parts = ToFieldSet(context.arena, live, type, context.profile);
      it->second.set = WithParts(context.arena, it->second.set, parts, type);
    }
    ++it;
  }
}

// `merged` without what the manager owned before (`last`), no longer declares, and nobody else owns.
Value Prune(const OwnershipContext& context, Value merged, const Owners& owners, const std::string& manager, const OwnedFields& last) {
  const OwnedFields& now = owners.at(manager);
  // The usual case: everything owned before is declared still, so that nothing can go.
  if (merged.is_map() && !merged.empty() && last.api_version == now.api_version && IsSubset(last.set, now.set)) return merged;
  const Type* type = context.type_of(last.api_version);
  if (!type) return merged;
  Arena& arena = context.arena;
  const MergeProfile& profile = context.profile;
  const auto named = [&](const FieldSet& set, const Type* at) {
    return profile.named_parents ? WithNamedParents(arena, set, at) : set;
  };
  const FieldSet last_set = named(last.set, type);
  Value pruned = RemoveFields(arena, merged, last_set, type, profile);

  // What any manager owns comes back: first in the version of what was pruned, then in the others.
  std::map<std::string, FieldSet> owned;
  for (const auto& [name, fields] : owners) {
    FieldSet& set = owned[fields.api_version];
    set = Union(arena, set, fields.set);
  }
  const auto add_back_owned = [&](const std::string& version, const FieldSet& set) {
    const Type* at = context.type_of(version);
    if (!at) return;
    const FieldSet all = named(ToFieldSet(arena, merged, at, profile), at);
    const FieldSet kept = named(ToFieldSet(arena, pruned, at, profile), at);
    pruned = RemoveFields(arena, merged, Difference(arena, all, Union(arena, kept, named(set, at))), at, profile);
  };
  if (const auto same = owned.find(last.api_version); same != owned.end()) {
    add_back_owned(same->first, same->second);
    owned.erase(same);
  }
  for (const auto& [version, set] : owned) add_back_owned(version, set);

  // And what nobody owns: only what the manager itself had goes.
  const FieldSet all = named(ToFieldSet(arena, merged, type, profile), type);
  const FieldSet kept = named(ToFieldSet(arena, pruned, type, profile), type);
  return RemoveFields(arena, merged, Intersection(arena, Difference(arena, all, kept), last_set), type, profile);
}

// As Go compares them: lists in order, and null apart from absent.
bool Unchanged(const MergeProfile& profile, Value live, Value now, Comparisons* comparisons, const std::string& api_version) {
  if (profile.ordered_noop) return live == now;
  const Comparison* c = comparisons->At(api_version);
  return c && c->empty();
}

}  // namespace

Result<OwnershipResult> ApplyConfig(const OwnershipContext& context, Value live, Value config, Owners owners,
                                    const std::string& manager, bool force) {
  const Type* type = context.type_of(context.api_version);
  if (!type) return Invalid("no version '" + context.api_version + "' of this kind is served");
  FollowSchema(context, live, &owners);
  PLUMB_TRY(merged, MergeTyped(context.arena, live, config, type, context.profile));
  OwnedFields last;
  if (const auto known = owners.find(manager); known != owners.end()) last = known->second;
  FieldSet set = ToFieldSet(context.arena, config, type, context.profile);
  if (!context.ignored.empty()) set = RecursiveDifference(context.arena, set, context.ignored);
  const bool as_before = last.api_version == context.api_version && Difference(context.arena, set, context.never_owned) == last.set;
  owners[manager] = {as_before ? last.set : set, context.api_version, true};

  OwnershipResult result;
  Value now = merged;
  if (!last.set.empty()) now = Prune(context, now, owners, manager, last);
  Comparisons comparisons(context, live, now);
  result.conflicts = TakeOver(context, &comparisons, manager, force, &owners);
  if (!result.conflicts.empty()) return result;
  if (!Unchanged(context.profile, live, now, &comparisons, context.api_version)) result.object = now;
  result.owners = std::move(owners);
  return result;
}

Owners OwnersAfterUpdate(const OwnershipContext& context, Value before, Value after, Owners owners, const std::string& manager) {
  Arena& arena = context.arena;
  FollowSchema(context, before, &owners);
  Comparisons comparisons(context, before, after);
  TakeOver(context, &comparisons, manager, /*force=*/true, &owners);
  const Comparison* c = comparisons.At(context.api_version);
  if (!c) return owners;
  FieldSet set = owners[manager].set;
  set = Union(arena, Union(arena, Difference(arena, set, c->removed), c->modified), c->added);
  if (!context.ignored.empty()) set = RecursiveDifference(arena, set, context.ignored);
  if (set.empty()) owners.erase(manager);
  else owners[manager] = {set, context.api_version, false};
  return owners;
}

}  // namespace plumb
