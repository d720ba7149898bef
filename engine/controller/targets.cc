#include "engine/controller/targets.h"

#include <fmt/core.h>

#include "core/suggest.h"
#include "engine/kube/impersonation.h"
#include "engine/kube/kubeconfig.h"
#include "engine/loop/contents_lookup.h"
#include "engine/loop/other_applications.h"
#include "engine/loop/kube_live_store.h"
#include "engine/loop/lookups.h"

namespace plumb {

namespace {

// What a Target of another user adds to its cluster.
struct As {
  std::shared_ptr<void> cluster;
  std::unique_ptr<kube::Client> client;
  std::unique_ptr<kube::ServerCheck> check;
};

std::unique_ptr<LiveStore> ByWatches(kube::Client& client, kube::Discovery& discovery, kube::SchemaCache& schemas) {
  return std::make_unique<KubeLiveStore>(client, discovery, schemas);
}

}  // namespace

Targets::Targets(kube::ClientOptions options, Clock& clock, MakeLive make_live)
    : options_(std::move(options)), clock_(clock), make_live_(make_live ? std::move(make_live) : ByWatches) {}

void Targets::Set(const std::string& name, std::shared_ptr<kube::Transport> transport) {
  auto cluster = std::make_shared<Cluster>();
  cluster->name = name;
  cluster->transport = std::move(transport);
  cluster->client = std::make_unique<kube::Client>(cluster->transport, options_, clock_);
  cluster->discovery = std::make_unique<kube::Discovery>(*cluster->client, kube::DiscoveryOptions{}, clock_);
  cluster->schemas = std::make_unique<kube::SchemaCache>(*cluster->client, kube::SchemaCacheOptions{}, clock_);
  if (checks_) cluster->check = std::make_unique<kube::ServerCheck>(*cluster->client, *checks_);
  cluster->probe = std::make_unique<ClusterProbe>(*cluster->client, clock_);
  std::shared_ptr<Cluster> old;  // goes outside of the lock: its watch thread is joined
  MutexLock lock(mu_);
  old = std::exchange(clusters_[name], std::move(cluster));
}

void Targets::Remove(const std::string& name) {
  std::shared_ptr<Cluster> old;
  MutexLock lock(mu_);
  const auto found = clusters_.find(name);
  if (found == clusters_.end()) return;
  old = std::move(found->second);
  clusters_.erase(found);
}

std::map<std::string, size_t> Targets::Outstanding() const {
  MutexLock lock(mu_);
  std::map<std::string, size_t> requests;
  for (const auto& [name, cluster] : clusters_) requests[name.empty() ? "in-cluster" : name] = cluster->transport->outstanding();
  return requests;
}

bool Targets::Has(const std::string& name) const {
  MutexLock lock(mu_);
  return clusters_.contains(name);
}

Result<std::shared_ptr<Target>> Targets::For(const std::string& name, const std::string& user) {
  std::shared_ptr<Cluster> cluster;
  {
    MutexLock lock(mu_);
    const auto found = clusters_.find(name);
    if (found == clusters_.end()) {
      std::vector<std::string> names;
      for (const auto& [known, one] : clusters_)
        if (!known.empty()) names.push_back(known);
      return NotFound(fmt::format("spec.target.cluster: no cluster '{}' is registered{}", name, DidYouMean(name, names)));
    }
    cluster = found->second;
  }
  MutexLock lock(cluster->mu);
  if (!cluster->live) {
    cluster->live = make_live_(*cluster->client, *cluster->discovery, *cluster->schemas);
    cluster->live->SetOnChange([this, live = cluster->live.get()](const ObjectId& id) { on_change_(live, id); });
  }
  if (auto target = cluster->targets[user].lock()) return target;
  auto target = std::make_shared<Target>();
  target->cluster = name.empty() ? "in-cluster" : name;
  target->client = target->records = cluster->client.get();
  target->live = cluster->live.get();
  target->scope_of = ScopesOf(*cluster->discovery);
  target->resources = ResourcesOf(*cluster->discovery);
  target->schema = SchemasOf(*cluster->schemas);
  if (cluster->check) target->check = ChecksOf(*cluster->check, target->resources, target->schema);
  target->contents = ContentsOf(*cluster->client, *cluster->discovery);
  target->other = OtherApplicationsOf(*cluster->client, record_namespaces_);
  target->state = [probe = cluster->probe.get()](Duration max_age) { return probe->Ask(max_age); };
  if (name.empty()) target->own_namespace = kube::OwnNamespace();
  target->owner = cluster;
  if (!user.empty()) {
    auto as = std::make_shared<As>();
    as->cluster = cluster;
    as->client = std::make_unique<kube::Client>(std::make_shared<kube::ImpersonatingTransport>(cluster->transport, user), options_, clock_);
    if (checks_) as->check = std::make_unique<kube::ServerCheck>(*as->client, *checks_);
    if (as->check) target->check = ChecksOf(*as->check, target->resources, target->schema);
    target->client = as->client.get();
    target->owner = std::move(as);
  }
  cluster->targets[user] = target;
  return target;
}

}  // namespace plumb
