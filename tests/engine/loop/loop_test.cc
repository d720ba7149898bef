// Many applications: one look at a source for all, a push that wakes only whom it touches, order between applications.
#include "engine/loop/loop.h"

#include <gmock/gmock.h>

#include "tests/engine/loop/rig.h"

namespace plumb {
namespace {

using namespace plumb::testing;  // NOLINT: the helpers of these tests
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

// A loop that is stepped by hand, on one repository for all applications unless they say otherwise.
class LoopTest : public ::testing::Test {
 protected:
  LoopTest() {
    site.live.SetOnChange([](const ObjectId&) {});
    Restart();
  }
  void Restart(LoopOptions options = {}) {
    LoopContext context;
    context.target_for = [this](const Application&) -> Result<std::shared_ptr<Target>> { return site.target; };
    context.make_resolver = [this](const ApplicationSource& source) -> Result<SourceResolver> {
      return SourceResolver([this, url = source.git.url](std::stop_token, bool) -> Result<SourceState> {
        ++looks[url];
        if (during_look) std::exchange(during_look, nullptr)();
        if (!failure.empty()) return Unavailable(failure);
        return SourceState{revision, "subject", tree};
      });
    };
    context.on_status = [this](const std::string& key) { told.push_back(key); };
    context.helpers.yaml = &yaml;
    context.events = log.Sink();
    context.clock = &site.clock;
    options.poll_jitter = 0;
    loop = std::make_unique<Loop>(context, options);
  }
  static Application App(const std::string& name, const std::string& path, const std::string& more = "") {
    auto document = ParseYamlOne("apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {name: " + name +
                                 "}\nspec:\n  sources: [{git: {url: 'https://git.example/all.git'}, path: " + path + "}]\n" + more);
    return *ParseApplication(*document);
  }
  void Push(const std::string& to, std::map<std::string, std::string> files) {
    revision = to;
    tree = std::make_shared<MemoryTree>(std::move(files));
    loop->Push([](const ApplicationSource&) { return true; });
  }
  // Until nothing is ready at this moment of the clock. How many items ran.
  int Run() {
    int steps = 0;
    while (loop->Step())
      if (++steps > 10'000) ADD_FAILURE() << "the loop does not come to rest";
    return steps;
  }
  std::string Summary(const std::string& name) { return loop->status("default/" + name)->summary; }

  Site site;
  EventLog log;
  std::string revision = "1111", failure;
  std::shared_ptr<const Tree> tree = std::make_shared<MemoryTree>(std::map<std::string, std::string>{});
  std::map<std::string, int> looks;
  std::function<void()> during_look;  // once
  std::vector<std::string> told;
  YamlCache yaml;
  std::unique_ptr<Loop> loop;
};

std::map<std::string, std::string> Files(int applications) {
  std::map<std::string, std::string> files;
  for (int i = 0; i < applications; ++i) files["app-" + std::to_string(i) + "/c.yaml"] = ConfigMap("c-" + std::to_string(i));
  return files;
}

TEST_F(LoopTest, OneLookAtARepositoryServesAllItsApplications) {
  tree = std::make_shared<MemoryTree>(Files(100));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(loop->Set(App("app-" + std::to_string(i), "app-" + std::to_string(i))).ok());
  Run();
  EXPECT_EQ(looks["https://git.example/all.git"], 1);
  for (const ApplicationStatus& status : loop->status()) EXPECT_EQ(status.summary, "Synced") << status.name;
  std::string why_not;
  EXPECT_TRUE(loop->Ready(&why_not)) << why_not;
}

TEST_F(LoopTest, PushWakesOnlyTheApplicationsThatItTouches) {
  tree = std::make_shared<MemoryTree>(Files(100));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(loop->Set(App("app-" + std::to_string(i), "app-" + std::to_string(i))).ok());
  Run();
  site.clock.Advance(std::chrono::seconds(1));
  Run();  // UIDs are recorded
  site.gateway->requests = 0;
  site.gateway->writes.clear();
  auto files = Files(100);
  files["app-42/c.yaml"] = ConfigMap("c-42", "2");
  Push("2222", files);
  EXPECT_EQ(Run(), 2) << "one look, one pass";
  EXPECT_THAT(site.gateway->writes, SizeIs(1)) << "of the one changed object; the inventory is as it was";
  EXPECT_EQ(loop->status("default/app-42")->revision, "2222");
}

// Each would keep a repository on disk, and its files open.
TEST_F(LoopTest, ApplicationsThatAPushDoesNotTouchKeepNoOldTreeAlive) {
  tree = std::make_shared<MemoryTree>(Files(100));
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(loop->Set(App("app-" + std::to_string(i), "app-" + std::to_string(i))).ok());
  Run();
  const std::weak_ptr<const Tree> first = tree;
  auto files = Files(100);
  files["app-42/c.yaml"] = ConfigMap("c-42", "2");
  Push("2222", files);
  Run();
  EXPECT_TRUE(first.expired());
  EXPECT_EQ(loop->status("default/app-42")->revision, "2222");
  files["app-41/c.yaml"] = ConfigMap("c-41", "2");
  Push("3333", files);
  Run();
  EXPECT_EQ(loop->status("default/app-41")->revision, "3333") << "whose render is of a tree that is gone";
  EXPECT_EQ(loop->status("default/app-42")->revision, "2222");
}

TEST_F(LoopTest, APushParsesOnlyTheFilesThatItChanged) {
  std::map<std::string, std::string> files;
  for (const std::string name : {"a", "b", "c", "d"}) files["app/" + name + ".yaml"] = ConfigMap(name);
  tree = std::make_shared<MemoryTree>(files);
  ASSERT_TRUE(loop->Set(App("app", "app")).ok());
  Run();
  const size_t before = yaml.hits();
  files["app/c.yaml"] = ConfigMap("c", "2");
  Push("2222", files);
  Run();
  EXPECT_EQ(loop->status("default/app")->revision, "2222");
  EXPECT_EQ(yaml.hits() - before, 3u) << "of four";
  EXPECT_EQ(site.Get("ConfigMap", "default", "c")->Get("data").GetString("value"), "2");
}

TEST_F(LoopTest, SourcesArePolledAtTheShortestInterval) {
  ASSERT_TRUE(loop->Set(App("a", "a", "  sync: {interval: 5m}\n")).ok());
  ASSERT_TRUE(loop->Set(App("b", "a", "  sync: {interval: 2m}\n")).ok());
  tree = std::make_shared<MemoryTree>(std::map<std::string, std::string>{{"a/c.yaml", ConfigMap("c")}});
  Run();
  for (int minute = 1; minute <= 4; ++minute) {
    site.clock.Advance(std::chrono::minutes(1));
    Run();
  }
  EXPECT_EQ(looks["https://git.example/all.git"], 3) << "at the start, after two and after four minutes";
}

TEST_F(LoopTest, SourceThatFailsIsAskedAgainWithBackoffAndToldOnce) {
  failure = "connection refused";
  ASSERT_TRUE(loop->Set(App("a", "a")).ok());
  Run();
  EXPECT_EQ(Summary("a"), "Failed: source: connection refused");
  for (int i = 0; i < 10; ++i) {
    site.clock.Advance(std::chrono::seconds(1));
    Run();
  }
  EXPECT_EQ(looks["https://git.example/all.git"], 4) << "after 0, 1, 3 and 7 seconds";
  EXPECT_EQ(std::ranges::count(log.Take(), "failed: source: connection refused"), 1);
  failure.clear();
  tree = std::make_shared<MemoryTree>(Files(1));
  ASSERT_TRUE(loop->Set(App("a", "app-0")).ok());
  loop->Push([](const ApplicationSource&) { return true; });
  Run();
  EXPECT_EQ(Summary("a"), "Synced");
}

TEST_F(LoopTest, DependantStartsWhenWhatItNeedsIsReady) {
  tree = std::make_shared<MemoryTree>(Files(2));
  ASSERT_TRUE(loop->Set(App("web", "app-1", "  dependsOn: [{name: base}]\n")).ok());
  Run();
  EXPECT_EQ(Summary("web"), "Waiting: for application 'base', which does not exist");
  ASSERT_TRUE(loop->Set(App("base", "app-0", "  sync: {auto: false}\n")).ok());
  Run();
  EXPECT_THAT(Summary("web"), HasSubstr("Waiting: for application 'base' to be healthy; it is: Held: "));
  ASSERT_TRUE(loop->Request("default/base", {"1", "ann"}));
  Run();
  EXPECT_EQ(Summary("base"), "Synced");
  EXPECT_EQ(Summary("web"), "Synced") << "its turn came without a timer";
}

TEST_F(LoopTest, CircleOfDependenciesIsNamed) {
  tree = std::make_shared<MemoryTree>(Files(2));
  ASSERT_TRUE(loop->Set(App("a", "app-0", "  dependsOn: [{name: b}]\n")).ok());
  ASSERT_TRUE(loop->Set(App("b", "app-1", "  dependsOn: [{name: a}]\n")).ok());
  Run();
  EXPECT_EQ(Summary("a"), "Waiting: for itself: dependsOn goes round in a circle, default/a -> default/b -> default/a");
  EXPECT_THAT(site.gateway->writes, IsEmpty());
}

TEST_F(LoopTest, RemovedApplicationLeavesWhatItMade) {
  tree = std::make_shared<MemoryTree>(Files(1));
  ASSERT_TRUE(loop->Set(App("a", "app-0")).ok());
  Run();
  site.gateway->writes.clear();
  loop->Remove("default/a");
  loop->live_listener()(&site.live, {"", "ConfigMap", "default", "c-0"});
  Push("2222", {});
  Run();
  EXPECT_THAT(site.gateway->writes, IsEmpty());
  EXPECT_FALSE(site.Get("ConfigMap", "default", "c-0")->is_null());
  EXPECT_THAT(loop->status(), IsEmpty());
}

// As where a replica hands its last application of a repository over.
TEST_F(LoopTest, AnApplicationMayGoWhileItsSourceIsLookedAt) {
  tree = std::make_shared<MemoryTree>(Files(1));
  for (const bool comes_back : {false, true}) {
    ASSERT_TRUE(loop->Set(App("a", "app-0")).ok());
    Run();
    during_look = [&] {
      loop->Remove("default/a");
      if (comes_back) { EXPECT_TRUE(loop->Set(App("a", "app-0")).ok()); }
    };
    Push(comes_back ? "3333" : "2222", Files(1));
    Run();
    EXPECT_EQ(loop->status().size(), comes_back ? 1u : 0u);
  }
  EXPECT_EQ(loop->status("default/a")->revision, "3333");
}

TEST_F(LoopTest, ChangedApplicationIsAppliedAnewAndKeepsItsHistory) {
  tree = std::make_shared<MemoryTree>(Files(2));
  ASSERT_TRUE(loop->Set(App("a", "app-0")).ok());
  Run();
  ASSERT_TRUE(loop->Set(App("a", "app-1"), *loop->status("default/a")).ok());
  Run();
  EXPECT_FALSE(site.Get("ConfigMap", "default", "c-1")->is_null());
  EXPECT_FALSE(site.Get("ConfigMap", "default", "c-0")->is_null()) << "another path than before: it waits for somebody's word";
  EXPECT_THAT(loop->status("default/a")->history, SizeIs(2)) << "what is held did not happen";
  ASSERT_TRUE(loop->Approve("default/a", loop->status("default/a")->approval, "ann"));
  Run();
  EXPECT_TRUE(site.Get("ConfigMap", "default", "c-0")->is_null()) << "it left the application";
  EXPECT_THAT(loop->status("default/a")->history, SizeIs(3));
}

TEST_F(LoopTest, LiveEventReachesTheOwnerAlone) {
  tree = std::make_shared<MemoryTree>(Files(3));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(loop->Set(App("app-" + std::to_string(i), "app-" + std::to_string(i))).ok());
  Run();
  site.Edit("ConfigMap", "default", "c-1", R"({"data":{"value":"7"}})");
  loop->live_listener()(&site.live, {"", "ConfigMap", "default", "c-1"});
  loop->live_listener()(&site.live, {"", "ConfigMap", "default", "of-somebody-else"});
  EXPECT_EQ(Run(), 1);
  EXPECT_EQ(site.Get("ConfigMap", "default", "c-1")->Get("data").GetString("value"), "1");
}

TEST_F(LoopTest, LiveEventsAfterItsEndAreHeardByNobody) {
  tree = std::make_shared<MemoryTree>(Files(1));
  ASSERT_TRUE(loop->Set(App("app-0", "app-0")).ok());
  Run();
  const Loop::LiveListener listener = loop->live_listener();
  std::atomic<bool> passed_on = false;
  std::jthread store([&](const std::stop_token& stop) {  // its thread goes on until the store is stopped, after the loop
    while (!stop.stop_requested()) {
      listener(&site.live, {"", "ConfigMap", "default", "c-0"});
      passed_on = true;
    }
  });
  while (!passed_on) std::this_thread::yield();
  loop.reset();
  passed_on = false;
  while (!passed_on) std::this_thread::yield();
}

TEST_F(LoopTest, ListThatArrivesWakesOnlyWhoWaitsForIt) {
  tree = std::make_shared<MemoryTree>(Files(50));
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(loop->Set(App("app-" + std::to_string(i), "app-" + std::to_string(i))).ok());
  Run();
  loop->live_listener()(&site.live, {});
  EXPECT_EQ(Run(), 0);
}

TEST_F(LoopTest, TheStatusIsToldWhenItChanges) {
  tree = std::make_shared<MemoryTree>(Files(1));
  ASSERT_TRUE(loop->Set(App("a", "app-0")).ok());
  Run();
  EXPECT_THAT(told, Contains("default/a"));
  told.clear();
  loop->live_listener()(&site.live, {"", "ConfigMap", "default", "c-0"});
  Run();
  EXPECT_THAT(told, IsEmpty()) << "nothing changed";
}

}  // namespace
}  // namespace plumb
