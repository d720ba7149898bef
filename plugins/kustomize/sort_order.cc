#include "plugins/kustomize/sort_order.h"

#include <algorithm>
#include <unordered_map>

namespace plumb::kustomize {
namespace {

constexpr std::string_view kFirst[] = {
    "Namespace",          "ResourceQuota",      "StorageClass",  "CustomResourceDefinition",
    "ServiceAccount",     "PodSecurityPolicy",  "Role",          "ClusterRole",
    "RoleBinding",        "ClusterRoleBinding", "ConfigMap",     "Secret",
    "Endpoints",          "Service",            "LimitRange",    "PriorityClass",
    "PersistentVolume",   "PersistentVolumeClaim", "Deployment", "StatefulSet",
    "CronJob",            "PodDisruptionBudget",
};
constexpr std::string_view kLast[] = {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"};

using Ranks = std::unordered_map<std::string, int>;

template <typename First, typename Last>
Ranks MakeRanks(const First& first, const Last& last) {
  Ranks ranks;
  int rank = -static_cast<int>(std::size(first));
  for (const auto& kind : first) ranks[std::string(kind)] = rank++;
  rank = 1;
  for (const auto& kind : last) ranks[std::string(kind)] = rank++;
  return ranks;
}

int RankOf(const Ranks& ranks, const std::string& kind) {
  const auto found = ranks.find(kind);
  return found == ranks.end() ? 0 : found->second;
}

std::string Or(const std::string& part, const char* otherwise) { return part.empty() ? otherwise : part; }

struct SortKey {
  int rank;
  bool namespace_kind;
  std::string gvk, id;
  size_t index;
};

SortKey KeyOf(const ResId& id, const Ranks& ranks, size_t index) {
  return {.rank = RankOf(ranks, id.gvk.kind),
          .namespace_kind = id.gvk.kind == "Namespace",
          .gvk = Or(id.gvk.group, "~G") + "_" + Or(id.gvk.version, "~V") + "_" + Or(id.gvk.kind, "~K"),
          .id = id.gvk.ToString() + "|" + Or(id.ns, "~X") + "|" + Or(id.name, "~N"),
          .index = index};
}

bool Less(const SortKey& a, const SortKey& b) {
  if (a.rank != b.rank) return a.rank < b.rank;
  if (a.gvk != b.gvk) {
    // The core Namespace ("~G_...") goes before kinds of the same name in other groups, against the usual order.
    const bool core_namespace = a.namespace_kind && b.namespace_kind && (a.gvk.starts_with("~G") || b.gvk.starts_with("~G"));
    return core_namespace ? a.gvk > b.gvk : a.gvk < b.gvk;
  }
  return a.id < b.id;
}

}  // namespace

int DefaultKindRank(std::string_view kind) {
  static const Ranks ranks = MakeRanks(kFirst, kLast);
  return RankOf(ranks, std::string(kind));
}

Status SortResources(ResMap& map, const SortOptions& options) {
  if (options.order != "legacy" && options.order != "fifo")
    return Invalid("'order' is '" + options.order + "': use 'legacy' or 'fifo'");
  if (options.order == "fifo") {
    if (options.legacy) return Invalid("'legacySortOptions' needs 'order: legacy'");
    return Ok();
  }
  const Ranks ranks = options.legacy ? MakeRanks(options.legacy->first, options.legacy->last) : MakeRanks(kFirst, kLast);
  std::vector<SortKey> keys;
  keys.reserve(map.size());
  for (size_t i = 0; i < map.size(); ++i) keys.push_back(KeyOf(map[i].CurrentId(), ranks, i));
  std::stable_sort(keys.begin(), keys.end(), Less);
  std::vector<size_t> order;
  order.reserve(keys.size());
  for (const SortKey& key : keys) order.push_back(key.index);
  return map.Reorder(order);
}

}  // namespace plumb::kustomize
