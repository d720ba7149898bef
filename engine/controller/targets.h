// The clusters that applications are kept true on: the one that Plumb runs in, and those that were registered by name.
//
// Each has one connection, one live cache and one schema cache, whatever the number of its applications; who carries the
// steps out (Plumb, or a project's service account) is a header on the same connection.
//
// Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "engine/kube/client.h"
#include "engine/kube/discovery.h"
#include "engine/kube/schema_cache.h"
#include "engine/kube/server_check.h"
#include "engine/loop/cluster_state.h"
#include "engine/loop/live_store.h"
#include "engine/loop/target.h"

namespace plumb {

class Targets {
 public:
  // Told of every change of a live object; before the first For.
  using OnLiveChange = std::function<void(const LiveStore*, const ObjectId&)>;

  // How a cluster's live objects are followed: by watches, or as a test says.
  using MakeLive = std::function<std::unique_ptr<LiveStore>(kube::Client&, kube::Discovery&, kube::SchemaCache&)>;

  explicit Targets(kube::ClientOptions options, Clock& clock = Clock::Real(), MakeLive make_live = nullptr);

  void SetOnLiveChange(OnLiveChange on_change) { on_change_ = std::move(on_change); }

  // Where the records of Applications are, for a cluster that lets nobody list them all. Before the first For.
  void SetRecordNamespaces(std::vector<std::string> namespaces) { record_namespaces_ = std::move(namespaces); }

  // Asks each cluster's server about what the diff is not sure of; nullopt: nobody is asked. Before the first For.
  void SetChecks(std::optional<kube::ServerCheckOptions> checks) { checks_ = std::move(checks); }

  // `name` "" is the cluster that Plumb runs in. Another transport under a known name takes its place for new Targets; those
  // that were handed out stay what they are.
  void Set(const std::string& name, std::shared_ptr<kube::Transport> transport);
  void Remove(const std::string& name);
  bool Has(const std::string& name) const;
  // Requests that each cluster's server has not answered yet; that of "" is "in-cluster".
  std::map<std::string, size_t> Outstanding() const;

  // The cluster `name`, seen as `user` ("" Plumb itself). Errors: kNotFound, with a near name.
  Result<std::shared_ptr<Target>> For(const std::string& name, const std::string& user);

 private:
  struct Cluster {
    std::string name;
    std::shared_ptr<kube::Transport> transport;
    std::unique_ptr<kube::Client> client;
    std::unique_ptr<kube::Discovery> discovery;
    std::unique_ptr<kube::SchemaCache> schemas;
    std::unique_ptr<kube::ServerCheck> check;
    std::unique_ptr<ClusterProbe> probe;
    std::unique_ptr<LiveStore> live;  // last: its watch thread uses the others

    Mutex mu;
    std::map<std::string, std::weak_ptr<Target>> targets GUARDED_BY(mu);  // by user
  };

  const kube::ClientOptions options_;
  Clock& clock_;
  const MakeLive make_live_;
  OnLiveChange on_change_;
  std::vector<std::string> record_namespaces_;
  std::optional<kube::ServerCheckOptions> checks_;
  mutable Mutex mu_;
  std::map<std::string, std::shared_ptr<Cluster>> clusters_ GUARDED_BY(mu_);
};

}  // namespace plumb
