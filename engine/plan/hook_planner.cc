#include "engine/plan/hook_planner.h"

#include <algorithm>

#include <fmt/core.h>

#include "core/edit.h"

namespace plumb {
namespace {

using When = HookSpec::When;

bool OfDeletion(SyncPhase phase) { return phase == SyncPhase::kPreDelete || phase == SyncPhase::kPostDelete; }

std::string OwnerOf(const Inventory& inventory) { return inventory.record().ns + "/" + inventory.application(); }

// The sync that this plan is part of: the recorded one where it is the same, else a new one.
SyncRecord Current(const HookInput& hooks, const Inventory& inventory) {
  const std::optional<SyncRecord>& stored = inventory.sync();
  if (stored && stored->content == hooks.content && (hooks.request.empty() || hooks.request == stored->request)) return *stored;
  SyncRecord record;
  record.content = hooks.content;
  record.request = hooks.request;
  return record;
}

class HookPlanner {
 public:
  explicit HookPlanner(const PlanInput& input)
      : input_(input), owner_(OwnerOf(input.inventory)), record_(Current(input.hooks, input.inventory)) {
    const std::optional<SyncRecord>& stored = input.inventory.sync();
    same_ = stored && stored->content == record_.content && stored->request == record_.request;
    if (!same_) record_.install = Installs(stored);
  }

  Result<HookPlan> Run() {
    PLUMB_TRY(instances, ExpandHooks(input_.hooks.manifests, record_, owner_));
    record_.deletion_hooks = std::any_of(instances.begin(), instances.end(), [](const HookInstance& i) { return OfDeletion(i.phase); });
    if (!(same_ && record_.finished))
      for (const HookInstance& instance : instances)
        if (Wanted(instance)) Decide(instance);
    LetGo();
    if (!instances.empty() || !record_.hooks.empty()) out_.record = std::move(record_);
    return std::move(out_);
  }

 private:
  // Helm's word for the first time: nothing of it is there, and no sync has been finished.
  bool Installs(const std::optional<SyncRecord>& stored) const {
    if (stored) return stored->install && !stored->finished;
    return std::none_of(input_.desired.begin(), input_.desired.end(), [](const DesiredObject& object) {
      return object.owned && object.live.state == LiveObject::State::kPresent;
    });
  }

  bool Wanted(const HookInstance& instance) const {
    if (OfDeletion(instance.phase) != input_.options.deleting) return false;
    return instance.when == When::kAlways || (instance.when == When::kInstall) == record_.install;
  }

  LiveObject Live(const ObjectId& id) const {
    const auto found = input_.hooks.live.find(id);
    return found == input_.hooks.live.end() ? LiveObject::Unknown("nothing was read") : found->second;
  }

  HookEntry& Entry(const HookInstance& instance) {
    for (HookEntry& entry : record_.hooks)
      if (entry.id == instance.id && entry.phase == instance.phase && entry.state != HookEntry::State::kLeft) return entry;
    HookEntry entry;
    entry.id = instance.id;
    entry.version = GvkOf(instance.object.root()).version;
    entry.phase = instance.phase;
    return record_.hooks.emplace_back(std::move(entry));
  }

  void Decide(const HookInstance& instance) {
    HookEntry& entry = Entry(instance);
    if (entry.state == HookEntry::State::kSucceeded) return;
    if (entry.state == HookEntry::State::kFailed && instance.phase == SyncPhase::kSyncFail) return;
    Step step;
    step.id = instance.id;
    step.gvk = GvkOf(instance.object.root());
    step.origin = input_.hooks.manifests[instance.hook].origin;
    step.desired = instance.object;
    step.owned = false;
    step.hook = HookRun{instance.phase, instance.spec.on_success, instance.spec.on_failure};
    const LiveObject live = Live(instance.id);
    if (live.state == LiveObject::State::kPresent) {
      step.live = live.object;
      step.uid = live.object->Get("metadata").GetString("uid");
    }
    const bool retries = input_.hooks.retry && entry.state == HookEntry::State::kFailed;
    if (entry.state == HookEntry::State::kFailed && !retries) {
      Block(step, fmt::format("{}; a new revision, or a sync that you ask for, runs it again", entry.message.empty() ? "has failed" : entry.message));
    } else if (const auto reason = input_.hooks.blocked.find(instance.hook); reason != input_.hooks.blocked.end()) {
      Block(step, reason->second);
    } else if (live.state == LiveObject::State::kUnknown) {
      Block(step, fmt::format("its state in the cluster is not known: {}", live.reason));
    } else if (live.state == LiveObject::State::kAbsent) {
      step.action = Action::kCreate;
    } else if (const auto run = RunOf(live.object.root(), record_, owner_)) {
      // Its later phase would not have begun before its end; and nothing waits for a hook for failures that was called.
      if (*run > instance.phase || (*run == instance.phase && instance.phase == SyncPhase::kSyncFail)) {
        entry.state = HookEntry::State::kSucceeded;
        return;
      }
      step.action = *run == instance.phase && !retries ? Action::kAwait : Action::kReplace;
    } else if (!LooksLikeHook(live.object.root())) {
      Block(step, "an object of this name is there that no hook made; rename the hook, or delete the object");
    } else if (!instance.spec.before_creation) {
      Block(step, "the object of an earlier run is there, and its delete policy has no BeforeHookCreation; add that, or delete the object");
    } else {
      step.action = Action::kReplace;
    }
    if (step.action == Action::kReplace) step.why = "the object of an earlier run is deleted first";
    if (step.changes()) {
      entry.state = HookEntry::State::kPending;
      entry.uid.clear();
      entry.message.clear();
      entry.remove = false;
    }
    out_.steps.push_back(std::move(step));
    out_.places.push_back({instance.phase, instance.spec.wave});
  }

  static void Block(Step& step, std::string why) {
    step.action = Action::kBlocked;
    step.why = std::move(why);
  }

  // Objects that a killed or superseded run could not let go of.
  void LetGo() {
    std::vector<HookEntry> kept;
    if (!same_ && input_.inventory.sync())
      for (HookEntry entry : input_.inventory.sync()->hooks) {
        entry.state = HookEntry::State::kLeft;
        record_.hooks.push_back(std::move(entry));
      }
    for (HookEntry& entry : record_.hooks) {
      const bool left = entry.state == HookEntry::State::kLeft;
      if (!left && entry.state == HookEntry::State::kPending) {
        kept.push_back(std::move(entry));
        continue;
      }
      const LiveObject live = Live(entry.id);
      // Who takes its place lets go of it; a hook for failures may never come to do so.
      const bool taken = std::any_of(out_.steps.begin(), out_.steps.end(), [&](const Step& step) {
        return step.changes() && step.id == entry.id && step.hook->phase != SyncPhase::kSyncFail;
      });
      bool holds = false;
      if (live.state == LiveObject::State::kPresent && !taken) {
        const std::string uid(live.object->Get("metadata").GetString("uid"));
        const bool remove = entry.remove && entry.uid == uid;
        holds = remove || HasHookFinalizer(live.object.root());
        const bool known = std::any_of(out_.leftovers.begin(), out_.leftovers.end(), [&](const HookLeftover& l) { return l.uid == uid && l.remove >= remove; });
        if (holds && !known) out_.leftovers.push_back({entry.id, {entry.id.group, entry.version, entry.id.kind}, uid, remove});
      }
      if (!left || holds || (live.state == LiveObject::State::kUnknown && !taken)) kept.push_back(std::move(entry));
    }
    record_.hooks = std::move(kept);
  }

  const PlanInput& input_;
  const std::string owner_;
  SyncRecord record_;
  bool same_ = false;
  HookPlan out_;
};

}  // namespace

Result<HookPlan> PlanHooks(const PlanInput& input) {
  if (!input.hooks.content.empty()) return HookPlanner(input).Run();
  HookPlan none;  // a part of an application is no sync: what is recorded stays
  none.record = input.inventory.sync();
  return none;
}

std::vector<std::pair<ObjectId, Gvk>> HookObjects(const HookInput& hooks, const Inventory& inventory) {
  std::vector<std::pair<ObjectId, Gvk>> wanted;
  std::set<ObjectId> seen;
  for (const Manifest& manifest : hooks.manifests) {
    const auto instances = ExpandHooks(std::span(&manifest, 1), Current(hooks, inventory), OwnerOf(inventory));
    if (!instances.ok()) continue;
    for (const HookInstance& instance : *instances)
      if (seen.insert(instance.id).second) wanted.emplace_back(instance.id, GvkOf(instance.object.root()));
  }
  if (inventory.sync())
    for (const HookEntry& entry : inventory.sync()->hooks)
      if (seen.insert(entry.id).second) wanted.emplace_back(entry.id, Gvk{entry.id.group, entry.version, entry.id.kind});
  return wanted;
}

}  // namespace plumb
