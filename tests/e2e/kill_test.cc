// kill -9 at random points of an apply: the next run finishes, nothing is orphaned, nothing is applied twice with effect.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <map>
#include <random>
#include <thread>

#include "core/json.h"
#include "tests/e2e/harness.h"

namespace plumb::e2e {
namespace {

using namespace std::chrono_literals;

constexpr int kObjects = 40;

// Objects `first` to first + kObjects: two such sets overlap by half, so that going from one to the other creates,
// changes and deletes.
std::string Manifests(int first, int revision) {
  std::string text;
  for (int i = first; i < first + kObjects; ++i)
    text += fmt::format("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: item-{0}, namespace: kill-{1}}}\ndata: {{revision: '{2}'}}\n", i, i % 3, revision);
  return text;
}

class KillNine : public testing::Test {
 protected:
  void SetUp() override {
    cluster_ = TestCluster::Sandbox(directory_);
    ASSERT_FALSE(cluster_->kubeconfig.empty()) << ReadAll(directory_ / "sandbox.err");
    const std::string kubeconfig = ReadAll(cluster_->kubeconfig);
    const size_t at = kubeconfig.find("http://");
    server_ = kubeconfig.substr(at, kubeconfig.find_first_of("\n\"", at) - at);
    WriteAll(directory_ / "set/namespaces.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: kill-0}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: kill-1}\n---\n"
                                                 "apiVersion: v1\nkind: Namespace\nmetadata: {name: kill-2}\n");
  }

  std::vector<std::string> Command(const std::string& verb) const {
    std::vector<std::string> argv = {PlumbProgram(), verb, directory_ / "set", "--name", "kill", "--kubeconfig", cluster_->kubeconfig, "--prune"};
    if (verb == "apply") argv.insert(argv.end(), {"--delete-budget", "1000"});
    return argv;
  }

  // name -> resourceVersion of every ConfigMap that carries an ApplySet's label.
  std::map<std::string, std::string> Labelled() const {
    const Outcome answer = Execute({"curl", "-fsS", server_ + "/api/v1/configmaps?labelSelector=applyset.kubernetes.io%2Fpart-of"});
    const auto list = ParseJson(answer.out);
    std::map<std::string, std::string> found;
    if (!list.ok()) return found;
    for (const Value item : list->root().Get("items").items())
      found[std::string(item.Get("metadata").GetString("name"))] = item.Get("metadata").GetString("resourceVersion");
    return found;
  }

  TempDirectory directory_;
  std::unique_ptr<TestCluster> cluster_;
  std::string server_;
};

TEST_F(KillNine, AtFiftyRandomPointsOfAnApplyTheNextRunFinishes) {
  const unsigned seed = std::random_device{}();
  fmt::print("seed {}\n", seed);
  std::mt19937 random(seed);
  int finished_before = 0;
  // How long a run takes that is left alone: from one set to the other, as in the rounds. Machines differ by a factor of ten.
  std::chrono::microseconds takes{};
  for (int first : {0, kObjects / 2}) {
    WriteAll(directory_ / "set/objects.yaml", Manifests(first, -1));
    const auto start = std::chrono::steady_clock::now();
    ASSERT_EQ(Execute(Command("apply")).status, 0);
    takes = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start);
  }
  for (int round = 0; round < 50; ++round) {
    const int first = round % 2 * kObjects / 2;
    WriteAll(directory_ / "set/objects.yaml", Manifests(first, round));
    SCOPED_TRACE(fmt::format("seed {}, round {}", seed, round));
    {
      Background apply(Command("apply"), directory_ / "apply.out", directory_ / "apply.err");
      std::this_thread::sleep_for(takes * std::uniform_real_distribution<double>(0.05, 1.2)(random));
      finished_before += apply.running() ? 0 : 1;
      apply.Signal(SIGKILL);
      apply.Wait(10s);
    }
    const Outcome next = Execute(Command("apply"));
    ASSERT_EQ(next.status, 0) << next.out << next.err;
    const auto live = Labelled();
    EXPECT_EQ(live.size(), static_cast<size_t>(kObjects)) << "an orphan, or an object that is missing";
    for (int i = first; i < first + kObjects; ++i) EXPECT_TRUE(live.contains(fmt::format("item-{}", i))) << "item-" << i;

    const Outcome again = Execute(Command("apply"));
    ASSERT_EQ(again.status, 0) << again.out << again.err;
    EXPECT_EQ(Labelled(), live) << "a run with nothing to do wrote something";
  }
  fmt::print("finished before {} of 50, a run takes {} us\n", finished_before, takes.count());
  EXPECT_LT(finished_before, 45) << "the kills came too late to show anything (a run takes " << takes.count() << " us)";
}

}  // namespace
}  // namespace plumb::e2e
