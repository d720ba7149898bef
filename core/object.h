// What identifies a Kubernetes object, and a manifest: a desired object with where it came from.
#pragma once

#include <compare>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/result.h"

namespace plumb {

struct Gvk {
  std::string group, version, kind;  // group "" is the core group

  std::string ApiVersion() const { return group.empty() ? version : group + "/" + version; }
  auto operator<=>(const Gvk&) const = default;
};

Gvk GvkOf(Value object);  // from apiVersion and kind; empty parts where they are absent
Gvk MakeGvk(std::string_view api_version, std::string_view kind);

// An object's identity across versions of its API: group, kind, namespace and name.
struct ObjectId {
  std::string group, kind, ns, name;  // ns "" for a cluster-scoped object

  // "Deployment shop/web", "Namespace shop", "Certificate.cert-manager.io shop/tls": as messages name it.
  std::string ToString() const;
  auto operator<=>(const ObjectId&) const = default;
};

ObjectId IdOf(Value object);

// Where a manifest was written.
struct Origin {
  std::string file;    // relative to the tree's root; "" where made by Plumb
  int document = 0;    // index of the (non-empty) document in the file, from 0
  int line = 0;        // of the document's first line, 1-based; 0 unknown

  std::string ToString() const;  // "deploy/web.yaml:14"
};

struct Manifest {
  Document object;
  Origin origin;

  Value root() const { return object.root(); }
};

// Checks what every object needs: apiVersion, kind, metadata.name (or generateName) strings of the right shape; labels
// and annotations maps of strings. Errors: kInvalid, naming the field and what was expected.
Status CheckManifest(Value object);

}  // namespace plumb
template <>
struct std::hash<plumb::ObjectId> {
  size_t operator()(const plumb::ObjectId& id) const {
    size_t h = 0;
    for (const std::string* part : {&id.group, &id.kind, &id.ns, &id.name}) h = h * 1000003 ^ std::hash<std::string>()(*part);
    return h;
  }
};
