#include "plugins/kustomize/res_id.h"

#include <algorithm>
#include <iterator>

#include "plugins/kustomize/node.h"
#include "plugins/kustomize/sort_order.h"

namespace plumb::kustomize {
namespace {

std::string Or(const std::string& part, const char* otherwise) { return part.empty() ? otherwise : part; }

// What the names of a stable order sort by: "~" is after every letter, so that empty parts come last.
std::string SortText(const ResGvk& gvk) {
  return Or(gvk.group, "~G") + "_" + Or(gvk.version, "~V") + "_" + Or(gvk.kind, "~K");
}

}  // namespace

ResGvk ResGvk::FromApiVersion(std::string_view api_version, std::string_view kind) {
  ResGvk gvk;
  const size_t slash = api_version.find('/');
  if (slash != std::string_view::npos) gvk.group = api_version.substr(0, slash);
  gvk.version = slash == std::string_view::npos ? api_version : api_version.substr(slash + 1);
  gvk.kind = kind;
  return gvk;
}

ResGvk ResGvk::Of(Value object) {
  return FromApiVersion(ScalarText(object.Get("apiVersion")), ScalarText(object.Get("kind")));
}

bool ResGvk::IsSelected(const ResGvk& selector) const {
  return (selector.group.empty() || selector.group == group) &&
         (selector.version.empty() || selector.version == version) && (selector.kind.empty() || selector.kind == kind);
}

std::string ResGvk::ToString() const {
  return Or(kind, "[noKind]") + "." + Or(version, "[noVer]") + "." + Or(group, "[noGrp]");
}

bool GvkLess(const ResGvk& a, const ResGvk& b) {
  const int rank_a = DefaultKindRank(a.kind), rank_b = DefaultKindRank(b.kind);
  return rank_a != rank_b ? rank_a < rank_b : SortText(a) < SortText(b);
}

ResId ResId::Of(Value object) {
  ResId id;
  const std::string api_version = ScalarText(object.Get("apiVersion"));
  id.gvk = ResGvk::FromApiVersion(api_version, ScalarText(object.Get("kind")));
  id.name = ScalarText(object.Get("metadata").Get("name"));
  id.ns = ScalarText(object.Get("metadata").Get("namespace"));
  id.cluster_scoped = IsClusterScoped(api_version, id.gvk.kind);
  return id;
}

std::string_view ResId::EffectiveNamespace() const {
  if (cluster_scoped) return kNotANamespace;
  return ns.empty() ? std::string_view("default") : std::string_view(ns);
}

bool ResId::IsSelectedBy(const ResId& selector) const {
  return (selector.name.empty() || selector.name == name) && (selector.ns.empty() || selector.SameNamespace(*this)) &&
         gvk.IsSelected(selector.gvk);
}

std::string ResId::Key() const {
  std::string key;
  for (std::string_view part : {std::string_view(gvk.group), std::string_view(gvk.version), std::string_view(gvk.kind),
                                EffectiveNamespace(), std::string_view(name)}) {
    key += part;
    key += '\n';
  }
  return key;
}

std::string ResId::ToString() const {
  std::string text = Or(gvk.kind, "object");
  if (!gvk.group.empty()) text += "." + gvk.group;
  text += " '" + name + "'";
  if (!ns.empty() && !cluster_scoped) text += " in namespace '" + ns + "'";
  return text;
}

bool IsClusterScoped(std::string_view api_version, std::string_view kind) {
  const auto* end = kClusterScopedKinds + kClusterScopedKindCount;
  const std::string key = std::string(api_version) + " " + std::string(kind);
  return std::binary_search(kClusterScopedKinds, end, std::string_view(key));
}

}  // namespace plumb::kustomize
