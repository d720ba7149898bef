// Hooks carried out against a cluster in memory: phases, delete policies, failures, and that each runs exactly once for each
// sync, wherever the process is killed.
#include <gmock/gmock.h>

#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "engine/plan/format.h"
#include "tests/engine/apply/world.h"

namespace plumb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace plumb::testing;  // NOLINT: the helpers of these tests

// A Job that is a hook. `more` adds annotations: R"("argocd.argoproj.io/hook-delete-policy":"HookSucceeded")".
Document Hook(std::string_view name, std::string_view phases, std::string more = "", std::string_view spec = "\"backoffLimit\":0") {
  if (!more.empty()) more = "," + more;
  return Object("batch/v1", "Job", name, "\"spec\":{" + std::string(spec) + "}",
                R"("annotations":{"argocd.argoproj.io/hook":")" + std::string(phases) + "\"" + more + "}");
}
const std::string kSucceeded = R"("argocd.argoproj.io/hook-delete-policy":"HookSucceeded")";
const ObjectId kMigrate{"batch", "Job", "shop", "migrate"};

// Requests that change something, the record's apart, without the noise of finalizers.
std::vector<std::string> Writes(const World& world) {
  std::vector<std::string> writes;
  for (const std::string& line : world.cluster->log)
    if (!line.starts_with("GET") && line.find("plumb-inventory") == std::string::npos) writes.push_back(line);
  return writes;
}
// "PreSync migrate" for every hook object that was made, in order.
std::vector<std::string> Runs(const World& world) {
  std::vector<std::string> runs;
  for (const FakeCluster::Creation& creation : world.cluster->creations)
    if (!creation.run.empty()) runs.push_back(creation.run.substr(creation.run.rfind('/') + 1) + " " + creation.id.name);
  return runs;
}

TEST(Hooks, PreSyncComesFirstAndPostSyncWhenEverythingIsHealthy) {
  World world;
  const std::vector<Document> desired = {Hook("shop/smoke", "PostSync"), Namespace("shop"), Deployment("shop/web"), Hook("shop/migrate", "PreSync"), Hook("shop/tell", "SyncFail")};
  const Plan plan = world.MakePlanFor(desired);
  EXPECT_EQ(plan.summary.hooks, 2u);
  EXPECT_THAT(FormatPlan(plan), HasSubstr("> run      Job shop/migrate"));
  bool web_ready = true;
  auto report = world.Run(plan, [&](const ApplyEvent& event) {
    if (event.step && event.step->id.name == "smoke" && event.type == ApplyEvent::Type::kStarted)
      web_ready = world.cluster->Get({"apps", "Deployment", "shop", "web"})->Has("status");
  });
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->complete) << ::testing::PrintToString(report->errors);
  EXPECT_TRUE(web_ready) << "PostSync waits for health";
  EXPECT_THAT(Writes(world), ElementsAre("PATCH Namespace shop", "PATCH Job shop/migrate", "PATCH Deployment shop/web", "PATCH Job shop/smoke",
                                         "PATCH Job shop/migrate", "PATCH Job shop/smoke")) << "the last two give the finalizers back";
  EXPECT_FALSE(world.Stored().Find(kMigrate)) << "a hook is no object of the application";
  EXPECT_FALSE(HasHookFinalizer(world.cluster->Get(kMigrate).root()));

  world.cluster->log.clear();
  const Plan second = world.MakePlanFor(desired);
  EXPECT_TRUE(second.empty()) << FormatPlan(second);
  EXPECT_TRUE(world.Run(second)->complete);
  EXPECT_THAT(world.cluster->log, IsEmpty());
}

TEST(Hooks, RunAgainForTheNextContentAndTheOldObjectGoesFirst) {
  World world;
  world.Apply({Namespace("shop"), Hook("shop/migrate", "PreSync"), Config("shop/a")});
  const std::string first(world.cluster->Get(kMigrate)->Get("metadata").GetString("uid"));
  world.Apply({Namespace("shop"), Hook("shop/migrate", "PreSync"), Config("shop/b")});
  EXPECT_THAT(Runs(world), ElementsAre("PreSync migrate", "PreSync migrate"));
  EXPECT_NE(world.cluster->Get(kMigrate)->Get("metadata").GetString("uid"), first);
  EXPECT_FALSE(world.cluster->Find({"", "ConfigMap", "shop", "a"})) << "pruned";
  world.request = "please-1";
  world.Apply({Namespace("shop"), Hook("shop/migrate", "PreSync"), Config("shop/b")});
  world.request.clear();
  world.Apply({Namespace("shop"), Hook("shop/migrate", "PreSync"), Config("shop/b")});
  EXPECT_EQ(Runs(world).size(), 3u) << "a sync that somebody asks for runs them, the pass after it does not";
}

TEST(Hooks, LateEventsOfTheLastRunTellNothingOfThisOne) {
  World world;
  const auto desired = [](std::string_view config) { return std::vector<Document>{Namespace("shop"), Hook("shop/migrate", "PreSync"), Config(config)}; };
  world.Apply(desired("shop/a"));
  const Document last = world.cluster->Get(kMigrate);
  const Plan plan = world.MakePlanFor(desired("shop/b"));
  const Inventory inventory = world.Stored();
  const ResourceLookup resources = FakeResources;
  ApplyRun run(world.client, resources, world.options, world.clock, plan, inventory, nullptr);
  const auto until_quiet = [&] {
    for (int quiet = 0; quiet < 3 && run.Step();) {  // a step may ask for another: watches are opened by the next one
      quiet = world.cluster->pending.empty() ? quiet + 1 : 0;
      if (quiet == 0) world.cluster->Handle();
    }
  };
  until_quiet();  // no controller has looked at it yet
  ASSERT_NE(world.cluster->Get(kMigrate)->Get("metadata").GetString("uid"), last->Get("metadata").GetString("uid"));
  world.cluster->Notify("MODIFIED", last);
  world.cluster->Notify("DELETED", last);
  until_quiet();
  EXPECT_FALSE(world.cluster->Find({"", "ConfigMap", "shop", "b"})) << "the phase after it has begun";
  world.cluster->Tick();
  until_quiet();
  EXPECT_TRUE(world.cluster->Find({"", "ConfigMap", "shop", "b"}));
  const auto report = run.Finish();
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->complete) << ::testing::PrintToString(report->errors);
}

TEST(Hooks, AHookThatLeavesGitIsNotDeleted) {
  World world;
  world.Apply({Namespace("shop"), Hook("shop/migrate", "PreSync"), Config("shop/a")});
  EXPECT_TRUE(world.Apply({Namespace("shop"), Config("shop/a")}).complete);
  EXPECT_TRUE(world.cluster->Find(kMigrate));
  EXPECT_FALSE(world.Stored().sync()) << "nothing is left to remember";
}

TEST(Hooks, AFailedOneStopsTheSyncAndRunsSyncFail) {
  World world;
  const std::vector<Document> desired = {Namespace("shop"), Hook("shop/migrate", "PreSync", R"("test/fails":"yes")"), Config("shop/a"),
                                         Hook("shop/smoke", "PostSync"), Hook("shop/tell", "SyncFail")};
  ApplyReport report = world.Apply(desired);
  EXPECT_FALSE(report.complete);
  ASSERT_EQ(report.errors.size(), 1u) << ::testing::PrintToString(report.errors);
  EXPECT_THAT(report.errors[0], HasSubstr("PreSync hook Job shop/migrate: "));
  EXPECT_THAT(Runs(world), ElementsAre("PreSync migrate", "SyncFail tell"));
  EXPECT_FALSE(world.cluster->Find({"", "ConfigMap", "shop", "a"}));

  report = world.Apply(desired);
  EXPECT_THAT(Runs(world), ElementsAre("PreSync migrate", "SyncFail tell")) << "a retry by itself runs no hook twice";
  ASSERT_EQ(report.errors.size(), 1u);
  EXPECT_THAT(report.errors[0], HasSubstr("PreSync hook Job shop/migrate: has failed"));

  world.retry_hooks = true;
  world.Apply(desired);
  EXPECT_THAT(Runs(world), ElementsAre("PreSync migrate", "SyncFail tell", "PreSync migrate")) << "a person's retry does";
}

TEST(Hooks, SyncFailRunsForAnOrdinaryObjectAndOtherwiseNot) {
  World world;
  const std::vector<Document> desired = {Namespace("shop"), Config("shop/a"), Hook("shop/tell", "SyncFail")};
  world.cluster->intercept = [](const http::Request& request) -> std::optional<http::Response> {
    if (request.target.find("/configmaps/a") == std::string::npos) return std::nullopt;
    return http::Response{403, {}, "{}"};
  };
  EXPECT_FALSE(world.Apply(desired).complete);
  EXPECT_THAT(Runs(world), ElementsAre("SyncFail tell"));
  world.cluster->intercept = nullptr;
  const ApplyReport report = world.Apply(desired);
  EXPECT_TRUE(report.complete);
  EXPECT_EQ(report.skipped, 0u);
  EXPECT_TRUE(world.MakePlanFor(desired).empty());
}

TEST(Hooks, DeletePoliciesAndAJobWithATtlIsSeenToItsEnd) {
  World world;
  const std::string ttl = R"("ttlSecondsAfterFinished":0)";
  const std::vector<Document> desired = {Namespace("shop"), Hook("shop/migrate", "PreSync", kSucceeded), Hook("shop/brief", "PreSync", "", ttl),
                                         Object("v1", "ConfigMap", "shop/settings", "", R"("annotations":{"helm.sh/hook":"pre-install,pre-upgrade","helm.sh/hook-weight":"-5","helm.sh/hook-delete-policy":"hook-succeeded"})")};
  EXPECT_TRUE(world.Apply(desired).complete);
  EXPECT_THAT(Runs(world), ElementsAre("PreSync settings", "PreSync brief", "PreSync migrate"));
  EXPECT_FALSE(world.cluster->Find(kMigrate));
  world.cluster->Tick();
  EXPECT_FALSE(world.cluster->Find({"batch", "Job", "shop", "brief"})) << "nothing holds it any longer";
  EXPECT_FALSE(world.cluster->Find({"", "ConfigMap", "shop", "settings"}));
  EXPECT_TRUE(world.MakePlanFor(desired).empty());
}

TEST(Hooks, OneNameInTwoPhasesAndGeneratedNames) {
  World world;
  const std::vector<Document> desired = {Namespace("shop"), Hook("shop/migrate", "PreSync,PostSync"), Config("shop/a"),
                                         Json(R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"namespace":"shop","generateName":"load-","annotations":{"argocd.argoproj.io/hook":"Sync"}},"spec":{}})")};
  EXPECT_TRUE(world.Apply(desired).complete);
  ASSERT_EQ(Runs(world).size(), 3u);
  EXPECT_EQ(Runs(world)[0], "PreSync migrate");
  EXPECT_THAT(Runs(world)[1], ::testing::MatchesRegex("Sync load-[0-9a-f]{10}-sync"));
  EXPECT_EQ(Runs(world)[2], "PostSync migrate");
  EXPECT_TRUE(world.MakePlanFor(desired).empty());
}

TEST(Hooks, HelmTellsInstallFromUpgrade) {
  World world;
  const auto job = [](std::string_view name, std::string_view hook) {
    return Object("batch/v1", "Job", name, "\"spec\":{}", R"("annotations":{"helm.sh/hook":")" + std::string(hook) + "\"}");
  };
  const auto desired = [&](std::string_view config) {
    return std::vector<Document>{Namespace("shop"), job("shop/first", "pre-install"), job("shop/later", "post-upgrade"), job("shop/try", "test"), Config(config)};
  };
  world.Apply(desired("shop/a"));
  EXPECT_THAT(Runs(world), ElementsAre("PreSync first"));
  world.Apply(desired("shop/b"));
  EXPECT_THAT(Runs(world), ElementsAre("PreSync first", "PostSync later"));
}

TEST(Hooks, OfADeletionRunAroundItAndOnlyThen) {
  World world;
  world.plan_options.protected_kinds.clear();
  const std::vector<Document> hooks = {Hook("shop/backup", "PreDelete"), Hook("shop/bye", "PostDelete"), Hook("shop/migrate", "PreSync")};
  world.cluster->Put(Namespace("shop"));
  world.cluster->Tick();
  world.Apply({Config("shop/a"), hooks[0], hooks[1], hooks[2]});
  EXPECT_THAT(Runs(world), ElementsAre("PreSync migrate"));
  EXPECT_TRUE(world.Stored().sync()->deletion_hooks);
  world.plan_options.deleting = world.plan_options.remove_all = true;
  world.cluster->log.clear();
  EXPECT_TRUE(world.Apply(hooks).complete);
  EXPECT_THAT(Runs(world), ElementsAre("PreSync migrate", "PreDelete backup", "PostDelete bye"));
  EXPECT_THAT(Writes(world), ElementsAre("PATCH Job shop/backup", "DELETE ConfigMap shop/a", "PATCH Job shop/bye", "PATCH Job shop/backup", "PATCH Job shop/bye"));
}

TEST(Hooks, WhatNoHookMadeIsNotDeletedForOne) {
  World world;
  world.cluster->Put(Namespace("shop"));
  world.cluster->Put(Object("batch/v1", "Job", "shop/migrate", "\"spec\":{}"));
  const ApplyReport report = world.Apply({Hook("shop/migrate", "PreSync"), Config("shop/a")});
  ASSERT_EQ(report.errors.size(), 1u);
  EXPECT_THAT(report.errors[0], HasSubstr("no hook made"));
  EXPECT_FALSE(world.cluster->Find({"", "ConfigMap", "shop", "a"}));

  World other;
  const std::vector<Document> keeps = {Namespace("shop"), Hook("shop/migrate", "PreSync", R"("argocd.argoproj.io/hook-delete-policy":"HookFailed")"), Config("shop/a")};
  other.Apply(keeps);
  const ApplyReport second = other.Apply({keeps[0], keeps[1], Config("shop/b")});
  ASSERT_EQ(second.errors.size(), 1u);
  EXPECT_THAT(second.errors[0], HasSubstr("no BeforeHookCreation"));
}

TEST(Hooks, ANewerContentReplacesOneThatHangs) {
  World world;
  const std::vector<Document> hangs = {Namespace("shop"), Hook("shop/migrate", "PreSync", R"("test/hangs":"yes")"), Config("shop/a")};
  const Plan plan = world.MakePlanFor(hangs);
  const Inventory inventory = world.Stored();
  const ResourceLookup resources = FakeResources;
  {
    ApplyRun run(world.client, resources, world.options, world.clock, plan, inventory, nullptr);
    for (int i = 0; i < 40 && run.Step(); ++i) {
      if (!world.cluster->pending.empty()) world.cluster->Handle();
      else world.cluster->Tick();
    }
    ASSERT_TRUE(world.cluster->Find(kMigrate));
    run.Cancel();
  }
  EXPECT_EQ(world.MakePlanFor(hangs).steps[1].action, Action::kAwait);
  EXPECT_TRUE(world.Apply({Namespace("shop"), Hook("shop/migrate", "PreSync"), Config("shop/a")}).complete);
  EXPECT_THAT(Runs(world), ElementsAre("PreSync migrate", "PreSync migrate"));
}

TEST(Hooks, DeletedByHandBeforeItsEndIsAFailure) {
  World world;
  const std::vector<Document> desired = {Namespace("shop"), Hook("shop/migrate", "PreSync", R"("test/hangs":"yes")")};
  const Plan plan = world.MakePlanFor(desired);
  bool deleted = false;
  auto report = world.Run(plan, [&](const ApplyEvent& event) {
    if (deleted || !event.step || event.type != ApplyEvent::Type::kWaiting || event.step->id != kMigrate) return;
    deleted = true;
    world.cluster->ExpireNext(kMigrate);
  });
  ASSERT_TRUE(report.ok());
  ASSERT_EQ(report->errors.size(), 1u);
  EXPECT_THAT(report->errors[0], HasSubstr("was deleted before it had ended"));
  EXPECT_FALSE(world.cluster->Find(kMigrate)) << "its finalizer is given back";
}

// One random version of an application with hooks in every phase, waves and objects that come and go.
std::vector<Document> RandomVersion(std::mt19937& random, int revision) {
  std::vector<Document> desired = {Namespace("shop"), Object("v1", "ConfigMap", "shop/revision", R"("data":{"k":")" + std::to_string(revision) + "\"}")};
  const char* const phases[] = {"PreSync", "Sync", "PostSync", "PreSync,PostSync", "SyncFail"};
  for (int i = 0; i < 5; ++i) {
    if (random() % 3 == 0) continue;
    std::string more = R"("argocd.argoproj.io/sync-wave":")" + std::to_string(static_cast<int>(random() % 3) - 1) + "\"";
    if (random() % 3 == 0) more += R"(,"argocd.argoproj.io/hook-delete-policy":"BeforeHookCreation,HookSucceeded")";
    desired.push_back(Hook("shop/hook-" + std::to_string(i), phases[random() % 5], more, random() % 3 ? "\"backoffLimit\":0" : "\"ttlSecondsAfterFinished\":0"));
  }
  for (int i = 0; i < 5; ++i)
    if (random() % 3) desired.push_back(random() % 2 ? Config("shop/o" + std::to_string(i), Wave(static_cast<int>(random() % 3))) : Deployment("shop/o" + std::to_string(i)));
  return desired;
}

// Killed between any two requests, with answers lost and requests that arrive after the death of their sender: every hook of
// the last version ran exactly once, none of any version twice, and nothing is left that holds an object.
TEST(Hooks, KilledAnywhereEachRunsExactlyOnce) {
  int killed = 0, awaited = 0;
  const char* const more = std::getenv("PLUMB_HOOK_SEEDS");  // 400 take 5 s
  const unsigned seeds = more ? static_cast<unsigned>(std::atoi(more)) : 100;
  for (unsigned seed = 0; seed < seeds; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    World world;
    world.plan_options.budget_deletes = 100;
    std::vector<Document> desired;
    for (int attempt = 0; attempt < 6; ++attempt) {
      if (attempt % 2 == 0) desired = RandomVersion(random, attempt);  // each version is killed twice
      const Plan plan = world.MakePlanFor(desired);
      for (const Step& step : plan.steps) awaited += step.action == Action::kAwait;
      const Inventory inventory = world.Stored();
      const ResourceLookup resources = FakeResources;
      ApplyRun run(world.client, resources, world.options, world.clock, plan, inventory, nullptr);
      const int kill_after = static_cast<int>(random() % 40);
      bool over = false;
      for (int handled = 0; handled < kill_after && !(over = !run.Step());) {
        if (!world.cluster->pending.empty()) {
          world.cluster->Handle(random() % world.cluster->pending.size(), true);
          ++handled;
        } else {
          world.cluster->Tick();
          world.clock.Advance(std::chrono::milliseconds(50));
        }
      }
      killed += !over;
      while (!world.cluster->pending.empty()) {
        if (random() % 2) world.cluster->Handle(random() % world.cluster->pending.size(), false);
        else world.cluster->pending.erase(world.cluster->pending.begin());
      }
    }
    const ApplyReport report = world.Apply(desired);
    EXPECT_TRUE(report.complete) << ::testing::PrintToString(report.errors);

    std::map<std::string, int> runs;
    for (const FakeCluster::Creation& creation : world.cluster->creations)
      if (!creation.run.empty()) ++runs[creation.run + " " + creation.id.name];
    for (const auto& [run, count] : runs) EXPECT_EQ(count, 1) << run;
    const Inventory stored = world.Stored();
    size_t expected = 0, ran = 0;
    for (const Document& object : desired) {
      if (!IsHook(object.root())) continue;
      const auto spec = HookSpecOf(object.root());
      for (const HookSpec::Run& run : spec->runs) expected += run.phase != SyncPhase::kSyncFail;
    }
    for (const auto& [run, count] : runs) ran += stored.sync() && run.find("@" + stored.sync()->Token() + "/") != std::string::npos;
    EXPECT_EQ(ran, expected) << "hooks of the last version";
    for (const auto& [id, entry] : world.cluster->objects) EXPECT_FALSE(HasHookFinalizer(entry.object.root())) << id.ToString();
    const Plan last = world.MakePlanFor(desired);
    EXPECT_TRUE(last.empty()) << FormatPlan(last);
    world.cluster->log.clear();
    EXPECT_TRUE(world.Run(last)->complete);
    EXPECT_THAT(world.cluster->log, IsEmpty());
    if (::testing::Test::HasFailure()) break;
  }
  EXPECT_GT(killed, 200) << "the kills came too late to show anything";
  EXPECT_GT(awaited, 20) << "hooks were never found half-way";
}

}  // namespace
}  // namespace plumb
