// What the world does to a controller: `kill -9`, servers that die and stall, cut connections, storms of refusals. In the end
// the cluster is what git says, as without the fault: nothing orphaned, no delete lost, nothing applied twice with effect.
//
// A short form by default; PLUMB_FAULTS=all makes 200 kills and ten times the rest. Everything is on loopback.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "core/json.h"
#include "tests/e2e/fault_proxy.h"
#include "tests/e2e/harness.h"

namespace plumb::e2e {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int kItems = 60;

bool All() {
  const char* faults = std::getenv("PLUMB_FAULTS");
  return faults && std::string_view(faults) == "all";
}

// name -> revision, of the ConfigMaps of round `round`. Two rounds in a row overlap by half: each creates, changes and prunes.
std::map<std::string, std::string> Items(int round) {
  std::map<std::string, std::string> items;
  for (int i = 0; i < kItems; ++i) items[fmt::format("item-{}", round % 2 * kItems / 2 + i)] = std::to_string(round);
  return items;
}

std::string Manifests(int round) {
  std::string text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: fault}\n";
  int i = 0;
  for (const auto& [name, revision] : Items(round))
    text += fmt::format("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {}, namespace: fault, annotations: {{argocd.argoproj.io/sync-wave: '{}'}}}}\ndata: {{revision: '{}'}}\n",
                        name, i++ % 3, revision);
  return text;
}

class Faults : public testing::Test {
 protected:
  void SetUp() override {
    seed_ = std::random_device{}();
    if (const char* given = std::getenv("PLUMB_SEED")) seed_ = static_cast<unsigned>(std::strtoul(given, nullptr, 10));
    fmt::print("PLUMB_SEED={}\n", seed_);
    random_.seed(seed_);
    ASSERT_EQ(Execute({"git", "init", "-q", "-b", "main", Repository()}).status, 0);
  }

  // A sandbox that keeps its objects, on the port of the one before.
  void StartSandbox() {
    const fs::path file = directory_ / "kubeconfig";
    fs::remove(file);
    sandbox_ = std::make_unique<Background>(
        std::vector<std::string>{PlumbProgram(), "sandbox", "--listen", fmt::format("127.0.0.1:{}", port_), "--write-kubeconfig", file, "--data", directory_ / "sandbox.db"},
        directory_ / "sandbox.out", directory_ / "sandbox.err");
    ASSERT_TRUE(Eventually([&] { return fs::exists(file) && fs::file_size(file) > 0; })) << ReadAll(directory_ / "sandbox.err");
    const std::string text = ReadAll(file);
    const size_t at = text.find("http://127.0.0.1:") + 17;
    port_ = static_cast<uint16_t>(std::strtoul(text.c_str() + at, nullptr, 10));
    kubeconfig_ = file;
  }

  // The kubeconfig, but through the proxy.
  std::string Through(const FaultProxy& proxy) {
    std::string text = ReadAll(kubeconfig_);
    const std::string direct = fmt::format("127.0.0.1:{}", port_);
    for (size_t at; (at = text.find(direct)) != std::string::npos;) text.replace(at, direct.size(), fmt::format("127.0.0.1:{}", proxy.port()));
    WriteAll(directory_ / "through", text);
    return directory_ / "through";
  }

  std::string Repository() const { return directory_ / "work"; }
  std::string Commit(int round) {
    WriteAll(directory_ / "work/objects.yaml", Manifests(round));
    Execute({"git", "-C", Repository(), "add", "."});
    Execute({"git", "-C", Repository(), "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", std::to_string(round)});
    return Execute({"git", "-C", Repository(), "rev-parse", "HEAD"}).out.substr(0, 40);
  }

  std::unique_ptr<RunningPlumb> Run(const std::string& kubeconfig) {
    return std::make_unique<RunningPlumb>(directory_, kubeconfig,
                                          fmt::format("apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {{name: fault}}\nspec:\n"
                                                      "  sources: [{{git: {{url: '{}', revision: main}}}}]\n  budget: {{deletes: 1000}}\n"
                                                      "  sync: {{retry: {{first: 100ms, max: 1s}}}}\n",
                                                      Repository()));
  }

  // Until a random instant: when the fault comes is what is tested.
  void Pause(int most_microseconds) { std::this_thread::sleep_for(std::chrono::microseconds(std::uniform_int_distribution<int>(0, most_microseconds)(random_))); }

  Document Ask(const std::string& path) const {
    auto list = ParseJson(real_ ? Execute({Kubectl(), "--kubeconfig", kubeconfig_, "get", "--raw", path}).out
                                : Execute({"curl", "-fsS", fmt::format("http://127.0.0.1:{}{}", port_, path)}).out);
    return list.ok() ? *list : Document();
  }
  std::map<std::string, std::string> Live() const {
    std::map<std::string, std::string> found;
    const Document list = Ask("/api/v1/namespaces/fault/configmaps");
    for (const Value item : list->Get("items").items())
      if (const std::string name(item.Get("metadata").GetString("name")); name.starts_with("item-")) found[name] = item.Get("data").GetString("revision");
    return found;
  }
  // The ConfigMaps that the inventory says are owned.
  std::set<std::string> Owned() const {
    std::set<std::string> names;
    const Document record = Ask("/api/v1/namespaces/default/configmaps/plumb-inventory-fault");
    const auto entries = ParseJson(record->Get("data").GetString("inventory.json"));
    if (!entries.ok()) return names;
    for (const Value entry : entries->root().items())
      if (entry.GetString("kind") == "ConfigMap") names.insert(std::string(entry.GetString("name")));
    return names;
  }

  // The cluster is what round `round` says, and stays so.
  void ExpectRound(int round) {
    EXPECT_TRUE(Eventually([&] { return Live() == Items(round); })) << "objects are missing, orphaned or of another revision, round " << round;
    std::set<std::string> names;
    for (const auto& [name, revision] : Items(round)) names.insert(name);
    EXPECT_EQ(Owned(), names) << "the inventory is of something else";
  }

  TempDirectory directory_;
  unsigned seed_ = 0;
  std::mt19937 random_;
  uint16_t port_ = 0;
  std::string kubeconfig_;
  std::unique_ptr<Background> sandbox_;
  std::unique_ptr<TestCluster> real_;
};

// Everything that happened to the ConfigMaps, as the server told it.
class Recording {
 public:
  Recording(uint16_t port, const TempDirectory& directory) : file_(directory / "watch.jsonl") {
    fs::remove(file_);
    watch_ = std::make_unique<Background>(std::vector<std::string>{"curl", "-sN", fmt::format("http://127.0.0.1:{}/api/v1/configmaps?watch=true", port)}, file_, "/dev/null");
  }
  // Writes that changed nothing but the object's version, and revisions that an object came to more than once.
  std::vector<std::string> Twice() const {
    std::vector<std::string> found;
    std::map<std::string, std::string> revision;  // name -> last seen
    std::map<std::string, int> came;
    const std::string text = ReadAll(file_);
    for (size_t from = 0, end; (end = text.find('\n', from)) != std::string::npos; from = end + 1) {
      auto event = ParseJson(std::string_view(text).substr(from, end - from));
      if (!event.ok()) continue;
      const Value object = event->root().Get("object");
      const std::string name(object.Get("metadata").GetString("name")), now(object.Get("data").GetString("revision"));
      if (!name.starts_with("item-")) continue;
      if (event->root().GetString("type") == "DELETED") {
        revision.erase(name);
        continue;
      }
      if (revision.contains(name) && revision[name] == now) found.push_back(name + " was written again at " + now);
      else if (++came[name + " at " + now] > 1) found.push_back(name + " came to " + now + " twice");
      revision[name] = now;
    }
    return found;
  }

 private:
  fs::path file_;
  std::unique_ptr<Background> watch_;
};

TEST_F(Faults, KilledAtRandomInstantsOfARunTheNextOneFinishes) {
  StartSandbox();
  const Recording recording(port_, directory_);
  const int rounds = All() ? 200 : 10;
  int early = 0, late = 0;
  for (int round = 1; round <= rounds; ++round) {
    SCOPED_TRACE(fmt::format("PLUMB_SEED={}, round {}", seed_, round));
    const std::string revision = Commit(round);
    size_t before = 0;
    {
      const auto plumb = Run(kubeconfig_);
      before = plumb->Events().size();
      // A third of the kills come at any time, the others while the plan is carried out.
      if (round % 3 != 0) {
        EXPECT_FALSE(plumb->Await({"plan"}, revision, 0)->is_null()) << plumb->Log();
      }
      Pause(round % 3 == 0 ? 150'000 : 15'000);
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
  EXPECT_EQ(recording.Twice(), std::vector<std::string>());
}

TEST_F(Faults, AServerThatIsKilledAndStartedAgainIsBroughtToTheSameState) {
  StartSandbox();
  const auto plumb = Run(kubeconfig_);
  for (int round = 1; round <= (All() ? 40 : 4); ++round) {
    SCOPED_TRACE(fmt::format("PLUMB_SEED={}, round {}", seed_, round));
    const std::string revision = Commit(round);
    ASSERT_TRUE(plumb->Push(Repository())) << plumb->Log();
    Pause(120'000);
    sandbox_->Signal(SIGKILL);
    sandbox_->Wait(10s);
    StartSandbox();
    ASSERT_FALSE(plumb->Await({"healthy"}, revision, 0)->is_null()) << plumb->Log();
    ExpectRound(round);
    if (HasFailure()) return;
  }
}

TEST_F(Faults, ConnectionsCutInTheMiddleOfAnswers) {
  StartSandbox();
  FaultProxy proxy(port_, seed_);
  const Recording recording(port_, directory_);
  const auto plumb = Run(Through(proxy));
  for (int round = 1; round <= (All() ? 40 : 4); ++round) {
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
  EXPECT_EQ(recording.Twice(), std::vector<std::string>());
}

TEST_F(Faults, StormsOf429And5xx) {
  StartSandbox();
  FaultProxy proxy(port_, seed_);
  const Recording recording(port_, directory_);
  const auto plumb = Run(Through(proxy));
  const std::string kinds[] = {TooManyRequests(0), ServerError(500), ServerError(503), ServerError(504), TooManyRequests(1)};
  for (int round = 1; round <= (All() ? 50 : 5); ++round) {
    SCOPED_TRACE(fmt::format("PLUMB_SEED={}, round {}", seed_, round));
    proxy.Set({.refuse_percent = 30, .refuse_with = kinds[(round - 1) % 5]});
    const std::string revision = Commit(round);
    ASSERT_TRUE(plumb->Push(Repository())) << plumb->Log();
    ASSERT_FALSE(plumb->Await({"healthy"}, revision, 0)->is_null()) << "the storm goes on, and yet it has to get through\n" << plumb->Log();
    ExpectRound(round);
    if (HasFailure()) return;
  }
  EXPECT_GT(proxy.faults(), 0u);
  EXPECT_EQ(recording.Twice(), std::vector<std::string>());
}

// kube-apiserver killed and started again with its data, and etcd that stands still for a second.
TEST_F(Faults, ARealApiServerThatDiesAndAnEtcdThatStandsStill) {
  std::string why_not;
  real_ = TestCluster::Real(&why_not);
  if (!real_) GTEST_SKIP() << why_not;
  kubeconfig_ = real_->kubeconfig;
  const auto plumb = Run(kubeconfig_);
  for (int round = 1; round <= (All() ? 20 : 2); ++round) {
    SCOPED_TRACE(fmt::format("PLUMB_SEED={}, round {}", seed_, round));
    const std::string revision = Commit(round);
    ASSERT_TRUE(plumb->Push(Repository())) << plumb->Log();
    Pause(200'000);
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
}

TEST_F(Faults, WhatHappensWhileWatchStreamsStallIsSeenAfterwards) {
  StartSandbox();
  FaultProxy proxy(port_, seed_);
  const auto plumb = Run(Through(proxy));
  const std::string first = Commit(1);
  ASSERT_TRUE(plumb->Push(Repository()));
  ASSERT_FALSE(plumb->Await({"healthy"}, first, 0)->is_null()) << plumb->Log();
  proxy.Set({.stall_watches = true});
  const std::string edited = fmt::format("http://127.0.0.1:{}/api/v1/namespaces/fault/configmaps/item-{}", port_, kItems);
  ASSERT_EQ(Execute({"curl", "-fsS", "-X", "PATCH", "-H", "Content-Type: application/merge-patch+json", "-d", R"({"data":{"revision":"by hand"}})", edited}).status, 0);
  ASSERT_EQ(Execute({"curl", "-fsS", "-X", "DELETE", fmt::format("http://127.0.0.1:{}/api/v1/namespaces/fault/configmaps/item-{}", port_, kItems + 1)}).status, 0);
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
