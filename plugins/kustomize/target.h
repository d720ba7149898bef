// One kustomization directory: reads it and everything it builds on, and accumulates its objects.
//
// Order (Kustomize 5.5, accumulateTarget): resources depth first, configurations, crds, generators, components,
// built-in transformers, other transformers, validators, variables. What a build does once, at the end, is in render.cc.
#pragma once

#include <memory>
#include <string>

#include "plugins/kustomize/build.h"
#include "plugins/kustomize/kustomization.h"
#include "plugins/kustomize/loader.h"
#include "plugins/kustomize/res_map.h"
#include "plugins/kustomize/trace.h"
#include "plugins/kustomize/tracking.h"
#include "plugins/kustomize/vars.h"

namespace plumb::kustomize {

struct Accumulator {
  ResMap map;
  std::shared_ptr<const TransformerConfig> config;  // null: empty
  Variables variables;

  Status MergeConfig(std::shared_ptr<const TransformerConfig> other);
  Status MergeWith(Accumulator other);
};

class Target {
 public:
  // Reads the directory's kustomization file. Errors: kInvalid for none, several, or a bad one.
  static Result<Target> Load(Build& build, Loader loader);

  Kustomization& kustomization() { return kustomization_; }
  // What to build; `loader` moves with it. Errors: all that a kustomization can have, with its directory in front.
  Result<Accumulator> Accumulate();

  std::string File() const { return loader_.Name(file_name_); }  // from the tree's root
  // "base/kustomization.yaml:7": where a field, or its i-th entry, stands; or that the application's options have it.
  std::string At(const std::string& field, size_t i = 0) const;

  // Takes the schema that `openapi` names into use. `reset`: also where an earlier one is set.
  Status SetSchema(bool reset);
  // Notes origins and transformations; `path` is that of the directory from the built one.
  void Track(std::string path) {
    tracking_ = true;
    origin_path_ = std::move(path);
  }

 private:
  Target(Build& build, Loader loader) : build_(build), loader_(std::move(loader)) {}

  Status Accumulate(Accumulator& into);
  // `field` is that of the kustomization which has the paths, for errors.
  Status AddResources(Accumulator& into, const std::vector<std::string>& paths, const char* field);
  Status AddFile(Accumulator& into, const std::string& path);
  Status AddDirectory(Accumulator& into, const std::string& path, bool component);
  // `error` with the nearest name that there is, where nothing is at `path`.
  Error WithNearest(Error error, const std::string& path) const;
  Status AddConfigurations(Accumulator& into);
  Status Generate(Accumulator& into);
  Status Transform(Accumulator& into);
  Status Validate(Accumulator& into);
  Result<ResMap> LoadPlugins(const std::vector<std::string>& entries, const char* field);

  // Tells the build's trace what `field` of this kustomization did; `source` is a file that it names, relative to this.
  void Note(ResMap& map, std::string field, const std::string& source = "") const;
  bool IsOption(std::string_view field, size_t i) const;
  Provenance Self(std::string kind) const;
  std::string OriginOf(const std::string& path) const;

  Build& build_;
  Loader loader_;
  std::string file_name_, text_;
  Kustomization kustomization_;
  bool tracking_ = false;
  std::string origin_path_;
};

}  // namespace plumb::kustomize
