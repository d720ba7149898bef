// The schedule: every edge and gate is respected, failures take along exactly their dependants, nothing waits needlessly.
#include "engine/apply/schedule.h"

#include <gmock/gmock.h>

#include <deque>
#include <map>
#include <random>

#include "engine/plan/planner.h"
#include "tests/engine/plan/objects.h"

namespace plumb {
namespace {

using namespace plumb::testing;  // NOLINT: the helpers of these tests
using State = Schedule::State;

Step MakeStep(Action action, Document object, std::vector<Edge> after = {}, size_t stage = 0) {
  Step step;
  step.action = action;
  step.id = IdOf(object.root());
  step.gvk = GvkOf(object.root());
  step.desired = object;
  if (action == Action::kNone || action == Action::kDelete) step.live = object;
  step.after = std::move(after);
  step.stage = stage;
  return step;
}

Document Job(std::string_view name, bool complete) {
  return Object("batch/v1", "Job", name, complete ? R"("status":{"conditions":[{"type":"Complete","status":"True"}]})" : "");
}

TEST(Schedule, StepWaitsForTheGateNotTheRequest) {
  Plan plan;
  plan.stages = {{}};
  plan.steps = {MakeStep(Action::kCreate, Job("shop/migrate", false)), MakeStep(Action::kCreate, Config("shop/after"), {{0, Gate::kHealthy, "depends-on"}})};
  Schedule schedule(plan, false, false);
  EXPECT_EQ(schedule.TakeReady(), 0);
  EXPECT_EQ(schedule.TakeReady(), -1);
  schedule.Accept(0, Job("shop/migrate", false).root());
  EXPECT_EQ(schedule.TakeReady(), -1) << "accepted is not healthy";
  EXPECT_TRUE(schedule.Awaited(0));
  schedule.Observe(0, Job("shop/migrate", true).root());
  EXPECT_FALSE(schedule.Awaited(0));
  EXPECT_EQ(schedule.TakeReady(), 1);
  schedule.Accept(1, plan.steps[1].desired.root());
  EXPECT_TRUE(schedule.Finished());
}

TEST(Schedule, FailureTakesAlongExactlyItsDependants) {
  Plan plan;
  plan.stages = {{}, {.deletes = true, .needs_success = true}};
  plan.steps = {MakeStep(Action::kCreate, Config("a")), MakeStep(Action::kPatch, Config("b"), {{0, Gate::kExists, ""}}),
                MakeStep(Action::kPatch, Config("c"), {{1, Gate::kExists, ""}}), MakeStep(Action::kCreate, Config("d")),
                MakeStep(Action::kDelete, Config("e"), {}, 1)};
  Schedule schedule(plan, false, false);
  EXPECT_EQ(schedule.TakeReady(), 0);
  EXPECT_EQ(schedule.TakeReady(), 3);
  schedule.Fail(0, "refused");
  EXPECT_EQ(schedule.state(2), State::kSkipped);
  EXPECT_EQ(schedule.why(1), "ConfigMap a failed");
  EXPECT_EQ(schedule.why(2), "ConfigMap b was skipped");
  schedule.Accept(3, plan.steps[3].desired.root());
  EXPECT_TRUE(schedule.Finished());
  EXPECT_EQ(schedule.state(3), State::kSettled);
  EXPECT_EQ(schedule.state(4), State::kSkipped) << "nothing is deleted in a run where something failed";
}

TEST(Schedule, UnchangedStepsSendNothingAndFailNobody) {
  Plan plan;
  plan.stages = {{}};
  plan.steps = {MakeStep(Action::kPatch, Config("a")), MakeStep(Action::kNone, Config("b"), {{0, Gate::kExists, ""}}),
                MakeStep(Action::kPatch, Config("c"), {{1, Gate::kExists, ""}})};
  Schedule schedule(plan, false, false);
  EXPECT_EQ(schedule.TakeReady(), 0);
  EXPECT_EQ(schedule.TakeReady(), -1) << "order goes through unchanged steps";
  schedule.Fail(0, "refused");
  EXPECT_EQ(schedule.TakeReady(), 2) << "an unchanged object is there, whatever became of what it uses";
}

TEST(Schedule, HeldStepsWaitForApproval) {
  Plan plan;
  plan.stages = {{.deletes = true}};
  plan.holds = {{"budget", "2 objects would be deleted", "approve", {0}}};
  plan.steps = {MakeStep(Action::kDelete, Config("a")), MakeStep(Action::kDelete, Namespace("n"), {{0, Gate::kGone, ""}})};
  plan.steps[0].hold = 0;
  Schedule held(plan, false, false);
  EXPECT_EQ(held.TakeReady(), -1);
  EXPECT_EQ(held.state(0), State::kHeld);
  EXPECT_EQ(held.why(1), "ConfigMap a is held");
  Schedule lifted(plan, true, false);
  EXPECT_EQ(lifted.TakeReady(), 0);
  lifted.Accept(0, plan.steps[0].live.root());
  EXPECT_TRUE(lifted.Awaited(0)) << "accepted, but still there: a finalizer";
  lifted.Observe(0, Value());
  EXPECT_EQ(lifted.TakeReady(), 1);
}

TEST(Schedule, WavesWaitForHealthAndDeletesDoNot) {
  Plan plan;
  plan.stages = {{}, {.wave = 1, .requires_gate = Gate::kHealthy, .needs_success = true}, {.deletes = true, .needs_success = true}};
  plan.steps = {MakeStep(Action::kCreate, Job("a", false)), MakeStep(Action::kCreate, Job("b", false), {}, 1), MakeStep(Action::kDelete, Config("c"), {}, 2)};
  Schedule schedule(plan, false, false);
  EXPECT_EQ(schedule.TakeReady(), 0);
  schedule.Accept(0, Job("a", false).root());
  EXPECT_EQ(schedule.TakeReady(), -1);
  EXPECT_EQ(schedule.awaited().size(), 1u);
  schedule.Observe(0, Job("a", true).root());
  EXPECT_EQ(schedule.TakeReady(), 1);
  schedule.Accept(1, Job("b", false).root());
  EXPECT_EQ(schedule.TakeReady(), 2) << "the last wave need not be healthy before the deletes";
}

TEST(Schedule, WaitMeansUntilEverythingIsHealthyAndGone) {
  Plan plan;
  plan.stages = {{}, {.deletes = true}};
  plan.steps = {MakeStep(Action::kNone, Job("a", false)), MakeStep(Action::kDelete, Config("c"), {}, 1)};
  Schedule schedule(plan, false, true);
  EXPECT_EQ(schedule.TakeReady(), 1);
  schedule.Accept(1, plan.steps[1].live.root());
  EXPECT_EQ(schedule.awaited(), (std::set<size_t>{0, 1}));
  schedule.Observe(1, Value());
  schedule.Fail(0, "has failed");
  EXPECT_TRUE(schedule.Finished());
}

// Random plans with random failures, run with random numbers of workers: order holds, and everything ends.
TEST(Schedule, RandomPlansEndWithEveryEdgeRespected) {
  std::mt19937 random(5);
  const auto below = [&](size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random); };
  for (int round = 0; round < 500; ++round) {
    Plan plan;
    const size_t n = 1 + below(60), stages = 1 + below(3);
    for (size_t s = 0; s <= stages; ++s)
      plan.stages.push_back({.deletes = s == stages, .wave = static_cast<int>(s), .requires_gate = s == stages ? Gate::kExists : Gate::kHealthy, .needs_success = s > 0});
    for (size_t i = 0; i < n; ++i) {
      const size_t stage = std::min(stages, i * (stages + 1) / n);
      std::vector<Edge> after;
      std::set<size_t> targets;
      for (size_t k = below(4); i > 0 && k > 0; --k) targets.insert(below(i));
      for (size_t on : targets) {
        const bool both_delete = plan.steps[on].action == Action::kDelete;
        if (both_delete != (stage == stages)) continue;
        after.push_back({on, both_delete ? Gate::kGone : below(2) ? Gate::kHealthy : Gate::kExists, ""});
      }
      const Action kApplies[] = {Action::kCreate, Action::kPatch, Action::kNone, Action::kBlocked};
      const Action action = stage == stages ? Action::kDelete : kApplies[below(round % 2 ? 4 : 3)];
      plan.steps.push_back(MakeStep(action, Job("j" + std::to_string(i), false), std::move(after), stage));
    }
    Schedule schedule(plan, false, round % 3 == 0);
    std::deque<size_t> running;
    std::set<size_t> sent;
    std::map<size_t, std::set<Gate>> reached;
    const size_t workers = 1 + below(8);
    for (int guard = 0; !schedule.Finished(); ++guard) {
      ASSERT_LT(guard, 10'000) << "round " << round << " does not end";
      for (int step; running.size() < workers && (step = schedule.TakeReady()) >= 0;) {
        running.push_back(static_cast<size_t>(step));
        ASSERT_TRUE(sent.insert(static_cast<size_t>(step)).second) << "sent twice";
        for (const Edge& edge : plan.steps[static_cast<size_t>(step)].after) {
          if (plan.steps[edge.on].action == Action::kNone) continue;
          ASSERT_TRUE(reached[edge.on].contains(edge.gate)) << "step " << step << " before " << edge.on;
        }
      }
      if (!running.empty() && (schedule.awaited().empty() || below(2))) {
        const size_t step = running.front();
        running.pop_front();
        if (round % 4 == 1 && below(8) == 0) { schedule.Fail(step, "refused"); continue; }
        reached[step].insert(Gate::kExists);
        schedule.Accept(step, plan.steps[step].desired.root());
      } else if (!schedule.awaited().empty()) {
        const size_t step = *std::next(schedule.awaited().begin(), static_cast<long>(below(schedule.awaited().size())));
        const bool remove = plan.steps[step].action == Action::kDelete;
        reached[step].insert(remove ? Gate::kGone : Gate::kHealthy);
        schedule.Observe(step, remove ? Value() : Job("j", true).root());
      }
    }
    for (size_t i = 0; i < n; ++i) {
      ASSERT_NE(schedule.state(i), State::kWaiting) << "round " << round << " step " << i;
      ASSERT_NE(schedule.state(i), State::kRunning);
      if (schedule.state(i) == State::kSkipped) { ASSERT_NE(schedule.why(i), ""); }
    }
  }
}

// With enough workers nothing waits longer than the longest chain before it: the makespan is the critical path.
TEST(Schedule, MakespanIsTheCriticalPath) {
  std::mt19937 random(9);
  for (int round = 0; round < 100; ++round) {
    Plan plan;
    plan.stages = {{}};
    std::vector<int> chain;
    for (size_t i = 0; i < 80; ++i) {
      std::vector<Edge> after;
      int longest = 0;
      std::set<size_t> targets;
      for (size_t k = random() % 4; i > 0 && k > 0; --k) targets.insert(random() % i);
      for (size_t on : targets) {
        after.push_back({on, Gate::kExists, ""});
        longest = std::max(longest, chain[on]);
      }
      chain.push_back(longest + 1);
      plan.steps.push_back(MakeStep(Action::kCreate, Config("c" + std::to_string(i)), std::move(after)));
    }
    Schedule schedule(plan, false, false);
    int ticks = 0;
    while (!schedule.Finished()) {
      std::vector<size_t> batch;
      for (int step; (step = schedule.TakeReady()) >= 0;) batch.push_back(static_cast<size_t>(step));
      for (size_t step : batch) schedule.Accept(step, plan.steps[step].desired.root());
      ++ticks;
    }
    EXPECT_EQ(ticks, *std::max_element(chain.begin(), chain.end()));
  }
}

}  // namespace
}  // namespace plumb
