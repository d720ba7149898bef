// The end of a kubelet's work, for a real control plane without nodes: the pods of Jobs end a moment after they are made. Those of
// an image that ends in ":fails" fail, those in ":broken" never start (as in the sandbox), all others succeed.
#pragma once

#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/harness.h"

namespace plumb::e2e {

class PodEnds {
 public:
  // Works until this goes; a server that is away is asked again.
  explicit PodEnds(const TestCluster& cluster);

 private:
  void Work(const std::stop_token& stop) const;
  const std::string server_;
  const std::vector<std::string> curl_;
  std::jthread thread_;
};

}  // namespace plumb::e2e
