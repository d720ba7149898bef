// The application's options of the Kustomize renderer, and how they add to a kustomization: as `kustomize edit` would, which
// is how Argo CD does it; an image that is a map is completed field by field, as Flux does it.
#pragma once

#include "core/result.h"
#include "plugins/kustomize/kustomization.h"
#include "plugins/kustomize/post_build.h"

namespace plumb::kustomize {

struct ImageOption {
  ImageArgs image;
  bool is_text = false;  // "name=registry/name:tag": takes the place of the directory's, but for parts that are "*"
};

struct Options {
  std::string name_prefix, name_suffix, ns;
  std::vector<ImageOption> images;
  std::vector<ReplicaArgs> replicas;
  std::vector<LabelArgs> labels;
  Labels common_labels, common_annotations;
  std::vector<std::string> components, build_metadata;
  bool ignore_missing_components = false;
  std::vector<PatchArgs> patches;
  PostBuild post_build;
  bool root_only = true;
  bool legacy_order = true;
};

// Errors: kInvalid for an unknown field or a wrong type.
Result<Options> ReadOptions(Value options);
void ApplyOptions(const Options& options, Kustomization& kustomization);

}  // namespace plumb::kustomize
