#include "engine/cli/serving.h"

#include <fmt/core.h>

#include <cstdlib>
#include <fstream>

#include "core/log.h"
#include "core/version.h"
#include "engine/cli/archive.h"
#include "engine/cli/cluster.h"
#include "engine/cli/command.h"
#include "engine/cli/listen.h"
#include "engine/cli/run_metrics.h"
#include "engine/cli/source.h"
#include "engine/loop/remote_bases.h"
#include "engine/loop/status_document.h"

namespace plumb::cli {

namespace {

Status WriteAddress(const std::string& file, const std::string& address) {
  if (file.empty()) return Ok();
  std::ofstream(file) << address << "\n";
  return std::ifstream(file) ? Ok() : Status(Unavailable(fmt::format("--write-address: '{}' cannot be written", file)));
}

}  // namespace

std::vector<Flag> ServingFlags() {
  std::vector<Flag> flags = {{"listen", 0, "ADDRESS", "where to serve metrics, probes and webhooks", "127.0.0.1:8080", false, {}},
                             {"write-address", 0, "FILE", "write the address it listens on here (for port 0)", "", false, {}},
                             {"cache", 0, "DIR", "where fetched repositories are kept (default: ~/.cache/plumb)", "", false, {}}};
  flags.push_back({"workers", 0, "N", "applications that are worked on at a time", "16", false, {}});
  flags.push_back({"waiting", 0, "N", "more of them that only wait for a rollout, a hook or a server", "200", false, {}});
  for (const Flag& flag : ArchiveFlags()) flags.push_back(flag);
  for (const Flag& flag : ArchiveBoundFlags()) flags.push_back(flag);
  for (const Flag& flag : RemoteBaseFlags("none")) flags.push_back(flag);
  for (const Flag& flag : ClusterFlags()) flags.push_back(flag);
  for (const Flag& flag : ServerCheckFlags()) flags.push_back(flag);
  return flags;
}

Serving::Serving(const Flags& flags) : flags_(flags), metrics_({.version = std::string(kVersion)}), timeline_(stdout, flags.Get("output") == "json", Clock::Real().Wall()) {
  git_.cache_directory = CacheDirectory(flags);
  git_.observe = [this](const GitOperation& operation) {
    metrics_.AddGitRequest(operation.fetch ? "fetch" : "list", operation.ok ? "ok" : CodeName(operation.code), operation.elapsed);
  };
  sweeper_ = std::make_unique<MirrorSweeper>(git_.cache_directory);
}

kube::ClientOptions Serving::client_options() {
  kube::ClientOptions options;
  options.on_request = [this](const kube::RequestEvent& request) { metrics_.AddApiRequest(request.verb, request.code, request.took); };
  return options;
}

LoopContext Serving::context() {
  LoopContext context;
  context.make_resolver = Resolvers(git_);
  context.clock = &Clock::Real();
  context.events = [this](const LoopEvent& event) {
    timeline_.Print(event);
    CountEvent(metrics_, event);
  };
  if (!flags_.All("remote-bases").empty())
    context.helpers.remote_bases = [this](const ApplicationSource& source) {
      return std::make_unique<RemoteBasesFromSources>(RemoteBaseOptionsOf(flags_, source, git_));
    };
  if (flags_.On("allow-functions")) context.helpers.functions = &functions_;
  context.helpers.yaml = &yaml_;
  return context;
}

Result<LoopOptions> Serving::loop_options() {
  LoopOptions options;
  PLUMB_TRY(workers, flags_.Number("workers", 1, 256));
  PLUMB_TRY(waiting, flags_.Number("waiting", 0, 10'000));
  options.workers = static_cast<int>(workers);
  options.waiting = static_cast<int>(waiting);
  options.on_pass = [this](Duration waited, Duration took) {
    metrics_.AddPass(waited, took);
    trimmer_.Touch();
  };
  return options;
}

Status Serving::Serve(Loop& loop, std::function<bool(std::string*)> ready, std::function<std::map<std::string, size_t>()> outstanding,
                      std::function<size_t()> members) {
  PLUMB_TRY(listen, ParseListen(flags_.Get("listen")));
  OperationsOptions options;
  options.address = listen.first;
  options.port = listen.second;
  if (std::getenv("PLUMB_WEBHOOK_SECRET")) options.webhook_secrets = {{.env = "PLUMB_WEBHOOK_SECRET"}};
  OperationsCallbacks callbacks;
  callbacks.on_push = [&loop](const Push& push) {
    return loop.Push([&](const ApplicationSource& source) { return !source.git.url.empty() && push.Concerns(source.git.url); });
  };
  callbacks.ready = std::move(ready);
  callbacks.applications = [&loop] { return ApplicationsJson(loop.status()); };
  callbacks.before_metrics = [this, &loop, outstanding = std::move(outstanding), members = std::move(members)](Metrics&) {
    MeasureLoop(metrics_, loop);
    metrics_.SetOutstandingRequests(outstanding());
    metrics_.SetMembers(members());
  };
  PLUMB_TRY(server, OperationsServer::Start(options, metrics_, callbacks));
  server_ = std::move(server);
  const std::string address = fmt::format("{}:{}", listen.first, server_->port());
  PLUMB_OK(WriteAddress(flags_.Get("write-address"), address));
  log::Info("listening", {{"address", address}, {"paths", "/metrics /healthz /readyz /webhook /api/v1/applications"}});
  return Ok();
}

int Serving::Run(const std::stop_token& stop, const std::function<void()>& start, const std::function<void()>& end) {
  start();
  WaitFor(stop);
  log::Info("stopping");
  server_->Stop();
  end();
  return kExitOk;
}

}  // namespace plumb::cli
