#include "plugins/kustomize/target.h"

#include <filesystem>

#include "core/yaml.h"
#include "plugins/kustomize/builtin_plugins.h"
#include "plugins/kustomize/crds.h"
#include "plugins/kustomize/factory.h"
#include "plugins/kustomize/generators.h"
#include "plugins/kustomize/node.h"
#include "plugins/kustomize/patches.h"
#include "plugins/kustomize/replacement_files.h"
#include "plugins/kustomize/transformers.h"

namespace plumb::kustomize {
namespace {

constexpr std::string_view kFileNames[] = {"kustomization.yaml", "kustomization.yml", "Kustomization"};

std::string Quoted(const std::string& path) { return "'" + (path.empty() ? std::string(".") : path) + "'"; }

// `error` in the context of a kustomization that builds on another: what is nearest to it counts, where the way is long.
Error Within(Error error, const std::string& context) {
  constexpr size_t kLongEnough = 1500;
  if (error.message().size() < kLongEnough) return std::move(error).Wrap(context);
  return error.message().starts_with("... ") ? error : Error(error.code(), "... " + error.message());
}

// "patches[2]" taken apart.
std::pair<std::string, size_t> FieldAndIndex(const std::string& field) {
  const size_t bracket = field.find('[');
  return {field.substr(0, bracket), bracket == std::string::npos ? 0 : std::strtoul(field.c_str() + bracket + 1, nullptr, 10)};
}

std::shared_ptr<const TransformerConfig> DefaultConfig() {
  static const auto config = std::make_shared<const TransformerConfig>(TransformerConfig::Default());
  return config;
}

}  // namespace

Status Accumulator::MergeConfig(std::shared_ptr<const TransformerConfig> other) {
  if (!other || other == config) return Ok();
  if (!config && other == DefaultConfig()) {
    config = std::move(other);
    return Ok();
  }
  // Also into an empty one: merging drops what an earlier spec of the same list covers.
  auto merged = config ? std::make_shared<TransformerConfig>(*config) : std::make_shared<TransformerConfig>();
  PLUMB_OK(merged->MergeWith(*other));
  config = std::move(merged);
  return Ok();
}

Status Accumulator::MergeWith(Accumulator other) {
  PLUMB_OK(map.AppendAll(std::move(other.map)));
  PLUMB_OK(MergeConfig(std::move(other.config)));
  return MergeVariables(variables, other.variables);
}

Result<Target> Target::Load(Build& build, Loader loader) {
  Target target(build, std::move(loader));
  std::string text;
  for (std::string_view name : kFileNames) {
    if (!target.loader_.Has(name)) continue;
    auto loaded = target.loader_.Load(name);
    if (!loaded.ok()) {
      if (loaded.error().code() == Code::kNotFound || loaded.error().code() == Code::kInvalid ||
          loaded.error().code() == Code::kDenied)
        continue;
      return std::move(loaded).error();
    }
    if (!target.file_name_.empty())
      return Invalid("there are several kustomization files in " + Quoted(target.loader_.root()) + ": keep one");
    target.file_name_ = name;
    text = *std::move(loaded);
  }
  if (target.file_name_.empty())
    return Invalid("there is no 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in " + Quoted(target.loader_.root()));
  const std::string file = target.loader_.Name(target.file_name_);
  PLUMB_TRY(kustomization, ParseKustomization(text, build.yaml), file);
  target.kustomization_ = std::move(kustomization);
  target.text_ = std::move(text);
  for (const std::string& warning : target.kustomization_.warnings) build.warnings.push_back(file + ": " + warning);
  return target;
}

Status Target::SetSchema(bool reset) {
  const auto& openapi = kustomization_.openapi;
  const auto path = openapi.find("path"), version = openapi.find("version");
  std::string text;
  if (path != openapi.end()) {
    const std::string context = File() + ":" + std::to_string(LocateYaml(text_, 0, {"openapi", "path"}).line) + ": openapi '" + path->second + "'";
    PLUMB_TRY(loaded, loader_.Load(path->second), context);  // though it may not count
    text = std::move(loaded);
    if (build_.schema_is_set && !reset) return Ok();
    if (version != openapi.end()) return Invalid("'openapi' has either a 'version' or a 'path', not both");
    PLUMB_TRY(document, ParseYamlOne(text), context);
    // The document takes the place of the built-in one where that was not asked yet; else it adds to it. That depends on
    // what was built before, as it does in the program.
    const auto before = reset || !build_.schema_in_use ? nullptr : build_.schema;
    PLUMB_TRY(schema, PatchSchema::FromOpenApi(document.root(), before), context);
    build_.schema = schema;
    build_.schema_is_set = true;
  } else if (version != openapi.end() && !version->second.empty() && (reset || !build_.schema_is_set)) {
    if (version->second != "v1.21.2") return Invalid("openapi: version '" + version->second + "' is not built in: only 'v1.21.2' is");
    build_.schema_is_set = true;
  }
  return Ok();
}

std::string Target::OriginOf(const std::string& path) const {
  // Relative to the directory that is built, which bases may be above: leading ".." stay.
  return std::filesystem::path(origin_path_ + "/" + path).relative_path().lexically_normal().generic_string();
}

bool Target::IsOption(std::string_view field, size_t i) const {
  const auto own = kustomization_.own.find(field);
  return own != kustomization_.own.end() && i >= own->second;
}

std::string Target::At(const std::string& field, size_t i) const {
  if (IsOption(field, i)) return kOptions;
  return File() + ":" + std::to_string(LocateYaml(text_, 0, {field, std::to_string(i)}).line);
}

void Target::Note(ResMap& map, std::string field, const std::string& source) const {
  if (!build_.trace) return;
  const auto [name, i] = FieldAndIndex(field);
  const std::string file = IsOption(name, i) ? kOptions : File();
  build_.trace->Note(map, {.file = file, .field = std::move(field), .source = source.empty() ? "" : loader_.Name(source)});
}

Provenance Target::Self(std::string kind) const {
  return {.path = "", .configured_in = OriginOf(file_name_), .api_version = "builtin", .kind = std::move(kind), .name = "", .ns = ""};
}

Result<Accumulator> Target::Accumulate() {
  Accumulator accumulator;
  PLUMB_OK(Accumulate(accumulator));
  return accumulator;
}

Status Target::Accumulate(Accumulator& into) {
  PLUMB_OK(AddResources(into, kustomization_.resources, "resources"));
  PLUMB_OK(AddConfigurations(into));
  PLUMB_OK(Generate(into));
  for (size_t i = 0; i < kustomization_.components.size(); ++i) {
    const std::string& path = kustomization_.components[i];
    Status added = AddDirectory(into, path, true);
    if (!added.ok()) return Within(WithNearest(std::move(added).error(), path), At("components", i) + ": component '" + path + "'");
  }
  PLUMB_OK(Transform(into));
  PLUMB_OK(Validate(into));
  for (size_t i = 0; i < kustomization_.vars.size(); ++i) kustomization_.vars[i].where = At("vars", i);
  return AddVariables(into.variables, into.map, kustomization_.vars);
}

Status Target::AddResources(Accumulator& into, const std::vector<std::string>& paths, const char* field) {
  for (size_t i = 0; i < paths.size(); ++i) {
    const std::string& path = paths[i];
    const bool remote_file = path.starts_with("http") && (path.ends_with(".yaml") || path.ends_with(".yml") || path.ends_with(".json"));
    const bool directory = loader_.IsDirectory(path) || (IsRemote(path) && !remote_file);
    Status added = directory ? AddDirectory(into, path, false) : AddFile(into, path);
    if (!added.ok()) return Within(WithNearest(std::move(added).error(), path), At(field, i) + ": resource '" + path + "'");
  }
  return Ok();
}

Error Target::WithNearest(Error error, const std::string& path) const {
  return error.code() == Code::kNotFound ? Error(error.code(), error.message() + loader_.Nearest(path)) : error;
}

Status Target::AddFile(Accumulator& into, const std::string& path) {
  PLUMB_TRY(text, loader_.Load(path));
  PLUMB_TRY(resources, ParseResources(build_, text, loader_.Name(path)));
  ResMap own;
  for (Resource& resource : resources) {
    if (build_.trace)
      build_.trace->Note(resource, {.file = resource.origin.file, .field = "", .source = "", .document = resource.origin.document});
    if (tracking_) {
      Provenance from;
      from.path = OriginOf(path);
      AddOrigin(*build_.arena, resource, from, true);
    }
    PLUMB_OK(own.Append(std::move(resource)));
  }
  return into.map.AppendAll(std::move(own));
}

Status Target::AddDirectory(Accumulator& into, const std::string& path, bool component) {
  PLUMB_TRY(loader, loader_.Open(path));
  PLUMB_TRY(target, Load(build_, std::move(loader)));
  target.kustomization_.build_metadata = kustomization_.build_metadata;
  if (tracking_) target.Track(OriginOf(path));
  PLUMB_OK(target.SetSchema(false));
  if (component != target.kustomization_.is_component())
    return Invalid(component ? "'kind: Component' was expected, found 'kind: " + target.kustomization_.kind + "'"
                             : "it is a component: list it under 'components', not 'resources'");
  if (component) {  // works on what its user has accumulated, which then becomes that of a new accumulator
    PLUMB_OK(target.Accumulate(into));
    PLUMB_OK(into.map.CheckUnique());
    return into.MergeConfig(std::exchange(into.config, nullptr));
  }
  PLUMB_TRY(accumulated, target.Accumulate());
  return into.MergeWith(std::move(accumulated));
}

Status Target::AddConfigurations(Accumulator& into) {
  std::shared_ptr<const TransformerConfig> config = DefaultConfig();
  if (!kustomization_.configurations.empty()) {
    TransformerConfig added;
    for (size_t i = 0; i < kustomization_.configurations.size(); ++i) {
      const std::string& path = kustomization_.configurations[i];
      const std::string context = At("configurations", i) + ": configuration '" + path + "'";
      PLUMB_TRY(text, loader_.Load(path), context);
      PLUMB_TRY(document, ParseYamlOne(text, {.refuse_duplicate_keys = true}), context);
      PLUMB_TRY(reader, ConfigReader::Of(document.root(), "", {.refuse_unknown = true, .scalars_as_text = true}), context);
      TransformerConfig read;
      PLUMB_OK(ReadTransformerConfig(reader, &read), context);
      PLUMB_OK(reader.Finish(), context);
      PLUMB_OK(added.MergeWith(read), context);
    }
    auto merged = std::make_shared<TransformerConfig>(*config);
    PLUMB_OK(merged->MergeWith(added), "configurations");
    config = std::move(merged);
  }
  PLUMB_OK(into.MergeConfig(std::move(config)), "configurations");
  for (size_t i = 0; i < kustomization_.crds.size(); ++i) {
    const std::string& path = kustomization_.crds[i];
    const std::string context = At("crds", i) + ": crds '" + path + "'";
    PLUMB_TRY(text, loader_.Load(path), context);
    PLUMB_TRY(document, ParseYamlOne(text), context);
    PLUMB_TRY(read, ConfigFromCrds(document.root()), context);
    PLUMB_OK(into.MergeConfig(std::make_shared<const TransformerConfig>(read)), context);
  }
  return Ok();
}

// Entries are configurations in place, or paths of files or directories with some.
Result<ResMap> Target::LoadPlugins(const std::vector<std::string>& entries, const char* field) {
  Accumulator accumulator;
  std::vector<std::string> paths;
  for (const std::string& entry : entries) {
    auto parsed = ParseResources(build_, entry, loader_.Name(file_name_));
    if (!parsed.ok()) {
      paths.push_back(entry);
      continue;
    }
    for (Resource& resource : *parsed) {
      if (tracking_) {
        Provenance from;
        from.path = OriginOf(file_name_);
        AddOrigin(*build_.arena, resource, from, true);
      }
      PLUMB_OK(accumulator.map.Append(std::move(resource)));
    }
  }
  PLUMB_OK(AddResources(accumulator, paths, field));
  return std::move(accumulator.map);
}

Status Target::Generate(Accumulator& into) {
  for (const auto* generators : {&kustomization_.config_map_generators, &kustomization_.secret_generators}) {
    for (size_t i = 0; i < generators->size(); ++i) {
      GeneratorArgs args = (*generators)[i];
      args.options = MergedOptions(std::move(args.options), kustomization_.generator_options);
      PLUMB_TRY(generated, GenerateConfig(build_, loader_, args), At(args.secret ? "secretGenerator" : "configMapGenerator", i));
      if (tracking_) AddOrigin(*build_.arena, generated, Self(args.secret ? "SecretGenerator" : "ConfigMapGenerator"), false);
      PLUMB_OK(into.map.Absorb(*build_.arena, std::move(generated)), At(args.secret ? "secretGenerator" : "configMapGenerator", i));
      Note(into.map, (args.secret ? "secretGenerator[" : "configMapGenerator[") + std::to_string(i) + "]");
    }
  }
  if (kustomization_.has_helm_charts)
    return Denied(At("helmCharts", 0) + ": 'helmCharts': Helm charts cannot be rendered within a kustomization yet; give the chart a source of its own");
  PLUMB_TRY(plugins, LoadPlugins(kustomization_.generators, "generators"), "generators");
  for (const Resource& config : plugins) {
    PLUMB_TRY(generated, RunGenerator(build_, loader_, config), File() + ": generators");
    Provenance from;
    const bool tracked = ProvenanceOfPlugin(config, &from);
    for (Resource& resource : generated) {
      if (tracked) AddOrigin(*build_.arena, resource, from, false);
      PLUMB_OK(into.map.Absorb(*build_.arena, std::move(resource)));
    }
    Note(into.map, "generators: " + config.CurrentId().gvk.kind + " " + config.CurrentId().name);
  }
  return Ok();
}

Status Target::Transform(Accumulator& into) {
  Arena& arena = *build_.arena;
  const Kustomization& k = kustomization_;
  const std::shared_ptr<const TransformerConfig> config = into.config;
  PLUMB_TRY(plugins, LoadPlugins(k.transformers, "transformers"), "transformers");
  const auto ran = [&](const char* kind, std::string field, Status status, const std::string& source = "") -> Status {
    if (!status.ok()) {
      const auto [name, i] = FieldAndIndex(field);
      return std::move(status).error().Wrap(At(name, i) + ": " + field);
    }
    if (tracking_) AddTransformation(arena, into.map, Self(kind));
    into.map.DropGone();
    Note(into.map, std::move(field), source);
    return Ok();
  };
  const auto item = [](const char* field, size_t i) { return std::string(field) + "[" + std::to_string(i) + "]"; };

  if (!k.patches_strategic_merge.empty()) {
    PLUMB_OK(ran("PatchStrategicMergeTransformer", "patchesStrategicMerge",
                 ApplyStrategicMerges(build_, loader_, into.map, k.patches_strategic_merge,
                                      [&](size_t i, const std::string& file) { Note(into.map, item("patchesStrategicMerge", i), file); })));
  }
  for (size_t i = 0; i < k.patches.size(); ++i) {
    const size_t warnings = build_.warnings.size();
    PLUMB_OK(ran("PatchTransformer", item("patches", i), ApplyPatch(build_, loader_, into.map, k.patches[i]), k.patches[i].path));
    for (size_t w = warnings; w < build_.warnings.size(); ++w) build_.warnings[w].insert(0, At("patches", i) + ": " + item("patches", i) + ": ");
  }
  if (!k.ns.empty()) {
    PLUMB_OK(ran("NamespaceTransformer", "namespace",
                 ApplyNamespace(arena, into.map, {.ns = k.ns, .fields = config->namespaces, .subjects_mode = {}})));
  }
  if (!k.name_prefix.empty())
    PLUMB_OK(ran("PrefixTransformer", "namePrefix", ApplyAffix(arena, into.map, Affix::kPrefix, k.name_prefix, config->name_prefix)));
  if (!k.name_suffix.empty())
    PLUMB_OK(ran("SuffixTransformer", "nameSuffix", ApplyAffix(arena, into.map, Affix::kSuffix, k.name_suffix, config->name_suffix)));
  for (size_t i = 0; i < k.labels.size(); ++i) {
    const LabelArgs& label = k.labels[i];
    FieldSpecs fields = label.fields;
    PLUMB_OK(MergeAll(fields, config->labels), "labels");
    if (label.include_selectors) {
      PLUMB_OK(MergeAll(fields, config->common_labels), "labels");
    } else {
      if (label.include_templates) PLUMB_OK(MergeAll(fields, config->template_labels), "labels");
      PLUMB_OK(Merge(fields, {{}, "metadata/labels", true}), "labels");
    }
    PLUMB_OK(ran("LabelTransformer", item("labels", i), ApplyPairs(arena, into.map, label.pairs, fields)));
  }
  if (!k.labels.empty() || !k.common_labels.empty())
    PLUMB_OK(ran("LabelTransformer", "commonLabels", ApplyPairs(arena, into.map, k.common_labels, config->common_labels)));
  if (!k.common_annotations.empty()) {
    PLUMB_OK(ran("AnnotationsTransformer", "commonAnnotations",
                 ApplyPairs(arena, into.map, k.common_annotations, config->common_annotations)));
  }
  for (size_t i = 0; i < k.patches_json6902.size(); ++i) {
    const PatchArgs& patch = k.patches_json6902[i];
    PLUMB_OK(ran("PatchJson6902Transformer", item("patchesJson6902", i), ApplyJson6902(build_, loader_, into.map, patch), patch.path));
  }
  for (size_t i = 0; i < k.replicas.size(); ++i)
    PLUMB_OK(ran("ReplicaCountTransformer", item("replicas", i), ApplyReplicas(arena, into.map, k.replicas[i], config->replicas)));
  for (size_t i = 0; i < k.images.size(); ++i)
    PLUMB_OK(ran("ImageTagTransformer", item("images", i), ApplyImage(arena, into.map, k.images[i], config->images)));
  if (!k.replacements.empty()) {
    PLUMB_TRY(replacements, LoadReplacements(loader_, k.replacements));
    PLUMB_OK(ran("ReplacementTransformer", "replacements", ApplyReplacements(arena, into.map, replacements, build_.settle)));
  }
  for (const Resource& plugin : plugins) {
    PLUMB_OK(RunTransformer(build_, loader_, plugin, into.map), File() + ": transformers");
    Provenance by;
    if (ProvenanceOfPlugin(plugin, &by)) AddTransformation(arena, into.map, by);
    into.map.DropGone();
    Note(into.map, "transformers: " + plugin.CurrentId().gvk.kind + " " + plugin.CurrentId().name);
  }
  return Ok();
}

Status Target::Validate(Accumulator& into) {
  PLUMB_TRY(plugins, LoadPlugins(kustomization_.validators, "validators"), "validators");
  for (const Resource& plugin : plugins) {
    const ResMap before = into.map;
    PLUMB_OK(RunTransformer(build_, loader_, plugin, into.map), File() + ": validators");
    bool same = before.size() == into.map.size();
    for (size_t i = 0; same && i < before.size(); ++i) {  // what is remembered of an object counts, too
      Resource after = into.map[i];
      auto labels = MetadataMap(after.root, "labels");
      if (labels.erase(std::string(kValidatedByLabel)) > 0) after.root = WithMetadataMap(*build_.arena, after.root, "labels", labels);
      same = WithBuildAnnotations(*build_.arena, before[i]) == WithBuildAnnotations(*build_.arena, after);
    }
    if (!same) return Invalid("validator " + plugin.CurrentId().ToString() + " changed an object: a validator may only look");
  }
  return Ok();
}

}  // namespace plumb::kustomize
