#include "engine/sandbox/sandbox.h"

#include <fmt/core.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "engine/http/server.h"
#include "engine/sandbox/api_server.h"
#include "engine/sandbox/controllers/manager.h"
#include "engine/sandbox/local_transport.h"

namespace plumb::sandbox {

namespace {

class SandboxImpl final : public Sandbox {
 public:
  SandboxImpl(Options options, std::unique_ptr<Cluster> cluster)
      : options_(std::move(options)), cluster_(std::move(cluster)), hub_(*cluster_), api_(*cluster_, hub_), transport_(api_, hub_), controllers_(*cluster_, options_.pod_start) {}
  ~SandboxImpl() override { Stop(); }

  Status Run() {
    if (options_.listen) {
      PLUMB_TRY(server, http::Server::Start({.address = options_.address, .port = options_.port},
                                            [this](http::Request request, std::shared_ptr<http::Responder> responder) {
                                              api_.Serve(request, std::move(responder));
                                            }));
      server_ = std::move(server);
      port_ = server_->port();
    }
    if (options_.step) return Ok();
    watcher_ = std::jthread([this] {
      pthread_setname_np(pthread_self(), "sandbox-watch");
      while (!stopping_) {
        const TimePoint next = hub_.Deliver();
        cluster_->WaitForChange(hub_.delivered(), &next, [this] { return stopping_ || hub_.pending(); });
      }
    });
    if (options_.controllers)
      controller_ = std::jthread([this] {
        pthread_setname_np(pthread_self(), "sandbox-ctrl");
        while (!stopping_) {
          if (controllers_.Step()) continue;
          const auto due = controllers_.NextDue();
          cluster_->WaitForChange(controllers_.seen(), due ? &*due : nullptr, [this] { return stopping_.load(); });
        }
      });
    return Ok();
  }

  kube::Transport& transport() override { return transport_; }
  std::string url() const override { return port_ ? fmt::format("http://{}:{}", options_.address, port_) : ""; }

  Status WriteKubeconfig(const std::string& path) const override {
    const std::string text = fmt::format(
        "apiVersion: v1\nkind: Config\ncurrent-context: plumb-sandbox\nclusters:\n- name: plumb-sandbox\n  cluster:\n    server: {}\n"
        "contexts:\n- name: plumb-sandbox\n  context:\n    cluster: plumb-sandbox\n    user: plumb-sandbox\nusers:\n"
        "- name: plumb-sandbox\n  user: {{}}\n",
        url());
    const std::string temporary = fmt::format("{}.{}.tmp", path, getpid());
    std::ofstream file(temporary, std::ios::trunc);
    file << text;
    file.close();
    std::error_code failed;
    if (file) std::filesystem::rename(temporary, path, failed);
    if (file && !failed) return Ok();
    std::filesystem::remove(temporary, failed);
    return Unavailable(fmt::format("kubeconfig '{}' cannot be written", path));
  }

  bool Step() override {
    const uint64_t before = hub_.delivered();
    const bool waiting = hub_.pending();
    const bool controlled = options_.controllers && controllers_.Step();
    hub_.Deliver();
    return controlled || waiting || hub_.delivered() != before;
  }

  void Stop() override {
    if (stopping_.exchange(true)) return;
    cluster_->Wake();
    if (watcher_.joinable()) watcher_.join();
    if (controller_.joinable()) controller_.join();
    hub_.Close();
    if (server_) server_->Stop();
  }

 private:
  const Options options_;
  const std::unique_ptr<Cluster> cluster_;
  WatchHub hub_;
  ApiServer api_;
  LocalTransport transport_;
  ControllerManager controllers_;
  std::unique_ptr<http::Server> server_;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::jthread watcher_, controller_;
};

}  // namespace

Result<std::unique_ptr<Sandbox>> Sandbox::Start(Options options) {
  std::unique_ptr<Journal> journal;
  if (!options.data_file.empty()) {
    PLUMB_TRY(opened, Journal::Open(options.data_file));
    journal = std::move(opened);
  }
  const uint64_t seed = options.seed ? options.seed : std::random_device{}() * 0x100000000ull + std::random_device{}();
  PLUMB_TRY(cluster, Cluster::Start(std::move(journal), *options.clock, seed));
  auto sandbox = std::make_unique<SandboxImpl>(std::move(options), std::move(cluster));
  PLUMB_OK(sandbox->Run(), "sandbox");
  return std::unique_ptr<Sandbox>(std::move(sandbox));
}

}  // namespace plumb::sandbox
