// Drives real programs for whole-way tests: plumb itself, git, kubectl, a cluster.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/arena.h"
#include "core/process.h"

namespace plumb::e2e {

// The program under test: $PLUMB_PROGRAM, else build/plumb beside the tests.
std::string PlumbProgram();

// A folder that goes with the test.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A program in the background, its output in files; killed (SIGKILL, with its group) when this goes.
class Background {
 public:
  Background(std::vector<std::string> argv, const std::filesystem::path& out, const std::filesystem::path& err,
             std::vector<std::pair<std::string, std::string>> env = {});
  ~Background();
  void Signal(int signal) const;
  // Waits for its end; -1 where it does not come in time. 128 + n for signal n.
  int Wait(std::chrono::seconds most);
  bool running();
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  int status_ = -1;
};

struct Outcome {
  int status = -1;
  std::string out, err;
};
// Runs a program to its end with the environment added; gives up after two minutes (status -1).
Outcome Execute(std::vector<std::string> argv, std::vector<std::pair<std::string, std::string>> env = {}, std::string input = "");

std::string ReadAll(const std::filesystem::path& file);
void WriteAll(const std::filesystem::path& file, const std::string& text);

// Polls every 10 ms until `done` says so; false after `most`.
bool Eventually(const std::function<bool()>& done, std::chrono::milliseconds most = std::chrono::seconds(30));

// A cluster to test against, with its kubeconfig. The sandbox is always to be had; a real one where its binaries are.
class TestCluster {
 public:
  static std::unique_ptr<TestCluster> Sandbox(const TempDirectory& directory, const std::string& data_file = "");
  // nullptr, with the reason, where there is none. `more` are further arguments of `cluster.sh start`.
  static std::unique_ptr<TestCluster> Real(std::string* why_not, const std::vector<std::string>& more = {});
  virtual ~TestCluster() = default;

  std::string kubeconfig;
  std::string name;  // "sandbox" or "kube-apiserver"
  std::string folder;  // of the real one: tests/controlplane/README.md says what is in it
  std::string server;  // "http://127.0.0.1:PORT", or https
  // curl as its administrator: add more of curl's options, and `server` with a path.
  std::vector<std::string> curl = {"curl", "-fsS"};
};

// kubectl of the control plane's binaries, else of PATH; "" where there is none.
std::string Kubectl();

// `plumb run` on one application, its timeline read as JSON lines. Without a kubeconfig it runs on a sandbox of its own.
class RunningPlumb {
 public:
  RunningPlumb(const TempDirectory& directory, const std::string& kubeconfig, const std::string& application_yaml,
               std::vector<std::string> more_flags = {});
  // Tells it of a push, as a git host would.
  bool Push(const std::string& url) const;
  // Every event so far. Events are {"type","revision","text",...}.
  std::vector<Document> Events() const;
  // Waits for an event of one of `types` with this revision (and of this application, where named), beginning with the
  // `from`-th; null where none comes.
  Document Await(const std::vector<std::string>& types, const std::string& revision, size_t from, std::chrono::seconds most = std::chrono::seconds(60),
                 const std::string& application = "") const;
  std::string Metrics() const;
  const std::string& address() const { return address_; }  // "127.0.0.1:PORT"
  std::string Log() const { return ReadAll(log_); }
  Background& process() { return *process_; }

 private:
  std::filesystem::path events_, log_;
  std::string address_;
  std::unique_ptr<Background> process_;
};

}  // namespace plumb::e2e
