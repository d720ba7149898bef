#include "engine/loop/other_applications.h"

#include <fmt/core.h>

namespace plumb {

OtherApplicationLookup OtherApplicationsOf(kube::Client& client) {
  return [&client](const std::string& applyset_id) -> Result<OtherApplication> {
    kube::ListOptions options;
    options.label_selector = fmt::format("applyset.kubernetes.io/id={}", applyset_id);
    PLUMB_TRY(records, client.List(*kube::BuiltIn("ConfigMap"), options));
    OtherApplication other;
    if (records.items.empty()) return other;
    PLUMB_TRY(inventory, Inventory::Parse(records.items.front().root()));
    other.name = inventory.record().ns + "/" + inventory.application();
    for (const auto& [id, entry] : inventory.entries())
      if (!entry.pending) other.owned.insert(id);
    return other;
  };
}

}  // namespace plumb
