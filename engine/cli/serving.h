// What `plumb run` and `plumb controller` have in common: the loop's surroundings - timeline, metrics, git, helpers - and the
// HTTP endpoints beside it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/heap.h"
#include "engine/cli/flags.h"
#include "engine/cli/timeline.h"
#include "engine/kube/client.h"
#include "engine/loop/exec_functions.h"
#include "engine/loop/loop.h"
#include "engine/loop/resolvers.h"
#include "engine/server/server.h"

namespace plumb::cli {

// --listen, --write-address, --cache, those of remote bases, of the cluster and of the server check.
std::vector<Flag> ServingFlags();

// Outlives the loop that works with it.
class Serving {
 public:
  // `flags` outlive it.
  explicit Serving(const Flags& flags);

  kube::ClientOptions client_options();
  LoopContext context();  // without target_for
  Result<LoopOptions> loop_options();

  // Serves /metrics, probes, webhooks and the list of applications until this goes. Errors: of the flags; of the server.
  // `outstanding` are the requests that each cluster's server has not answered yet, `members` the replicas that share the work.
  Status Serve(Loop& loop, std::function<bool(std::string* why_not)> ready, std::function<std::map<std::string, size_t>()> outstanding,
               std::function<size_t()> members = [] { return size_t{0}; });
  // Starts what was made, waits for `stop` and ends it; first the endpoints, which ask it how it is. The exit code.
  int Run(const std::stop_token& stop, const std::function<void()>& start, const std::function<void()>& end);

 private:
  const Flags& flags_;
  Metrics metrics_;
  Timeline timeline_;
  GitOptions git_;
  std::unique_ptr<MirrorSweeper> sweeper_;
  ExecFunctions functions_;
  YamlCache yaml_;
  HeapTrimmer trimmer_;
  std::unique_ptr<OperationsServer> server_;
};

}  // namespace plumb::cli
