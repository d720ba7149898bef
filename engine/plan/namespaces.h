// The namespace of every manifest, decided by what the cluster (and the CRDs among the manifests) say of its kind.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/object.h"

namespace plumb {

enum class Scope : uint8_t { kNamespaced, kCluster };

// What discovery says; nullopt where the kind is not known (or its group could not be asked: the caller knows which).
using ScopeLookup = std::function<std::optional<Scope>(const Gvk& gvk)>;

struct UnknownKind {
  size_t manifest = 0;  // index in `manifests`
  std::string reason;   // "kind 'Foo' of 'x.io/v1' is not known to the cluster, and no CRD among the manifests defines it"
};

struct NamespacedManifests {
  std::vector<Manifest> manifests;    // the same, in the same order, with metadata.namespace set or removed
  std::vector<UnknownKind> unknown;   // their namespace is left as written
  std::vector<std::string> warnings;  // "crb.yaml:3: ClusterRole view is cluster-scoped; its namespace 'shop' is dropped"
};

// Namespaced kinds without a namespace get `default_namespace` (never ""); cluster-scoped kinds lose theirs, with a
// warning. Scopes come from `scope_of`, then from CRDs among the manifests; without a `scope_of` (nullptr: no cluster to
// ask) the built-in kinds of Kubernetes 1.36 stand in for it.
// Unchanged manifests share their documents with the input. Never fails.
NamespacedManifests DefaultNamespaces(std::vector<Manifest> manifests, const ScopeLookup& scope_of, std::string_view default_namespace);

}  // namespace plumb
