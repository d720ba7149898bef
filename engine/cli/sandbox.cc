// plumb sandbox: an embedded Kubernetes-like cluster to try things on; kubectl works on it.
#include "engine/sandbox/sandbox.h"

#include <fmt/core.h>

#include "core/json.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/listen.h"

namespace plumb::cli {

namespace {

Result<int> Run(const Flags& flags) {
  const std::stop_token stop = Interrupted();
  PLUMB_TRY(listen, ParseListen(flags.Get("listen")));
  sandbox::Options options;
  options.address = listen.first;
  options.port = listen.second;
  options.data_file = flags.Get("data");
  PLUMB_TRY(cluster, sandbox::Sandbox::Start(options), "sandbox");
  const std::string kubeconfig = flags.Get("write-kubeconfig");
  if (!kubeconfig.empty()) PLUMB_OK(cluster->WriteKubeconfig(kubeconfig));
  if (flags.Get("output") == "json") {
    Arena arena;
    fmt::print("{}\n", WriteJson(arena.Map({{"url", arena.String(cluster->url())}, {"kubeconfig", Arena::Borrow(kubeconfig)}})));
  } else {
    fmt::print("sandbox: {}{}\n", cluster->url(), options.data_file.empty() ? ", in memory" : ", kept in " + options.data_file);
    if (kubeconfig.empty()) fmt::print("  use it:  kubectl --server {} get namespaces\n", cluster->url());
    else fmt::print("  use it:  export KUBECONFIG={}\n", kubeconfig);
    fmt::print("  stop it: Ctrl-C\n");
  }
  std::fflush(stdout);
  WaitFor(stop);
  cluster->Stop();
  return kExitOk;
}

}  // namespace

Command SandboxCommand() {
  return {"sandbox", "", "run an embedded Kubernetes-like cluster on a loopback port",
          "  plumb sandbox --listen 127.0.0.1:8001 --write-kubeconfig /tmp/sandbox.yaml\n"
          "  KUBECONFIG=/tmp/sandbox.yaml kubectl get pods -A\n\n"
          "It accepts every client without authentication: keep it on loopback.\n",
          {{"listen", 0, "ADDRESS", "where to serve; port 0 is any free one", "127.0.0.1:0", false, {}},
           {"write-kubeconfig", 0, "FILE", "write a kubeconfig for it here", "", false, {}},
           {"data", 0, "FILE", "keep the objects in this SQLite file (survives a crash)", "", false, {}}},
          Run};
}

}  // namespace plumb::cli
