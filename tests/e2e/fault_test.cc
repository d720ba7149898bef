// What the world does to a controller: `kill -9`, servers that die and stall, cut connections, storms of refusals. In the end
// the cluster is what git says, as without the fault: nothing orphaned, no delete lost, nothing applied twice with effect, every
// hook run exactly once (by the UIDs that the server gave its objects, not by what Plumb remembers).
//
// A short form by default; PLUMB_FAULTS=all makes 200 kills and ten times the rest. Everything is on loopback.
#include <fmt/core.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "core/json.h"
#include "tests/e2e/audit.h"
#include "tests/e2e/fault_proxy.h"
#include "tests/e2e/fault_world.h"
#include "tests/e2e/pod_ends.h"

namespace plumb::e2e {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// One application, carried out by `plumb run`.
class Faults : public FaultWorld {
 protected:
  // The kubeconfig, but through the proxy.
  std::string Through(const FaultProxy& proxy) {
    std::string text = ReadAll(kubeconfig_);
    const std::string direct = fmt::format("127.0.0.1:{}", port_);
    for (size_t at; (at = text.find(direct)) != std::string::npos;) text.replace(at, direct.size(), fmt::format("127.0.0.1:{}", proxy.port()));
    WriteAll(directory_ / "through", text);
    return directory_ / "through";
  }
  std::string Commit(int round) {
    WriteAll(directory_ / "work/objects.yaml", workload_.Manifests(round));
    return CommitAll(round);
  }
  std::unique_ptr<RunningPlumb> Run(const std::string& kubeconfig) {
    return std::make_unique<RunningPlumb>(directory_, kubeconfig,
                                          fmt::format("apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {{name: fault}}\nspec:\n"
                                                      "  sources: [{{git: {{url: '{}', revision: main}}}}]\n  budget: {{deletes: 100000}}\n"
                                                      "  sync: {{retry: {{first: 100ms, max: 1s}}}}\n",
                                                      Repository()));
  }
  void ExpectRound(int round) const { FaultWorld::ExpectRound(workload_, "fault", round); }
  void ExpectOnce(const Recording& recording, int rounds) const {
    EXPECT_EQ(recording.Twice(), std::vector<std::string>());
    EXPECT_TRUE(Eventually([&] { return NotOnce(recording.Hooks(), {workload_}, rounds).empty(); }, 5s)) << testing::PrintToString(NotOnce(recording.Hooks(), {workload_}, rounds));
  }

  const Workload workload_{""};
};

TEST_F(Faults, KilledAtRandomInstantsOfARunTheNextOneFinishes) {
  StartSandbox();
  const Recording recording(curl_, server_, directory_);
  const int rounds = AllFaults() ? 200 : 6;
  int early = 0, late = 0;
  for (int round = 1; round <= rounds; ++round) {
    SCOPED_TRACE(fmt::format("PLUMB_SEED={}, round {}", seed_, round));
    const std::string revision = Commit(round);
    size_t before = 0;
    {
      const auto plumb = Run(kubeconfig_);
      before = plumb->Events().size();
      // A third of the kills come at any time, a third in the first moments of a plan, a third anywhere between its first hook and its last.
      if (round % 3 != 0) {
        EXPECT_FALSE(plumb->Await({"plan"}, revision, 0)->is_null()) << plumb->Log();
      }
      Pause(round % 3 == 0 ? 150'000 : round % 3 == 1 ? 15'000 : 2'500'000);
      plumb->process().Signal(SIGKILL);
      plumb->process().Wait(10s);
      const std::vector<Document> events = plumb->Events();
      const auto has = [&](std::string_view type) { return std::any_of(events.begin(), events.end(), [&](const Document& e) { return e->GetString("type") == type && e->GetString("revision") == revision; }); };
      early += has("plan") ? 0 : 1;
      late += has("synced") ? 1 : 0;
    }
    const auto plumb = Run(kubeconfig_);
    const size_t from = std::max(before, plumb->Events().size());
    ASSERT_FALSE(plumb->Await({"healthy"}, revision, from > 0 ? from - 1 : 0)->is_null()) << plumb->Log();
    ExpectRound(round);
    plumb->process().Signal(SIGTERM);
    ASSERT_EQ(plumb->process().Wait(20s), 0) << plumb->Log();
    if (HasFailure()) return;
  }
  fmt::print("{} kills: {} before the plan, {} after the end, {} between\n", rounds, early, late, rounds - early - late);
  ExpectOnce(recording, rounds);
}

TEST_F(Faults, AServerThatIsKilledAndStartedAgainIsBroughtToTheSameState) {
  StartSandbox();
  Recording recording(curl_, server_, directory_);
  const auto plumb = Run(kubeconfig_);
  const int rounds = AllFaults() ? 40 : 4;
  for (int round = 1; round <= rounds; ++round) {
    SCOPED_TRACE(fmt::format("PLUMB_SEED={}, round {}", seed_, round));
    const std::string revision = Commit(round);
    ASSERT_TRUE(plumb->Push(Repository())) << plumb->Log();
    Pause(round % 2 == 0 ? 120'000 : 2'500'000);
    sandbox_->Signal(SIGKILL);
    sandbox_->Wait(10s);
    StartSandbox();
    recording.Watch();
    ASSERT_FALSE(plumb->Await({"healthy"}, revision, 0)->is_null()) << plumb->Log();
    ExpectRound(round);
    if (HasFailure()) return;
  }
  const HookRuns runs = recording.Hooks();
  EXPECT_EQ(NotOnce(runs, {workload_}, rounds), std::vector<std::string>());
}

TEST_F(Faults, ConnectionsCutInTheMiddleOfAnswers) {
  StartSandbox();
  FaultProxy proxy(port_, seed_);
  const Recording recording(curl_, server_, directory_);
  const auto plumb = Run(Through(proxy));
  const int rounds = AllFaults() ? 40 : 3;
  for (int round = 1; round <= rounds; ++round) {
    SCOPED_TRACE(fmt::format("PLUMB_SEED={}, round {}", seed_, round));
    const size_t before = proxy.faults();
    proxy.Set({.cut_percent = 15});
    const std::string revision = Commit(round);
    ASSERT_TRUE(plumb->Push(Repository())) << plumb->Log();
    EXPECT_TRUE(Eventually([&] { return proxy.faults() >= before + 3 || !plumb->Await({"healthy"}, revision, 0, 0s)->is_null(); }));
    proxy.Heal();
    ASSERT_FALSE(plumb->Await({"healthy"}, revision, 0)->is_null()) << plumb->Log();
    ExpectRound(round);
    if (HasFailure()) return;
  }
  EXPECT_GT(proxy.faults(), 0u);
  ExpectOnce(recording, rounds);
}

TEST_F(Faults, StormsOf429And5xx) {
  StartSandbox();
  FaultProxy proxy(port_, seed_);
  const Recording recording(curl_, server_, directory_);
  const auto plumb = Run(Through(proxy));
  const std::string kinds[] = {TooManyRequests(0), ServerError(500), ServerError(503), ServerError(504), TooManyRequests(1)};
  const int rounds = AllFaults() ? 50 : 5;
  for (int round = 1; round <= rounds; ++round) {
    SCOPED_TRACE(fmt::format("PLUMB_SEED={}, round {}", seed_, round));
    proxy.Set({.refuse_percent = 30, .refuse_with = kinds[(round - 1) % 5]});
    const std::string revision = Commit(round);
    ASSERT_TRUE(plumb->Push(Repository())) << plumb->Log();
    ASSERT_FALSE(plumb->Await({"healthy"}, revision, 0)->is_null()) << "the storm goes on, and yet it has to get through\n" << plumb->Log();
    ExpectRound(round);
    if (HasFailure()) return;
  }
  EXPECT_GT(proxy.faults(), 0u);
  ExpectOnce(recording, rounds);
}

// kube-apiserver killed and started again with its data, and etcd that stands still for a second.
TEST_F(Faults, ARealApiServerThatDiesAndAnEtcdThatStandsStill) {
  std::string why_not;
  const Audit audit(directory_.path());
  if (!StartReal(&why_not, audit.Flags())) GTEST_SKIP() << why_not;
  const PodEnds pod_ends(*real_);
  const auto plumb = Run(kubeconfig_);
  const int rounds = AllFaults() ? 20 : 2;
  for (int round = 1; round <= rounds; ++round) {
    SCOPED_TRACE(fmt::format("PLUMB_SEED={}, round {}", seed_, round));
    const std::string revision = Commit(round);
    ASSERT_TRUE(plumb->Push(Repository())) << plumb->Log();
    Pause(3'000'000);
    if (round % 2 == 1) {
      ASSERT_EQ(Execute({"tests/controlplane/cluster.sh", "restart", real_->folder, "kube-apiserver"}).status, 0);
    } else {
      const auto etcd = static_cast<pid_t>(std::strtol(ReadAll(fs::path(real_->folder) / "pids/etcd").c_str(), nullptr, 10));
      ASSERT_GT(etcd, 1);
      kill(etcd, SIGSTOP);
      std::this_thread::sleep_for(1s);  // how long it stands still is the fault
      kill(etcd, SIGCONT);
    }
    ASSERT_FALSE(plumb->Await({"healthy"}, revision, 0, 120s)->is_null()) << plumb->Log();
    ExpectRound(round);
    if (HasFailure()) return;
  }
  EXPECT_EQ(NotOnce(HooksIn(audit.Writes()), {workload_}, rounds), std::vector<std::string>());
}

TEST_F(Faults, WhatHappensWhileWatchStreamsStallIsSeenAfterwards) {
  StartSandbox();
  FaultProxy proxy(port_, seed_);
  const auto plumb = Run(Through(proxy));
  const std::string first = Commit(1);
  ASSERT_TRUE(plumb->Push(Repository()));
  ASSERT_FALSE(plumb->Await({"healthy"}, first, 0)->is_null()) << plumb->Log();
  proxy.Set({.stall_watches = true});
  const std::string edited = fmt::format("{}/api/v1/namespaces/fault/configmaps/item-{}", server_, workload_.items);
  ASSERT_EQ(Execute({"curl", "-fsS", "-X", "PATCH", "-H", "Content-Type: application/merge-patch+json", "-d", R"({"data":{"revision":"by hand"}})", edited}).status, 0);
  ASSERT_EQ(Execute({"curl", "-fsS", "-X", "DELETE", fmt::format("{}/api/v1/namespaces/fault/configmaps/item-{}", server_, workload_.items + 1)}).status, 0);
  EXPECT_TRUE(Eventually([&] { return proxy.faults() > 0; })) << "nothing was held back";
  const std::string second = Commit(2);
  ASSERT_TRUE(plumb->Push(Repository()));
  EXPECT_FALSE(plumb->Await({"plan"}, second, 0)->is_null()) << "a push is carried out though the watches are silent\n" << plumb->Log();
  proxy.Heal();
  ASSERT_FALSE(plumb->Await({"healthy"}, second, 0)->is_null()) << plumb->Log();
  ExpectRound(2);
}

}  // namespace
}  // namespace plumb::e2e
