// What one build shares: the memory of its trees, what it may read and how much, and what it has to say.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/arena.h"
#include "core/tree.h"
#include "plugins/kustomize/as_written.h"
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

// Runs programs of the source that generate or transform objects: on behalf of whoever starts the build.
class FunctionRunner {
 public:
  virtual ~FunctionRunner() = default;
  struct Program {
    std::string path;  // relative to the kustomization's directory
    std::vector<std::string> args{};
  };
  struct Call {
    const Tree* tree = nullptr;  // never null
    std::string directory;       // of the kustomization, in the tree
    Program program;
    std::string input;           // a ResourceList in YAML
  };
  // Its standard output.
  virtual Result<std::string> Run(const Call& call) = 0;
};

// What a build may do beyond reading its tree; nothing where null.
struct Helpers {
  RemoteBases* remote = nullptr;         // bases and files elsewhere
  FunctionRunner* functions = nullptr;   // programs of the source
};

class Trace;

struct Build {
  std::shared_ptr<Arena> arena = std::make_shared<Arena>();
  RenderLimits limits;
  YamlCache* yaml = nullptr;        // may be null
  bool root_only = true;            // files may only come from the kustomization's directory or below
  RemoteBases* remote = nullptr;    // null: remote bases are refused
  FunctionRunner* functions = nullptr;  // null: functions are refused
  Trace* trace = nullptr;           // remembers every step where somebody wants to know (trace.h)
  std::shared_ptr<const PatchSchema> schema = PatchSchema::Builtin();
  bool schema_in_use = false;       // somebody asked it: a base's own `openapi` adds to it, and replaces it otherwise
  bool schema_is_set = false;       // by the `openapi` of a kustomization: the first one counts
  size_t files = 0, bytes = 0, objects = 0;
  SettleLimits settle;
  std::vector<std::string> warnings;
};

}  // namespace plumb::kustomize
