// Plans carried out against a cluster in memory: order, failures, replaces, prunes, retries, deadlines, and a kill at any
// point.
#include <gmock/gmock.h>

#include <random>

#include "core/edit.h"
#include "engine/plan/format.h"
#include "tests/engine/apply/world.h"

namespace plumb {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace plumb::testing;  // NOLINT: the helpers of these tests

TEST(Apply, CreatesInOrderAndASecondRunSendsNothing) {
  World world;
  const std::vector<Document> desired = {Object("x.io/v1", "Widget", "shop/w"), Deployment("shop/web", "settings"), Config("shop/settings"), Namespace("shop"), Crd()};
  const ApplyReport report = world.Apply(desired);
  EXPECT_TRUE(report.complete) << ::testing::PrintToString(report.errors);
  EXPECT_EQ(report.applied, 5u);
  EXPECT_EQ(world.cluster->log.front(), "PATCH ConfigMap plumb-system/plumb-inventory-shop") << "names are recorded before anything exists";
  EXPECT_EQ(world.cluster->log.back(), "PATCH ConfigMap plumb-system/plumb-inventory-shop");
  const Inventory stored = world.Stored();
  for (const auto& [id, entry] : stored.entries()) EXPECT_NE(entry.uid, "") << id.ToString();

  world.cluster->log.clear();
  const Plan second = world.MakePlanFor(desired);
  EXPECT_TRUE(second.empty()) << FormatPlan(second);
  EXPECT_TRUE(world.Run(second)->complete);
  EXPECT_TRUE(world.cluster->log.empty()) << ::testing::PrintToString(world.cluster->log);
}

TEST(Apply, PrunesInReverseOrderWithUidPreconditions) {
  World world;
  world.Apply({Namespace("shop"), Config("shop/settings"), Deployment("shop/web", "settings"), Config("shop/other")});
  world.cluster->log.clear();
  const ApplyReport report = world.Apply({Namespace("shop"), Config("shop/other")});
  EXPECT_EQ(report.deleted, 2u);
  EXPECT_THAT(world.cluster->log, ElementsAre("DELETE Deployment shop/web", "DELETE ConfigMap shop/settings", "PATCH ConfigMap plumb-system/plumb-inventory-shop"));
  EXPECT_EQ(world.Stored().entries().size(), 2u);
}

TEST(Apply, FailureSkipsDependantsAndAppliesTheRest) {
  World world;
  world.Apply({Namespace("shop"), Config("shop/old")});
  world.cluster->intercept = [](const http::Request& request) -> std::optional<http::Response> {
    if (request.target.find("settings") == std::string::npos) return std::nullopt;
    return http::Response{422, {{"Content-Type", "application/json"}}, R"({"kind":"Status","reason":"Invalid","message":"data: too long","code":422})"};
  };
  const ApplyReport report = world.Apply({Namespace("shop"), Config("shop/settings"), Deployment("shop/web", "settings"), Config("shop/fine")});
  EXPECT_FALSE(report.complete);
  EXPECT_EQ(report.failed, 1u);
  EXPECT_EQ(report.skipped, 2u) << "the Deployment, and the deletion: nothing is deleted in a run where something failed";
  ASSERT_EQ(report.errors.size(), 1u);
  EXPECT_THAT(report.errors[0], HasSubstr("ConfigMap shop/settings: "));
  EXPECT_THAT(report.errors[0], HasSubstr("too long"));
  EXPECT_TRUE(world.cluster->Find({"", "ConfigMap", "shop", "fine"}));
  EXPECT_TRUE(world.cluster->Find({"", "ConfigMap", "shop", "old"}));
  EXPECT_FALSE(world.cluster->Find({"apps", "Deployment", "shop", "web"}));

  world.cluster->intercept = nullptr;
  EXPECT_TRUE(world.Apply({Namespace("shop"), Config("shop/settings"), Deployment("shop/web", "settings"), Config("shop/fine")}).complete);
  EXPECT_FALSE(world.cluster->Find({"", "ConfigMap", "shop", "old"}));
}

TEST(Apply, ImmutableFieldIsReplacedOnlyWhereAllowed) {
  for (const bool allowed : {false, true}) {
    World world;
    const std::string metadata = allowed ? R"("annotations":{"plumb.dev/replace":"allowed"})" : "";
    world.Apply({Namespace("shop"), Object("batch/v1", "Job", "shop/j", R"("spec":{"a":1})", metadata)});
    world.cluster->intercept = [&](const http::Request& request) -> std::optional<http::Response> {
      if (request.method != "PATCH" || request.target.find("/jobs/") == std::string::npos) return std::nullopt;
      if (!world.cluster->Find({"batch", "Job", "shop", "j"})) return std::nullopt;
      return http::Response{422, {{"Content-Type", "application/json"}},
                            R"({"kind":"Status","reason":"Invalid","message":"spec.template: Invalid value: field is immutable","code":422})"};
    };
    world.cluster->log.clear();
    const ApplyReport report = world.Apply({Namespace("shop"), Object("batch/v1", "Job", "shop/j", R"("spec":{"a":2})", metadata)});
    EXPECT_EQ(report.complete, allowed) << ::testing::PrintToString(report.errors);
    if (allowed) {
      EXPECT_THAT(world.cluster->log, ElementsAre("PATCH Job shop/j", "DELETE Job shop/j", "PATCH Job shop/j", HasSubstr("plumb-inventory")));
    } else {
      ASSERT_EQ(report.errors.size(), 1u);
      EXPECT_THAT(report.errors[0], HasSubstr("plumb.dev/replace: allowed"));
      EXPECT_TRUE(world.cluster->Find({"batch", "Job", "shop", "j"}));
    }
  }
}

// As kube-apiserver does with templates that it refuses.
TEST(Apply, WhatTheServerQuotesOfASecretIsMasked) {
  World world;
  const auto web = [](const std::string& value) {
    return Object("apps/v1", "Deployment", "shop/web", R"("spec":{"template":{"spec":{"containers":[{"name":"c","env":[{"name":"DB_PASSWORD","value":")" + value + R"("}]}]}}})");
  };
  world.Apply({Namespace("shop"), web("hunter2-old")});
  int answers = 0;
  world.cluster->intercept = [&](const http::Request& request) -> std::optional<http::Response> {
    if (request.method != "PATCH" || request.target.find("/deployments/") == std::string::npos) return std::nullopt;
    return http::Response{++answers == 1 ? 503 : 422, {{"Content-Type", "application/json"}, {"Warning", R"(299 - "hunter2-new is weak")"}},
                          R"({"kind":"Status","reason":"Invalid","message":"spec.template: Invalid value: hunter2-old to hunter2-new: not allowed"})"};
  };
  std::vector<std::string> said;
  const Plan plan = world.MakePlanFor({Namespace("shop"), web("hunter2-new")});
  const auto report = world.Run(plan, [&](const ApplyEvent& event) { said.push_back(event.text); });
  ASSERT_TRUE(report.ok());
  ASSERT_EQ(report->errors.size(), 1u);
  EXPECT_THAT(report->errors[0], HasSubstr("spec.template: Invalid value: (masked "));
  said.insert(said.end(), report->errors.begin(), report->errors.end());
  said.insert(said.end(), report->warnings.begin(), report->warnings.end());
  for (const StepResult& step : report->steps) said.push_back(step.message);
  EXPECT_EQ(answers, 2);
  EXPECT_THAT(said, ::testing::Each(::testing::Not(HasSubstr("hunter2"))));
}

// What no plan can know counts for the budget all the same.
TEST(Apply, ReplacesThatOnlyTheServerAsksForAreWithinTheBudget) {
  World world;
  world.plan_options.budget_deletes = 2;
  world.plan_options.budget_percent = 0;
  const auto jobs = [](int revision) {
    std::vector<Document> objects = {Namespace("shop")};
    for (const char* name : {"shop/a", "shop/b", "shop/c"})
      objects.push_back(Object("batch/v1", "Job", name, R"("spec":{"a":)" + std::to_string(revision) + "}", R"("annotations":{"plumb.dev/replace":"allowed"})"));
    return objects;
  };
  world.Apply(jobs(1));
  world.cluster->intercept = [&](const http::Request& request) -> std::optional<http::Response> {
    const std::string name(1, request.target[std::min(request.target.find("/jobs/") + 6, request.target.size() - 1)]);
    if (request.method != "PATCH" || request.target.find("/jobs/") == std::string::npos || !world.cluster->Find({"batch", "Job", "shop", name})) return std::nullopt;
    return http::Response{422, {{"Content-Type", "application/json"}},
                          R"({"kind":"Status","reason":"Invalid","message":"spec.template: Invalid value: field is immutable","code":422})"};
  };
  const Plan plan = world.MakePlanFor(jobs(2));
  EXPECT_EQ(plan.replaces_left, 2u);
  const auto report = world.Run(plan);
  ASSERT_TRUE(report.ok());
  ASSERT_EQ(report->errors.size(), 1u);
  EXPECT_THAT(report->errors[0], HasSubstr("more than the budget lets through (spec.budget)"));
  EXPECT_EQ(std::ranges::count_if(report->steps, [](const StepResult& step) { return step.replaced; }), 2);
}

// Nor is a protected kind replaced by a plan that did not say so: the word of another tool is not enough for that.
TEST(Apply, AReplaceThatOnlyTheServerAsksForIsForAnotherPlanWhereTheKindIsProtected) {
  World world;
  world.plan_options.protected_kinds = {"Job.batch"};
  const auto job = [](int revision) {
    return std::vector<Document>{Namespace("shop"), Object("batch/v1", "Job", "shop/a", R"("spec":{"a":)" + std::to_string(revision) + "}", R"("annotations":{"argocd.argoproj.io/sync-options":"Force=true"})")};
  };
  world.Apply(job(1));
  world.cluster->intercept = [&](const http::Request& request) -> std::optional<http::Response> {
    if (request.method != "PATCH" || request.target.find("/jobs/") == std::string::npos) return std::nullopt;
    return http::Response{422, {{"Content-Type", "application/json"}},
                          R"({"kind":"Status","reason":"Invalid","message":"spec.template: Invalid value: field is immutable","code":422})"};
  };
  const Plan plan = world.MakePlanFor(job(2));
  const auto report = world.Run(plan);
  ASSERT_TRUE(report.ok());
  ASSERT_EQ(report->errors.size(), 1u);
  EXPECT_THAT(report->errors[0], HasSubstr("its kind is protected"));
  for (size_t i = 0; i < plan.steps.size(); ++i) EXPECT_EQ(report->steps[i].refused, plan.steps[i].id.kind == "Job");
  EXPECT_TRUE(world.cluster->Find({"batch", "Job", "shop", "a"}));
}

TEST(Apply, UnavailableIsRetriedWithGrowingPausesAndThenFails) {
  World world;
  world.Apply({Namespace("shop")});
  world.cluster->Tick();
  int refusals = 3;
  world.cluster->intercept = [&](const http::Request& request) -> std::optional<http::Response> {
    if (request.target.find("busy") == std::string::npos || refusals-- <= 0) return std::nullopt;
    return http::Response{503, {}, "busy"};
  };
  std::vector<std::string> events;
  const Plan plan = world.MakePlanFor({Namespace("shop"), Config("shop/busy")});
  const TimePoint start = world.clock.Now();
  auto report = world.Run(plan, [&](const ApplyEvent& e) { if (e.type == ApplyEvent::Type::kRetry) events.push_back(e.text); });
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->complete);
  EXPECT_EQ(events.size(), 3u);
  EXPECT_EQ(world.clock.Now() - start, std::chrono::milliseconds(50 + 100 + 200));
  refusals = 100;
  const ApplyReport failed = world.Apply({Namespace("shop"), Config("shop/busy"), Config("shop/busy2")});
  EXPECT_FALSE(failed.complete);
}

TEST(Apply, WaitsForHealthOfWhatItDependsOn) {
  World world;
  const std::vector<Document> desired = {Namespace("shop"), Deployment("shop/db"), Deployment("shop/web", "", DependsOn("Deployment/db"))};
  std::vector<std::string> events;
  auto report = world.Run(world.MakePlanFor(desired), [&](const ApplyEvent& e) {
    if (e.type == ApplyEvent::Type::kWaiting || e.type == ApplyEvent::Type::kHealthy || e.type == ApplyEvent::Type::kDone)
      events.push_back(e.step->id.name + " " + std::to_string(static_cast<int>(e.type)));
  });
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->complete);
  EXPECT_THAT(events, ElementsAre("shop 1", "shop 4", "shop 5", "db 1", "db 4", "db 5", "web 1"));
}

TEST(Apply, DeadlineNamesWhatWasWaitedFor) {
  World world;
  world.options.deadline = std::chrono::seconds(30);
  world.cluster->Put(Namespace("shop"));
  world.cluster->Tick();
  world.cluster->controllers = false;
  const ApplyReport report = world.Apply({Namespace("shop"), Deployment("shop/db"), Deployment("shop/web", "", DependsOn("Deployment/db"))});
  EXPECT_FALSE(report.complete);
  ASSERT_FALSE(report.errors.empty());
  EXPECT_THAT(report.errors[0], HasSubstr("Deployment shop/db: not ready within 30.0s"));
  EXPECT_EQ(report.skipped, 1u);
  EXPECT_NE(world.Recorded({"apps", "Deployment", "shop", "db"})->uid, "") << "what was made is on record";
  EXPECT_LE(report.requests, 45u) << "looks at an object become rarer";
}

TEST(Apply, FailedJobEndsTheWaitAtOnce) {
  World world;
  world.options.wait = true;
  world.cluster->Put(Namespace("shop"));
  world.cluster->Tick();
  world.cluster->controllers = false;
  world.cluster->Put(Object("batch/v1", "Job", "shop/j", R"("status":{"conditions":[{"type":"Failed","status":"True","message":"exit 1"}]})"));
  const TimePoint start = world.clock.Now();
  const ApplyReport report = world.Apply({Namespace("shop"), Object("batch/v1", "Job", "shop/j", R"("spec":{})")});
  EXPECT_FALSE(report.complete);
  EXPECT_THAT(report.errors, ElementsAre("Job shop/j: has failed: exit 1"));
  EXPECT_LT(world.clock.Now() - start, std::chrono::seconds(1));
}

// One live event re-plans one object: the plan speaks of that object alone, and the record keeps all others.
TEST(Apply, PlanOfAPartLeavesTheRestOnRecord) {
  World world;
  world.Apply({Namespace("shop"), Config("shop/a"), Config("shop/b")});
  const Inventory before = world.Stored();
  world.cluster->Remove({"", "ConfigMap", "shop", "a"});
  PlanInput part;
  part.application = "shop";
  part.inventory = Inventory("shop", "plumb-system");
  part.inventory.Set(*before.Find({"", "ConfigMap", "shop", "a"}));
  part.source.complete = part.live.complete = true;
  part.desired.push_back({Stamp(At(Config("shop/a")), before.ApplySetId()), LiveObject::Absent(), nullptr, true, ""});
  auto plan = MakePlan(part);
  ASSERT_TRUE(plan.ok());
  EXPECT_TRUE(world.Run(*plan)->complete);
  EXPECT_EQ(world.Stored().entries().size(), before.entries().size());
  EXPECT_NE(world.Recorded({"", "ConfigMap", "shop", "a"})->uid, before.Find({"", "ConfigMap", "shop", "a"})->uid);
}

TEST(Apply, ARecordThatMissesNothingButUidsMayFollowLater) {
  World world;
  world.options.uids_later = true;
  ApplyReport report = world.Apply({Namespace("shop"), Config("shop/a"), Config("shop/b")});
  ASSERT_TRUE(report.unrecorded);
  EXPECT_EQ(report.inventory, world.Stored());
  EXPECT_TRUE(SameButUids(*report.unrecorded, report.inventory));
  EXPECT_EQ(world.Recorded({"", "ConfigMap", "shop", "a"})->uid, "");
  EXPECT_FALSE(report.unrecorded->Find({"", "ConfigMap", "shop", "a"})->uid.empty());
  report = world.Apply({Namespace("shop"), Config("shop/a"), Config("shop/b")});
  EXPECT_FALSE(report.unrecorded) << "a run that has nothing to send sends that";
  EXPECT_FALSE(world.Recorded({"", "ConfigMap", "shop", "a"})->uid.empty());
  report = world.Apply({Namespace("shop"), Config("shop/a")});
  EXPECT_FALSE(report.unrecorded) << "what is gone leaves the record at once";
  EXPECT_FALSE(world.Recorded({"", "ConfigMap", "shop", "b"}));
}

TEST(Apply, MakesTheNamespaceOfItsRecord) {
  World world;
  world.cluster->Remove({"", "Namespace", "", "plumb-system"});
  EXPECT_TRUE(world.Apply({Namespace("shop")}).complete);
  EXPECT_TRUE(world.cluster->Find(kRecord));
  EXPECT_EQ(world.Stored().entries().size(), 1u) << "the record's namespace is not the application's";
}

TEST(Apply, NothingIsSentWhereTheRecordCannotBeWritten) {
  World world;
  world.cluster->intercept = [](const http::Request& request) -> std::optional<http::Response> {
    if (request.target.find("plumb-inventory") == std::string::npos) return std::nullopt;
    return http::Response{403, {{"Content-Type", "application/json"}}, R"({"kind":"Status","reason":"Forbidden","message":"no","code":403})"};
  };
  auto report = world.Run(world.MakePlanFor({Namespace("shop")}));
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code(), Code::kDenied);
  EXPECT_THAT(report.error().message(), HasSubstr("plumb-inventory-shop"));
  EXPECT_EQ(world.cluster->log.size(), 1u);
}

TEST(Apply, FinalizersKeepAnObjectOnRecordUntilItIsGone) {
  World world;
  const std::string held = R"("finalizers":["x/y"])";
  world.Apply({Namespace("shop"), Config("shop/held", held)});
  world.Apply({Namespace("shop")});
  EXPECT_TRUE(world.Recorded({"", "ConfigMap", "shop", "held"}));
  Plan plan = world.MakePlanFor({Namespace("shop")});
  EXPECT_TRUE(plan.empty());
  EXPECT_EQ(plan.summary.keep, 1u);
  world.cluster->Remove({"", "ConfigMap", "shop", "held"});
  world.Apply({Namespace("shop")});
  EXPECT_FALSE(world.Recorded({"", "ConfigMap", "shop", "held"}));
}

TEST(Apply, ADeleteThatHangsIsNamedWithItsFinalizersAndSinceWhen) {
  World world;
  world.options.deadline = std::chrono::minutes(1);
  world.Apply({Namespace("shop"), Config("shop/settings"), Deployment("shop/web", "settings", R"("finalizers":["x/y"])")});
  std::vector<std::string> waiting;
  auto report = world.Run(world.MakePlanFor({Namespace("shop")}), [&](const ApplyEvent& event) {
    if (event.type == ApplyEvent::Type::kWaiting) waiting.push_back(event.text);
  });
  ASSERT_TRUE(report.ok());
  const std::string hangs = "is being deleted since 2026-01-01T00:00:00Z, and waits for the finalizers 'x/y'";
  EXPECT_THAT(waiting, ::testing::ElementsAre(hangs));
  EXPECT_THAT(report->errors, Contains(::testing::AllOf(HasSubstr("Deployment"), HasSubstr("shop/web: not ready within 1m"), HasSubstr(hangs))));
  EXPECT_TRUE(world.cluster->Find({"", "ConfigMap", "shop", "settings"})) << "what it uses goes after it";
  // The next plan says it too.
  EXPECT_THAT(FormatPlan(world.MakePlanFor({Namespace("shop")})), ::testing::HasSubstr(hangs));
}

TEST(Apply, HeldDeletesWaitForTheirApproval) {
  World world;
  world.plan_options.budget_deletes = 1;
  world.Apply({Namespace("shop"), Config("shop/a"), Config("shop/b")});
  const Plan plan = world.MakePlanFor({Namespace("shop")});
  EXPECT_EQ(plan.summary.held, 2u);
  auto held = world.Run(plan);
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(held->held, 2u);
  EXPECT_TRUE(world.cluster->Find({"", "ConfigMap", "shop", "a"}));
  world.options.approved = "of another plan";
  EXPECT_EQ(world.Run(plan)->held, 2u);
  world.options.approved = plan.approval;
  EXPECT_EQ(world.Run(plan)->deleted, 2u);
}

TEST(Apply, InFlightIsBounded) {
  World world;
  world.options.in_flight = 4;
  std::vector<Document> desired = {Namespace("shop")};
  for (int i = 0; i < 40; ++i) desired.push_back(Config("shop/c" + std::to_string(i)));
  const Plan plan = world.MakePlanFor(desired);
  const Inventory inventory = world.Stored();
  const ResourceLookup resources = FakeResources;
  ApplyRun run(world.client, resources, world.options, world.clock, plan, inventory, nullptr);
  size_t most = 0;
  while (run.Step()) {
    most = std::max(most, world.cluster->pending.size());
    if (!world.cluster->pending.empty()) { world.cluster->Handle(); continue; }
    world.cluster->Tick();
    world.clock.Advance(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(most, 4u);
  EXPECT_TRUE(run.Finish()->complete);
}

TEST(Apply, CancelSendsNothingNewAndWaitsForWhatIsOnTheWire) {
  World world;
  world.cluster->Put(Namespace("shop"));
  world.cluster->Tick();
  std::vector<Document> desired;
  for (int i = 0; i < 10; ++i) desired.push_back(Config("shop/c" + std::to_string(i)));
  world.options.in_flight = 3;
  const Plan plan = world.MakePlanFor(desired);
  const Inventory inventory = world.Stored();
  const ResourceLookup resources = FakeResources;
  ApplyRun run(world.client, resources, world.options, world.clock, plan, inventory, nullptr);
  ASSERT_TRUE(run.Step());
  world.cluster->Handle();
  ASSERT_TRUE(run.Step());
  ASSERT_EQ(world.cluster->pending.size(), 3u);
  run.Cancel();
  while (!world.cluster->pending.empty()) {
    EXPECT_TRUE(run.Step());
    world.cluster->Handle();
  }
  EXPECT_FALSE(run.Step());
  EXPECT_EQ(world.cluster->log.size(), 4u);
  EXPECT_EQ(run.Finish().error().code(), Code::kCancelled);
}

TEST(Apply, WithoutTheRightToWatchItLooksFromTimeToTime) {
  World world;
  world.cluster->watches = false;
  const TimePoint start = world.clock.Now();
  const ApplyReport report = world.Apply({Namespace("shop"), Deployment("shop/db"), Deployment("shop/web", "", DependsOn("Deployment/db"))});
  EXPECT_TRUE(report.complete) << ::testing::PrintToString(report.errors);
  EXPECT_EQ(world.clock.Now() - start, std::chrono::seconds(4)) << "two looks after two seconds each: the namespace's and the Deployment's";
}

TEST(Apply, ManyWaitsOfOneKindShareOneWatch) {
  World world;
  world.options.wait = true;
  std::vector<Document> desired = {Namespace("shop")};
  for (int i = 0; i < 30; ++i) desired.push_back(Deployment("shop/d" + std::to_string(i)));
  EXPECT_TRUE(world.Apply(desired).complete);
  EXPECT_EQ(std::count_if(world.cluster->log.begin(), world.cluster->log.end(), [](const std::string& line) { return line.starts_with("GET Deployment shop/") && line.size() == 20; }), 1);
  EXPECT_LE(world.cluster->log.size(), 31u + 2 + 2 + 30) << "writes, inventory, lists, and at most one look for each";
}

// The plan of one random version of an application.
std::vector<Document> RandomVersion(std::mt19937& random, int revision) {
  std::vector<Document> desired = {Namespace("shop")};
  const bool crd = random() % 2;
  if (crd) desired.push_back(Crd());
  for (int i = 0; i < 8; ++i) {
    const std::string name = "shop/o" + std::to_string(i);
    switch (random() % 5) {
      case 0: desired.push_back(Deployment(name, "o" + std::to_string(random() % 8), "", static_cast<int>(random() % 3) + revision)); break;
      case 1: if (crd) desired.push_back(Object("x.io/v1", "Widget", name, R"("spec":{"size":)" + std::to_string(random() % 3) + "}")); break;
      case 2: desired.push_back(Object("v1", "ConfigMap", name, R"("data":{"k":")" + std::to_string(random() % 3) + "\"}")); break;
      case 3: desired.push_back(Object("v1", "Service", name, R"("spec":{"a":)" + std::to_string(revision) + "}")); break;
      default: break;
    }
  }
  return desired;
}

// Killed between any two requests, with answers lost and requests that arrive after the death of their sender: the next run
// finishes, leaves nothing behind, and the plan after it is empty.
TEST(Apply, KilledAnywhereTheNextRunFinishes) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    std::mt19937 random(seed);
    World world;
    world.plan_options.budget_deletes = 100;
    world.plan_options.protected_kinds.clear();
    world.options.uids_later = seed % 2 == 0;
    std::vector<Document> desired;
    for (int version = 0; version < 3; ++version) {
      desired = RandomVersion(random, version);
      const Plan plan = world.MakePlanFor(desired);
      const Inventory inventory = world.Stored();
      const ResourceLookup resources = FakeResources;
      ApplyRun run(world.client, resources, world.options, world.clock, plan, inventory, nullptr);
      const int kill_after = static_cast<int>(random() % 30);
      for (int handled = 0; handled < kill_after && run.Step();) {
        if (!world.cluster->pending.empty()) {
          world.cluster->Handle(random() % world.cluster->pending.size(), true);
          ++handled;
        } else {
          world.cluster->Tick();
          world.clock.Advance(std::chrono::milliseconds(50));
        }
      }
      // The process is gone; what it had sent is handled in any order, or lost.
      while (!world.cluster->pending.empty()) {
        if (random() % 2) world.cluster->Handle(random() % world.cluster->pending.size(), false);
        else world.cluster->pending.erase(world.cluster->pending.begin());
      }
    }
    world.options.uids_later = false;
    world.Apply(desired);

    std::set<ObjectId> want, have;
    for (const Document& object : desired) want.insert(IdOf(object.root()));
    for (const auto& [id, entry] : world.cluster->objects)
      if (id != kRecord && id.name != "plumb-system") have.insert(id);
    EXPECT_EQ(have, want) << "seed " << seed;
    std::set<ObjectId> recorded;
    const Inventory stored = world.Stored();
    for (const auto& [id, entry] : stored.entries()) {
      recorded.insert(id);
      EXPECT_EQ(entry.uid, world.cluster->Get(id)->Get("metadata").GetString("uid"));
    }
    EXPECT_EQ(recorded, want) << "seed " << seed;
    const Plan last = world.MakePlanFor(desired);
    EXPECT_TRUE(last.empty()) << "seed " << seed << "\n" << FormatPlan(last);
    world.cluster->log.clear();
    EXPECT_TRUE(world.Run(last)->complete);
    EXPECT_TRUE(world.cluster->log.empty());
    if (::testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace plumb
