#include "engine/plan/planner.h"

#include <unordered_set>

#include <fmt/core.h>

#include "diff/object_diff.h"
#include "engine/plan/digest.h"
#include "engine/plan/guards.h"
#include "engine/plan/holds.h"
#include "engine/plan/hook_planner.h"
#include "engine/plan/order.h"
#include "engine/plan/sync_options.h"

namespace plumb {
namespace {

std::string NameOf(const Manifest& manifest) { return manifest.origin.ToString() + ": " + IdOf(manifest.root()).ToString(); }

class Planner {
 public:
  explicit Planner(const PlanInput& input) : input_(input), applyset_id_(input.inventory.ApplySetId()) {}

  Result<Plan> Run() {
    PLUMB_OK(CheckIds());
    for (const DesiredObject& desired : input_.desired) AddDesired(desired);
    PLUMB_OK(AddHooks());
    AddOrphans();
    PLUMB_OK(Order());
    plan_.application = input_.application;
    plan_.digest = PlanDigest(plan_);
    AddHolds(input_, plan_);
    Summarise();
    return std::move(plan_);
  }

 private:
  Status CheckIds() {
    std::unordered_map<ObjectId, const Manifest*> seen;
    for (const DesiredObject& desired : input_.desired) {
      const Manifest& manifest = desired.manifest;
      const ObjectId id = IdOf(manifest.root());
      if (id.name.empty())
        return Invalid(fmt::format("{}: {} has no metadata.name; generateName makes a new object at every run and cannot be kept in sync",
                                   manifest.origin.ToString(), id.kind));
      const auto [it, fresh] = seen.emplace(id, &manifest);
      if (!fresh)
        return Invalid(fmt::format("{} is declared twice: in {} and in {}; remove one", id.ToString(), it->second->origin.ToString(),
                                   manifest.origin.ToString()));
      wanted_.insert(id);
    }
    for (const Manifest& hook : input_.hooks.manifests) {
      const ObjectId id = IdOf(hook.root());
      if (id.name.empty()) continue;
      const auto [it, fresh] = seen.emplace(id, &hook);
      if (!fresh)
        return Invalid(fmt::format("{} is declared twice: in {} and, as a hook, in {}; remove one", id.ToString(), it->second->origin.ToString(),
                                   hook.origin.ToString()));
      wanted_.insert(id);  // one that is never run (Skip) is no orphan either
    }
    return Ok();
  }

  Status AddHooks() {
    PLUMB_TRY(hooks, PlanHooks(input_));
    hook_steps_ = plan_.steps.size();
    for (Step& step : hooks.steps) plan_.steps.push_back(std::move(step));
    hook_places_ = std::move(hooks.places);
    plan_.leftovers = std::move(hooks.leftovers);
    plan_.sync = std::move(hooks.record);
    plan_.heals = input_.hooks.content.empty();
    return Ok();
  }

  void AddDesired(const DesiredObject& desired) {
    Step step;
    step.id = IdOf(desired.manifest.root());
    step.gvk = GvkOf(desired.manifest.root());
    step.origin = desired.manifest.origin;
    step.desired = desired.diff ? desired.diff->desired : desired.manifest.object;
    step.diff = desired.diff;
    step.owned = desired.owned;
    step.replaceable = input_.frozen.empty() && IsReplaceable(step.id, desired.manifest.root(), input_.options);
    if (desired.live.state == LiveObject::State::kPresent) {
      step.live = desired.live.object;
      step.uid = step.live->Get("metadata").GetString("uid");
      if (!step.uid.empty()) wanted_uids_.insert(step.uid);
    }
    step.guarded = step.replaceable && IsProtected(step.id, desired.live.object.root(), input_.options) && !ReplaceAllowed(step.desired.root());
    Decide(desired, step);
    for (const std::string& warning : SyncOptionWarnings(desired.manifest.root())) plan_.warnings.push_back(NameOf(desired.manifest) + ": " + warning);
    if (step.diff)
      for (const std::string& warning : step.diff->warnings) plan_.warnings.push_back(NameOf(desired.manifest) + ": " + warning);
    plan_.steps.push_back(std::move(step));
  }

  static void Block(Step& step, std::string why) {
    step.action = Action::kBlocked;
    step.why = std::move(why);
  }

  void Decide(const DesiredObject& desired, Step& step) {
    if (!desired.blocked.empty()) return Block(step, desired.blocked);
    switch (desired.live.state) {
      case LiveObject::State::kUnknown:
        return Block(step, fmt::format("its state in the cluster is not known: {}", desired.live.reason));
      case LiveObject::State::kAbsent:
        step.action = Action::kCreate;
        return;
      case LiveObject::State::kPresent:
        return DecideOnLive(step);
    }
  }

  void DecideOnLive(Step& step) {
    const Value live = step.live.root();
    const Value metadata = live.Get("metadata");
    if (!metadata.Get("deletionTimestamp").is_null())
      return Block(step, fmt::format("is being deleted since {}; it is created again when it is gone", metadata.GetString("deletionTimestamp")));
    // What is only needed to be there is not ours to write: whoever declares it may have put labels on it.
    if (!step.owned) {
      step.action = Action::kNone;
      return;
    }
    const std::string_view other = OtherOwner(live, applyset_id_);
    if (!other.empty() && !MayAdopt(other, step.id)) return Block(step, ConflictText(other));
    if (step.diff && step.diff->action == DiffAction::kNone) {
      // Only the server knows whether it is in sync, and it did not say: never "unchanged".
      if (!step.diff->unanswered.empty()) return Block(step, fmt::format("whether it is in sync is not known: {}", step.diff->unanswered));
      step.action = Action::kNone;
    } else if (step.diff && (step.diff->must_replace() || Refused(step))) {
      if (!IsReplaceable(step.id, step.desired.root(), input_.options)) return Block(step, ImmutableText(*step.diff));
      if (!input_.frozen.empty()) return Block(step, FrozenText(input_.frozen));
      step.action = Action::kReplace;
      step.why = step.diff->must_replace() ? ImmutableFields(*step.diff) + " cannot be changed in place" : "the server refuses to change it in place";
    } else {
      step.action = Action::kPatch;
    }
  }

  bool Refused(const Step& step) const {
    const auto refused = input_.refused.find(step.id);
    return step.replaceable && refused != input_.refused.end() && refused->second == step.uid;
  }

  // Taken over is what its application let go, and what nobody's record speaks of.
  bool MayAdopt(std::string_view other, const ObjectId& id) const {
    if (input_.options.adopt || input_.options.adopt_from.contains(std::string(other))) return true;
    const auto known = input_.others.find(std::string(other));
    return known != input_.others.end() && known->second.unknown.empty() && !known->second.owned.contains(id);
  }
  std::string ConflictText(std::string_view other) const {
    const auto known = input_.others.find(std::string(other));
    if (known == input_.others.end()) return fmt::format("is part of another application ({}); remove it from one of the two, or take it over by spec.takesOver", other);
    if (!known->second.unknown.empty())
      return fmt::format("is part of another application ({}), and whether that still has it is not known ({}); take it over by spec.takesOver, if it is meant", other,
                         known->second.unknown);
    return fmt::format("is part of application '{}', and '{}' declares it too; remove it from one of the two, or take it over by spec.takesOver", known->second.name,
                       input_.application);
  }
  // Another application has taken it over: its label is on it, and it is on that record.
  bool HandedOver(const ObjectId& id, Value live) const {
    const auto known = input_.others.find(std::string(OtherOwner(live, applyset_id_)));
    return known != input_.others.end() && known->second.owned.contains(id);
  }

  static std::string ImmutableFields(const ObjectDiff& diff) {
    std::string fields;
    for (const FieldChange& change : diff.changes)
      if (change.immutable) fields += fmt::format("{}'{}'", fields.empty() ? "" : ", ", change.path.ToString());
    return fields;
  }
  static std::string ImmutableText(const ObjectDiff& diff) {
    return fmt::format("{} cannot be changed in place; annotate the manifest with 'plumb.dev/replace: allowed' to let it be deleted and made anew",
                       ImmutableFields(diff));
  }

  // Objects in the inventory that the source does not have (any more).
  void AddOrphans() {
    const std::optional<std::string> general = WhyNothingIsDeleted();
    for (const auto& [id, entry] : input_.inventory.entries()) {
      if (wanted_.contains(id)) continue;
      const auto found = input_.orphans.find(id);
      const LiveObject live = found != input_.orphans.end() ? found->second : LiveObject::Unknown("nothing was read");
      if (live.state == LiveObject::State::kAbsent && input_.live.complete) {
        plan_.gone.push_back(id);
        continue;
      }
      Step step;
      step.id = id;
      step.gvk = {id.group, entry.version, id.kind};
      step.uid = entry.uid;
      if (live.state == LiveObject::State::kPresent) {
        step.live = live.object;
        step.uid = step.live->Get("metadata").GetString("uid");
        // The same object, declared now under another group of the API (extensions/Ingress): not an orphan.
        if (!step.uid.empty() && wanted_uids_.contains(step.uid)) {
          plan_.gone.push_back(id);
          continue;
        }
        if (!general && HandedOver(id, step.live.root())) {
          plan_.gone.push_back(id);
          continue;
        }
        if (const std::string version = GvkOf(step.live.root()).version; !version.empty()) step.gvk.version = version;
      }
      step.action = Action::kKeep;
      if (general) step.why = *general;
      else if (live.state != LiveObject::State::kPresent) step.why = fmt::format("its state in the cluster is not known: {}", live.reason);
      else if (step.uid.empty()) step.why = "it has no UID to delete it by";
      else if (auto why = WhyKept(entry, step.live.root(), input_, applyset_id_)) step.why = *std::move(why);
      else if (auto used = WhyInUse(id, input_, applyset_id_, &step.takes_along)) step.why = *std::move(used), step.in_use = true;
      else if (auto waits = input_.waits.find(id); waits != input_.waits.end()) step.why = waits->second, plan_.pending.push_back(id);
      else if (!input_.frozen.empty()) step.why = FrozenText(input_.frozen);
      else step.action = Action::kDelete;
      plan_.steps.push_back(std::move(step));
    }
  }

  std::optional<std::string> WhyNothingIsDeleted() const {
    if (!input_.options.prune) return "pruning is off";
    if (!input_.source.complete) return fmt::format("the source is not complete: {}", input_.source.reason);
    if (!input_.live.complete) return fmt::format("the view of the cluster is not complete: {}", input_.live.reason);
    return std::nullopt;
  }

  // Puts the steps into an order that respects every edge, and turns node numbers into step numbers.
  Status Order() {
    std::vector<OrderNode> nodes;
    nodes.reserve(plan_.steps.size());
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      const Step& step = plan_.steps[i];
      const bool remove = step.action == Action::kDelete || step.action == Action::kKeep;
      OrderNode node{step.id, remove ? step.live.root() : step.desired.root(), step.origin, remove, !step.live.root().is_null(), {}};
      if (step.hook) node.hook = {hook_places_[i - hook_steps_].phase, hook_places_[i - hook_steps_].wave};
      nodes.push_back(std::move(node));
    }
    PLUMB_TRY(order, OrderSteps(nodes));
    std::vector<size_t> place(nodes.size());
    for (size_t i = 0; i < order.sequence.size(); ++i) place[order.sequence[i]] = i;
    std::vector<Step> sorted(plan_.steps.size());
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      Step& step = sorted[place[i]];
      step = std::move(plan_.steps[i]);
      step.stage = order.stage_of[i];
      step.after = std::move(order.after[i]);
      for (Edge& edge : step.after) edge.on = place[edge.on];
    }
    plan_.steps = std::move(sorted);
    plan_.stages = std::move(order.stages);
    for (std::string& warning : order.warnings) plan_.warnings.push_back(std::move(warning));
    KeepWhatKeptNeeds();
    return Ok();
  }

  // What a kept object needs (its namespace, its CRD, its ConfigMap) is kept with it. Steps are in sequence here.
  void KeepWhatKeptNeeds() {
    for (Step& step : plan_.steps) {
      if (step.action != Action::kDelete) continue;
      for (const Edge& edge : step.after) {
        if (plan_.steps[edge.on].action != Action::kKeep) continue;
        step.action = Action::kKeep;
        step.why = fmt::format("{} stays and needs it", plan_.steps[edge.on].id.ToString());
        break;
      }
    }
  }

  void Summarise() {
    PlanSummary& sum = plan_.summary;
    for (const Step& step : plan_.steps) {
      size_t* const counters[] = {&sum.none, &sum.create, &sum.patch, &sum.replace, &sum.remove, &sum.keep, &sum.blocked, &sum.hooks};
      if (step.hook && step.hook->phase == SyncPhase::kSyncFail) continue;
      if (step.hook && step.changes()) ++sum.hooks;
      else ++(step.hold >= 0 ? sum.held : *counters[static_cast<size_t>(step.action)]);
    }
  }

  const PlanInput& input_;
  const std::string applyset_id_;
  std::unordered_set<ObjectId> wanted_;
  std::unordered_set<std::string> wanted_uids_;
  size_t hook_steps_ = 0;  // the steps from here on are hooks, as many as there are places
  std::vector<HookPlan::Place> hook_places_;
  Plan plan_;
};

}  // namespace

Result<Plan> MakePlan(const PlanInput& input) { return Planner(input).Run(); }

}  // namespace plumb
