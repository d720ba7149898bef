#include "plugins/kustomize/functions.h"

#include <set>

#include "core/yaml.h"
#include "plugins/kustomize/as_written.h"
#include "plugins/kustomize/config_reader.h"
#include "plugins/kustomize/factory.h"
#include "plugins/kustomize/node.h"

namespace plumb::kustomize {
namespace {

constexpr std::string_view kFunctionAnnotations[] = {"config.kubernetes.io/function", "config.k8s.io/function"};
constexpr std::string_view kContainerAnnotation = "config.kubernetes.io/container";
constexpr std::string_view kNeedsHash = "kustomize.config.k8s.io/needs-hash";
constexpr std::string_view kBehavior = "kustomize.config.k8s.io/behavior";
constexpr std::string_view kId = "kustomize.config.k8s.io/id";

Error NoContainers(const std::string& what) {
  return Denied(what + " is a function in a container, and Plumb runs none: render it before it gets into the source");
}

// The ids of objects on their way through the program, as Kustomize writes them.
std::string IdText(const ResId& id) {
  std::string text;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) text += std::string(name) + ": " + value + "\n";
  };
  add("group", id.gvk.group);
  add("kind", id.gvk.kind);
  add("name", id.name);
  add("namespace", id.ns);
  add("version", id.gvk.version);
  return text;
}

std::string ResourceList(Arena& arena, const std::vector<Value>& items, Value config) {
  return WriteYaml(arena.Map({{"apiVersion", Arena::Borrow("config.kubernetes.io/v1")},
                              {"kind", Arena::Borrow("ResourceList")},
                              {"items", arena.List(items)},
                              {"functionConfig", config}}));
}

Result<std::vector<Resource>> Run(Build& build, const Loader& loader, const Resource& config, const FunctionRunner::Program& program,
                                  const std::vector<Value>& items) {
  const std::string what = "function " + config.CurrentId().ToString();
  if (!build.functions)
    return Denied(what + " is a program ('" + program.path + "'): programs of the source are not run unless that is allowed");
  if (loader.is_remote()) return Denied(what + " is a program of a remote base: those are never run");
  Arena& arena = *build.arena;
  TreeSize config_size;
  const Value marked = WithAt(arena, config.root, {"metadata", "annotations", kLocalConfigAnnotation}, Arena::Borrow("true"));
  PLUMB_TRY(settled, Settle(arena, marked, build.settle, config_size), what);
  FunctionRunner::Call call;
  call.tree = &loader.tree();
  call.directory = loader.root();
  call.program = program;
  call.input = ResourceList(arena, items, settled);
  PLUMB_TRY(output, build.functions->Run(call), what);
  build.bytes += output.size();
  if (build.bytes > build.limits.total_bytes) return LimitExceeded(what + ": its output exceeds the bytes that a render may read");
  auto resources = ParseResources(build, output, "");
  if (!resources.ok()) return std::move(resources).error().Wrap(what + ": its output");
  for (Resource& resource : *resources) resource.origin = config.origin;
  return resources;
}

void EraseAnnotation(Arena& arena, Resource& resource, std::string_view key) {
  auto annotations = MetadataMap(resource.root, "annotations");
  if (annotations.erase(std::string(key)) > 0) resource.root = WithMetadataMap(arena, resource.root, "annotations", annotations);
}

bool IsLocal(const Resource& resource) { return resource.root.Get("metadata").Get("annotations").Has(kLocalConfigAnnotation); }

}  // namespace

Result<std::optional<FunctionRunner::Program>> FunctionOf(const Resource& config) {
  const auto annotations = MetadataMap(config.root, "annotations");
  const std::string what = "function " + config.CurrentId().ToString();
  for (std::string_view key : kFunctionAnnotations) {
    const auto found = annotations.find(std::string(key));
    if (found == annotations.end() || found->second.empty()) continue;
    PLUMB_TRY(spec, ParseYamlOne(found->second), what + ": annotation '" + found->first + "'");
    PLUMB_TRY(reader, ConfigReader::Of(spec.root(), "", {.refuse_unknown = false, .scalars_as_text = true}), what);
    if (reader.Has("container")) return NoContainers(what);
    FunctionRunner::Program program;
    const auto read_exec = [&](ConfigReader& r) -> Status {
      PLUMB_OK(r.Read("path", &program.path));
      return r.Read("args", &program.args);
    };
    PLUMB_OK(reader.ReadMap("exec", read_exec), what);
    if (program.path.empty()) return Invalid(what + ": 'exec.path' is missing in the annotation '" + found->first + "'");
    return std::optional(program);
  }
  if (annotations.contains(std::string(kContainerAnnotation))) return NoContainers(what);
  return std::optional<FunctionRunner::Program>();
}

Result<std::vector<Resource>> GenerateByFunction(Build& build, const Loader& loader, const Resource& config,
                                                 const FunctionRunner::Program& program) {
  PLUMB_TRY(made, Run(build, loader, config, program, {}));
  std::vector<Resource> kept;
  for (Resource& resource : made) {
    if (IsLocal(resource)) continue;
    const auto annotations = MetadataMap(resource.root, "annotations");
    if (const auto hash = annotations.find(std::string(kNeedsHash)); hash != annotations.end()) {
      if (hash->second != "true" && hash->second != "false")
        return Invalid("annotation '" + hash->first + "' is '" + hash->second + "': use 'true' or 'false'");
      resource.needs_hash = hash->second == "true";
    }
    if (const auto behavior = annotations.find(std::string(kBehavior)); behavior != annotations.end())
      resource.behavior = ParseBehavior(behavior->second);
    EraseAnnotation(*build.arena, resource, kNeedsHash);
    EraseAnnotation(*build.arena, resource, kBehavior);
    kept.push_back(std::move(resource));
  }
  return kept;
}

Status TransformByFunction(Build& build, const Loader& loader, const Resource& config, const FunctionRunner::Program& program,
                           ResMap& map) {
  Arena& arena = *build.arena;
  std::vector<Value> items;
  for (Resource& resource : map) {
    const Value root = WithAt(arena, WithBuildAnnotations(arena, resource), {"metadata", "annotations", kId},
                              arena.String(IdText(resource.CurrentId())));
    PLUMB_TRY(settled, Settle(arena, root, build.settle, resource.settled), resource.CurrentId().ToString());
    items.push_back(settled);
  }
  PLUMB_TRY(output, Run(build, loader, config, program, items));
  std::set<std::string> kept;
  for (Resource& resource : output) {
    EraseAnnotation(arena, resource, kId);
    const std::string id = resource.CurrentId().Key();
    if (!kept.insert(id).second)
      return Invalid("function " + config.CurrentId().ToString() + " answers with " + resource.CurrentId().ToString() + " twice");
    bool found = false;
    for (Resource& old : map) {
      if (found || old.CurrentId().Key() != id) continue;
      found = true;
      resource.serial = old.serial;
      resource.origin = old.origin;
      resource.ref_vars = old.ref_vars;
      old = resource;
    }
    if (!found) PLUMB_OK(map.Append(resource));
  }
  for (Resource& old : map)
    if (!kept.contains(old.CurrentId().Key())) old.root = Value();
  map.DropGone();
  map.IdsChanged();
  return Ok();
}

}  // namespace plumb::kustomize
