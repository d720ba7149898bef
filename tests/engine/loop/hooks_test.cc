// The loop's part in hooks: which of its passes run them, and what a pass that failed or was overtaken leaves to the next.
#include <gmock/gmock.h>

#include <thread>

#include "engine/loop/reconciler.h"
#include "tests/engine/loop/rig.h"

namespace plumb {
namespace {

using namespace plumb::testing;  // NOLINT: the helpers of these tests
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A ConfigMap is over as soon as it is there.
std::string Hook(const std::string& name, const std::string& phase) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + ", annotations: {argocd.argoproj.io/hook: " + phase + "}}\n";
}
std::string HookJob(const std::string& name, const std::string& phase) {
  return "apiVersion: batch/v1\nkind: Job\nmetadata: {name: " + name + ", annotations: {argocd.argoproj.io/hook: " + phase +
         "}}\nspec: {backoffLimit: 0, template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}\n";
}

// Names of the objects that were sent, the record's apart.
std::vector<std::string> Sent(const Rig& rig) {
  std::vector<std::string> names;
  for (const std::string& write : rig.gateway->writes)
    if (write.find("plumb-inventory") == std::string::npos) names.push_back(write.substr(0, write.find(' ')) + write.substr(write.rfind('/')));
  return names;
}

// A pass blocks until what it waits for has come: the cluster's controllers work meanwhile, on another thread, and time goes on where
// they have nothing to do. With `jobs_fail` every Job fails at once.
class Controllers {
 public:
  explicit Controllers(Rig& rig, bool jobs_fail = false)
      : jobs_(*rig.discovery.FindKind("batch", "Job")), client_(std::make_shared<Gateway>(rig.cluster().transport()), {.attempts = 1}),
        thread_([this, &rig, jobs_fail](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            if (jobs_fail) FailJobs();
            if (!rig.cluster().Step()) rig.clock.Advance(std::chrono::milliseconds(1));
          }
        }) {}

 private:
  void FailJobs() {
    const auto list = client_.List(jobs_, {.ns = "default"});
    if (!list.ok()) return;
    const Document failed = *ParseJson(R"({"status":{"conditions":[{"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"it broke"}]}})");
    for (const Document& job : list->items)
      if (job->Get("status").Get("conditions").empty())
        client_.Patch({jobs_, "default", std::string(job->Get("metadata").GetString("name")), "status"}, kube::PatchType::kMerge, failed.root(), {});
  }
  const kube::Resource jobs_;
  kube::Client client_;
  std::jthread thread_;
};

TEST(LoopHooks, RunAroundARevisionOnceAndNotForWhatIsHealed) {
  Rig rig;
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}, {"h.yaml", Hook("before", "PreSync") + "---\n" + Hook("after", "PostSync")}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(Sent(rig), ElementsAre("PATCH/before", "PATCH/a", "PATCH/after"));
  EXPECT_EQ(rig.status().summary, "Synced");
  rig.reconciler->MarkAllDirty();
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(rig.gateway->writes, IsEmpty());
  rig.Edit("ConfigMap", "default", "a", R"({"data":{"value":"7"}})");
  rig.reconciler->MarkDirty({"", "ConfigMap", "default", "a"});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(Sent(rig), ElementsAre("PATCH/a"));
  rig.Push("2222", {{"a.yaml", ConfigMap("a")}, {"h.yaml", Hook("before", "PreSync") + "---\n" + Hook("after", "PostSync")}, {"README.md", "text"}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(rig.gateway->writes, IsEmpty()) << "the same content is the same sync";
}

TEST(LoopHooks, RunAgainForANewContentAndForASyncThatIsAskedFor) {
  Rig rig;
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}, {"h.yaml", Hook("before", "PreSync")}});
  ASSERT_TRUE(rig.Pass().ok());
  const Controllers controllers(rig);
  rig.Push("2222", {{"a.yaml", ConfigMap("a", "2")}, {"h.yaml", Hook("before", "PreSync")}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(Sent(rig), ElementsAre("DELETE/before", "PATCH/before", "PATCH/a")) << "the object of the run before makes room";
  rig.reconciler->Request({"please", "ann"});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(Sent(rig), ElementsAre("DELETE/before", "PATCH/before"));
  rig.reconciler->MarkAllDirty();
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(rig.gateway->writes, IsEmpty());
}

TEST(LoopHooks, AFailedOneFailsTheRevisionAndRunsAgainOnlyWhenAsked) {
  Rig rig;
  const Controllers controllers(rig, true);
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}, {"h.yaml", HookJob("before", "PreSync")}});
  EXPECT_FALSE(rig.Pass().ok());
  EXPECT_THAT(rig.status().summary, HasSubstr("PreSync hook Job default/before"));
  EXPECT_THAT(rig.status().summary, HasSubstr("it broke"));
  EXPECT_TRUE(rig.Get("ConfigMap", "default", "a")->is_null()) << "what comes after it is not sent";
  rig.clock.Advance(std::chrono::seconds(1));
  EXPECT_FALSE(rig.Pass().ok());
  EXPECT_THAT(Sent(rig), Not(Contains("PATCH/before"))) << "the retry of the loop is no run of the hook";
  EXPECT_THAT(rig.status().summary, HasSubstr("a new revision, or a sync that you ask for, runs it again"));
  rig.reconciler->Request({"again", "ann"});
  EXPECT_FALSE(rig.Pass().ok());
  EXPECT_THAT(Sent(rig), Contains("PATCH/before"));
}

TEST(LoopHooks, ANewerCommitDoesNotWaitForOneThatRuns) {
  Rig rig;
  // The Job never ends: nobody steps the cluster. The source moves on while it is waited for.
  bool started = false, moved = false;
  rig.gateway->before = [&](const http::Request& request) {
    if (request.method == "PATCH" && request.target.find("/jobs/before") != std::string::npos) started = true;
    if (!started || moved || request.method != "GET") return;
    moved = true;
    rig.Push("2222", {{"a.yaml", ConfigMap("a", "2")}});
  };
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}, {"h.yaml", HookJob("before", "PreSync")}});
  ASSERT_TRUE(rig.Pass().ok()) << "being overtaken is no failure";
  ASSERT_TRUE(moved);
  EXPECT_EQ(rig.status().history.front().result, HistoryEntry::Result::kSuperseded);
  EXPECT_TRUE(rig.Get("ConfigMap", "default", "a")->is_null());
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(rig.status().summary, "Synced");
  EXPECT_EQ(rig.Get("ConfigMap", "default", "a")->Get("data").GetString("value"), "2");
}

TEST(LoopHooks, APassAfterARestartGoesOnWithTheSync) {
  Rig rig;
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}, {"h.yaml", Hook("before", "PreSync") + "---\n" + Hook("after", "PostSync")}});
  // Killed after the first hook: the object of the application is refused.
  rig.gateway->intercept = [](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (request.method != "PATCH" || request.target.find("/configmaps/a") == std::string::npos) return std::nullopt;
    return Refusal(422, "Invalid", "not now");
  };
  EXPECT_FALSE(rig.Pass().ok());
  rig.gateway->intercept = nullptr;
  const SourceView before = rig.view;
  rig.Make("", rig.status());
  rig.view = before;
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(Sent(rig), ElementsAre("PATCH/a", "PATCH/after"));
}

}  // namespace
}  // namespace plumb
