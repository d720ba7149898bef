// The Kustomize renderer: what `kustomize build` prints, in process and without a Kustomize program.
//
// A pure function of the tree and the options: reads only through the tree (and `helpers`, where some are given), keeps no
// state, may run on any number of threads. Follows Kustomize v5.5.0; docs/kustomize.md says where it differs.
#pragma once

#include "core/result.h"
#include "plugins/kustomize/build.h"
#include "plugins/renderer.h"

namespace plumb {

// Renders the kustomization in the directory `request.path`. `request.options` is the application's `kustomize` map:
//   namePrefix, nameSuffix, namespace, images, replicas, labels, commonLabels, commonAnnotations, components, patches:
//     as in a kustomization, in addition to those of the directory (namespace, prefix and suffix in place of them);
//     an image may also be a text, "name=registry/name:tag" or "name:tag" (options.h)
//   ignoreMissingComponents: true leaves out components of the options that the source has not
//   buildMetadata: in place of the directory's
//   loadRestrictor: rootOnly (default) or none
//   postBuild: {substitute: {NAME: value}, substituteFrom: [{file: path}], strict: true}, as Flux's (post_build.h)
//   order: legacy (default, as the program) or none (as Flux); `sortOptions` of the directory goes first
// Remote bases and functions are refused where `helpers` has none.
// Errors: kInvalid, naming file, field and object; kDenied for paths outside of the source and remote bases; kLimit.
Result<Rendered> RenderKustomize(const RenderRequest& request, const kustomize::Helpers& helpers = {});

// The manifests as one stream, byte for byte what `kustomize build` prints.
std::string WriteManifests(const std::vector<Manifest>& manifests);

}  // namespace plumb
