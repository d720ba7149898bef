// plumb run: the control loop for one or more Application documents.
#include <fmt/core.h>

#include <cstdlib>
#include <fstream>

#include "core/heap.h"
#include "core/log.h"
#include "core/version.h"
#include "engine/cli/cluster.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/listen.h"
#include "engine/cli/run_metrics.h"
#include "engine/cli/source.h"
#include "engine/cli/timeline.h"
#include "engine/kube/kubeconfig.h"
#include "engine/loop/contents_lookup.h"
#include "engine/loop/exec_functions.h"
#include "engine/loop/kube_live_store.h"
#include "engine/loop/loop.h"
#include "engine/loop/remote_bases.h"
#include "engine/loop/resolvers.h"
#include "engine/loop/status_document.h"
#include "engine/sandbox/sandbox.h"
#include "engine/server/server.h"

namespace plumb::cli {

namespace {

Status WriteAddress(const std::string& file, const std::string& address) {
  if (file.empty()) return Ok();
  std::ofstream(file) << address << "\n";
  return std::ifstream(file) ? Ok() : Status(Unavailable(fmt::format("--write-address: '{}' cannot be written", file)));
}

Result<int> Run(const Flags& flags) {
  const std::stop_token stop = Interrupted();
  if (flags.Get("config").empty()) return Invalid("--config is missing: name a file or directory with Application documents ('plumb explain application')");
  PLUMB_TRY(applications, LoadApplications(flags.Get("config")));
  PLUMB_TRY(listen, ParseListen(flags.Get("listen")));

  Metrics metrics({.version = std::string(kVersion)});
  std::unique_ptr<sandbox::Sandbox> embedded;
  kube::ClientOptions client_options;
  client_options.on_request = [&](const kube::RequestEvent& request) { metrics.AddApiRequest(request.verb, request.code, request.took); };
  Cluster cluster;
  if (flags.On("sandbox")) {
    PLUMB_TRY(started, sandbox::Sandbox::Start({}), "sandbox");
    embedded = std::move(started);
    // The sandbox owns its transport and outlives the client.
    cluster = MakeCluster(std::shared_ptr<kube::Transport>(&embedded->transport(), [](kube::Transport*) {}), "default", client_options);
    log::Info("sandbox started", {{"url", embedded->url()}});
  } else {
    PLUMB_TRY(connected, Connect(flags, client_options));
    cluster = std::move(connected);
  }

  Timeline timeline(stdout, flags.Get("output") == "json", Clock::Real().Wall());
  KubeLiveStore live(*cluster.client, *cluster.discovery, *cluster.schemas);
  auto target = std::make_shared<Target>();
  target->client = cluster.client.get();
  target->live = &live;
  target->scope_of = ScopesOf(*cluster.discovery);
  target->resources = ResourcesOf(*cluster.discovery);
  target->schema = SchemasOf(*cluster.schemas);
  PLUMB_TRY(checking, ServerCheckOptionsOf(flags));
  std::optional<kube::ServerCheck> check;
  if (checking) {
    check.emplace(*cluster.client, *checking);
    target->check = ChecksOf(*check, target->resources, target->schema);
  }
  target->contents = ContentsOf(*cluster.client, *cluster.discovery);
  ClusterProbe probe(*cluster.client);
  target->state = [&probe](Duration max_age) { return probe.Ask(max_age); };
  target->own_namespace = kube::OwnNamespace();

  GitOptions git;
  git.cache_directory = CacheDirectory(flags);
  git.observe = [&](const GitOperation& operation) { metrics.AddGitRequest(operation.fetch ? "fetch" : "list", operation.ok ? "ok" : CodeName(operation.code), operation.elapsed); };
  const MirrorSweeper sweeper(git.cache_directory);

  LoopContext context;
  context.target_for = [&](const Application& application) -> Result<std::shared_ptr<Target>> {
    if (application.target_cluster.empty()) return target;
    return Invalid(fmt::format("spec.target.cluster: '{}' is for the controller; 'plumb run' has one cluster, that of its kubeconfig", application.target_cluster));
  };
  context.make_resolver = Resolvers(git);
  context.clock = &Clock::Real();
  context.events = [&](const LoopEvent& event) {
    timeline.Print(event);
    CountEvent(metrics, event);
  };
  if (!flags.All("remote-bases").empty()) {
    context.helpers.remote_bases = [&flags, git](const ApplicationSource& source) {
      return std::make_unique<RemoteBasesFromSources>(RemoteBaseOptionsOf(flags, source, git));
    };
  }
  ExecFunctions functions;
  if (flags.On("allow-functions")) context.helpers.functions = &functions;
  LoopOptions loop_options;
  HeapTrimmer trimmer;
  loop_options.on_pass = [&](Duration waited, Duration took) {
    metrics.AddPass(waited, took);
    trimmer.Touch();
  };
  auto loop = std::make_unique<Loop>(context, loop_options);
  live.SetOnChange([&](const ObjectId& id) { loop->OnLiveChange(&live, id); });
  for (Application& application : applications) PLUMB_OK(loop->Set(std::move(application)));

  OperationsOptions server_options;
  server_options.address = listen.first;
  server_options.port = listen.second;
  if (std::getenv("PLUMB_WEBHOOK_SECRET")) server_options.webhook_secrets = {{.env = "PLUMB_WEBHOOK_SECRET"}};
  OperationsCallbacks callbacks;
  callbacks.on_push = [&](const Push& push) { return loop->Push([&](const ApplicationSource& source) { return !source.git.url.empty() && push.Concerns(source.git.url); }); };
  callbacks.ready = [&](std::string* why) { return loop->Ready(why); };
  callbacks.applications = [&] { return ApplicationsJson(loop->status()); };
  callbacks.before_metrics = [&](Metrics&) { MeasureLoop(metrics, *loop); };
  PLUMB_TRY(server, OperationsServer::Start(server_options, metrics, callbacks));
  PLUMB_OK(WriteAddress(flags.Get("write-address"), fmt::format("{}:{}", listen.first, server->port())));
  log::Info("listening", {{"address", fmt::format("{}:{}", listen.first, server->port())}, {"paths", "/metrics /healthz /readyz /webhook /api/v1/applications"}});

  loop->Start();
  WaitFor(stop);
  log::Info("stopping");
  server->Stop();
  loop->Stop();
  return kExitOk;
}

}  // namespace

Command RunCommand() {
  Command command{"run", "", "follow repositories and keep a cluster at their commit",
                  "  plumb run --config apps/ --sandbox\n"
                  "  plumb run --config shop.yaml --kubeconfig ~/.kube/config --listen 0.0.0.0:8080\n\n"
                  "The timeline is on standard output, log lines on standard error. POST /webhook makes a push immediate; its\n"
                  "signature is checked with the secret in $PLUMB_WEBHOOK_SECRET (docs/webhooks.md). SIGTERM stops it cleanly.\n",
                  {{"config", 0, "PATH", "a file or directory of Application documents", "", false, {}},
                   {"sandbox", 0, "", "use an embedded cluster instead of a kubeconfig", "", false, {}},
                   {"listen", 0, "ADDRESS", "where to serve metrics, probes and webhooks", "127.0.0.1:8080", false, {}},
                   {"write-address", 0, "FILE", "write the address it listens on here (for port 0)", "", false, {}},
                   {"cache", 0, "DIR", "where fetched repositories are kept (default: ~/.cache/plumb)", "", false, {}}},
                  Run};
  for (const Flag& flag : RemoteBaseFlags("none")) command.flags.push_back(flag);
  for (const Flag& flag : ClusterFlags()) command.flags.push_back(flag);
  for (const Flag& flag : ServerCheckFlags()) command.flags.push_back(flag);
  return command;
}

}  // namespace plumb::cli
