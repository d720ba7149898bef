// The LiveStore over a Kubernetes API: a live cache that watches the kinds of all applications.
#pragma once

#include <map>
#include <set>

#include "core/mutex.h"
#include "engine/kube/discovery.h"
#include "engine/kube/live_cache.h"
#include "engine/kube/schema_cache.h"
#include "engine/loop/live_store.h"

namespace plumb {

// Thread-safe. Owns the watch thread, which is gone after the destructor. A changed CustomResourceDefinition makes
// discovery and schemas ask again.
class KubeLiveStore final : public LiveStore {
 public:
  KubeLiveStore(kube::Client& client, kube::Discovery& discovery, kube::SchemaCache& schemas);

  void Follow(const std::vector<Gvk>& kinds) override;
  LiveObject Get(const WantedObject& wanted) override;
  bool Settled(const std::vector<Gvk>& kinds) override;
  void SetOnChange(OnChange on_change) override;

 private:
  void OnEvent(const kube::CacheEvent& event);

  kube::Discovery& discovery_;
  kube::SchemaCache& schemas_;
  Mutex mu_;
  OnChange on_change_ GUARDED_BY(mu_);
  std::map<Gvk, Error> unserved_ GUARDED_BY(mu_);  // kinds that could not be followed, and why
  bool started_ GUARDED_BY(mu_) = false;
  kube::LiveCache cache_;  // last: its thread calls OnEvent
};

}  // namespace plumb
