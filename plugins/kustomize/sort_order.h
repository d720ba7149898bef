// The order of the output: Kustomize's "legacy" order (namespaces and definitions first, webhooks last) or first-in
// first-out, and the kinds' ranks behind it. Source: Kustomize 5.5, SortOrderTransformer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "plugins/kustomize/res_map.h"

namespace plumb::kustomize {

struct SortOptions {
  std::string order;  // "legacy" or "fifo"
  struct Kinds {
    std::vector<std::string> first, last;
  };
  std::optional<Kinds> legacy;  // instead of the default ranks
};

// Negative for kinds that come first, 0 for the many, positive for those that come last.
int DefaultKindRank(std::string_view kind);

// Errors: kInvalid for an order that is neither, or ranks without the legacy order.
Status SortResources(ResMap& map, const SortOptions& options);

}  // namespace plumb::kustomize
