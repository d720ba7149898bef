// A kind of object as the API serves it, and where its objects are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/object.h"

namespace plumb::kube {

struct Resource {
  Gvk gvk;
  std::string plural;  // "deployments": the path's part
  bool namespaced = false;
  std::string singular;
  std::vector<std::string> verbs, short_names, categories, subresources;

  bool Can(std::string_view verb) const;
  // "/apis/apps/v1/namespaces/shop/deployments"; all namespaces where `ns` is "" or the kind has none.
  std::string CollectionPath(std::string_view ns) const;
};

// One object, or a subresource of it ("status", "scale").
struct ObjectRef {
  Resource resource;
  std::string ns;  // ignored for a kind without namespaces
  std::string name;
  std::string subresource;

  std::string Path() const;
  ObjectId id() const { return {resource.gvk.group, resource.gvk.kind, resource.namespaced ? ns : "", name}; }
};

// The resource of one of the kinds that every cluster serves since 1.16 and that Plumb itself needs before or without
// discovery: Namespace, ConfigMap, Secret, Event, Lease, CustomResourceDefinition. nullptr for any other.
const Resource* BuiltIn(std::string_view kind);

}  // namespace plumb::kube
