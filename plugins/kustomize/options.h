// The application's options of the Kustomize renderer, and how they add to a kustomization: as `kustomize edit` would.
#pragma once

#include "core/result.h"
#include "plugins/kustomize/kustomization.h"
#include "plugins/kustomize/post_build.h"

namespace plumb::kustomize {

struct Options {
  std::string name_prefix, name_suffix, ns;
  std::vector<ImageArgs> images;
  std::vector<ReplicaArgs> replicas;
  std::vector<LabelArgs> labels;
  Labels common_labels, common_annotations;
  std::vector<std::string> components;
  std::vector<PatchArgs> patches;
  PostBuild post_build;
  bool root_only = true;
  bool legacy_order = true;
};

// Errors: kInvalid for an unknown field or a wrong type.
Result<Options> ReadOptions(Value options);
void ApplyOptions(const Options& options, Kustomization& kustomization);

}  // namespace plumb::kustomize
