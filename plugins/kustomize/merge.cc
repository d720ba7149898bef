#include "plugins/kustomize/merge.h"

#include <algorithm>
#include <string>
#include <vector>

#include "plugins/kustomize/as_written.h"
#include "plugins/kustomize/list_merge.h"
#include "plugins/kustomize/node.h"

namespace plumb::kustomize {
namespace {

constexpr std::string_view kDirective = "$patch";
enum class Directive { kMerge, kReplace, kDelete };

using Node = std::optional<Value>;  // nullopt: absent, which is not the same as null

bool MissingOrNull(const Node& node) { return !node || node->is_null(); }

struct Merged {
  Node value;                // nullopt: to be removed
  bool from_target = false;  // the target's own node with changes, rather than the patch's
  bool keeps_null = false;   // a null that the target spelled out
};

Result<Directive> ParseDirective(Value v) {
  const std::string text = ScalarText(v);
  if (text == "delete") return Directive::kDelete;
  if (text == "replace") return Directive::kReplace;
  if (text == "merge") return Directive::kMerge;
  return Invalid("'$patch: " + text + "' is unknown: use delete, replace or merge");
}

class Merger {
 public:
  Merger(Arena& arena, const PatchSchema& schema) : arena_(arena), schema_(schema) {}

  Result<Merged> Walk(Node target, Node patch, const PatchSchema::Type* type, const PatchSchema::Field* field) {
    const Node& first = MissingOrNull(target) ? patch : target;
    const Kind kind = MissingOrNull(first) ? Kind::kMap : first->kind();
    for (const Node& node : {target, patch}) {
      const bool fits = MissingOrNull(node) || node->kind() == kind || (node->is_scalar() && first->is_scalar());
      if (!fits)
        return Invalid("a " + std::string(KindName(patch->kind())) + " cannot be merged into a " +
                       std::string(KindName(target->kind())));
    }
    if (kind == Kind::kMap) return WalkMap(target, patch, type);
    if (kind == Kind::kList) {
      if (field && field->merges) return WalkList(target, patch, *field);
      return Merged{patch ? patch : target, !patch};
    }
    if (!patch || !target) return Merged{patch ? patch : target, !patch};
    const Value written = WrittenOver(arena_, *target, *patch);
    if (!target->is_shared() || written.is_null()) return Merged{written, false};
    return Merged{shared_.Write(*target, written, path_), false};
  }

  const SharedWrites& shared() const { return shared_; }

 private:
  // Takes the directive out of a map.
  Result<Directive> TakeDirective(Value& map) {
    const Value* found = map.is_map() ? map.Find(kDirective) : nullptr;
    if (!found) return Directive::kMerge;
    PLUMB_TRY(directive, ParseDirective(*found));
    map = Without(arena_, map, kDirective);
    return directive;
  }

  const PatchSchema::Type* TypeOf(const PatchSchema::Type* known, const Node& target, const Node& patch) const {
    if (known) return known;
    for (const Node& node : {target, patch}) {
      if (MissingOrNull(node) || !node->is_map()) continue;
      const std::string kind = ScalarText(node->Get("kind")), api_version = ScalarText(node->Get("apiVersion"));
      if (kind.empty() || api_version.empty()) continue;
      if (const auto* type = schema_.Find(api_version, kind)) return type;
    }
    return nullptr;
  }

  Result<Merged> WalkMap(Node target, Node patch, const PatchSchema::Type* type) {
    type = TypeOf(type, target, patch);
    bool from_target = true;
    if (MissingOrNull(target)) {
      if (patch && patch->is_map()) {
        PLUMB_TRY(directive, TakeDirective(*patch));
        if (directive == Directive::kDelete) return Merged{};
      }
      if (!patch) {
        const bool spelled = target && !target->is_bare_null();
        return spelled ? Merged{target, true, true} : Merged{};
      }
      if (patch->is_null()) return Merged{};
      target = patch;
      from_target = false;
    } else {
      if (patch && patch->is_null()) return Merged{};
      if (patch) {
        const bool same = target->SameAs(*patch);  // merged with itself, as what a patch adds is: one node, not two
        PLUMB_TRY(directive, TakeDirective(*patch));
        if (directive == Directive::kDelete) return Merged{};
        if (directive == Directive::kReplace || same) target = patch;
        from_target = directive != Directive::kReplace || same;
      }
    }

    std::vector<Member> members;
    bool changed = false;
    const auto merge_field = [&](std::string_view key, Node mine, Node theirs) -> Status {
      const PatchSchema::Field* field = type ? type->Find(key) : nullptr;
      const PatchSchema::Type* inner = field && !field->is_list ? field->type : nullptr;
      path_.push_back(key);
      PLUMB_TRY(merged, Walk(mine, theirs, inner, field), "'" + std::string(key) + "'");
      path_.pop_back();
      const bool keep = merged.value && (!merged.value->is_null() || merged.keeps_null);
      changed = changed || !keep || !mine || !merged.value->SameAs(*mine) || IsUntyped(*mine);
      if (keep) members.push_back({key, Typed(*merged.value)});
      return Ok();
    };
    for (const Member& m : target->members()) {
      if (patch && target->Find(m.key) != &m.value) {  // of a key given twice the first is patched
        members.push_back(m);
        continue;
      }
      const Value* theirs = patch ? patch->Find(m.key) : nullptr;
      PLUMB_OK(merge_field(m.key, m.value, theirs ? Node(*theirs) : Node()));
    }
    if (patch) {
      for (const Member& m : patch->members())
        if (!target->Has(m.key) && patch->Find(m.key) == &m.value) PLUMB_OK(merge_field(m.key, std::nullopt, m.value));
    }
    return Merged{changed ? arena_.Map(members) : *target, from_target};
  }

  // A list's directive is an item of its own, {$patch: replace}; it is taken out.
  Result<Directive> TakeListDirective(Value& list) {
    for (Value item : list.items()) {
      const Value* found = item.Find(kDirective);
      if (!found) continue;
      if (item.size() > 1) return Directive::kMerge;  // it belongs to that item
      PLUMB_TRY(directive, ParseDirective(*found));
      MergeList without(list);
      PLUMB_OK(without.Remove({std::string(kDirective)}, {ScalarText(*found)}));
      list = without.ToValue(arena_);
      return directive;
    }
    return Directive::kMerge;
  }

  Result<Merged> WalkList(Node target, Node patch, const PatchSchema::Field& field) {
    bool from_target = true;
    if (MissingOrNull(target)) {
      if (!patch) return Merged{};
      target = patch;
      from_target = false;
    } else if (patch) {
      if (patch->is_null()) return Merged{};
      const bool same = target->SameAs(*patch);
      PLUMB_TRY(directive, TakeListDirective(*patch));
      if (directive == Directive::kDelete) return Merged{};
      if (directive == Directive::kReplace || same) target = patch;
      from_target = directive != Directive::kReplace || same;
    }

    MergeList mine(*target);
    const MergeList theirs(patch ? *patch : Value());
    const ListKeys keys = field.keys.empty() ? ListKeys{""} : field.keys;
    std::vector<ListKeys> values;
    theirs.CollectValues(keys, values);
    mine.CollectValues(keys, values);
    if (keys.size() > 1) FillPartialValues(values);
    if (values.empty()) return Merged{*target, from_target};

    const ListKeys used = UsedKeys(keys, values);
    MergeList result{Value()};
    for (const ListKeys& all : values)
      PLUMB_OK(MergeItem(mine, theirs, patch.has_value(), result, used, ValuesOf(used, keys, all), field.type));
    PLUMB_OK(result.SetAll(mine, used));
    return Merged{result.ToValue(arena_), from_target};
  }

  // Merges the items of both sides that have these values, and adds what comes out to `result`.
  Status MergeItem(MergeList& mine, const MergeList& theirs, bool patched, MergeList& result, const ListKeys& keys,
                   const ListKeys& values, const PatchSchema::Type* type) {
    const ListKeys own = UsedKeys(keys, {values});
    const ListKeys own_values = ValuesOf(own, keys, values);
    const auto my_index = mine.Find(own, own_values);
    const auto their_index = patched ? theirs.Find(own, own_values) : std::nullopt;
    const Node my_item = my_index ? Node(mine[*my_index]) : Node();
    const Node their_item = their_index ? Node(theirs[*their_index]) : Node();
    PLUMB_TRY(merged, Walk(my_item, their_item, type, nullptr), "item '" + values[0] + "'");
    if (MissingOrNull(merged.value) || (merged.value->is_map() && merged.value->empty()))
      return mine.Remove(keys, values);
    for (size_t k = 0; k < keys.size() && merged.value->is_map(); ++k)
      if (!values[k].empty() && !merged.value->Has(keys[k]))
        merged.value = With(arena_, *merged.value, keys[k], Typed(UntypedScalar(arena_, values[k])));
    if (my_index && merged.from_target) mine.Replace(*my_index, *merged.value);
    return result.Set(keys, values, *merged.value);
  }

  // A text without a type (UntypedScalar), which a field set anew makes a string; a date has one.
  bool IsUntyped(Value v) const { return v.is_string() && v.has_spelling() && !PlainScalar(arena_, v.AsString()).is_string(); }
  Value Typed(Value v) const { return IsUntyped(v) ? Arena::Quoted(Arena::Borrow(v.AsString())) : v; }

  Arena& arena_;
  const PatchSchema& schema_;
  std::vector<std::string_view> path_;  // the keys on the way to the node
  SharedWrites shared_;
};

}  // namespace

Result<std::optional<Value>> MergePatch(Arena& arena, Value target, Value patch, const PatchSchema& schema) {
  Merger merger(arena, schema);
  PLUMB_TRY(merged, merger.Walk(target, patch, nullptr, nullptr));
  if (merged.value) merged.value = merger.shared().Apply(arena, *merged.value);
  return merged.value;
}

}  // namespace plumb::kustomize
