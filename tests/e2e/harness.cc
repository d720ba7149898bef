#include "tests/e2e/harness.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "core/json.h"

namespace plumb::e2e {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string PlumbProgram() {
  if (const char* given = std::getenv("PLUMB_PROGRAM")) return given;
  return PLUMB_PROGRAM;  // from CMake
}

TempDirectory::TempDirectory() {
  std::string name = (fs::temp_directory_path() / "plumb-e2e-XXXXXX").string();
  path_ = mkdtemp(name.data());
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Background::Background(std::vector<std::string> argv, const fs::path& out, const fs::path& err, std::vector<std::pair<std::string, std::string>> env) {
  std::vector<char*> arguments;
  for (std::string& argument : argv) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  pid_ = fork();
  if (pid_ != 0) return;
  setpgid(0, 0);
  for (const auto& [name, value] : env) setenv(name.c_str(), value.c_str(), 1);
  dup2(open(out.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), STDOUT_FILENO);
  dup2(open(err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), STDERR_FILENO);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

Background::~Background() {
  if (!running()) return;
  kill(-pid_, SIGKILL);
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void Background::Signal(int signal) const { kill(pid_, signal); }

bool Background::running() {
  if (status_ >= 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

int Background::Wait(std::chrono::seconds most) {
  Eventually([&] { return !running(); }, most);
  return status_;
}

Outcome Execute(std::vector<std::string> argv, std::vector<std::pair<std::string, std::string>> env, std::string input) {
  Process process;
  process.argv = std::move(argv);
  process.env = std::move(env);
  process.input = std::move(input);
  process.timeout = 120s;
  auto result = ProcessRunner::Real().Run(process);
  if (!result.ok()) return {-1, "", result.error().message()};
  return {result->status, std::move(result->out), std::move(result->err)};
}

std::string ReadAll(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

void WriteAll(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

bool Eventually(const std::function<bool()>& done, std::chrono::milliseconds most) {
  const auto end = std::chrono::steady_clock::now() + most;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

namespace {

class SandboxCluster final : public TestCluster {
 public:
  explicit SandboxCluster(const TempDirectory& directory, const std::string& data_file) {
    name = "sandbox";
    const fs::path file = directory / "sandbox.kubeconfig";
    std::vector<std::string> argv = {PlumbProgram(), "sandbox", "--listen", "127.0.0.1:0", "--write-kubeconfig", file};
    if (!data_file.empty()) argv.insert(argv.end(), {"--data", data_file});
    process_ = std::make_unique<Background>(argv, directory / "sandbox.out", directory / "sandbox.err");
    if (!Eventually([&] { return fs::exists(file) && fs::file_size(file) > 0; })) return;
    kubeconfig = file;
    const std::string text = ReadAll(file);
    const size_t at = text.find("http://");
    server = text.substr(at, text.find_first_of("\n\"", at) - at);
  }

 private:
  std::unique_ptr<Background> process_;
};

class RealCluster final : public TestCluster {
 public:
  explicit RealCluster(const std::vector<std::string>& more) {
    name = "kube-apiserver";
    std::vector<std::string> start = {"tests/controlplane/cluster.sh", "start", directory_.path(), "--watch-pid", std::to_string(getpid()), "--with", "controller-manager"};
    start.insert(start.end(), more.begin(), more.end());
    Execute(start);
    if (fs::exists(directory_ / "kubeconfig")) kubeconfig = directory_ / "kubeconfig";
    folder = directory_.path();
    const std::string env = "\n" + ReadAll(directory_ / "env");
    const auto setting = [&](const std::string& of) {
      const size_t at = env.find("\n" + of + "=");
      return at == std::string::npos ? "" : env.substr(at + of.size() + 2, env.find('\n', at + 1) - at - of.size() - 2);
    };
    server = setting("PLUMB_CLUSTER_SERVER");
    curl.insert(curl.end(), {"--cacert", setting("PLUMB_CLUSTER_CA"), "-H", "Authorization: Bearer " + setting("PLUMB_CLUSTER_TOKEN")});
  }
  ~RealCluster() override { Execute({"tests/controlplane/cluster.sh", "stop", directory_.path()}); }

 private:
  TempDirectory directory_;
};

}  // namespace

std::unique_ptr<TestCluster> TestCluster::Sandbox(const TempDirectory& directory, const std::string& data_file) {
  return std::make_unique<SandboxCluster>(directory, data_file);
}

std::unique_ptr<TestCluster> TestCluster::Real(std::string* why_not, const std::vector<std::string>& more) {
  const char* assets = std::getenv("PLUMB_ASSETS");
  if (!assets || !fs::exists(fs::path(assets) / "kube-apiserver")) {
    *why_not = "PLUMB_ASSETS names no folder with a kube-apiserver ('make test' sets it; tests/controlplane/build.sh builds one)";
    return nullptr;
  }
  auto cluster = std::make_unique<RealCluster>(more);
  if (!cluster->kubeconfig.empty()) return cluster;
  *why_not = "the control plane did not start";
  return nullptr;
}

std::string Kubectl() {
  if (const char* assets = std::getenv("PLUMB_ASSETS"))
    if (const fs::path own = fs::path(assets) / "kubectl"; fs::exists(own)) return own;
  const auto found = FindProgram("kubectl", std::getenv("PATH") ? std::getenv("PATH") : "");
  return found.ok() ? *found : "";
}

RunningPlumb::RunningPlumb(const TempDirectory& directory, const std::string& kubeconfig, const std::string& application_yaml,
                           std::vector<std::string> more_flags)
    : events_(directory / "events.jsonl"), log_(directory / "plumb.log") {
  WriteAll(directory / "application.yaml", application_yaml);
  const fs::path address = directory / "address";
  fs::remove(address);
  std::vector<std::string> argv = {PlumbProgram(), "run", "--config", directory / "application.yaml", "--listen", "127.0.0.1:0",
                                   "--write-address", address, "--cache", directory / "cache", "--output", "json"};
  if (kubeconfig.empty()) argv.emplace_back("--sandbox");
  else argv.insert(argv.end(), {"--kubeconfig", kubeconfig});
  argv.insert(argv.end(), more_flags.begin(), more_flags.end());
  process_ = std::make_unique<Background>(argv, events_, log_);
  if (Eventually([&] { return fs::exists(address) && fs::file_size(address) > 0; })) address_ = ReadAll(address);
  while (!address_.empty() && address_.back() == '\n') address_.pop_back();
}

bool RunningPlumb::Push(const std::string& url) const {
  return Execute({"curl", "-fsS", "-X", "POST", fmt::format("http://{}/webhook?url={}", address_, url)}).status == 0;
}

std::string RunningPlumb::Metrics() const { return Execute({"curl", "-fsS", fmt::format("http://{}/metrics", address_)}).out; }

std::vector<Document> RunningPlumb::Events() const {
  std::vector<Document> events;
  const std::string text = ReadAll(events_);
  for (size_t from = 0, end; (end = text.find('\n', from)) != std::string::npos; from = end + 1)
    if (auto event = ParseJson(std::string_view(text).substr(from, end - from)); event.ok()) events.push_back(*event);
  return events;
}

Document RunningPlumb::Await(const std::vector<std::string>& types, const std::string& revision, size_t from, std::chrono::seconds most,
                             const std::string& application) const {
  Document found;
  Eventually(
      [&] {
        const std::vector<Document> events = Events();
        for (size_t i = from; i < events.size(); ++i) {
          if (!revision.empty() && events[i]->GetString("revision") != revision) continue;
          if (!application.empty() && events[i]->GetString("application") != application) continue;
          if (std::find(types.begin(), types.end(), events[i]->GetString("type")) == types.end()) continue;
          found = events[i];
          return true;
        }
        return false;
      },
      most);
  return found;
}

}  // namespace plumb::e2e
