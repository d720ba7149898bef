#include "engine/loop/other_applications.h"

#include <fmt/core.h>

namespace plumb {

OtherApplicationLookup OtherApplicationsOf(kube::Client& client, std::vector<std::string> namespaces) {
  return [&client, namespaces = std::move(namespaces)](const std::string& applyset_id) -> Result<OtherApplication> {
    kube::ListOptions options;
    options.label_selector = fmt::format("applyset.kubernetes.io/id={}", applyset_id);
    auto records = client.List(*kube::BuiltIn("ConfigMap"), options);
    for (size_t i = 0; i < namespaces.size() && !records.ok() && records.error().code() == Code::kDenied; ++i) {
      options.ns = namespaces[i];
      if (auto some = client.List(*kube::BuiltIn("ConfigMap"), options); some.ok() && !some->items.empty()) records = std::move(some);
    }
    if (!records.ok()) return std::move(records).error();
    OtherApplication other;
    if (records->items.empty()) return other;
    PLUMB_TRY(inventory, Inventory::Parse(records->items.front().root()));
    other.name = inventory.record().ns + "/" + inventory.application();
    for (const auto& [id, entry] : inventory.entries())
      if (!entry.pending) other.owned.insert(id);
    return other;
  };
}

}  // namespace plumb
