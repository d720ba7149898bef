// What the kube-system Namespace says of its cluster: which one it is, and whether somebody froze it.
//
// Its UID is the cluster's identity: nothing is written to another cluster than the one before, however it came to stand behind
// the same address. The annotation plumb.dev/freeze stops every delete and replace of every Plumb that writes to the cluster.
#pragma once

#include <functional>
#include <string>

#include "core/mutex.h"
#include "engine/kube/client.h"
#include "engine/plan/inventory.h"

namespace plumb {

struct ClusterState {
  std::string identity;  // UID of the kube-system Namespace; "" where it must not be read, or is not there
  std::string frozen;    // "frozen by the annotation ...: <its value>"; "" where not
};

// An answer may be younger than `max_age`; zero always asks. Errors: of the server, but for kDenied and kNotFound.
using ClusterStateLookup = std::function<Result<ClusterState>(Duration max_age)>;

// Thread-safe. The client must outlive it.
class ClusterProbe {
 public:
  explicit ClusterProbe(kube::Client& client, Clock& clock = Clock::Real()) : client_(client), clock_(clock) {}
  // Who comes while another waits for an answer takes that one, an error too.
  Result<ClusterState> Ask(Duration max_age);

 private:
  Result<ClusterState> Request();

  kube::Client& client_;
  Clock& clock_;
  Mutex asking_;  // held during a request; taken before mu_
  Mutex mu_;
  std::optional<ClusterState> known_ GUARDED_BY(mu_);
  TimePoint asked_ GUARDED_BY(mu_){};  // for `known_`
  std::optional<Result<ClusterState>> answer_ GUARDED_BY(mu_);  // the last, an error too
  uint64_t answers_ GUARDED_BY(mu_) = 0;
};

// Why an application must not write to this cluster; "" where it may. `expected` is what a person named
// (spec.target.identity), which also accepts a cluster that the record or the status does not know.
std::string WrongCluster(std::string_view cluster, const ClusterState& actual, const std::string& expected, const Inventory& inventory, const std::string& written_before);

}  // namespace plumb
