// What one build shares: the memory of its trees, what it may read and how much, and what it has to say.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/arena.h"
#include "core/tree.h"
#include "plugins/kustomize/patch_schema.h"
#include "plugins/renderer.h"

namespace plumb::kustomize {

// Bases and files elsewhere ("https://...", "git@..."): fetched by whoever starts the build, never by the build.
class RemoteBases {
 public:
  virtual ~RemoteBases() = default;
  struct Base {
    std::shared_ptr<const Tree> tree;
    std::string path;  // of the directory in the tree
  };
  // Errors: those of the source; kDenied where the host is not allowed.
  virtual Result<Base> Open(std::string_view url) = 0;
  virtual Result<std::string> ReadFile(std::string_view url) = 0;
};

struct Build {
  std::shared_ptr<Arena> arena = std::make_shared<Arena>();
  RenderLimits limits;
  bool root_only = true;            // files may only come from the kustomization's directory or below
  RemoteBases* remote = nullptr;    // null: remote bases are refused
  std::shared_ptr<const PatchSchema> schema = PatchSchema::Builtin();
  bool schema_is_set = false;       // by the `openapi` of a kustomization: the first one counts
  size_t files = 0, bytes = 0, objects = 0;
  std::vector<std::string> warnings;
};

}  // namespace plumb::kustomize
