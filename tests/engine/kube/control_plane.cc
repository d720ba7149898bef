#include "tests/engine/kube/control_plane.h"

#include <fmt/core.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

#include "core/process.h"

namespace plumb {
namespace {

// Tests run in the project's root.
constexpr const char* kScript = "tests/controlplane/cluster.sh";
constexpr size_t kShownErrorBytes = 2000;

constexpr const char* kBuildScript = "tests/controlplane/build.sh";

Result<std::string> RunScript(const std::vector<std::string>& arguments, const char* script = kScript) {
  Process process;
  process.argv = {"bash", script};
  process.argv.insert(process.argv.end(), arguments.begin(), arguments.end());
  process.timeout = std::chrono::minutes(10);  // the programs may have to be built first
  PLUMB_TRY(ran, ProcessRunner::Real().Run(process), "control plane");
  if (!ran.ok()) {
    const std::string said = ran.err.substr(ran.err.size() > kShownErrorBytes ? ran.err.size() - kShownErrorBytes : 0);
    return Unavailable(fmt::format("{} {}: exit status {}: {}", script, arguments.front(), ran.status, said));
  }
  while (ran.out.ends_with('\n')) ran.out.pop_back();
  return ran.out;
}

}  // namespace

Result<ControlPlane*> ControlPlane::Get(bool whole) {
  static std::map<bool, Result<std::unique_ptr<ControlPlane>>> clusters;  // the failure too: tried once
  if (!clusters.contains(whole)) {
    const char* running = std::getenv("PLUMB_TEST_KUBECONFIG");
    if (!running || !*running) {
      clusters.emplace(whole, Start(whole));
    } else if (!std::filesystem::exists(running)) {
      clusters.emplace(whole, NotFound(fmt::format("PLUMB_TEST_KUBECONFIG '{}' does not exist", running)));
    } else {
      auto cluster = std::unique_ptr<ControlPlane>(new ControlPlane());
      cluster->kubeconfig_ = running;
      cluster->folder_ = std::filesystem::path(running).parent_path().string();
      clusters.emplace(whole, std::move(cluster));
    }
  }
  const auto& cluster = clusters.at(whole);
  if (!cluster.ok()) return cluster.error();
  return cluster->get();
}

Result<std::unique_ptr<ControlPlane>> ControlPlane::Start(bool whole) {
  if (!std::filesystem::exists(kScript)) return NotFound(fmt::format("'{}' is not below the current folder", kScript));
  std::string folder = (std::filesystem::temp_directory_path() / "plumb-test-XXXXXX").string();
  if (!mkdtemp(folder.data())) return Unavailable("cannot make a temporary folder");
  auto cluster = std::unique_ptr<ControlPlane>(new ControlPlane());
  cluster->folder_ = folder;
  cluster->owned_ = true;
  std::vector<std::string> arguments = {"start", folder, "--watch-pid", std::to_string(getpid())};
  if (whole) arguments.insert(arguments.end(), {"--with", "controller-manager,scheduler,kubelet"});
  PLUMB_TRY(kubeconfig, RunScript(arguments));
  cluster->kubeconfig_ = kubeconfig;
  return cluster;
}

ControlPlane::~ControlPlane() {
  if (!owned_) return;
  (void)RunScript({"stop", folder_});
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string ControlPlane::KubeconfigOf(const std::string& user) const { return folder_ + "/kubeconfig-" + user; }

Status ControlPlane::Restart(const std::string& program) {
  if (!owned_) return Denied("not our cluster");
  PLUMB_OK(RunScript({"restart", folder_, program}));
  return Ok();
}

Status ControlPlane::Signal(const std::string& program, int signal) {
  if (!owned_) return Denied("not our cluster");
  std::ifstream file(folder_ + "/pids/" + program);
  pid_t process = 0;
  if (!(file >> process) || process <= 1 || kill(process, signal) != 0) return NotFound(fmt::format("no process of '{}'", program));
  return Ok();
}

std::string ControlPlaneProgram(const std::string& name) {
  const auto built = RunScript({name}, kBuildScript);
  if (!built.ok()) return "";
  const std::string path = built->substr(built->rfind('\n') + 1) + "/" + name;
  return std::filesystem::exists(path) ? path : "";
}

std::string UniqueName(const std::string& prefix) {
  static std::atomic<int> next = 0;
  return fmt::format("{}-{}-{}", prefix, getpid(), ++next);
}

}  // namespace plumb
