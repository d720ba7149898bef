// What every renderer is: a pure function from a tree of files and options to manifests.
//
// Renderers read only through the Tree handed to them, see no cluster and keep no state: thread-safe by construction.
#pragma once

#include <string>
#include <vector>

#include "core/object.h"
#include "core/tree.h"
#include "core/yaml_cache.h"

namespace plumb {

struct RenderLimits {
  size_t files = 100'000;
  size_t file_bytes = 64u << 20;
  size_t total_bytes = 512u << 20;
  size_t objects = 100'000;
  size_t memory_bytes = size_t{2} << 30;  // of what a renderer makes beside what it reads (kustomize)
};

struct RenderRequest {
  const Tree* tree = nullptr;  // never null
  std::string path;            // the directory (or, for plain, a file) in the tree
  Document options;            // the application's `spec.sources[].plain|kustomize|helm|...` map, or null
  RenderLimits limits;
  YamlCache* yaml = nullptr;   // of files that were parsed before, by whatever render; makes no difference but in time
};

struct Rendered {
  std::vector<Manifest> manifests;    // in the renderer's order
  std::vector<std::string> warnings;  // "deploy/web.yaml:7: key 'selector' given twice; the last one counts"
};

}  // namespace plumb
