// plumb run: the control loop for one or more Application documents in files.
#include <fmt/core.h>

#include "core/log.h"
#include "engine/cli/archive.h"
#include "engine/cli/cluster.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/listen.h"
#include "engine/cli/serving.h"
#include "engine/kube/kubeconfig.h"
#include "engine/loop/contents_lookup.h"
#include "engine/loop/kube_live_store.h"
#include "engine/loop/other_applications.h"
#include "engine/sandbox/sandbox.h"

namespace plumb::cli {

namespace {

Result<int> Run(const Flags& flags) {
  const std::stop_token stop = Interrupted();
  if (flags.Get("config").empty())
    return Invalid("--config is missing: name a file or directory with Application documents ('plumb explain application'); "
                   "'plumb controller' follows the Application objects of a cluster");
  PLUMB_TRY(applications, LoadApplications(flags.Get("config")));

  Serving serving(flags);
  std::unique_ptr<sandbox::Sandbox> embedded;
  Cluster cluster;
  if (flags.On("sandbox")) {
    PLUMB_TRY(started, sandbox::Sandbox::Start({}), "sandbox");
    embedded = std::move(started);
    // The sandbox owns its transport and outlives the client.
    cluster = MakeCluster(std::shared_ptr<kube::Transport>(&embedded->transport(), [](kube::Transport*) {}), "default", serving.client_options());
    log::Info("sandbox started", {{"url", embedded->url()}});
  } else {
    PLUMB_TRY(connected, Connect(flags, serving.client_options()));
    cluster = std::move(connected);
  }

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
  std::vector<std::string> namespaces;
  for (const Application& application : applications) namespaces.push_back(application.ns);
  target->other = OtherApplicationsOf(*cluster.client, std::move(namespaces));

  LoopContext context = serving.context();
  context.target_for = [&](const Application& application) -> Result<std::shared_ptr<Target>> {
    if (application.target_cluster.empty()) return target;
    return Invalid(fmt::format("spec.target.cluster: '{}' is for the controller; 'plumb run' has one cluster, that of its kubeconfig", application.target_cluster));
  };
  PLUMB_OK(KeepDeleted(flags, context));
  PLUMB_TRY(loop_options, serving.loop_options());
  auto loop = std::make_unique<Loop>(context, std::move(loop_options));
  live.SetOnChange([listener = loop->live_listener(), &live](const ObjectId& id) { listener(&live, id); });
  for (Application& application : applications) PLUMB_OK(loop->Set(std::move(application)));
  PLUMB_OK(serving.Serve(*loop, [&](std::string* why) { return loop->Ready(why); },
                         [&] { return std::map<std::string, size_t>{{target->cluster, cluster.client->transport().outstanding()}}; }));

  return serving.Run(stop, [&] { loop->Start(); }, [&] { loop->Stop(); });
}

}  // namespace

Command RunCommand() {
  Command command{"run", "", "follow repositories and keep a cluster at their commit",
                  "  plumb run --config apps/ --sandbox\n"
                  "  plumb run --config shop.yaml --kubeconfig ~/.kube/config --listen 0.0.0.0:8080\n\n"
                  "The timeline is on standard output, log lines on standard error. POST /webhook makes a push immediate; its\n"
                  "signature is checked with the secret in $PLUMB_WEBHOOK_SECRET (docs/webhooks.md). SIGTERM stops it cleanly.\n",
                  {{"config", 0, "PATH", "a file or directory of Application documents", "", false, {}},
                   {"sandbox", 0, "", "use an embedded cluster instead of a kubeconfig", "", false, {}}},
                  Run};
  for (const Flag& flag : ServingFlags()) command.flags.push_back(flag);
  return command;
}

}  // namespace plumb::cli
