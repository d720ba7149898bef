#include "plugins/kustomize/patches.h"

#include <re2/re2.h>

#include <algorithm>
#include <memory>

#include "core/json.h"
#include "core/suggest.h"
#include "core/yaml.h"
#include "diff/json_patch.h"
#include "plugins/kustomize/as_written.h"
#include "plugins/kustomize/factory.h"
#include "plugins/kustomize/label_selector.h"
#include "plugins/kustomize/merge.h"
#include "plugins/kustomize/node.h"

namespace plumb::kustomize {
namespace {

// A part of a selector: empty matches anything.
class Pattern {
 public:
  static Result<Pattern> Of(const std::string& text) {
    Pattern pattern;
    if (text.empty()) return pattern;
    pattern.regex_ = std::make_shared<RE2>("^(?:" + text + ")$", RE2::Quiet);
    if (!pattern.regex_->ok()) return Invalid("'" + text + "' is not a regular expression: " + pattern.regex_->error());
    return pattern;
  }
  bool Matches(std::string_view text) const {
    return !regex_ || RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex_);
  }

 private:
  std::shared_ptr<RE2> regex_;
};

std::string DescribeSelector(const Selector& s) {
  std::string text;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) text += (text.empty() ? "" : ", ") + std::string(name) + " '" + value + "'";
  };
  add("group", s.id.gvk.group);
  add("version", s.id.gvk.version);
  add("kind", s.id.gvk.kind);
  add("name", s.id.name);
  add("namespace", s.id.ns);
  add("labels", s.label_selector);
  add("annotations", s.annotation_selector);
  return text.empty() ? "any object" : text;
}

// What is no error in the program, and most often a mistake. The hint is of the first part that no object has.
std::string SelectsNothing(const ResMap& map, const Selector& selector) {
  std::string hint;
  const auto look = [&](const std::string& wanted, auto&& of) {
    std::vector<std::string> known;
    for (const Resource& resource : map) known.push_back(of(resource.CurrentId()));
    if (hint.empty() && !wanted.empty() && std::find(known.begin(), known.end(), wanted) == known.end()) hint = DidYouMean(wanted, known);
  };
  look(selector.id.gvk.kind, [](const ResId& id) { return id.gvk.kind; });
  look(selector.id.name, [](const ResId& id) { return id.name; });
  look(selector.id.ns, [](const ResId& id) { return id.ns; });
  return ": the target (" + DescribeSelector(selector) + ") selects no object" + hint;
}

// A list of operations in YAML or JSON, decoded as Go would: an array of maps.
Result<Value> DecodeOperations(Arena& arena, std::string_view text) {
  if (text.empty()) return Invalid("the patch is empty");
  // What begins as a JSON array must be one; the flow style of YAML ("[{op: add}]") is not taken here.
  if (text[0] == '[') {
    PLUMB_TRY(parsed, ParseJson(text), "a JSON patch that begins with '[' must be JSON");
    const Value list = arena.Adopt(parsed);
    for (Value operation : list.items())
      if (!operation.is_map()) return Invalid("an operation of a JSON patch is a map, found a " + std::string(KindName(operation.kind())));
    return list;
  }
  PLUMB_TRY(documents, ParseYaml(text, {.dialect = YamlDialect::kKubernetes}));
  if (documents.empty()) return Value();
  const Value operations = arena.Adopt(documents[0].value);
  if (!operations.is_list()) return Invalid("a JSON patch is a list of operations, found a " + std::string(KindName(operations.kind())));
  for (Value operation : operations.items())
    if (!operation.is_map()) return Invalid("an operation of a JSON patch is a map, found a " + std::string(KindName(operation.kind())));
  return operations;
}

Result<Value> ApplyOperations(Arena& arena, Value object, Value operations) {
  JsonPatchOptions options = JsonPatchOptions::Kubernetes();
  options.replace_adds_keys = true;
  return ApplyJsonPatch(arena, object, operations, options);
}

// A JSON patch takes an object through JSON and back. The memory of an object is in its annotations while a JSON patch runs, as in the program followed here: so a patch
// may add an annotation to an object that has none of its own.
Status PatchWithJson(Build& build, Resource& resource, Value operations) {
  Arena& arena = *build.arena;
  PLUMB_TRY(settled, Settle(arena, WithBuildAnnotations(arena, resource), build.settle, resource.settled));
  Resource before = resource;
  PLUMB_TRY(patched, ApplyOperations(arena, settled, operations));
  resource.root = Rewrite(arena, patched);
  TakeBuildAnnotations(arena, resource);
  before.root = resource.root;  // the memory survives whatever the patch did to the annotations
  resource = std::move(before);
  return Ok();
}

Status PatchWithMerge(Build& build, Resource& resource, const Resource& patch) {
  Arena& arena = *build.arena;
  const ResId id = resource.CurrentId();
  if (patch.allow_name_change || patch.allow_kind_change) resource.StorePreviousId();
  build.schema_in_use = true;
  PLUMB_TRY(merged, MergePatch(arena, WithBuildAnnotations(arena, resource), patch.root, *build.schema));
  resource.root = merged.value_or(Value());
  if (resource.gone()) return Ok();
  TakeBuildAnnotations(arena, resource);
  if (!patch.allow_kind_change) SetKind(arena, resource, id.gvk.kind);
  if (!patch.allow_name_change) SetName(arena, resource, id.name);
  SetNamespace(arena, resource, id.ns);
  return Ok();
}

// With a selector, the patch takes over the version of each object it is applied to.
Status PatchSelected(Build& build, ResMap& map, const std::vector<size_t>& selected, const Resource& patch) {
  Arena& arena = *build.arena;
  Resource named = patch;
  InheritMetadata(arena, named, patch);
  for (size_t i : selected) {
    if (map[i].gone()) continue;
    Resource aimed = named;
    aimed.root = With(arena, aimed.root, "apiVersion", map[i].root.Get("apiVersion"));
    PLUMB_OK(PatchWithMerge(build, map[i], aimed), "patch of " + map[i].CurrentId().ToString());
  }
  map.DropGone();
  map.IdsChanged();
  return map.CheckUnique();
}

Result<size_t> FindTarget(const ResMap& map, const Resource& patch) {
  auto found = map.FindById(patch.OriginalId());
  if (!found.ok()) return found.error().Wrap("target of a strategic merge patch");
  return found;
}

}  // namespace

Result<std::vector<size_t>> Select(const ResMap& map, const Selector& selector) {
  PLUMB_TRY(group, Pattern::Of(selector.id.gvk.group));
  PLUMB_TRY(version, Pattern::Of(selector.id.gvk.version));
  PLUMB_TRY(kind, Pattern::Of(selector.id.gvk.kind));
  PLUMB_TRY(name, Pattern::Of(selector.id.name));
  PLUMB_TRY(ns, Pattern::Of(selector.id.ns));
  std::optional<LabelSelector> labels, annotations;
  std::vector<size_t> selected;
  for (size_t i = 0; i < map.size(); ++i) {
    if (map[i].gone()) continue;
    const ResId current = map[i].CurrentId(), original = map[i].OriginalId();
    if (!ns.Matches(original.EffectiveNamespace()) && !ns.Matches(current.EffectiveNamespace())) continue;
    if (!name.Matches(original.name) && !name.Matches(current.name)) continue;
    if (!group.Matches(current.gvk.group) || !version.Matches(current.gvk.version) || !kind.Matches(current.gvk.kind)) continue;
    // Parsed only when an object gets this far, as a bad selector that nothing reaches is no error.
    if (!labels) {
      PLUMB_TRY(parsed, LabelSelector::Parse(selector.label_selector), "labelSelector");
      labels = parsed;
    }
    if (!labels->Matches(MetadataMap(map[i].root, "labels"))) continue;
    if (!annotations) {
      PLUMB_TRY(parsed, LabelSelector::Parse(selector.annotation_selector), "annotationSelector");
      annotations = parsed;
    }
    if (annotations->Matches(MetadataMap(map[i].root, "annotations"))) selected.push_back(i);
  }
  return selected;
}

Status ApplyPatch(Build& build, const Loader& loader, ResMap& map, const PatchArgs& args) {
  std::string text = args.patch;
  const size_t begin = text.find_first_not_of(" \t\r\n\v\f");
  text = begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t\r\n\v\f") - begin + 1);
  if (text.empty() == args.path.empty())
    return Invalid(text.empty() ? "a patch needs 'patch' or 'path'" : "a patch has either 'patch' or 'path', not both");
  std::string source = "inline patch";
  if (!args.path.empty()) {
    source = "patch '" + args.path + "'";
    auto loaded = loader.Load(args.path);
    if (!loaded.ok()) return Error(loaded.error().code(), source + ": " + loaded.error().message() + loader.Nearest(args.path));
    text = *std::move(loaded);
  }

  const auto resources = ParseResources(build, text, args.path.empty() ? "" : loader.Name(args.path));
  // What has an object is no list of operations: it need not be read again.
  const auto operations = resources.ok() && !resources->empty() ? Result<Value>(Invalid("a JSON patch is a list of operations")) : DecodeOperations(*build.arena, text);
  if (resources.ok() && operations.ok())
    return Invalid(source + ": it can be read as a strategic merge patch and as a JSON patch (or is empty)");
  if (!resources.ok() && !operations.ok()) {
    const bool looks_like_list = text.find_first_of("-[") == 0;
    return (looks_like_list ? operations.error() : resources.error()).Wrap(source);
  }

  if (operations.ok()) {
    if (!args.target) return Invalid(source + ": a JSON patch needs a 'target'");
    PLUMB_TRY(selected, Select(map, *args.target), source + ": target");
    if (selected.empty()) build.warnings.push_back(source + SelectsNothing(map, *args.target));
    for (size_t i : selected) {
      map[i].StorePreviousId();
      PLUMB_OK(PatchWithJson(build, map[i], *operations), source + ": " + map[i].CurrentId().ToString());
    }
    map.IdsChanged();
    return Ok();
  }

  const auto option = [&](const char* name) {
    const auto found = args.options.find(name);
    return found != args.options.end() && found->second;
  };
  std::vector<Resource> patches = *resources;
  for (Resource& patch : patches) {
    patch.allow_name_change = patch.allow_name_change || option("allowNameChange");
    patch.allow_kind_change = patch.allow_kind_change || option("allowKindChange");
    // Such a leave is an annotation in the program, and to set one makes texts of them all.
    if (patch.allow_name_change || patch.allow_kind_change)
      patch.root = WithMetadataMap(*build.arena, patch.root, "annotations", MetadataMap(patch.root, "annotations"));
  }
  if (args.target) {
    if (patches.empty()) return Invalid(source + ": the patch is empty");
    if (patches.size() > 1)
      return Invalid(source + ": several strategic merge patches in one entry cannot have a 'target'; use one entry for each");
    PLUMB_TRY(selected, Select(map, *args.target), source + ": target");
    if (selected.empty()) build.warnings.push_back(source + SelectsNothing(map, *args.target));
    return [&]() -> Status {
      PLUMB_OK(PatchSelected(build, map, selected, patches[0]), source);
      return Ok();
    }();
  }
  for (const Resource& patch : patches) {
    PLUMB_TRY(index, FindTarget(map, patch), source);
    PLUMB_OK(PatchWithMerge(build, map[index], patch), source + ": " + patch.CurrentId().ToString());
  }
  map.IdsChanged();
  return Ok();
}

Status ApplyJson6902(Build& build, const Loader& loader, ResMap& map, const PatchArgs& args) {
  if (!args.target || args.target->id.name.empty()) return Invalid("a JSON patch needs 'target.name'");
  if (args.path.empty() == args.patch.empty())
    return Invalid(args.path.empty() ? "a JSON patch needs 'patch' or 'path'" : "a JSON patch has either 'patch' or 'path', not both");
  std::string text = args.patch;
  const std::string source = args.path.empty() ? "JSON patch" : "JSON patch '" + args.path + "'";
  if (!args.path.empty()) {
    PLUMB_TRY(loaded, loader.Load(args.path), source);
    text = loaded;
  }
  PLUMB_TRY(operations, DecodeOperations(*build.arena, text), source);
  if (operations.empty()) return Invalid(source + ": the patch is empty");
  PLUMB_TRY(selected, Select(map, *args.target), source + ": target " + DescribeSelector(*args.target));
  for (size_t i : selected) PLUMB_OK(PatchWithJson(build, map[i], operations), source + ": " + map[i].CurrentId().ToString());
  map.IdsChanged();
  return Ok();
}

Status ApplyStrategicMerges(Build& build, const Loader& loader, ResMap& map, const std::vector<std::string>& entries,
                            const std::function<void(size_t entry, const std::string& file)>& applied) {
  struct Entry {
    std::string file, what;
    std::vector<Resource> patches;
  };
  std::vector<Entry> read;
  for (size_t i = 0; i < entries.size(); ++i) {
    const std::string& text = entries[i];
    // An entry is a patch if it can be read as one, else the path of a file.
    auto parsed = ParseResources(build, text, "");
    Entry& entry = read.emplace_back(Entry{"", "inline patch " + std::to_string(i + 1), {}});
    if (!parsed.ok() && text.find('\n') != std::string::npos) return parsed.error().Wrap(entry.what);
    if (!parsed.ok()) {
      entry = {text, "patch '" + text + "'", {}};
      auto loaded = loader.Load(text);
      if (!loaded.ok()) return Error(loaded.error().code(), entry.what + ": " + loaded.error().message() + loader.Nearest(text));
      parsed = ParseResources(build, *loaded, loader.Name(text));
    }
    if (!parsed.ok()) return parsed.error().Wrap(entry.what);
    entry.patches = *std::move(parsed);
  }
  if (std::all_of(read.begin(), read.end(), [](const Entry& entry) { return entry.patches.empty(); }))
    return Invalid("the strategic merge patches are empty");
  for (size_t i = 0; i < read.size(); ++i) {
    for (const Resource& patch : read[i].patches) {
      PLUMB_TRY(index, FindTarget(map, patch), read[i].what);
      PLUMB_OK(PatchSelected(build, map, {index}, patch), read[i].what);
    }
    if (applied) applied(i, read[i].file);
  }
  return Ok();
}

Result<std::optional<Value>> MergeOne(Build& build, Value object, Value patch) {
  return MergePatch(*build.arena, object, patch, *build.schema);
}

Result<Value> ApplyJsonOperations(Build& build, Value object, std::string_view operations) {
  PLUMB_TRY(decoded, DecodeOperations(*build.arena, operations));
  return ApplyOperations(*build.arena, object, decoded);
}

}  // namespace plumb::kustomize
