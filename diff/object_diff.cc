#include "diff/object_diff.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/json.h"
#include "diff/desired.h"
#include "diff/ignore.h"
#include "diff/immutable.h"
#include "diff/live_rules.h"
#include "diff/managed_owners.h"
#include "diff/patched.h"
#include "diff/projection.h"

namespace plumb {

namespace {

// What a manifest declares at a path of the live object: its list items may leave keys to their defaults, which the path has.
const Value* FindDeclared(const Value& root, const Type* type, const FieldPath& path) {
  const Value* at = &root;
  for (const PathStep& step : path.steps()) {
    const Type* below = type && step.kind == PathStep::Kind::kField ? type->Member(step.name) : type ? type->item : nullptr;
    const Value* next = nullptr;
    if (step.kind != PathStep::Kind::kKey) {
      next = FieldPath({step}).Find(*at);
    } else {
      const auto named = [&](const Value& item) {
        return std::all_of(step.keys.begin(), step.keys.end(), [&](const auto& key) {
          const Value* value = item.Find(key.first);
          const Field* field = below ? below->FindField(key.first) : nullptr;
          return value ? key.second.Matches(*value) : field && field->has_default && key.second.Matches(field->default_value);
        });
      };
      const auto item = std::find_if(at->items().begin(), at->items().end(), named);
      if (item != at->items().end()) next = &*item;
    }
    if (!next) return nullptr;
    at = next;
    type = below;
  }
  return at;
}

// Decides why fields differ and who did it.
class Explainer {
 public:
  Explainer(const DiffInput& input, const ObjectDiff& diff)
      : input_(input), diff_(diff), live_(diff.live.root()), owners_(live_), mine_(owners_.FindApply(input.manager)) {}

  // Whether the field is ours: a leaf above it says so only where no other manager has more of the path.
  bool IsOurs(const FieldPath& path, const ManagedOwners::Entry* other) const {
    const size_t depth = mine_ ? OwnedDepth(mine_->fields, path) : 0;
    return depth > 0 && (!other || depth >= OwnedDepth(other->fields, path));
  }

  const ManagedOwners& owners() const { return owners_; }
  const ManagedOwners::Entry* mine() const { return mine_; }

  FieldChange Changed(const Difference& d) const {
    FieldChange change = Make(d);
    const ManagedOwners::Entry* other = owners_.FindOwner(d.owned, mine_);
    if (other) change.writer = other->writer();
    change.cause = CauseOf(d, other);
    if (change.cause == Cause::kChangedInGit || change.cause == Cause::kRewritten) change.writer = {};
    return change;
  }

  FieldChange Removed(const Difference& d) const {
    FieldChange change = Make(d);
    const ManagedOwners::Entry* other = owners_.FindOwner(d.owned, mine_);
    change.cause = other ? Cause::kReleased : Cause::kRemovedFromGit;
    if (other) change.writer = other->writer();
    return change;
  }

 private:
  FieldChange Make(const Difference& d) const {
    FieldChange change;
    change.path = d.path;
    change.old_value = d.live;
    change.new_value = d.desired;
    change.immutable = IsImmutable(diff_.gvk, d.path, live_, diff_.desired.root(), d.live, d.desired);
    return change;
  }

  Cause CauseOf(const Difference& d, const ManagedOwners::Entry* other) const {
    const Cause foreign = other && other->operation == "Apply" ? Cause::kConflict : Cause::kNotDeclaredBefore;
    const Document& declared = DeclaredBefore();
    const bool known = !declared->is_null();
    if (!mine_ && !known) return foreign;
    const Value* before = known ? FindDeclared(*declared, input_.type, d.path) : nullptr;
    // Declared by neither: a default inside of a list or map that we declare as a whole.
    const bool same_as_before = known && (before ? d.desired && *before == *d.desired : !d.desired);
    // An object that `kubectl apply` wrote last: its annotation says what was declared then.
    if (!mine_) return same_as_before ? Cause::kDrift : before ? Cause::kChangedInGit : foreign;
    if (IsOurs(d.owned, other)) return same_as_before ? Cause::kRewritten : Cause::kChangedInGit;
    if (known) return same_as_before ? Cause::kDrift : before ? Cause::kChangedInGit : other ? foreign : Cause::kChangedInGit;
    // Without the old manifest: who wrote after our last apply took the field from us; who wrote before had it already.
    if (other && other->time >= mine_->time) return Cause::kDrift;
    return other ? foreign : Cause::kChangedInGit;
  }

  const Document& DeclaredBefore() const {
    if (declared_) return *declared_;
    if (!input_.declared_before->is_null()) declared_ = NormaliseDesired(input_.declared_before);
    // Our entry goes with the last field that somebody takes from us: only where we never had one is the annotation asked.
    else declared_ = mine_ ? Document() : LastApplied();
    return *declared_;
  }

  Document LastApplied() const {
    const std::string_view text = live_.Get("metadata").Get("annotations").GetString(kLastApplied);
    if (text.empty()) return {};
    auto parsed = ParseJson(text, {.bytes = 1u << 20});
    return parsed.ok() ? *parsed : Document();
  }

  const DiffInput& input_;
  const ObjectDiff& diff_;
  Value live_;
  ManagedOwners owners_;
  const ManagedOwners::Entry* mine_;
  mutable std::optional<Document> declared_;  // normalised, once it is asked for
};

// Fields that `kubectl apply` declared and the manifest does not: an apply of ours would leave them, for they are not ours.
void WarnOfKubectls(const Explainer& explainer, Value desired, Value live, const Type* type, std::vector<std::string>* warnings) {
  for (const ManagedOwners::Entry& entry : explainer.owners().entries()) {
    if (entry.manager != "kubectl-client-side-apply" || !entry.subresource.empty()) continue;
    for (const Difference& d : FindRemoved(entry.fields, desired, live, type)) {
      const std::string path = d.path.ToString();
      if (path.find(kLastApplied) == std::string::npos && explainer.owners().FindOwner(d.owned, &entry) == nullptr)
        warnings->push_back(fmt::format("{} was declared by 'kubectl apply' and is not in the manifest: it stays until it is removed by hand", path));
    }
  }
}

// What to send so that ignored fields stay as they are: fields of others are left out (so that they stay theirs), and
// fields that only we hold are sent with the value they have (left out, the server would remove them).
Document LeaveIgnored(const ObjectDiff& diff, const Explainer& explainer) {
  if (diff.ignored.empty()) return diff.desired;
  return BuildDocument([&](Arena& arena) {
    arena.Adopt(diff.live);
    Value out = arena.Adopt(diff.desired);
    for (const FieldChange& change : diff.ignored) {
      if (!change.new_value) continue;
      const ManagedOwners::Entry* other = explainer.owners().FindOwner(change.path, explainer.mine());
      const bool ours = explainer.IsOurs(change.path, other);
      out = PutAt(arena, out, change.path, ours || !other ? change.old_value : std::nullopt);
    }
    return out;
  });
}

}  // namespace

std::string_view DiffActionName(DiffAction action) {
  switch (action) {
    case DiffAction::kNone: return "none";
    case DiffAction::kCreate: return "create";
    case DiffAction::kPatch: return "patch";
    case DiffAction::kDelete: return "delete";
  }
  return "unknown";
}

std::string_view CauseName(Cause cause) {
  switch (cause) {
    case Cause::kCreated: return "created";
    case Cause::kChangedInGit: return "changed in git";
    case Cause::kDrift: return "drift";
    case Cause::kRemovedFromGit: return "removed from git";
    case Cause::kReleased: return "no longer declared";
    case Cause::kNotDeclaredBefore: return "not declared before";
    case Cause::kConflict: return "ownership conflict";
    case Cause::kRewritten: return "rewritten by the server";
  }
  return "unknown";
}

std::string FieldChange::Explain() const {
  std::string text(CauseName(cause));
  if (!writer.manager.empty()) {
    const std::string who = writer.subresource.empty() ? writer.manager : writer.manager + " (" + writer.subresource + ")";
    if (cause == Cause::kDrift) text += ": written by " + who + (writer.time.empty() ? "" : " at " + writer.time);
    if (cause == Cause::kReleased) text += ": stays, " + who + " has it too";
    if (cause == Cause::kConflict) text += " with " + who;
    if (cause == Cause::kNotDeclaredBefore) text += ": written by " + who;
  }
  if (immutable) text += "; immutable: must be replaced";
  if (!note.empty()) text += (by_rule ? "; ignored by rule " : "; left alone: ") + note;
  return text;
}

std::string ObjectDiff::WhyUncertain(const FieldChange& change) const {
  const std::string path = change.path.ToString();
  for (const std::string& reason : uncertain) {
    const size_t colon = reason.find(": ");
    const std::string_view place = std::string_view(reason).substr(0, colon);
    // "spec.x: null asks for the default" is of one field; "Widget of x/v1 is not in the schema" of all.
    const bool of_field = colon != std::string::npos && place.find(' ') == std::string_view::npos;
    if (!of_field || path.starts_with(place) || place.starts_with(path)) return reason;
  }
  return "";
}

bool ObjectDiff::must_replace() const {
  return std::any_of(changes.begin(), changes.end(), [](const FieldChange& change) { return change.immutable; });
}

ObjectDiff DiffObject(const DiffInput& input) {
  ObjectDiff diff;
  diff.desired = NormaliseDesired(input.manifest.object);
  diff.origin = input.manifest.origin;
  diff.live = input.live;
  const Value desired = diff.desired.root(), live = input.live.root();
  diff.gvk = GvkOf(desired);
  diff.id = IdOf(desired);
  if (!input.type) diff.uncertain.push_back(fmt::format("{} of {} is not in the schema: compared by structure", diff.gvk.kind, diff.gvk.ApiVersion()));
  if (live.is_null()) {
    // An object that its author told every tool to leave alone is not made, either.
    const std::vector<IgnoreRule> rules = RulesOnObject(desired, live, &diff.warnings);
    const bool left = std::any_of(rules.begin(), rules.end(), [](const IgnoreRule& r) { return r.fields.empty() && r.managers.empty() && !r.drift_only; });
    diff.action = left ? DiffAction::kNone : DiffAction::kCreate;
    return diff;
  }

  if (const std::string_view there = live.GetString("apiVersion"); !there.empty() && there != diff.gvk.ApiVersion())
    diff.uncertain.push_back(fmt::format("the live object was read as {}, and only the server converts it to {}", there, diff.gvk.ApiVersion()));
  Projection projection = Project(desired, live, input.type);
  for (std::string& path : projection.unknown)
    diff.warnings.push_back(fmt::format("{} is not in the schema of {}: the server refuses or drops it", path, diff.gvk.kind));
  for (std::string& reason : projection.unsure) diff.uncertain.push_back(std::move(reason));

  const Explainer explainer(input, diff);
  std::vector<IgnoreRule> rules = RulesOnObject(desired, live, &diff.warnings);
  if (input.ignore)
    for (const uint32_t i : input.ignore->Selecting(diff.gvk, desired)) {
      rules.push_back(input.ignore->rules()[i]);
      if (Concerns(rules.back(), desired, live, explainer.owners())) diff.rules.push_back(i);
    }

  std::vector<Difference> removed;
  if (explainer.mine()) removed = FindRemoved(explainer.mine()->fields, desired, live, input.type);
  else WarnOfKubectls(explainer, desired, live, input.type, &diff.warnings);
  const auto sort_in = [&](FieldChange change) {
    change.note = ExplainedByLiveState({diff.gvk, desired, live, explainer.owners(), input.autoscaler}, change);
    if (change.note.empty()) {
      const auto rule = std::find_if(rules.begin(), rules.end(), [&](const IgnoreRule& r) { return Ignores(r, change, desired, live, explainer.owners()); });
      change.by_rule = rule != rules.end();
      if (change.by_rule) change.note = rule->where;
    }
    (change.note.empty() ? diff.changes : diff.ignored).push_back(std::move(change));
  };
  for (const Difference& d : projection.differences) sort_in(explainer.Changed(d));
  for (const Difference& d : removed) sort_in(explainer.Removed(d));
  if (!diff.changes.empty()) diff.action = DiffAction::kPatch;
  diff.desired = LeaveIgnored(diff, explainer);
  return diff;
}

ObjectDiff DeletionOf(const Document& live) {
  ObjectDiff diff;
  diff.id = IdOf(live.root());
  diff.gvk = GvkOf(live.root());
  diff.action = DiffAction::kDelete;
  diff.live = live;
  return diff;
}

}  // namespace plumb
