// The history of real repositories, pushed commit by commit to a repository that `plumb run` follows: after each, the
// cluster is what git says, and a second plan is empty. Invalid commits are reported and change nothing.
//
// PLUMB_REPLAY=all replays every first-parent commit; otherwise a sample spread over the whole history.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <thread>

#include "core/json.h"
#include "tests/e2e/harness.h"

namespace plumb::e2e {
namespace {

namespace fs = std::filesystem;

struct Replay {
  const char* bundle;
  std::vector<std::string> paths;  // plain manifests or kustomizations; an Application each
  size_t least_synced = 3;         // fewer valid syncs in the sample would show nothing
};

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t from = 0, end; (end = text.find('\n', from)) != std::string::npos; from = end + 1) lines.push_back(text.substr(from, end - from));
  return lines;
}

// What an independent judge, kubectl's own server-side diff, says of rendered manifests: "" where the cluster has them.
// It reads an object and then asks for a dry run: where a controller writes between the two, it is asked again.
std::string Judged(const TestCluster& cluster, const TempDirectory& directory, const std::string& manifests, const std::string& ns) {
  // The namespace of those that name none, as the context's: with -n kubectl would refuse those that name another.
  const std::string kubeconfig = directory / "judge.kubeconfig";
  WriteAll(kubeconfig, ReadAll(cluster.kubeconfig));
  if (Execute({Kubectl(), "--kubeconfig", kubeconfig, "config", "set-context", "--current", "--namespace=" + ns}).status != 0) return "kubectl config failed";
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
  const auto present = [&](const std::string& commit) {
    std::vector<size_t> found;
    for (size_t i = 0; i < replay.paths.size(); ++i)
      if (!Execute({"git", "-C", clone, "ls-tree", "--name-only", commit, fmt::format("{}/", replay.paths[i])}).out.empty()) found.push_back(i);
    return found;
  };
  std::vector<std::string> commits;
  std::vector<std::string> log = {"git", "-C", clone, "log", "--first-parent", "--reverse", "--format=%H", "main"};
  for (const std::string& commit : Lines(Execute(log).out))
    if (!present(commit).empty()) commits.push_back(commit);
  ASSERT_GT(commits.size(), 20u);
  const char* mode = std::getenv("PLUMB_REPLAY");
  const bool all = mode && std::string_view(mode) == "all";
  const size_t step = all ? 1 : commits.size() / (real ? 6 : 12) + 1;

  std::string applications;
  for (size_t i = 0; i < replay.paths.size(); ++i)
    applications += fmt::format("---\napiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {{name: replay{0}}}\nspec:\n"
                                "  sources:\n  - git: {{url: {1}, revision: main}}\n    path: {2}\n"
                                "  target: {{namespace: replay{0}}}\n  budget: {{deletes: 1000}}\n", i, origin, replay.paths[i]);
  std::unique_ptr<RunningPlumb> plumb;
  std::vector<size_t> synced(replay.paths.size()), invalid(replay.paths.size());
  std::vector<std::map<std::string, size_t>> reasons(replay.paths.size());
  size_t events = 0;
  for (size_t i = 0; i < commits.size(); i = i + step < commits.size() || i + 1 == commits.size() ? i + step : commits.size() - 1) {
    const std::string& commit = commits[i];
    ASSERT_EQ(Execute({"git", "-C", clone, "push", "-q", "-f", origin, commit + ":refs/heads/main"}).status, 0);
    if (!plumb) plumb = std::make_unique<RunningPlumb>(directory, cluster->kubeconfig, applications);
    else ASSERT_TRUE(plumb->Push(origin)) << plumb->Log();
    for (const size_t at : present(commit)) {
      const std::string name = fmt::format("replay{}", at), &path = replay.paths[at];
      SCOPED_TRACE(fmt::format("{} {} commit {} ({} of {})", replay.bundle, path, commit, i + 1, commits.size()));
      const Document end = plumb->Await({"synced", "failed", "held"}, commit, events, std::chrono::seconds(60), name);
      ASSERT_FALSE(end->is_null()) << "no end of the sync came\n" << plumb->Log() << ReadAll(directory / "events.jsonl").substr(0, 20000);
      if (end->GetString("type") == "failed") {
        ++invalid[at];
        reasons[at][std::string(end->GetString("text"))]++;
        EXPECT_NE(std::string(end->GetString("text")), "");
        continue;
      }
      ASSERT_EQ(end->GetString("type"), "synced") << end->GetString("text");
      const Outcome second = Execute({PlumbProgram(), "diff", "--repo", origin, "--path", path, "--name", name, "--namespace", name, "--kubeconfig", cluster->kubeconfig,
                                      "--cache", directory / "cache"});
      EXPECT_EQ(second.status, 0) << "a second plan must be empty\n" << second.out << second.err;
      ++synced[at];

      // An independent judge: kubectl's own server-side diff of what was rendered.
      if (Kubectl().empty() || (!all && i % 3 != 0)) continue;
      const Outcome rendered = Execute({PlumbProgram(), "render", "--repo", origin, "--path", path, "--cache", directory / "cache"});
      ASSERT_EQ(rendered.status, 0) << rendered.err;
      EXPECT_EQ(Judged(*cluster, directory, rendered.out, name), "") << "kubectl diff sees a difference";
    }
    events = plumb->Events().size();
  }
  size_t total = 0;
  for (size_t i = 0; i < replay.paths.size(); ++i) {
    total += synced[i];
    fmt::print("{} {} on {}: {} commits synced, {} invalid ones reported\n", replay.bundle, replay.paths[i], cluster->name, synced[i], invalid[i]);
    for (const auto& [why, count] : reasons[i]) fmt::print("    {} times: {:.150}\n", count, why);
  }
  EXPECT_GE(total, real ? replay.least_synced / 2 : replay.least_synced)  // half as many commits are tried on a real one
      << "too few valid commits to show anything";
  plumb->process().Signal(SIGTERM);
  EXPECT_EQ(plumb->process().Wait(std::chrono::seconds(10)), 0) << "a clean stop on SIGTERM\n" << plumb->Log();
}

const Replay kMicroservices = {"microservices-demo.bundle", {"kubernetes-manifests"}};
// deploy/ as a whole is valid at no commit: it holds the same objects several times, as environments, bases and for other tools.
// These are what its README and its scripts deploy, in the layout of its first half and in that of its second; the rest there
// (ambassador, canary, istio, local-storage, ...) is of API versions that are gone.
const Replay kPodinfo = {"podinfo.bundle",
                         {"deploy/webapp", "deploy/secure", "deploy/overlays/dev", "deploy/overlays/staging", "deploy/overlays/production",
                          "deploy/bases/cache", "deploy/skaffold/dev", "deploy/skaffold/production", "deploy/skaffold/test", "deploy/auto-scaling"},
                         20};
const Replay kPodinfoKustomize = {"podinfo.bundle", {"kustomize"}};

TEST(Replay, MicroservicesOnTheSandbox) { RunReplay(kMicroservices, false); }
TEST(Replay, MicroservicesOnARealApiServer) { RunReplay(kMicroservices, true); }
TEST(Replay, PodinfoOnTheSandbox) { RunReplay(kPodinfo, false); }
TEST(Replay, PodinfoOnARealApiServer) { RunReplay(kPodinfo, true); }
TEST(Replay, PodinfoKustomizeOnTheSandbox) { RunReplay(kPodinfoKustomize, false); }

}  // namespace
}  // namespace plumb::e2e
