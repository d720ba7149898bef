// Asks an API server what it serves, and keeps the answer: the current ResourceMap of a cluster.
//
// Source: aggregated discovery (KEP-3352, apidiscovery.k8s.io v2 and v2beta1), two requests; servers before 1.26 answer
// the old way, one request a group-version. One broken APIService makes its group unknown, never absent.
#pragma once

#include <memory>

#include "core/clock.h"
#include "core/mutex.h"
#include "engine/kube/client.h"
#include "engine/kube/resource_map.h"

namespace plumb::kube {

struct DiscoveryOptions {
  // A kind that is not found is looked for again on the server, but not more often than this.
  Duration miss_interval = std::chrono::milliseconds(500);
};

// Thread-safe. Calls that need the server block; never call them from a transport's callback.
class Discovery {
 public:
  explicit Discovery(Client& client, DiscoveryOptions options = {}, Clock& clock = Clock::Real());

  // The last answer; asks at the first call and after Invalidate. Errors: of the server (a whole answer was impossible).
  // Where an earlier answer exists, a failing server leaves it in place and is an error only of Refresh.
  Result<std::shared_ptr<const ResourceMap>> Map();
  // Asks now.
  Result<std::shared_ptr<const ResourceMap>> Refresh();
  // A CustomResourceDefinition or APIService changed: the next call asks again.
  void Invalidate();

  // As of ResourceMap; a miss asks again first. Errors: kNotFound, kUnavailable.
  Result<Resource> Find(const Gvk& gvk);
  Result<Resource> FindKind(std::string_view group, std::string_view kind);
  Result<Resource> FindByName(std::string_view name);

 private:
  template <typename F>
  Result<Resource> Look(F&& look);
  Result<std::shared_ptr<const ResourceMap>> Newer(const ResourceMap* than);
  Result<std::shared_ptr<const ResourceMap>> AskNow() REQUIRES(asking_);
  Result<std::shared_ptr<const ResourceMap>> Ask();

  Client& client_;
  const DiscoveryOptions options_;
  Clock& clock_;
  Mutex asking_;  // one question at a time; taken before mu_
  Mutex mu_;
  std::shared_ptr<const ResourceMap> map_ GUARDED_BY(mu_);
  TimePoint asked_ GUARDED_BY(mu_) = TimePoint::min();
  bool stale_ GUARDED_BY(mu_) = true;
  std::string trouble_ GUARDED_BY(mu_);  // of the last question, where it failed
};

}  // namespace plumb::kube
