#include "engine/plan/holds.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/plan/digest.h"
#include "engine/plan/guards.h"

namespace plumb {
namespace {

std::string Objects(size_t n) { return fmt::format("{} object{}", n, n == 1 ? "" : "s"); }

class Holder {
 public:
  Holder(const PlanInput& input, Plan& plan) : input_(input), plan_(plan) {}

  void Run() {
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      const Step& step = plan_.steps[i];
      kept_ |= step.action == Action::kKeep;
      if (!step.hook && (step.action == Action::kDelete || step.action == Action::kReplace))  // an old run of a hook is nobody's loss
        removals_.push_back(i);
    }
    Frozen();
    Moved();
    Protected();
    if (!input_.options.remove_all) {
      if (!Empty()) Budget();
      plan_.replaces_left = Left();
    }
    Unknown();
    InUse();
    plan_.approval = ApprovalDigest(plan_, input_.moved);
    for (Hold& hold : plan_.holds)
      if (!hold.steps.empty()) hold.lift = fmt::format("approve {}", plan_.approval.substr(0, 12));
  }

 private:
  // Steps that an earlier hold has keep that one: every hold of a plan is lifted by the same approval, which is known last.
  void Add(std::string id, std::string reason, std::string lift, std::vector<size_t> steps) {
    for (size_t i : steps)
      if (plan_.steps[i].hold < 0) plan_.steps[i].hold = static_cast<int>(plan_.holds.size());
    plan_.holds.push_back({std::move(id), std::move(reason), std::move(lift), std::move(steps)});
  }
  std::string Names(const std::vector<size_t>& steps) const {
    std::vector<ObjectId> ids;
    for (size_t i : steps) ids.push_back(plan_.steps[i].id);
    return NameSome(ids);
  }

  void Frozen() {
    if (input_.frozen.empty()) return;
    const auto stopped = std::count_if(plan_.steps.begin(), plan_.steps.end(), [&](const Step& step) { return step.why == FrozenText(input_.frozen); });
    if (stopped > 0)
      Add("frozen", fmt::format("{} would be deleted or replaced, but {}", Objects(static_cast<size_t>(stopped)), FrozenText(input_.frozen)), "remove the annotation 'plumb.dev/freeze' of the namespace 'kube-system'", {});
  }

  void Moved() {
    if (input_.moved.empty() || removals_.empty()) return;
    Add("moved", fmt::format("the source is another one than before ({}), and {} would be deleted or replaced", input_.moved, Objects(removals_.size())), "", removals_);
  }

  void Protected() {
    std::vector<size_t> deletes, replaces;
    for (size_t i : removals_) {
      const Step& step = plan_.steps[i];
      if (!IsProtected(step, input_.options)) continue;
      (step.action == Action::kDelete ? deletes : replaces).push_back(i);
    }
    if (deletes.empty() && replaces.empty()) return;
    std::string text;
    if (!deletes.empty()) text = fmt::format("deletes {}, of a protected kind, without the annotation 'plumb.dev/prune: allowed'", Names(deletes));
    if (!replaces.empty()) text += fmt::format("{}replaces {}, of a protected kind, without the annotation 'plumb.dev/replace: allowed'", text.empty() ? "" : "; ", Names(replaces));
    deletes.insert(deletes.end(), replaces.begin(), replaces.end());
    Add("protected", std::move(text), "", std::move(deletes));
  }

  bool Empty() {
    if (!input_.desired.empty() || removals_.empty()) return false;
    Add("empty", fmt::format("the source declares no object at all, and the inventory has {}", input_.inventory.entries().size()), "", removals_);
    return true;
  }

  void Budget() {
    const size_t inventory = Inventoried();
    const size_t recent = input_.removed_recently, all = removals_.size() + recent;
    if (removals_.empty() || !OverBudget(all, inventory, input_.options)) return;
    std::string text = fmt::format("{} would be deleted or replaced", Objects(removals_.size()));
    if (recent > 0) text += fmt::format(", after {} within budget.window", recent);
    text += fmt::format(", of {}: more than the budget ({})", inventory, BudgetText(input_.options));
    Add("budget", std::move(text), "", removals_);
  }

  // What is approved does not count, and what is held does not happen.
  size_t Left() const {
    const size_t least = std::max<size_t>(input_.options.budget_deletes, input_.options.budget_percent * Inventoried() / 100);
    const auto goes = std::count_if(removals_.begin(), removals_.end(), [&](size_t i) { return plan_.steps[i].hold < 0; });
    return least - std::min(least, static_cast<size_t>(goes) + input_.removed_recently);
  }

  size_t Inventoried() const { return input_.inventory_size ? input_.inventory_size : input_.inventory.entries().size(); }

  void Unknown() {
    if (!kept_ || !input_.options.prune) return;
    if (!input_.source.complete)
      Add("source", fmt::format("nothing is pruned: the source is not complete: {}", input_.source.reason), "wait for a fresh source", {});
    else if (!input_.live.complete)
      Add("live", fmt::format("nothing is pruned: the view of the cluster is not complete: {}", input_.live.reason), "wait for a complete view", {});
  }

  void InUse() {
    std::vector<size_t> used;
    for (size_t i = 0; i < plan_.steps.size(); ++i)
      if (plan_.steps[i].action == Action::kKeep && plan_.steps[i].in_use) used.push_back(i);
    if (used.empty()) return;
    const Step& first = plan_.steps[used[0]];
    Add("in-use", fmt::format("{} is not deleted: {}{}", first.id.ToString(), first.why, used.size() > 1 ? fmt::format("; nor are {} more", used.size() - 1) : ""),
        "move or delete what is in it, or annotate it 'plumb.dev/prune: disabled' to leave it for good", {});
  }

  const PlanInput& input_;
  Plan& plan_;
  std::vector<size_t> removals_;
  bool kept_ = false;
};

}  // namespace

bool OverBudget(size_t removals, size_t inventory, const PlanOptions& options) {
  return removals > options.budget_deletes && removals * 100 > options.budget_percent * inventory;
}

std::string BudgetText(const PlanOptions& options) {
  if (options.budget_percent == 0) return Objects(options.budget_deletes);
  if (options.budget_deletes == 0) return fmt::format("{} %", options.budget_percent);
  return fmt::format("{} and {} %", Objects(options.budget_deletes), options.budget_percent);
}

void AddHolds(const PlanInput& input, Plan& plan) { Holder(input, plan).Run(); }

}  // namespace plumb
