#include "engine/kube/resource.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/http/message.h"

namespace plumb::kube {
namespace {

Resource Make(Gvk gvk, std::string plural, bool namespaced) {
  Resource out;
  out.gvk = std::move(gvk);
  out.plural = std::move(plural);
  out.namespaced = namespaced;
  out.verbs = {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"};
  return out;
}

}  // namespace

bool Resource::Can(std::string_view verb) const { return std::ranges::find(verbs, verb) != verbs.end(); }

std::string Resource::CollectionPath(std::string_view ns) const {
  std::string path = gvk.group.empty() ? "/api/" + gvk.version : fmt::format("/apis/{}/{}", gvk.group, gvk.version);
  if (namespaced && !ns.empty()) path += "/namespaces/" + http::PercentEncode(ns);
  return path + "/" + plural;
}

std::string ObjectRef::Path() const {
  std::string path = resource.CollectionPath(ns) + "/" + http::PercentEncode(name);
  if (!subresource.empty()) path += "/" + subresource;
  return path;
}

const Resource* BuiltIn(std::string_view kind) {
  static const Resource kResources[] = {
      Make({"", "v1", "Namespace"}, "namespaces", false),
      Make({"", "v1", "ConfigMap"}, "configmaps", true),
      Make({"", "v1", "Secret"}, "secrets", true),
      Make({"", "v1", "Event"}, "events", true),
      Make({"coordination.k8s.io", "v1", "Lease"}, "leases", true),
      Make({"apiextensions.k8s.io", "v1", "CustomResourceDefinition"}, "customresourcedefinitions", false),
  };
  const auto* found = std::ranges::find(kResources, kind, [](const Resource& r) -> std::string_view { return r.gvk.kind; });
  return found == std::end(kResources) ? nullptr : found;
}

}  // namespace plumb::kube
