// The history of real repositories, pushed commit by commit to a repository that `plumb run` follows: after each, the
// cluster is what git says, and a second plan is empty. Invalid commits are reported and change nothing.
//
// PLUMB_REPLAY=all replays every first-parent commit; otherwise a sample spread over the whole history.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "core/json.h"
#include "tests/e2e/harness.h"

namespace plumb::e2e {
namespace {

namespace fs = std::filesystem;

struct Replay {
  const char* bundle;
  const char* path;  // plain manifests or a kustomization
};

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t from = 0, end; (end = text.find('\n', from)) != std::string::npos; from = end + 1) lines.push_back(text.substr(from, end - from));
  return lines;
}

// What an independent judge, kubectl's own server-side diff, says of rendered manifests: "" where the cluster has them.
// It reads an object and then asks for a dry run: where a controller writes between the two, it is asked again.
std::string Judged(const TestCluster& cluster, const TempDirectory& directory, const std::string& manifests) {
  // The namespace of those that name none, as the context's: with -n kubectl would refuse those that name another.
  const std::string kubeconfig = directory / "judge.kubeconfig";
  WriteAll(kubeconfig, ReadAll(cluster.kubeconfig));
  if (Execute({Kubectl(), "--kubeconfig", kubeconfig, "config", "set-context", "--current", "--namespace=replay"}).status != 0) return "kubectl config failed";
  std::string differences;
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(300));
    const Outcome judged = Execute({Kubectl(), "--kubeconfig", kubeconfig, "diff", "--server-side", "--force-conflicts", "--field-manager=plumb", "-f", "-"},
                                   {{"KUBECACHEDIR", directory / "kubecache"}}, manifests);
    differences = judged.status > 1 ? judged.err : "";
    // What plumb adds itself is its label; kubectl, speaking as the same manager without it, would remove just that.
    for (const std::string& line : Lines(judged.out)) {
      const bool change = (line.starts_with("-") || line.starts_with("+")) && !line.starts_with("---") && !line.starts_with("+++");
      const bool ours = line.find("applyset.kubernetes.io/part-of") != std::string::npos || line.find("  labels:") != std::string::npos ||
                        line.find("  generation:") != std::string::npos;
      if (change && !ours) differences += line + "\n";
    }
    if (differences.empty()) break;
  }
  return differences;
}

void RunReplay(const Replay& replay, bool real) {
  const char* shared = std::getenv("PLUMB_SHARED");
  const fs::path bundle = fs::path(shared ? shared : "../shared") / "repos" / replay.bundle;
  if (!fs::exists(bundle)) GTEST_SKIP() << bundle << " is not there (PLUMB_SHARED names its folder)";
  TempDirectory directory;
  std::string why_not;
  const auto cluster = real ? TestCluster::Real(&why_not) : TestCluster::Sandbox(directory);
  if (!cluster) GTEST_SKIP() << why_not;
  ASSERT_FALSE(cluster->kubeconfig.empty()) << ReadAll(directory / "sandbox.err");

  const std::string clone = directory / "clone", origin = directory / "origin.git";
  ASSERT_EQ(Execute({"git", "clone", "-q", "-b", "main", bundle, clone}).status, 0);
  ASSERT_EQ(Execute({"git", "init", "-q", "--bare", "-b", "main", origin}).status, 0);
  std::vector<std::string> commits;
  for (const std::string& commit : Lines(Execute({"git", "-C", clone, "log", "--first-parent", "--reverse", "--format=%H", "main"}).out))
    if (!Execute({"git", "-C", clone, "ls-tree", "--name-only", commit, fmt::format("{}/", replay.path)}).out.empty()) commits.push_back(commit);
  ASSERT_GT(commits.size(), 20u);
  const char* mode = std::getenv("PLUMB_REPLAY");
  const bool all = mode && std::string_view(mode) == "all";
  const size_t step = all ? 1 : commits.size() / (real ? 6 : 12) + 1;

  std::unique_ptr<RunningPlumb> plumb;
  size_t synced = 0, invalid = 0, events = 0;
  for (size_t i = 0; i < commits.size(); i = i + step < commits.size() || i + 1 == commits.size() ? i + step : commits.size() - 1) {
    const std::string& commit = commits[i];
    SCOPED_TRACE(fmt::format("{} commit {} ({} of {})", replay.bundle, commit, i + 1, commits.size()));
    ASSERT_EQ(Execute({"git", "-C", clone, "push", "-q", "-f", origin, commit + ":refs/heads/main"}).status, 0);
    if (!plumb) {
      plumb = std::make_unique<RunningPlumb>(directory, cluster->kubeconfig,
                                             fmt::format("apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {{name: replay}}\nspec:\n"
                                                         "  sources:\n  - git: {{url: {}, revision: main}}\n    path: {}\n"
                                                         "  target: {{namespace: replay}}\n  budget: {{deletes: 1000}}\n",
                                                         origin, replay.path));
    } else {
      ASSERT_TRUE(plumb->Push(origin)) << plumb->Log();
    }
    const Document end = plumb->Await({"synced", "failed", "held"}, commit, events);
    events = plumb->Events().size();
    ASSERT_FALSE(end->is_null()) << "no end of the sync came\n" << plumb->Log() << ReadAll(directory / "events.jsonl").substr(0, 20000);
    const std::vector<std::string> target = {"--repo", origin, "--path", replay.path, "--name", "replay",
                                             "--namespace", "replay", "--kubeconfig", cluster->kubeconfig, "--cache", directory / "cache"};
    std::vector<std::string> diff = {PlumbProgram(), "diff"};
    diff.insert(diff.end(), target.begin(), target.end());
    const Outcome second = Execute(diff);
    if (end->GetString("type") == "failed") {
      ++invalid;
      EXPECT_NE(std::string(end->GetString("text")), "");
      continue;
    }
    ASSERT_EQ(end->GetString("type"), "synced") << end->GetString("text");
    EXPECT_EQ(second.status, 0) << "a second plan must be empty\n" << second.out << second.err;
    ++synced;

    // An independent judge: kubectl's own server-side diff of what was rendered, and the count of what carries our label.
    if (Kubectl().empty() || (!all && i % 3 != 0)) continue;
    const Outcome rendered = Execute({PlumbProgram(), "render", "--repo", origin, "--path", replay.path, "--cache", directory / "cache"});
    ASSERT_EQ(rendered.status, 0) << rendered.err;
    EXPECT_EQ(Judged(*cluster, directory, rendered.out), "") << "kubectl diff sees a difference";
  }
  fmt::print("{} on {}: {} commits synced, {} invalid ones reported\n", fmt::format("{} {}", replay.bundle, replay.path), cluster->name, synced, invalid);
  EXPECT_GE(synced, 3u) << "too few valid commits to show anything";
  plumb->process().Signal(SIGTERM);
  EXPECT_EQ(plumb->process().Wait(std::chrono::seconds(10)), 0) << "a clean stop on SIGTERM\n" << plumb->Log();
}

constexpr Replay kMicroservices = {"microservices-demo.bundle", "kubernetes-manifests"};
// All of deploy/ is valid at no commit: the same Service twice, kinds that are gone, kustomizations among plain files.
constexpr Replay kPodinfo = {"podinfo.bundle", "deploy/webapp"};
constexpr Replay kPodinfoKustomize = {"podinfo.bundle", "kustomize"};

TEST(Replay, MicroservicesOnTheSandbox) { RunReplay(kMicroservices, false); }
TEST(Replay, MicroservicesOnARealApiServer) { RunReplay(kMicroservices, true); }
TEST(Replay, PodinfoOnTheSandbox) { RunReplay(kPodinfo, false); }
TEST(Replay, PodinfoOnARealApiServer) { RunReplay(kPodinfo, true); }
TEST(Replay, PodinfoKustomizeOnTheSandbox) { RunReplay(kPodinfoKustomize, false); }

}  // namespace
}  // namespace plumb::e2e
