#include "engine/cli/cluster.h"

#include <fmt/core.h>

#include "core/log.h"
#include "diff/object_diff.h"
#include "engine/kube/curl_transport.h"
#include "engine/kube/kubeconfig.h"
#include "engine/loop/cluster_state.h"
#include "engine/loop/contents_lookup.h"
#include "engine/loop/other_applications.h"

namespace plumb::cli {

std::vector<Flag> ClusterFlags() {
  return {{"kubeconfig", 0, "FILE", "kubeconfig to use (default: $KUBECONFIG, then ~/.kube/config, then the pod's account)", "", false, {}},
          {"context", 0, "NAME", "context of the kubeconfig", "", false, {}},
          {"namespace", 'n', "NAME", "namespace of objects that name none (default: the context's)", "", false, {}}};
}

std::vector<Flag> ServerCheckFlags() {
  return {{"server-check", 0, "WHAT", "ask the server by dry runs about objects of which the diff is not sure, about all, or never", "uncertain", false, {"never", "uncertain", "all"}},
          {"server-check-limit", 0, "N", "no more dry runs than this; the rest stay uncertain, and it is said", "1000", false, {}},
          {"server-check-parallel", 0, "N", "dry runs at a time", "8", false, {}}};
}

Result<std::optional<kube::ServerCheckOptions>> ServerCheckOptionsOf(const Flags& flags) {
  kube::ServerCheckOptions options;
  PLUMB_TRY(limit, flags.Number("server-check-limit", 0, 1'000'000));
  PLUMB_TRY(parallel, flags.Number("server-check-parallel", 1, 256));
  options.max_checks = limit;
  options.in_flight = parallel;
  const std::string what = flags.Get("server-check");
  if (what == "never") return std::optional<kube::ServerCheckOptions>();
  if (what == "all") options.scope = kube::ServerCheckScope::kAll;
  return std::optional(options);
}

Cluster MakeCluster(std::shared_ptr<kube::Transport> transport, std::string ns, kube::ClientOptions options) {
  Cluster cluster;
  cluster.transport = std::move(transport);
  cluster.client = std::make_unique<kube::Client>(cluster.transport, std::move(options));
  cluster.discovery = std::make_unique<kube::Discovery>(*cluster.client);
  cluster.schemas = std::make_unique<kube::SchemaCache>(*cluster.client);
  cluster.ns = std::move(ns);
  return cluster;
}

Result<Cluster> Connect(const Flags& flags, kube::ClientOptions options) {
  PLUMB_TRY(connection, kube::LoadConnection({flags.Get("kubeconfig"), flags.Get("context"), flags.Get("namespace")}));
  std::string ns = connection.ns, name = connection.context;
  PLUMB_TRY(transport, kube::CurlTransport::Create(std::move(connection)));
  Cluster cluster = MakeCluster(std::move(transport), std::move(ns), std::move(options));
  cluster.name = std::move(name);
  return cluster;
}

Result<OneShot> PlanOnce(Cluster& cluster, const Application& application, std::vector<Manifest> rendered, const IgnoreRules& rules,
                         const std::optional<kube::ServerCheckOptions>& checking) {
  OneShot once;
  PLUMB_OK(cluster.discovery->Refresh());
  once.desired = CompleteDesired(application, std::move(rendered), ScopesOf(*cluster.discovery));
  const ObjectId record = Inventory(application.name, application.ns).record();
  const kube::Answer answer = cluster.client->Get({*kube::BuiltIn("ConfigMap"), record.ns, record.name, ""});
  if (!answer.object.ok() && answer.object.error().code() != Code::kNotFound) return answer.object.error().Wrap("inventory");
  PLUMB_TRY(inventory, ReadInventory(application, answer.object.ok() ? answer.object->root() : Value()));
  once.inventory = std::move(inventory);

  const std::vector<WantedObject> wanted = ObjectsToRead(once.desired, once.inventory);
  const DirectView live = DirectView::Load(*cluster.client, *cluster.discovery, wanted);
  PLUMB_TRY(ignore, IgnoreRules::Parse(application.ignore.root(), "spec.ignore"));
  ignore.Add(rules);
  PlanView view;
  view.live = [&](const WantedObject& object) { return live.Get(object); };
  view.schema = SchemasOf(*cluster.schemas);
  view.source = {true, ""};
  view.complete = live.complete();
  view.ignore = &ignore;
  std::optional<kube::ServerCheck> check;
  if (checking) {
    check.emplace(*cluster.client, *checking);
    view.check = ChecksOf(*check, ResourcesOf(*cluster.discovery), view.schema);
  }
  view.contents = ContentsOf(*cluster.client, *cluster.discovery);
  view.own_namespace = kube::OwnNamespace();
  view.other = OtherApplicationsOf(*cluster.client, {application.ns});
  PLUMB_TRY(state, ClusterProbe(*cluster.client).Ask(Duration::zero()));
  once.wrong_cluster = WrongCluster(cluster.name, state, application.target_identity, once.inventory, "");
  if (!once.wrong_cluster.empty()) log::Warning(once.wrong_cluster);
  once.cluster_identity = state.identity;
  if (!state.identity.empty()) once.inventory.set_cluster(state.identity);
  view.frozen = state.frozen;
  view.retry_hooks = true;  // who runs a command means it
  PLUMB_TRY(plan, PlanApplication(application, once.desired, once.inventory, view));
  once.plan = std::move(plan);
  std::vector<ObjectDiff> diffs;
  for (const Step& step : once.plan.steps)
    if (step.diff) diffs.push_back(*step.diff);
  once.unused_rules = UnusedRules(ignore, diffs);
  return once;
}

}  // namespace plumb::cli
