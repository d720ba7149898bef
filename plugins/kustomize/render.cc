#include "plugins/kustomize/render.h"

#include <algorithm>

#include "core/yaml.h"
#include "plugins/kustomize/node.h"
#include "plugins/kustomize/options.h"
#include "plugins/kustomize/target.h"
#include "plugins/kustomize/transformers.h"

namespace plumb {
namespace kustomize {
namespace {

constexpr const char* kManagedBy = "kustomize-v5.5.0";

bool Has(const std::vector<std::string>& list, std::string_view wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

// Objects that are only input for the build.
void DropLocal(ResMap& map) {
  for (Resource& resource : map) {
    const Value annotations = resource.root.Get("metadata").Get("annotations");
    const bool local = annotations.Has(kLocalConfigAnnotation) && ScalarText(annotations.Get(kLocalConfigAnnotation)) != "false";
    if (local) resource.root = Value();
  }
  map.DropGone();
}

// What happens once, to all objects of the directory that is built.
Status Finish(Build& build, const Kustomization& k, const Options& options, Accumulator& all) {
  Arena& arena = *build.arena;
  PLUMB_OK(ApplyHashes(arena, all.map));
  PLUMB_OK(FixNameReferences(arena, all.map, all.config->name_reference));
  PLUMB_OK(ResolveVariables(arena, all.map, all.variables, all.config->var_reference, &build.warnings));
  DropLocal(all.map);
  if (k.sort_options) PLUMB_OK(SortResources(all.map, *k.sort_options));
  else if (options.legacy_order) PLUMB_OK(SortResources(all.map, {.order = "legacy", .legacy = {}}));
  if (Has(k.build_metadata, "managedByLabel"))
    PLUMB_OK(ApplyPairs(arena, all.map, {{"app.kubernetes.io/managed-by", kManagedBy}}, {{{}, "metadata/labels", true}}));
  for (Resource& resource : all.map)
    CleanAnnotations(arena, resource, Has(k.build_metadata, "originAnnotations"), Has(k.build_metadata, "transformerAnnotations"));
  return Ok();
}

}  // namespace
}  // namespace kustomize

Result<Rendered> RenderKustomize(const RenderRequest& request, kustomize::RemoteBases* remote) {
  using namespace kustomize;
  PLUMB_TRY(options, ReadOptions(request.options.root()), "kustomize options");
  Build build;
  build.limits = request.limits;
  build.remote = remote;
  build.root_only = options.root_only;
  PLUMB_TRY(loader, Loader::AtRoot(build, *request.tree, request.path));
  PLUMB_TRY(target, Target::Load(build, std::move(loader)));
  ApplyOptions(options, target.kustomization());
  PLUMB_OK(target.SetSchema(true));
  if (!target.kustomization().build_metadata.empty()) target.Track("");
  PLUMB_TRY(all, target.Accumulate());
  PLUMB_OK(Finish(build, target.kustomization(), options, all));

  Rendered rendered;
  rendered.warnings = std::move(build.warnings);
  rendered.manifests.reserve(all.map.size());
  const std::shared_ptr<const Arena> arena = build.arena;
  for (const Resource& resource : all.map) rendered.manifests.push_back({Document(arena, resource.root), resource.origin});
  return rendered;
}

std::string WriteManifests(const std::vector<Manifest>& manifests) {
  std::string text;
  for (const Manifest& manifest : manifests) {
    if (!text.empty()) text += "---\n";
    text += WriteYaml(manifest.root());
  }
  return text;
}

}  // namespace plumb
