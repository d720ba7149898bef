// What is in every namespace, what goes with one that is deleted, and the objects of a custom kind that goes.
#include <fmt/core.h>

#include "core/json.h"
#include "engine/sandbox/controllers/support.h"

namespace plumb::sandbox {

namespace {

// Empties a namespace that is being deleted, then lets it go.
std::optional<Duration> ReconcileNamespace(ControlState& state, const StoreKey& key) {
  Cluster& cluster = state.cluster;
  const Document ns = cluster.Find(key);
  if (ns->is_null() || !Terminating(*ns)) return std::nullopt;
  const auto kinds = cluster.kinds();
  size_t left = 0;
  for (const std::string& resource : cluster.StoredResources()) {
    const Resource* r = kinds->registry->FindStored(resource);
    if (!r || !r->namespaced) continue;
    for (const Document& object : cluster.All(resource, key.name)) {
      if (!Terminating(*object)) DeleteObject(cluster, KeyOf(resource, *object), *object);
      left += !cluster.Find(KeyOf(resource, *object))->is_null();
    }
  }
  if (left == 0)
    ChangeObject(cluster, key, "finalize", [](Arena& a, Value now) { return WithoutAt(a, now, {"spec", "finalizers"}); });
  return std::nullopt;
}

std::optional<Duration> ReconcileContent(ControlState& state, const StoreKey& key) {
  Cluster& cluster = state.cluster;
  const Document ns = cluster.Find(key);
  if (ns->is_null() || Terminating(*ns)) return std::nullopt;
  if (cluster.Find({"serviceaccounts", key.name, "default"})->is_null())
    CreateObject(cluster, "serviceaccounts", key.name, *ParseJson(R"({"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}})"));
  if (cluster.Find({"configmaps", key.name, "kube-root-ca.crt"})->is_null())
    CreateObject(cluster, "configmaps", key.name, *ParseJson(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kube-root-ca.crt",
        "annotations":{"kubernetes.io/description":"Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."}},
        "data":{"ca.crt":""}})"));
  return std::nullopt;
}

constexpr std::string_view kCrds = "customresourcedefinitions.apiextensions.k8s.io", kCleanup = "customresourcecleanup.apiextensions.k8s.io";

// A definition that is being deleted takes its objects along first.
std::optional<Duration> ReconcileDefinition(ControlState& state, const StoreKey& key) {
  Cluster& cluster = state.cluster;
  const Document crd = cluster.Find(key);
  if (crd->is_null() || !Terminating(*crd)) return std::nullopt;
  const std::vector<Document> objects = cluster.All(key.name, "");  // a CRD's name is its resource's in the store
  for (const Document& object : objects)
    if (!Terminating(*object)) DeleteObject(cluster, KeyOf(key.name, *object), *object);
  if (!cluster.All(key.name, "").empty()) return std::nullopt;
  ChangeObject(cluster, key, "", [](Arena& a, Value now) {
    std::vector<Value> rest;
    for (Value f : GetAt(now, {"metadata", "finalizers"}).items())
      if (f.AsString() != kCleanup) rest.push_back(f);
    return WithAt(a, now, {"metadata", "finalizers"}, a.List(rest));
  });
  return std::nullopt;
}

}  // namespace

Controller NamespaceController() {
  return {"namespace",
          [](const ControlState&, const Change& change, const std::function<void(const StoreKey&)>& enqueue) {
            if (change.key.resource == "namespaces" && Terminating(*change.object)) enqueue(change.key);
            if (change.type == Change::Type::kDeleted && !change.key.ns.empty()) enqueue({"namespaces", "", change.key.ns});
          },
          ReconcileNamespace};
}

Controller NamespaceContentController() {
  return {"namespace-content",
          [](const ControlState&, const Change& change, const std::function<void(const StoreKey&)>& enqueue) {
            if (change.key.resource == "namespaces" && change.type == Change::Type::kAdded) enqueue(change.key);
            if (change.type == Change::Type::kDeleted && (change.key.name == "default" || change.key.name == "kube-root-ca.crt") && !change.key.ns.empty())
              enqueue({"namespaces", "", change.key.ns});
          },
          ReconcileContent};
}

Controller DefinitionController() {
  return {"definition",
          [](const ControlState& state, const Change& change, const std::function<void(const StoreKey&)>& enqueue) {
            if (change.key.resource == kCrds && Terminating(*change.object)) enqueue(change.key);
            if (change.type == Change::Type::kDeleted && !state.cluster.Find({std::string(kCrds), "", change.key.resource})->is_null())
              enqueue({std::string(kCrds), "", change.key.resource});
          },
          ReconcileDefinition};
}

}  // namespace plumb::sandbox
