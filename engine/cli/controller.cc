// plumb controller: the control loop driven by the Application and Project objects of a cluster.
#include "engine/controller/controller.h"

#include <fmt/core.h>
#include <unistd.h>

#include <random>

#include "core/log.h"
#include "engine/cli/archive.h"
#include "engine/cli/cluster.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/listen.h"
#include "engine/cli/serving.h"
#include "engine/cli/source.h"
#include "engine/controller/crd.h"
#include "engine/kube/curl_transport.h"
#include "engine/kube/fenced.h"

namespace plumb::cli {

namespace {

// Of this process alone: the host's name, which is a pod's, and something random.
std::string Identity() {
  char host[256] = "plumb";
  gethostname(host, sizeof host - 1);
  std::random_device random;
  return fmt::format("{:.50}-{:08x}", host, random());
}

// Of --share.
Result<MemberOptions> MemberOptionsOf(const Flags& flags, const std::string& ns) {
  MemberOptions options{.ns = ns, .identity = Identity()};
  PLUMB_TRY(lease, ParseDuration(flags.Get("lease")), "--lease");
  if (lease < std::chrono::seconds(1) || lease > std::chrono::hours(1)) return Invalid(fmt::format("--lease: '{}' is not between 1s and 1h", flags.Get("lease")));
  if (flags.Has("lease") && !flags.On("share")) return Invalid("--lease is for replicas that share: add --share");
  options.lease = lease;
  return options;
}

Result<int> Run(const Flags& flags) {
  const std::stop_token stop = Interrupted();
  Serving serving(flags);
  PLUMB_TRY(cluster, Connect(flags, serving.client_options()));
  const auto served = cluster.discovery->Find(ApplicationResource().gvk);
  if (!served.ok() && served.error().code() == Code::kNotFound)
    return Error(Code::kNotFound, "the cluster does not know the kind Application: install it with 'plumb crds | kubectl apply --server-side -f -'");
  PLUMB_OK(served, "cluster");

  ControllerOptions options;
  options.ns = cluster.ns;
  options.namespaces = flags.All("watch");
  options.credentials_directory = CacheDirectory(flags);
  PLUMB_TRY(checks, ServerCheckOptionsOf(flags));
  std::shared_ptr<kube::Transport> transport = cluster.transport;
  PLUMB_TRY(member_options, MemberOptionsOf(flags, cluster.ns));
  std::unique_ptr<Members> members;
  if (flags.On("share")) {
    members = std::make_unique<Members>(*cluster.client, std::move(member_options), Clock::Real());
    options.members = members.get();
  }
  const auto fence = [&members](std::shared_ptr<kube::Transport> to) -> std::shared_ptr<kube::Transport> {
    if (!members) return to;
    return std::make_shared<kube::FencedTransport>(std::move(to), [&members] { return members->alive(); });
  };
  transport = fence(std::move(transport));
  options.connect = [&fence](const kube::Connection& connection) -> Result<std::shared_ptr<kube::Transport>> {
    PLUMB_TRY(made, kube::CurlTransport::Create(connection));
    return fence(std::move(made));
  };
  kube::Client client(transport, serving.client_options());
  Targets targets(serving.client_options());
  targets.SetChecks(checks);
  targets.Set("", transport);
  LoopContext context = serving.context();
  PLUMB_OK(KeepDeleted(flags, context));
  PLUMB_TRY(loop_options, serving.loop_options());
  Controller controller(client, targets, std::move(context), std::move(loop_options), options);
  PLUMB_OK(serving.Serve(controller.loop(), [&](std::string* why) { return controller.Ready(why); }, [&] { return targets.Outstanding(); },
                         [&] { return controller.members(); }));
  log::Info("following Applications", {{"namespace", options.ns}});

  return serving.Run(stop, [&] { controller.Start(); }, [&] { controller.Stop(); });
}

}  // namespace

Command ControllerCommand() {
  Command command{"controller", "", "keep clusters true to the Application objects in them",
                  "  plumb crds | kubectl apply --server-side -f -\n"
                  "  plumb controller --namespace plumb-system --listen 0.0.0.0:8080\n\n"
                  "In a pod it is its ServiceAccount; elsewhere --kubeconfig says who it is. --namespace is its own: Projects are\n"
                  "there, and Applications that name none. The rights it needs are in docs/controller.md.\n",
                  {{"share", 0, "", "share the Applications with other replicas, by Leases in --namespace", "", false, {}},
                   {"lease", 0, "DURATION", "with --share: how long a replica that is silent keeps what is its own", "15s", false, {}},
                   {"watch", 0, "NAMESPACE", "look for Applications in this namespace only; may be given several times", "", true, {}}},
                  Run};
  for (const Flag& flag : ServingFlags()) command.flags.push_back(flag);
  return command;
}

}  // namespace plumb::cli
