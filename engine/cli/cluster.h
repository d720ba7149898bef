// The cluster that a command speaks to: --kubeconfig, --context and --namespace mean what they mean to kubectl.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/cli/flags.h"
#include "engine/kube/client.h"
#include "engine/kube/discovery.h"
#include "engine/kube/schema_cache.h"
#include "engine/kube/server_check.h"
#include "engine/loop/application.h"
#include "engine/loop/application_plan.h"
#include "engine/loop/direct_view.h"
#include "engine/loop/lookups.h"

namespace plumb::cli {

std::vector<Flag> ClusterFlags();

// --server-check, --server-check-limit, --server-check-parallel
std::vector<Flag> ServerCheckFlags();
// nullopt: the server is not to be asked. Errors: kInvalid, naming the flag.
Result<std::optional<kube::ServerCheckOptions>> ServerCheckOptionsOf(const Flags& flags);

struct Cluster {
  std::shared_ptr<kube::Transport> transport;
  std::unique_ptr<kube::Client> client;
  std::unique_ptr<kube::Discovery> discovery;
  std::unique_ptr<kube::SchemaCache> schemas;
  std::string ns;    // --namespace, else the context's
  std::string name;  // of the context; "" without one
};

Cluster MakeCluster(std::shared_ptr<kube::Transport> transport, std::string ns, kube::ClientOptions options);

// Errors: of the kubeconfig. Does not speak to the server yet.
Result<Cluster> Connect(const Flags& flags, kube::ClientOptions options = {});

// A plan made once, with all that it was made from.
struct OneShot {
  DesiredSet desired;
  Inventory inventory;
  Plan plan;
  std::string cluster_identity;  // "" where it is not known
  std::string wrong_cluster;  // why the plan must not be carried out here (and a warning said); ""
  std::vector<std::string> unused_rules;  // ignore rules that concern no object, by their place
};

// Reads what the plan needs from the cluster and makes it. Errors: of the server, of the inventory, of the plan.
// `rules`: of the repository, beside those of the application. `check`: what the server is asked about; nullopt nothing.
Result<OneShot> PlanOnce(Cluster& cluster, const Application& application, std::vector<Manifest> rendered, const IgnoreRules& rules,
                         const std::optional<kube::ServerCheckOptions>& check);

}  // namespace plumb::cli
