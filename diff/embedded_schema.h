// The built-in kinds of Kubernetes that the program carries: their schema and how they are served. For work without a
// cluster (render, offline diff, the sandbox), and for what every cluster has in common.
//
// Source: diff/tables/kubernetes.txt, written by scripts/gen-schema.py from a kube-apiserver and the Go types of its API. All functions are thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/object.h"
#include "diff/schema.h"

namespace plumb {

struct EmbeddedSubresource {
  std::string name;  // "status", "scale", "eviction"
  Gvk gvk;           // of its body: autoscaling/v1 Scale for "scale"
  std::vector<std::string> verbs;
};

struct EmbeddedResource {
  Gvk gvk;
  std::string plural, singular;
  std::vector<std::string> short_names, categories, verbs;
  std::vector<EmbeddedSubresource> subresources;
  bool namespaced = false;
  bool preview = false;  // an alpha or beta version: a server does not serve it unless told to
};

// The schema of every kind below. Loading costs some 50 us, then each kind is compiled when first asked for.
SchemaPtr EmbeddedSchema();

// All resources in the server's discovery order: the core group first, versions of a group by preference.
const std::vector<EmbeddedResource>& EmbeddedResources();

// The resource of a kind; nullptr where it is not a built-in one.
const EmbeddedResource* FindEmbeddedResource(const Gvk& gvk);

// The JSON schema of a definition, without descriptions; $refs are bare names. Null where there is none.
Value EmbeddedDefinition(std::string_view name);
// What the table says of the Go type behind a definition, for diff/go_type.h; "" where it has none.
std::string_view EmbeddedGoType(std::string_view name);
// "1.36.3": the release that the table was read from.
std::string_view EmbeddedVersion();

}  // namespace plumb
