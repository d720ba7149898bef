// Replicas of `plumb controller --share` that are killed: what one had goes to another, everything ends as git says, no hook runs
// twice, and no two ever write for one application at a time.
//
// A short form by default; PLUMB_FAULTS=all makes 200 kills on the sandbox and 20 on the real API server.
#include <fmt/core.h>

#include <algorithm>
#include <csignal>
#include <numeric>

#include "tests/e2e/fault_world.h"
#include "tests/e2e/pod_ends.h"
#include "tests/sources/git_server.h"

namespace plumb::e2e {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Time = std::chrono::steady_clock::time_point;

class Replicas : public FaultWorld {
 protected:
  struct Replica {
    std::string name, kubeconfig;
    std::unique_ptr<Background> process;
    bool running() const { return process != nullptr; }
  };

  std::string url() const { return git_.Url("work"); }

  // The definitions, the namespace and the Applications "app-0" to "app-N".
  void Install(int applications, const std::string& lease) {
    lease_ = lease;
    std::string objects = "apiVersion: v1\nkind: Namespace\nmetadata: {name: fault}\n";
    for (int i = 0; i < applications; ++i) {
      names_.push_back(fmt::format("app-{}", i));
      workloads_.push_back({fmt::format("a{}-", i), 12, false});
      objects += fmt::format("---\napiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {{name: {}, namespace: default}}\nspec:\n"
                             "  sources: [{{git: {{url: '{}', revision: main}}, path: {}}}]\n  budget: {{deletes: 1000}}\n  sync: {{retry: {{first: 100ms, max: 1s}}}}\n",
                             names_.back(), url(), names_.back());
    }
    WriteAll(directory_ / "setup/crds.yaml", Execute({PlumbProgram(), "crds"}).out);
    WriteAll(directory_ / "setup/objects.yaml", objects);
    const Outcome applied = Execute({PlumbProgram(), "apply", directory_ / "setup", "--name", "setup", "--kubeconfig", kubeconfig_, "--inventory-namespace", "default"});
    ASSERT_EQ(applied.status, 0) << applied.out << applied.err;
  }
  void Start(Replica& replica) {
    const fs::path address = directory_ / (replica.name + ".address");
    fs::remove(address);
    replica.process = std::make_unique<Background>(
        std::vector<std::string>{PlumbProgram(), "controller", "--share", "--lease", lease_, "--kubeconfig", replica.kubeconfig, "--namespace", "default", "--listen", "127.0.0.1:0",
                                 "--write-address", address, "--cache", directory_ / (replica.name + ".cache")},
        directory_ / (replica.name + ".events"), directory_ / (replica.name + ".log"));
    ASSERT_TRUE(Eventually([&] { return fs::exists(address) && fs::file_size(address) > 0; })) << ReadAll(directory_ / (replica.name + ".log"));
  }
  void Kill(Replica& replica) {
    replica.process->Signal(SIGKILL);
    replica.process->Wait(10s);
    replica.process.reset();
  }
  std::string Commit(int round) {
    for (size_t i = 0; i < names_.size(); ++i) WriteAll(directory_ / fmt::format("work/{}/objects.yaml", names_[i]), workloads_[i].Manifests(round));
    return CommitAll(round);
  }
  // Tells every replica of the push, as a git host would through a Service that reaches all.
  void Push(const std::vector<Replica>& replicas) const {
    for (const Replica& replica : replicas) {
      if (!replica.running()) continue;
      std::string address = ReadAll(directory_ / (replica.name + ".address"));
      address.erase(address.find_last_not_of('\n') + 1);
      Execute({"curl", "-fsS", "-X", "POST", fmt::format("http://{}/webhook?url={}", address, url())});
    }
  }
  // Every Application says that it is synced and healthy at `revision`.
  bool AllAt(const std::string& revision) const {
    size_t there = 0;
    const Document list = Ask("/apis/plumb.dev/v1alpha1/namespaces/default/applications");
    for (const Value application : list->Get("items").items()) {
      const Value status = application.Get("status");
      there += status.GetString("revision") == revision && status.Get("synced").AsBool() && status.Get("healthy").AsBool();
    }
    return there == names_.size();
  }
  std::string Told() const {
    std::string text;
    const Document list = Ask("/apis/plumb.dev/v1alpha1/namespaces/default/applications");
    for (const Value application : list->Get("items").items())
      text += fmt::format("{} at {}: {}\n", application.Get("metadata").GetString("name"), application.Get("status").GetString("revision"), application.Get("status").GetString("summary"));
    return text;
  }
  double SecondsUntilAllAt(const std::string& revision, Time since) {
    EXPECT_TRUE(Eventually([&] { return AllAt(revision); }, 90s)) << Told();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - since).count();
  }
  void ExpectRound(int round) const {
    for (size_t i = 0; i < names_.size(); ++i) FaultWorld::ExpectRound(workloads_[i], names_[i], round);
  }

  // Kills one of the replicas in each round, at a random instant of the syncs of all applications.
  void KillInEachRound(std::vector<Replica>& replicas, int rounds) {
    std::vector<double> seconds;
    for (int round = 1; round <= rounds; ++round) {
      SCOPED_TRACE(fmt::format("PLUMB_SEED={}, round {}", seed_, round));
      const std::string revision = Commit(round);
      Push(replicas);
      Pause(2'500'000);
      Replica& victim = replicas[std::uniform_int_distribution<size_t>(0, replicas.size() - 1)(random_)];
      Kill(victim);
      const Time killed = std::chrono::steady_clock::now();
      if (OneIn(2)) Start(victim);  // another member, though of the same name: its Lease is its own
      seconds.push_back(SecondsUntilAllAt(revision, killed));
      ExpectRound(round);
      if (!victim.running()) Start(victim);
      if (HasFailure()) return;
    }
    fmt::print("{} kills of one of {} replicas, Leases of {}: all {} applications synced {:.1f} s after the kill on average, {:.1f} s at most\n", rounds, replicas.size(), lease_, names_.size(),
               std::accumulate(seconds.begin(), seconds.end(), 0.0) / rounds, *std::max_element(seconds.begin(), seconds.end()));
  }

  // By the server's audit log: of one application no two users' writes overlap, and users take turns at most so often as members
  // came and went.
  void ExpectOneWriterAtATime(const std::vector<Audit::Write>& writes, int changes) const {
    for (size_t i = 0; i < names_.size(); ++i) {
      const Audit::Write* last = nullptr;
      int turns = 0;
      size_t count = 0;
      for (const Audit::Write& write : writes) {
        const bool ours = write.user.starts_with("replica-") && (write.name.starts_with(workloads_[i].prefix) || write.name == names_[i] || write.name == "plumb-inventory-" + names_[i]);
        if (!ours) continue;
        ++count;
        if (last && last->user != write.user) {
          ++turns;
          EXPECT_LE(last->to, write.from) << names_[i] << ": " << last->user << " " << last->verb << " " << last->name << " while " << write.user << " " << write.verb << " " << write.name;
        }
        if (!last || last->user != write.user || write.to > last->to) last = &write;
      }
      EXPECT_GT(count, 0u);
      EXPECT_LE(turns, changes) << names_[i] << " went to and fro";
    }
  }

  const GitServer git_{directory_.path()};  // an Application in a cluster names no place on a disk
  std::string lease_;
  std::vector<std::string> names_;
  std::vector<Workload> workloads_;
};

TEST_F(Replicas, OneOfTwoIsKilledInEverySyncAndNothingRunsTwice) {
  StartSandbox();
  Install(4, "2s");
  const Recording recording(curl_, server_, directory_);
  std::vector<Replica> replicas(2);
  for (size_t i = 0; i < replicas.size(); ++i) {
    replicas[i].name = fmt::format("replica-{}", i);
    replicas[i].kubeconfig = kubeconfig_;
    Start(replicas[i]);
  }
  const int rounds = AllFaults() ? 200 : 4;
  KillInEachRound(replicas, rounds);
  if (HasFailure()) return;
  EXPECT_EQ(recording.Twice(), std::vector<std::string>());
  EXPECT_TRUE(Eventually([&] { return NotOnce(recording.Hooks(), workloads_, rounds).empty(); }, 5s)) << testing::PrintToString(NotOnce(recording.Hooks(), workloads_, rounds));
}

// By the audit log no two write for one application at a time, and hooks run once. Then, with the Leases as they are by default, how
// long it takes until others have taken over: after a kill and after a clean stop.
TEST_F(Replicas, OnARealServerNoTwoWriteForOneApplication) {
  std::string why_not;
  const Audit audit(directory_.path());
  std::vector<std::string> more = audit.Flags();
  std::vector<Replica> replicas(3);
  for (size_t i = 0; i < replicas.size(); ++i) {
    replicas[i].name = fmt::format("replica-{}", i);
    more.insert(more.end(), {"--user", replicas[i].name + ":system:masters"});
  }
  if (!StartReal(&why_not, more)) GTEST_SKIP() << why_not;
  const PodEnds pod_ends(*real_);
  Install(6, "3s");
  for (Replica& replica : replicas) {
    replica.kubeconfig = real_->folder + "/kubeconfig-" + replica.name;
    Start(replica);
  }
  int round = AllFaults() ? 20 : 2, changes = 3 + 2 * round;
  KillInEachRound(replicas, round);
  if (HasFailure()) return;

  lease_ = "15s";
  for (Replica& replica : replicas) {
    replica.process->Signal(SIGTERM);
    EXPECT_EQ(replica.process->Wait(20s), 0);
    Start(replica);
    changes += 2;
  }
  const auto sync = [&](const auto& fault) {
    const Time begun = std::chrono::steady_clock::now();
    fault();
    const std::string revision = Commit(++round);
    Push(replicas);
    return SecondsUntilAllAt(revision, begun);
  };
  sync([] {});  // the members have found each other
  const double usual = sync([] {});
  const double after_kill = sync([&] { Kill(replicas[0]); });
  const double after_stop = sync([&] {
    replicas[1].process->Signal(SIGTERM);
    EXPECT_EQ(replicas[1].process->Wait(20s), 0);
    replicas[1].process.reset();
  });
  changes += 2;
  fmt::print("a sync of all takes {:.1f} s; begun with the kill of one of three replicas {:.1f} s, with a clean stop of one of two {:.1f} s (Leases of {})\n", usual, after_kill, after_stop, lease_);
  EXPECT_LT(after_kill, usual + 25) << "15 s of the Lease, two looks, and the sync itself";
  ExpectRound(round);
  const std::vector<Audit::Write> writes = audit.Writes();
  ExpectOneWriterAtATime(writes, changes);
  EXPECT_EQ(NotOnce(HooksIn(writes), workloads_, round), std::vector<std::string>());
}

}  // namespace
}  // namespace plumb::e2e
