// What hangs keeps nobody else from their work: a hook that never ends, a repository's server that never answers.
#include <gtest/gtest.h>

#include "core/blocking.h"
#include "engine/loop/loop.h"
#include "tests/engine/loop/rig.h"

namespace plumb {
namespace {

using namespace plumb::testing;  // NOLINT: the helpers of these tests

class StallsTest : public ::testing::Test {
 protected:
  StallsTest() { site.live.SetOnChange([](const ObjectId&) {}); }
  ~StallsTest() override {
    Open();
    if (loop) loop->Stop();
  }
  void Start(LoopOptions options) {
    LoopContext context;
    context.target_for = [this](const Application&) -> Result<std::shared_ptr<Target>> { return site.target; };
    context.make_resolver = [this](const ApplicationSource& source) -> Result<SourceResolver> {
      return SourceResolver([this, url = source.git.url](std::stop_token, bool) { return Look(url); });
    };
    context.events = log.Sink();
    context.clock = &Clock::Real();
    options.poll_jitter = 0;
    options.slow_look = std::chrono::milliseconds(100);
    loop = std::make_unique<Loop>(context, options);
    loop->Start();
  }
  Result<SourceState> Look(const std::string& url) {
    MutexLock lock(mu);
    const bool dead = url.find("dead") != std::string::npos;
    if (looks[url]++ >= answers && dead) {
      const Blocking blocking;
      ++hanging;
      while (!open) changed.wait(mu);
      --hanging;
    }
    if (dead) return Unavailable("connection timed out");
    return SourceState{revision, "subject", std::make_shared<MemoryTree>(files)};
  }
  void Open() {
    MutexLock lock(mu);
    open = true;
    changed.notify_all();
  }
  void Push(const std::string& to) {
    {
      MutexLock lock(mu);
      revision = to;
    }
    loop->Push([](const ApplicationSource&) { return true; });
  }
  template <typename F>
  static bool Until(F&& condition) {
    const TimePoint end = Clock::Real().Now() + std::chrono::seconds(20);
    while (!condition() && Clock::Real().Now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return condition();
  }
  std::string Summary(const std::string& name) { return loop->status("default/" + name)->summary; }

  Site site;
  EventLog log;
  Mutex mu;
  CondVar changed;
  bool open = false;
  int hanging = 0, answers = 1;  // that a dead server gives before it hangs
  std::map<std::string, int> looks;
  std::string revision = "1111";
  std::map<std::string, std::string> files = {{"c.yaml", ConfigMap("c")}};
  std::unique_ptr<Loop> loop;
};

TEST_F(StallsTest, HooksThatNeverEndLeaveRoomForOtherApplications) {
  files["plain/c.yaml"] = ConfigMap("c");
  for (const char* name : {"h1", "h2", "h3"})
    files[std::string(name) + "/job.yaml"] = std::string("apiVersion: batch/v1\nkind: Job\nmetadata: {name: ") + name +
                                             ", annotations: {argocd.argoproj.io/hook: PreSync}}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}\n";
  LoopOptions options;
  options.workers = 1;
  Start(std::move(options));
  const auto application = [](const std::string& name, const std::string& path) {
    auto document = ParseYamlOne("apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {name: " + name + "}\nspec:\n  sources: [{git: {url: 'https://git.example/all.git'}, path: " + path + "}]\n");
    return *ParseApplication(*document);
  };
  for (const char* name : {"h1", "h2", "h3"}) ASSERT_TRUE(loop->Set(application(name, name)).ok());
  EXPECT_TRUE(Until([&] { return loop->waiting() == 3; })) << "the only worker is with one of them; the others wait for it no longer than the grace";
  ASSERT_TRUE(loop->Set(application("plain", "plain")).ok());
  EXPECT_TRUE(Until([&] { return Summary("plain") == "Synced"; })) << Summary("plain");
  EXPECT_NE(Summary("h1"), "Synced");
}

TEST_F(StallsTest, ServersOfRepositoriesThatDoNotAnswerLeaveRoomForLooksAtOthers) {
  LoopOptions options;
  options.workers = 1;
  options.looks = 2;
  Start(std::move(options));
  for (const char* name : {"dead1", "dead2", "dead3", "good"}) ASSERT_TRUE(loop->Set(MakeApplication(name)).ok());
  EXPECT_TRUE(Until([&] { return Summary("good") == "Synced"; })) << Summary("good");
  for (const char* name : {"dead1", "dead2", "dead3"}) EXPECT_TRUE(Until([&] { return Summary(name) == "Failed: source: connection timed out"; })) << Summary(name);
  Push("2222");
  EXPECT_TRUE(Until([&] { return loop->status("default/good")->revision == "2222"; })) << "one of the two looks is for those that answered";
  {
    MutexLock lock(mu);
    EXPECT_EQ(hanging, 1) << "half of the looks at most are at what failed before";
  }
  Open();
  EXPECT_TRUE(Until([&] {
    MutexLock lock(mu);
    return looks["https://git.example/dead1.git"] >= 2 && looks["https://git.example/dead2.git"] >= 2 && looks["https://git.example/dead3.git"] >= 2;
  })) << "each has its turn";
}

TEST_F(StallsTest, AtTheStartTooLooksThatHangLeaveRoom) {
  answers = 0;
  LoopOptions options;
  options.workers = 1;
  options.looks = 2;
  Start(std::move(options));
  for (const char* name : {"dead1", "dead2", "dead3", "dead4"}) ASSERT_TRUE(loop->Set(MakeApplication(name)).ok());
  EXPECT_TRUE(Until([&] {
    MutexLock lock(mu);
    return hanging >= 2;
  }));
  ASSERT_TRUE(loop->Set(MakeApplication("good")).ok());
  EXPECT_TRUE(Until([&] { return Summary("good") == "Synced"; })) << Summary("good");
}

}  // namespace
}  // namespace plumb
