// Hooks on clusters whose Job controllers really run them: through `plumb apply`, `plumb run` and `plumb controller`, on the sandbox
// and on a real control plane. What happened is told by the server's watches.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "core/json.h"
#include "tests/e2e/fault_world.h"
#include "tests/e2e/pod_ends.h"
#include "tests/sources/git_server.h"

namespace plumb::e2e {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Job(const std::string& naming, const std::string& annotations, const std::string& image = "work:1") {
  return fmt::format("apiVersion: batch/v1\nkind: Job\nmetadata: {{{}, annotations: {{{}}}}}\n"
                     "spec: {{backoffLimit: 0, template: {{spec: {{restartPolicy: Never, containers: [{{name: c, image: '{}'}}]}}}}}}\n",
                     naming, annotations, image);
}
std::string Settings(const std::string& value, const std::string& name = "settings") {
  return fmt::format("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {}}}\ndata: {{value: '{}'}}\n", name, value);
}
const std::string kNamespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: hooks}\n";
const std::string kMigrate = "argocd.argoproj.io/hook: PreSync";
// The server refuses it: its selector does not select its pods.
const std::string kRefused = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: other}}, spec: {containers: [{name: c, image: 'web:1'}]}}}\n";
// Its pods never become ready.
const std::string kBroken = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: 'web:broken'}]}}}\n";

class HooksOn : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::string why_not;
    cluster_ = real() ? TestCluster::Real(&why_not) : TestCluster::Sandbox(directory_);
    if (!cluster_) GTEST_SKIP() << why_not;
    if (real()) pod_ends_ = std::make_unique<PodEnds>(*cluster_);
    recording_ = std::make_unique<Recording>(cluster_->curl, cluster_->server, directory_);
    ASSERT_EQ(Execute({"git", "init", "-q", "-b", "main", directory_ / "set"}).status, 0);
  }
  bool real() const { return std::string(GetParam()) != "sandbox"; }
  void Write(const std::string& file, const std::string& text) { WriteAll(directory_ / ("set/" + file), text); }
  Outcome Apply(std::vector<std::string> more = {}) {
    std::vector<std::string> argv = {PlumbProgram(), "apply", directory_ / "set", "--name", "hooks", "--namespace", "hooks", "--kubeconfig", cluster_->kubeconfig, "--timeout", "60s"};
    argv.insert(argv.end(), more.begin(), more.end());
    return Execute(argv);
  }
  std::string Commit(const std::string& text) {
    std::filesystem::remove(directory_ / "set/all.yaml");
    Write("all.yaml", text);
    for (const std::vector<std::string>& command : {std::vector<std::string>{"add", "."}, {"-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "next"}}) {
      std::vector<std::string> argv = {"git", "-C", directory_ / "set"};
      argv.insert(argv.end(), command.begin(), command.end());
      EXPECT_EQ(Execute(argv).status, 0);
    }
    return Execute({"git", "-C", directory_ / "set", "rev-parse", "HEAD"}).out.substr(0, 40);
  }
  std::string ApplicationText(const std::string& metadata, const std::string& url) const {
    return fmt::format("apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {{{}}}\nspec:\n  sources: [{{git: {{url: '{}', revision: main}}}}]\n  target: {{namespace: hooks}}\n", metadata, url);
  }
  // Waits until the story has `line` for the n-th time.
  bool Until(const std::string& line, long times = 1) const {
    return Eventually([&] {
      const auto story = Story();
      return std::count(story.begin(), story.end(), line) >= times;
    });
  }
  std::vector<std::string> Story(size_t from = 0) const {
    std::vector<std::string> story = recording_->Story("hooks");
    story.erase(story.begin(), story.begin() + static_cast<long>(std::min(from, story.size())));
    return story;
  }

  TempDirectory directory_;
  std::unique_ptr<TestCluster> cluster_;
  std::unique_ptr<PodEnds> pod_ends_;
  std::unique_ptr<Recording> recording_;
};

TEST_P(HooksOn, ApplyRunsEachPhaseInItsPlaceOnceForEachContent) {
  Write("namespace.yaml", kNamespace);
  Write("settings.yaml", Settings("1"));
  Write("hooks.yaml", Job("name: first", "helm.sh/hook: pre-install, helm.sh/hook-weight: '-5'") + "---\n" + Job("name: later", "helm.sh/hook: pre-upgrade, helm.sh/hook-weight: '-5'") + "---\n" +
                          Job("name: migrate", kMigrate) + "---\n" + Job("generateName: load-", "argocd.argoproj.io/hook: Sync, argocd.argoproj.io/sync-wave: '1'") + "---\n" +
                          Job("name: smoke", "argocd.argoproj.io/hook: PostSync, argocd.argoproj.io/hook-delete-policy: HookSucceeded") + "---\n" +
                          Job("name: tell", "argocd.argoproj.io/hook: SyncFail") + "---\n" + Job("name: never", "argocd.argoproj.io/hook: Skip"));
  Outcome outcome = Apply();
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_TRUE(Until("gone smoke"));
  EXPECT_THAT(Story(), ElementsAre("made first", "ended first", "made migrate", "ended migrate", "made settings", "made load-", "ended load-", "made smoke", "ended smoke", "gone smoke"));

  const size_t before = Story().size();
  outcome = Apply();
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_THAT(Story(before), ElementsAre()) << "the same content is the same sync";
  Write("settings.yaml", Settings("2"));
  outcome = Apply();
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_TRUE(Until("gone smoke", 2));
  EXPECT_THAT(Story(before), ElementsAre("made later", "ended later", "gone migrate", "made migrate", "ended migrate", "made load-", "ended load-", "made smoke", "ended smoke", "gone smoke"));
}

TEST_P(HooksOn, AFailureCallsSyncFailAndNothingComesAfterIt) {
  Write("namespace.yaml", kNamespace);
  Write("refused.yaml", kRefused);
  const std::string after = Job("name: smoke", "argocd.argoproj.io/hook: PostSync") + "---\n" + Job("name: tell", "argocd.argoproj.io/hook: SyncFail");
  Write("hooks.yaml", after);
  Outcome outcome = Apply();
  EXPECT_EQ(outcome.status, 1) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("Deployment hooks/web"));
  EXPECT_TRUE(Until("ended tell"));
  EXPECT_THAT(Story(), ElementsAre("made tell", "ended tell"));
  if (!real()) return;  // pods of the sandbox never fail

  std::filesystem::remove(directory_ / "set/refused.yaml");
  Write("settings.yaml", Settings("1"));
  Write("hooks.yaml", Job("name: migrate", kMigrate, "work:fails") + "---\n" + after);
  const size_t before = Story().size();
  outcome = Apply();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, HasSubstr("failed   Job hooks/migrate: has failed: Job has reached the specified backoff limit"));
  EXPECT_TRUE(Until("ended tell", 2));
  EXPECT_THAT(Story(before), ElementsAre("made migrate", "ended migrate", "gone tell", "made tell", "ended tell"));
}

TEST_P(HooksOn, ANewerCommitDoesNotWaitForAHookOrAWaveOfTheOneBefore) {
  const std::string hangs = Commit(kNamespace + "---\n" + Job("name: migrate", kMigrate, "work:broken") + "---\n" + Settings("1"));
  RunningPlumb plumb(directory_, cluster_->kubeconfig, ApplicationText("name: hooks", directory_ / "set"));
  ASSERT_TRUE(Until("made migrate")) << plumb.Log();
  const auto until_synced = [&](const std::string& revision) {
    const auto pushed = std::chrono::steady_clock::now();
    EXPECT_TRUE(plumb.Push(directory_ / "set"));
    EXPECT_FALSE(plumb.Await({"synced"}, revision, 0)->is_null()) << plumb.Log();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - pushed).count();
  };
  const std::string mended = Commit(kNamespace + "---\n" + Job("name: migrate", kMigrate) + "---\n" + Settings("2"));
  const double hook = until_synced(mended);
  EXPECT_TRUE(Until("gone migrate") && Until("ended migrate") && Until("made settings"));

  const std::string stuck = Commit(kNamespace + "---\n" + kBroken + "---\n" + Settings("3") + "---\n" +
                                   "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: late, annotations: {argocd.argoproj.io/sync-wave: '1'}}\n");
  ASSERT_TRUE(plumb.Push(directory_ / "set"));
  ASSERT_FALSE(plumb.Await({"plan"}, stuck, 0)->is_null()) << plumb.Log();
  ASSERT_TRUE(Eventually([&] { return Execute({Kubectl(), "--kubeconfig", cluster_->kubeconfig, "-n", "hooks", "get", "deployment", "web"}).status == 0; }));
  const double wave = until_synced(Commit(kNamespace + "---\n" + Settings("4") + "---\n" + Settings("1", "late")));
  EXPECT_TRUE(Until("made late"));
  fmt::print("{}: from the push until the newer commit is synced, {:.1f} s where a hook hung (its own took its time), {:.1f} s where a wave did\n", GetParam(), hook, wave);
  EXPECT_EQ(hangs.size(), 40u);
}

TEST_P(HooksOn, ADeletedApplicationRunsItsHooksAroundTheDeletion) {
  const GitServer git(directory_.path());
  const std::string keep = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: keep, annotations: {argocd.argoproj.io/sync-options: Delete=false}}\n";
  Commit(Settings("1") + "---\n" + keep + "---\n" + Job("name: backup", "argocd.argoproj.io/hook: PreDelete") + "---\n" + Job("name: bye", "argocd.argoproj.io/hook: PostDelete"));
  WriteAll(directory_ / "setup/crds.yaml", Execute({PlumbProgram(), "crds"}).out);
  WriteAll(directory_ / "setup/application.yaml", kNamespace + "---\n" + ApplicationText("name: hooks, namespace: default, finalizers: [plumb.dev/delete]", git.Url("set")));
  const Outcome applied = Execute({PlumbProgram(), "apply", directory_ / "setup", "--name", "setup", "--kubeconfig", cluster_->kubeconfig, "--inventory-namespace", "default"});
  ASSERT_EQ(applied.status, 0) << applied.out << applied.err;
  Background controller({PlumbProgram(), "controller", "--kubeconfig", cluster_->kubeconfig, "--namespace", "default", "--listen", "127.0.0.1:0", "--cache", directory_ / "cache"}, directory_ / "events",
                        directory_ / "log");
  const std::string application = cluster_->server + "/apis/plumb.dev/v1alpha1/namespaces/default/applications/hooks";
  const auto ask = [&](std::vector<std::string> more) {
    std::vector<std::string> argv = cluster_->curl;
    argv.insert(argv.end(), more.begin(), more.end());
    argv.push_back(application);
    return Execute(argv);
  };
  ASSERT_TRUE(Eventually([&] {
    const auto told = ParseJson(ask({}).out);
    return told.ok() && told->root().Get("status").GetString("summary") == "Synced";
  })) << ask({}).out << ReadAll(directory_ / "log");
  EXPECT_THAT(Story(), testing::UnorderedElementsAre("made keep", "made settings"));
  EXPECT_EQ(ask({"-X", "DELETE"}).status, 0);
  EXPECT_TRUE(Eventually([&] { return ask({}).status != 0; })) << ask({}).out << ReadAll(directory_ / "log");
  EXPECT_TRUE(Until("ended bye"));
  EXPECT_THAT(Story(2), ElementsAre("made backup", "ended backup", "gone settings", "made bye", "ended bye"));
}

INSTANTIATE_TEST_SUITE_P(Clusters, HooksOn, testing::Values("sandbox", "real"), [](const auto& of) { return std::string(of.param); });

}  // namespace
}  // namespace plumb::e2e
