// kustomize/plugins.jsonl: single built-in plugins, configured by a file.
#include "core/memory_tree.h"
#include "plugins/kustomize/builtin_plugins.h"
#include "plugins/kustomize/factory.h"
#include "plugins/kustomize/kustomization.h"
#include "plugins/kustomize/render.h"
#include "tests/conformance/registry.h"

namespace plumb::conformance {
namespace {

using namespace kustomize;

// Sorting is no plugin that a kustomization can name, but was recorded as one.
Status Transform(Build& build, const Loader& loader, const Resource& config, ResMap& map) {
  if (config.CurrentId().gvk.kind != "SortOrderTransformer") return RunTransformer(build, loader, config, map);
  SortOptions options{.order = "fifo", .legacy = {}};
  PLUMB_TRY(reader, ConfigReader::Of(config.root, "", {.refuse_unknown = false}));
  PLUMB_OK(reader.ReadMap("sortOptions", [&](ConfigReader& r) { return ReadSortOptions(r, &options); }));
  return SortResources(map, options);
}

Result<std::string> Play(Build& build, const Loader& loader, Value row) {
  PLUMB_TRY(configs, ParseResources(build, row.GetString("config"), "config.yaml"));
  ResMap map;
  if (row.GetString("kind") == "generator") {
    PLUMB_TRY(generated, RunGenerator(build, loader, configs.at(0)));
    for (Resource& resource : generated) PLUMB_OK(map.Append(std::move(resource)));
  } else {
    PLUMB_TRY(inputs, ParseResources(build, row.GetString("input"), "input.yaml"));
    for (Resource& resource : inputs) PLUMB_OK(map.Append(std::move(resource)));
    PLUMB_OK(Transform(build, loader, configs.at(0), map));
    map.DropGone();
  }
  std::vector<Manifest> manifests;
  for (Resource& resource : map) {
    resource.root = WithBuildAnnotations(*build.arena, resource);  // part of the recorded output
    manifests.push_back({Document(build.arena, resource.root), {}});
  }
  return WriteManifests(manifests);
}

void Run(const std::string& path, Report& report) {
  const MemoryTree tree(std::map<std::string, std::string>{{"kustomization.yaml", ""}});
  for (const Document& row : ReadRows(path, report)) {
    const std::string name(row->GetString("test"));
    Build build;
    const Result<Loader> loader = Loader::AtRoot(build, tree, "");
    const Result<std::string> got = Play(build, *loader, row.root());
    if (!got.ok() && got.error().code() == Code::kNotFound) {
      report.Skip("the files that the plugin reads were not recorded");
      continue;
    }
    if (row->Has("err")) {
      report.Check(name, !got.ok(), "accepted what must fail: " + std::string(row->GetString("err")));
      continue;
    }
    if (!got.ok()) {
      report.Fail(name, got.error().message());
      continue;
    }
    report.Check(name, *got == row->GetString("out"), "want\n" + std::string(row->GetString("out")) + "\ngot\n" + *got);
  }
}

const Runner kRunner("kustomize/plugins.jsonl", Run);

}  // namespace
}  // namespace plumb::conformance
