// Several GETs side by side, waited for together.
#pragma once

#include <string>
#include <vector>

#include "engine/kube/client.h"

namespace plumb::kube {

// One result for each target, in order. Blocks.
std::vector<Result<http::Response>> FetchAll(Client& client, const std::vector<std::string>& targets, const std::string& accept);

}  // namespace plumb::kube
