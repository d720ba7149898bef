#include "engine/plan/contents.h"

#include <fmt/core.h>

#include <map>
#include <set>

namespace plumb {
namespace {

// Made by the cluster in every namespace, and made anew wherever they are missing. Source: kube-controller-manager 1.36
// (root-ca-cert-publisher, serviceaccount, token, endpoint, endpointslice controllers); OpenShift's service-ca.
bool IsFurniture(const ObjectId& id) {
  if (id.kind == "Event" || id.kind == "EndpointSlice" || id.kind == "Endpoints" || id.kind == "Lease") return true;
  if (id.group == "metrics.k8s.io") return true;
  if (id.kind == "ConfigMap") return id.name == "kube-root-ca.crt" || id.name == "openshift-service-ca.crt";
  if (id.kind == "ServiceAccount") return id.name == "default";
  return id.kind == "Secret" && id.name.starts_with("default-token-");
}

}  // namespace

Cascade JudgeContents(const Contents& contents, const Inventory& inventory, std::string_view applyset_id) {
  std::set<std::string_view> owned;  // UIDs
  for (const auto& [id, entry] : inventory.entries())
    if (!entry.uid.empty()) owned.insert(entry.uid);
  std::multimap<std::string_view, const ContainedObject*> children;
  for (const ContainedObject& object : contents.objects) {
    for (const std::string& owner : object.owners) children.emplace(owner, &object);
    if (object.part_of == applyset_id && inventory.Find(object.id)) owned.insert(object.uid);
  }
  // Down the owner references. Owners need not be in the list themselves (a cluster-scoped one, one of another namespace's list).
  std::vector<std::string_view> roots(owned.begin(), owned.end());
  while (!roots.empty()) {
    const std::string_view uid = roots.back();
    roots.pop_back();
    const auto [from, to] = children.equal_range(uid);
    for (auto at = from; at != to; ++at)
      if (owned.insert(at->second->uid).second) roots.push_back(at->second->uid);
  }
  Cascade cascade;
  for (const ContainedObject& object : contents.objects) {
    if (owned.contains(object.uid)) cascade.dragged.push_back(object.id);
    else if (!IsFurniture(object.id)) cascade.foreign.push_back(object.id);
  }
  return cascade;
}

bool HasContents(const ObjectId& id) {
  return (id.group.empty() && id.kind == "Namespace") || (id.group == "apiextensions.k8s.io" && id.kind == "CustomResourceDefinition");
}

std::string NameSome(const std::vector<ObjectId>& ids, size_t most) {
  std::string names;
  for (size_t i = 0; i < ids.size() && i < most; ++i) names += (i ? ", " : "") + ids[i].ToString();
  return ids.size() > most ? fmt::format("{} and {} more", names, ids.size() - most) : names;
}

}  // namespace plumb
