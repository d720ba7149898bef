#include "engine/plan/namespaces.h"

#include <algorithm>
#include <map>

#include <fmt/core.h>

#include "core/edit.h"

namespace plumb {
namespace {

struct GroupKind {
  std::string_view group, kind;
  auto operator<=>(const GroupKind&) const = default;
};

// Source: `kubectl api-resources --namespaced=false` of Kubernetes 1.36.
constexpr GroupKind kClusterScoped[] = {
    {"", "ComponentStatus"},
    {"", "Namespace"},
    {"", "Node"},
    {"", "PersistentVolume"},
    {"admissionregistration.k8s.io", "MutatingAdmissionPolicy"},
    {"admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"},
    {"admissionregistration.k8s.io", "MutatingWebhookConfiguration"},
    {"admissionregistration.k8s.io", "ValidatingAdmissionPolicy"},
    {"admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"},
    {"admissionregistration.k8s.io", "ValidatingWebhookConfiguration"},
    {"apiextensions.k8s.io", "CustomResourceDefinition"},
    {"apiregistration.k8s.io", "APIService"},
    {"certificates.k8s.io", "CertificateSigningRequest"},
    {"certificates.k8s.io", "ClusterTrustBundle"},
    {"flowcontrol.apiserver.k8s.io", "FlowSchema"},
    {"flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"},
    {"networking.k8s.io", "IPAddress"},
    {"networking.k8s.io", "IngressClass"},
    {"networking.k8s.io", "ServiceCIDR"},
    {"node.k8s.io", "RuntimeClass"},
    {"rbac.authorization.k8s.io", "ClusterRole"},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding"},
    {"resource.k8s.io", "DeviceClass"},
    {"resource.k8s.io", "ResourceSlice"},
    {"scheduling.k8s.io", "PriorityClass"},
    {"storage.k8s.io", "CSIDriver"},
    {"storage.k8s.io", "CSINode"},
    {"storage.k8s.io", "StorageClass"},
    {"storage.k8s.io", "VolumeAttachment"},
    {"storage.k8s.io", "VolumeAttributesClass"},
};
constexpr std::string_view kBuiltInGroups[] = {
    "", "admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io", "apps", "authentication.k8s.io",
    "authorization.k8s.io", "autoscaling", "batch", "certificates.k8s.io", "coordination.k8s.io", "discovery.k8s.io", "events.k8s.io",
    "flowcontrol.apiserver.k8s.io", "networking.k8s.io", "node.k8s.io", "policy", "rbac.authorization.k8s.io", "resource.k8s.io",
    "scheduling.k8s.io", "storage.k8s.io",
};

std::optional<Scope> BuiltInScope(const Gvk& gvk) {
  if (std::ranges::find(kBuiltInGroups, gvk.group) == std::end(kBuiltInGroups)) return std::nullopt;
  const bool cluster = std::ranges::find(kClusterScoped, GroupKind{gvk.group, gvk.kind}) != std::end(kClusterScoped);
  return cluster ? Scope::kCluster : Scope::kNamespaced;
}

using CrdScopes = std::map<std::pair<std::string, std::string>, Scope>;

CrdScopes ScopesOfCrds(const std::vector<Manifest>& manifests) {
  CrdScopes scopes;
  for (const Manifest& manifest : manifests) {
    const Value crd = manifest.root();
    if (crd.GetString("kind") != "CustomResourceDefinition") continue;
    const Value spec = crd.Get("spec");
    const Scope scope = spec.GetString("scope") == "Cluster" ? Scope::kCluster : Scope::kNamespaced;
    scopes.insert_or_assign({std::string(spec.GetString("group")), std::string(GetAt(spec, {"names", "kind"}).AsString())}, scope);
  }
  return scopes;
}

template <typename Edit>
Document Changed(const Document& object, Edit&& edit) {
  return BuildDocument([&](Arena& arena) { return edit(arena, arena.Adopt(object)); });
}

}  // namespace

NamespacedManifests DefaultNamespaces(std::vector<Manifest> manifests, const ScopeLookup& scope_of, std::string_view default_namespace) {
  NamespacedManifests out;
  const CrdScopes crds = ScopesOfCrds(manifests);
  for (size_t i = 0; i < manifests.size(); ++i) {
    Manifest& manifest = manifests[i];
    const Gvk gvk = GvkOf(manifest.root());
    std::optional<Scope> scope = scope_of ? scope_of(gvk) : BuiltInScope(gvk);
    if (!scope)
      if (const auto it = crds.find({gvk.group, gvk.kind}); it != crds.end()) scope = it->second;
    if (!scope) {
      out.unknown.push_back({i, fmt::format("kind '{}' of '{}' is not known to the cluster, and no CustomResourceDefinition among the "
                                            "manifests defines it", gvk.kind, gvk.ApiVersion())});
      continue;
    }
    const std::string_view written = manifest.root().Get("metadata").GetString("namespace");
    const bool has = manifest.root().Get("metadata").Has("namespace");
    if (*scope == Scope::kNamespaced && written.empty()) {
      manifest.object = Changed(manifest.object, [&](Arena& arena, Value root) {
        return WithAt(arena, root, {"metadata", "namespace"}, arena.String(default_namespace));
      });
    } else if (*scope == Scope::kCluster && has) {
      if (!written.empty())
        out.warnings.push_back(fmt::format("{}: {} {} is cluster-scoped; its namespace '{}' is dropped", manifest.origin.ToString(), gvk.kind,
                                           manifest.root().Get("metadata").GetString("name"), written));
      manifest.object = Changed(manifest.object, [](Arena& arena, Value root) { return WithoutAt(arena, root, {"metadata", "namespace"}); });
    }
  }
  out.manifests = std::move(manifests);
  return out;
}

}  // namespace plumb
