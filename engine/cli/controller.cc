// plumb controller: the control loop driven by the Application and Project objects of a cluster.
#include "engine/controller/controller.h"

#include <fmt/core.h>

#include "core/log.h"
#include "engine/cli/cluster.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/listen.h"
#include "engine/cli/serving.h"
#include "engine/cli/source.h"
#include "engine/controller/crd.h"

namespace plumb::cli {

namespace {

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
  Targets targets(serving.client_options());
  targets.SetChecks(checks);
  targets.Set("", cluster.transport);
  Controller controller(*cluster.client, targets, serving.context(), serving.loop_options(), options);
  PLUMB_OK(serving.Serve(controller.loop(), [&](std::string* why) { return controller.Ready(why); }));
  log::Info("following Applications", {{"namespace", options.ns}});

  controller.Start();
  WaitFor(stop);
  log::Info("stopping");
  serving.Stop();
  controller.Stop();
  return kExitOk;
}

}  // namespace

Command ControllerCommand() {
  Command command{"controller", "", "keep clusters true to the Application objects in them",
                  "  plumb crds | kubectl apply --server-side -f -\n"
                  "  plumb controller --namespace plumb-system --listen 0.0.0.0:8080\n\n"
                  "In a pod it is its ServiceAccount; elsewhere --kubeconfig says who it is. --namespace is its own: Projects are\n"
                  "there, and Applications that name none. The rights it needs are in docs/controller.md.\n",
                  {{"watch", 0, "NAMESPACE", "look for Applications in this namespace only; may be given several times", "", true, {}}},
                  Run};
  for (const Flag& flag : ServingFlags()) command.flags.push_back(flag);
  for (const Flag& flag : ClusterFlags()) command.flags.push_back(flag);
  for (const Flag& flag : ServerCheckFlags()) command.flags.push_back(flag);
  return command;
}

}  // namespace plumb::cli
