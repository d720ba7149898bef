// How Kustomize names an object while it builds: group, version, kind, name and namespace, and when two such names
// are the same or one selects the other. Source: Kustomize 5.5, kyaml resid.
//
// Plain values; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "core/value.h"

namespace plumb::kustomize {

// A group, version and kind; as a selector, an empty part matches anything.
struct ResGvk {
  std::string group, version, kind;

  static ResGvk Of(Value object);
  static ResGvk FromApiVersion(std::string_view api_version, std::string_view kind);
  std::string ApiVersion() const { return group.empty() ? version : group + "/" + version; }
  bool IsSelected(const ResGvk& selector) const;
  bool operator==(const ResGvk&) const = default;
  // "Deployment.v1.apps", with [noGrp] and the like for empty parts.
  std::string ToString() const;
};

// Order of transformer configurations: kinds that others depend on first, then by group, version and kind.
bool GvkLess(const ResGvk& a, const ResGvk& b);

struct ResId {
  ResGvk gvk;
  std::string name, ns;
  bool cluster_scoped = false;  // known to have no namespace (cluster_scope_table.cc)

  static ResId Of(Value object);
  // A cluster-scoped object is in a namespace of its own; none and "default" are the same namespace.
  std::string_view EffectiveNamespace() const;
  bool SameNamespace(const ResId& other) const { return EffectiveNamespace() == other.EffectiveNamespace(); }
  bool SameGvkAndName(const ResId& other) const { return name == other.name && gvk == other.gvk; }
  bool Same(const ResId& other) const { return SameNamespace(other) && SameGvkAndName(other); }
  // Empty parts of the selector match anything.
  bool IsSelectedBy(const ResId& selector) const;
  bool empty() const { return gvk == ResGvk() && name.empty() && ns.empty(); }
  // One text for every pair of ids that are Same.
  std::string Key() const;
  // "Deployment web in namespace shop": as messages name it.
  std::string ToString() const;
};

inline constexpr std::string_view kNotANamespace = "_non_namespaceable_";

bool IsClusterScoped(std::string_view api_version, std::string_view kind);

// Defined by cluster_scope_table.cc, sorted.
extern const std::string_view kClusterScopedKinds[];
extern const size_t kClusterScopedKindCount;

}  // namespace plumb::kustomize
