#include "plugins/kustomize/render.h"

#include <algorithm>

#include "core/yaml.h"
#include "plugins/kustomize/as_written.h"
#include "plugins/kustomize/node.h"
#include "plugins/kustomize/options.h"
#include "plugins/kustomize/render_build.h"
#include "plugins/kustomize/target.h"
#include "plugins/kustomize/transformers.h"

namespace plumb {
namespace kustomize {
namespace {

constexpr const char* kManagedBy = "kustomize-v5.5.0";

bool Has(const std::vector<std::string>& list, std::string_view wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

// Drops objects that are only input for the build. Errors: kInvalid where a patch or a replacement took kind or name away.
Status DropLocal(ResMap& map) {
  for (Resource& resource : map) {
    const ResId id = resource.CurrentId();
    if (id.gvk.kind.empty() || (id.name.empty() && !id.gvk.kind.ends_with("List")))
      return Invalid(resource.OriginalId().ToString() + " (" + resource.origin.ToString() + ") has no " + (id.gvk.kind.empty() ? "'kind'" : "'metadata.name'") +
                     " any more once it is patched");
    const Value annotations = resource.root.Get("metadata").Get("annotations");
    const bool local = annotations.Has(kLocalConfigAnnotation) && ScalarText(annotations.Get(kLocalConfigAnnotation)) != "false";
    if (local) resource.root = Value();
  }
  map.DropGone();
  return Ok();
}

// Components of the options that are not in the source.
void LeaveOutMissing(const Loader& loader, Build& build, std::vector<std::string>& components) {
  std::erase_if(components, [&](const std::string& path) {
    const bool missing = !IsRemote(path) && !loader.Has(path);
    if (missing) build.warnings.push_back("component '" + path + "' is not in the source: left out");
    return missing;
  });
}

// What happens once, to all objects of the directory that is built.
Status Finish(Build& build, const Kustomization& k, const Options& options, const Target& target, Accumulator& all) {
  Arena& arena = *build.arena;
  const auto note = [&](const char* what, const std::string& file) {
    if (build.trace) build.trace->Note(all.map, {.file = file, .field = what, .source = {}});
  };
  PLUMB_OK(ApplyHashes(arena, all.map, build.settle));
  note("name suffix hash", target.File());
  PLUMB_OK(FixNameReferences(arena, all.map, all.config->name_reference));
  note("name reference", target.File());
  PLUMB_OK(ResolveVariables(arena, all.map, all.variables, all.config->var_reference, build.settle, &build.warnings));
  note("vars", target.File());
  PLUMB_OK(DropLocal(all.map));
  if (k.sort_options) PLUMB_OK(SortResources(all.map, *k.sort_options), target.At("sortOptions") + ": sortOptions");
  else if (options.legacy_order) PLUMB_OK(SortResources(all.map, {.order = "legacy", .legacy = {}}));
  if (Has(k.build_metadata, "managedByLabel"))
    PLUMB_OK(ApplyPairs(arena, all.map, {{"app.kubernetes.io/managed-by", kManagedBy}}, {{{}, "metadata/labels", true}}));
  for (Resource& resource : all.map) {
    PLUMB_OK(CleanAnnotations(arena, resource, Has(k.build_metadata, "originAnnotations"), Has(k.build_metadata, "transformerAnnotations")));
    PLUMB_TRY(settled, Settle(arena, resource.root, build.settle, resource.settled), resource.origin.ToString());
    resource.root = settled;
  }
  note("buildMetadata", target.File());
  for (Resource& resource : all.map) {
    PLUMB_TRY(object, Substitute(options.post_build, Document(build.arena, resource.root)));
    resource.root = arena.Adopt(object);
  }
  note("postBuild", kOptions);
  return Ok();
}

}  // namespace

Result<Built> BuildKustomization(const RenderRequest& request, const Helpers& helpers, Trace* trace) {
  PLUMB_TRY(options, ReadOptions(request.options.root()), "kustomize options");
  Build build;
  build.limits = request.limits;
  build.yaml = request.yaml;
  build.settle.left.bytes = request.limits.total_bytes;
  build.arena->Bound(request.limits.memory_bytes);
  build.remote = helpers.remote;
  build.functions = helpers.functions;
  build.trace = trace;
  build.root_only = options.root_only;
  PLUMB_TRY(loader, Loader::AtRoot(build, *request.tree, request.path));
  PLUMB_OK(LoadVariables(loader, &options.post_build), "postBuild");
  if (options.ignore_missing_components) LeaveOutMissing(loader, build, options.components);
  PLUMB_TRY(target, Target::Load(build, std::move(loader)));
  ApplyOptions(options, target.kustomization());
  PLUMB_OK(target.SetSchema(true));
  if (!target.kustomization().build_metadata.empty()) target.Track("");
  PLUMB_TRY(all, target.Accumulate());
  PLUMB_OK(Finish(build, target.kustomization(), options, target, all));

  Built built;
  built.arena = build.arena;
  built.warnings = std::move(build.warnings);
  for (Resource& resource : all.map) built.resources.push_back(std::move(resource));
  return built;
}

}  // namespace kustomize

Result<Rendered> RenderKustomize(const RenderRequest& request, const kustomize::Helpers& helpers) {
  PLUMB_TRY(built, kustomize::BuildKustomization(request, helpers, nullptr));
  Rendered rendered;
  rendered.warnings = std::move(built.warnings);
  rendered.manifests.reserve(built.resources.size());
  const std::shared_ptr<const Arena> arena = built.arena;
  for (const kustomize::Resource& resource : built.resources) rendered.manifests.push_back({Document(arena, resource.root), resource.origin});
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
