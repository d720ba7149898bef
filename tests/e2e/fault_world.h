// What the fault tests stand on: a repository whose commits create, change and prune objects in waves with hooks around them, a
// cluster that can be killed and started again, and what the server itself saw happen.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/e2e/audit.h"
#include "tests/e2e/harness.h"

namespace plumb::e2e {

// PLUMB_FAULTS=all: 200 kills and ten times the rest, else a sample.
bool AllFaults();

// What one application declares in namespace "fault". Two rounds in a row overlap by half, so that each creates, changes and
// prunes; the ConfigMaps are in three waves, the hooks are Jobs: "migrate" before them, "load" (of a generated name) among them,
// "smoke" after them, which its delete policy removes.
struct Workload {
  std::string prefix;  // of all names: several applications share the namespace
  int items = 60;
  bool declares_namespace = true;

  std::map<std::string, std::string> Items(int round) const;  // name -> revision
  std::string Manifests(int round) const;
};
inline constexpr const char* kHooks[] = {"migrate", "load", "smoke"};

// UIDs of the hook objects that a server made, by "PREFIXmigrate of round 3": how often each really ran.
using HookRuns = std::map<std::string, std::set<std::string>>;
HookRuns HooksIn(const std::vector<Audit::Write>& writes);
// A line for each hook of the rounds [1, last] that did not run exactly once, and for every one that nobody asked for.
std::vector<std::string> NotOnce(const HookRuns& runs, const std::vector<Workload>& workloads, int last);

// Everything that happened to ConfigMaps and Jobs, as a server's watches told it.
class Recording {
 public:
  // `curl` asks the server as its administrator (TestCluster::curl).
  Recording(std::vector<std::string> curl, std::string server, const TempDirectory& directory) : curl_(std::move(curl)), server_(std::move(server)), directory_(directory) { Watch(); }
  void Watch();  // again, of a server that was started again
  // Writes that changed nothing but the object's version, and revisions that an object came to more than once.
  std::vector<std::string> Twice() const;
  HookRuns Hooks() const;
  // "made NAME", "ended NAME" (of a Job), "gone NAME", in the server's order, of objects in one namespace. Generated names end in "-".
  std::vector<std::string> Story(const std::string& ns) const;

 private:
  std::vector<Document> Events(const std::string& kind) const;
  const std::vector<std::string> curl_;
  const std::string server_;
  const TempDirectory& directory_;
  std::vector<std::unique_ptr<Background>> watches_;
};

class FaultWorld : public testing::Test {
 protected:
  void SetUp() override;

  // A sandbox that keeps its objects, on the port of the one before.
  void StartSandbox();
  void Git(std::vector<std::string> arguments) const;
  std::string Repository() const { return directory_ / "work"; }
  std::string CommitAll(int round) const;  // of what was written below Repository(); the revision
  // Until a random instant: when the fault comes is what is tested.
  void Pause(int most_microseconds);
  bool OneIn(int n) { return std::uniform_int_distribution<int>(1, n)(random_) == 1; }

  // Takes a real control plane in the sandbox's place; false, with the reason, where there is none.
  bool StartReal(std::string* why_not, const std::vector<std::string>& more);
  Document Ask(const std::string& path) const;
  std::map<std::string, std::string> Live(const Workload& workload) const;
  // The ConfigMaps that the inventory of `application` says are owned.
  std::set<std::string> Owned(const std::string& application) const;
  // The cluster is what round `round` says of it.
  void ExpectRound(const Workload& workload, const std::string& application, int round) const;

  TempDirectory directory_;
  unsigned seed_ = 0;
  std::mt19937 random_;
  uint16_t port_ = 0;  // of the sandbox
  std::string kubeconfig_, server_;
  std::vector<std::string> curl_ = {"curl", "-fsS"};
  std::unique_ptr<Background> sandbox_;
  std::unique_ptr<TestCluster> real_;
};

}  // namespace plumb::e2e
