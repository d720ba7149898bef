// Where objects came from and what changed them, as annotations: the `originAnnotations` and `transformerAnnotations`
// of `buildMetadata`. Source: Kustomize 5.5, api/resource/origin.
#pragma once

#include <string>

#include "plugins/kustomize/res_map.h"

namespace plumb::kustomize {

struct Provenance {
  std::string path;           // of the file an object was read from; or
  std::string configured_in;  // of the kustomization that configured what made or changed it, and
  std::string api_version, kind, name, ns;  // what that was

  // YAML, as the annotation holds it.
  std::string ToText() const;
};

// Sets the origin of an object; one that has an origin keeps it unless `overwrite`.
void AddOrigin(Arena& arena, Resource& resource, const Provenance& from, bool overwrite);
// Notes that something ran over all objects; those without an origin were made by it.
void AddTransformation(Arena& arena, ResMap& map, const Provenance& by);

// Read back from a plugin's own origin annotation: where its configuration stands. False where it has none.
bool ProvenanceOfPlugin(const Resource& config, Provenance* out);

}  // namespace plumb::kustomize
