#include "plugins/kustomize/kustomization.h"

#include <algorithm>

#include "core/suggest.h"
#include "core/yaml.h"
#include "plugins/kustomize/first_document.h"

namespace plumb::kustomize {
namespace {

constexpr std::string_view kKustomizationVersion = "kustomize.config.k8s.io/v1beta1";
constexpr std::string_view kComponentVersion = "kustomize.config.k8s.io/v1alpha1";

Status ReadOptions(ConfigReader& reader, std::optional<GeneratorOptions>* out) {
  if (!reader.Has("options")) return reader.ReadMap("options", [](ConfigReader&) { return Ok(); });
  GeneratorOptions& options = out->emplace();
  return reader.ReadMap("options", [&](ConfigReader& r) -> Status {
    PLUMB_OK(r.Read("labels", &options.labels));
    PLUMB_OK(r.Read("annotations", &options.annotations));
    PLUMB_OK(r.Read("disableNameSuffixHash", &options.disable_name_suffix_hash));
    return r.Read("immutable", &options.immutable);
  });
}

Status ReadFieldOptions(ConfigReader& reader, FieldOptions* out) {
  return reader.ReadMap("options", [&](ConfigReader& r) -> Status {
    std::string encoding;
    PLUMB_OK(r.Read("delimiter", &out->delimiter));
    PLUMB_OK(r.Read("index", &out->index));
    PLUMB_OK(r.Read("encoding", &encoding));
    return r.Read("create", &out->create);
  });
}

Status ReadId(ConfigReader& reader, ResId* out) {
  PLUMB_OK(reader.Read("group", &out->gvk.group));
  PLUMB_OK(reader.Read("version", &out->gvk.version));
  PLUMB_OK(reader.Read("kind", &out->gvk.kind));
  PLUMB_OK(reader.Read("name", &out->name));
  return reader.Read("namespace", &out->ns);
}

Status ReadVariable(ConfigReader& reader, Variable* out) {
  PLUMB_OK(reader.Read("name", &out->name));
  const auto read_objref = [&](ConfigReader& r) -> Status {
    std::string api_version;
    PLUMB_OK(r.Read("apiVersion", &api_version));
    PLUMB_OK(ReadId(r, &out->object));
    if (!api_version.empty()) {
      const ResGvk gvk = ResGvk::FromApiVersion(api_version, "");
      if (!gvk.group.empty()) out->object.gvk.group = gvk.group;
      out->object.gvk.version = gvk.version;
    }
    return Ok();
  };
  PLUMB_OK(reader.ReadMap("objref", read_objref));
  return reader.ReadMap("fieldref", [&](ConfigReader& r) -> Status {
    std::string path;
    PLUMB_OK(r.Read("fieldPath", &path));
    if (!path.empty()) out->field_path = path;
    return Ok();
  });
}

template <typename T, typename F>
Status ReadEach(ConfigReader& reader, std::string_view name, std::vector<T>* out, F&& read) {
  return reader.ReadList(name, [&](ConfigReader& r) { return read(r, &out->emplace_back()); });
}

// Fields that are only checked for their shape: Helm charts are refused when the build reaches them.
Status ReadHelm(ConfigReader& reader, Kustomization* k) {
  Value charts, old_charts, globals;
  PLUMB_OK(reader.Read("helmCharts", &charts));
  PLUMB_OK(reader.Read("helmChartInflationGenerator", &old_charts));
  PLUMB_OK(reader.Read("helmGlobals", &globals));
  k->has_helm_charts = !charts.empty() || !old_charts.empty();
  return Ok();
}

Status ReadAll(ConfigReader& reader, Kustomization* k) {
  Value metadata;
  PLUMB_OK(reader.Read("kind", &k->kind));
  PLUMB_OK(reader.Read("apiVersion", &k->api_version));
  PLUMB_OK(reader.Read("metadata", &metadata));
  PLUMB_OK(reader.Read("openapi", &k->openapi));
  PLUMB_OK(reader.Read("namePrefix", &k->name_prefix));
  PLUMB_OK(reader.Read("nameSuffix", &k->name_suffix));
  PLUMB_OK(reader.Read("namespace", &k->ns));
  PLUMB_OK(reader.Read("commonLabels", &k->common_labels));
  PLUMB_OK(reader.Read("commonAnnotations", &k->common_annotations));
  const auto read_labels = [](ConfigReader& r, LabelArgs* label) -> Status {
    PLUMB_OK(r.Read("pairs", &label->pairs));
    PLUMB_OK(r.Read("includeSelectors", &label->include_selectors));
    PLUMB_OK(r.Read("includeTemplates", &label->include_templates));
    return ReadFieldSpecs(r, "fields", &label->fields);
  };
  PLUMB_OK(ReadEach(reader, "labels", &k->labels, read_labels));
  PLUMB_OK(reader.Read("patchesStrategicMerge", &k->patches_strategic_merge));
  const auto read_patch = [](ConfigReader& r, PatchArgs* patch) { return ReadPatch(r, "patch", patch); };
  PLUMB_OK(ReadEach(reader, "patchesJson6902", &k->patches_json6902, read_patch));
  PLUMB_OK(ReadEach(reader, "patches", &k->patches, read_patch));
  PLUMB_OK(ReadEach(reader, "images", &k->images, ReadImage));
  PLUMB_OK(ReadEach(reader, "imageTags", &k->images, ReadImage));
  PLUMB_OK(ReadEach(reader, "replacements", &k->replacements, ReadReplacement));
  PLUMB_OK(ReadEach(reader, "replicas", &k->replicas, ReadReplica));
  PLUMB_OK(ReadEach(reader, "vars", &k->vars, ReadVariable));
  if (reader.Has("sortOptions")) k->sort_options.emplace();
  PLUMB_OK(reader.ReadMap("sortOptions", [&](ConfigReader& r) { return ReadSortOptions(r, &*k->sort_options); }));
  for (auto [name, list] : {std::pair{"resources", &k->resources}, {"bases", &k->resources}, {"components", &k->components},
                            {"crds", &k->crds}, {"configurations", &k->configurations}, {"generators", &k->generators},
                            {"transformers", &k->transformers}, {"validators", &k->validators},
                            {"buildMetadata", &k->build_metadata}})
    PLUMB_OK(reader.Read(name, list));
  PLUMB_OK(ReadEach(reader, "configMapGenerator", &k->config_map_generators, ReadGenerator));
  PLUMB_OK(ReadEach(reader, "secretGenerator", &k->secret_generators, [](ConfigReader& r, GeneratorArgs* args) {
    args->secret = true;
    return ReadGenerator(r, args);
  }));
  if (reader.Has("generatorOptions")) k->generator_options.emplace();
  const auto read_generator_options = [&](ConfigReader& r) -> Status {
    PLUMB_OK(r.Read("labels", &k->generator_options->labels));
    PLUMB_OK(r.Read("annotations", &k->generator_options->annotations));
    PLUMB_OK(r.Read("disableNameSuffixHash", &k->generator_options->disable_name_suffix_hash));
    return r.Read("immutable", &k->generator_options->immutable);
  };
  PLUMB_OK(reader.ReadMap("generatorOptions", read_generator_options));
  return ReadHelm(reader, k);
}

// What renders, and should be changed: deprecated fields, and words of `buildMetadata` that mean nothing.
void NoteWarnings(const ConfigReader& reader, Kustomization* k) {
  constexpr std::pair<std::string_view, std::string_view> kDeprecated[] = {
      {"bases", "resources"},           {"commonLabels", "labels"},          {"imageTags", "images"},
      {"patchesJson6902", "patches"},   {"patchesStrategicMerge", "patches"}, {"vars", "replacements"},
  };
  for (const auto& [old_name, new_name] : kDeprecated)
    if (reader.Has(old_name))
      k->warnings.push_back("'" + std::string(old_name) + "' is deprecated: use '" + std::string(new_name) + "' ('kustomize edit fix' changes it)");
  const std::vector<std::string> known = {"managedByLabel", "originAnnotations", "transformerAnnotations"};
  for (const std::string& word : k->build_metadata)
    if (std::find(known.begin(), known.end(), word) == known.end())
      k->warnings.push_back("'buildMetadata': '" + word + "' means nothing" + DidYouMean(word, known));
}

// What the reference decoder calls empty: every field but kind and apiVersion absent, null, "" or 0.
bool IsEmptyKustomization(Value root) {
  for (const Member& m : root.members()) {
    if (m.key == "kind" || m.key == "apiVersion" || m.value.is_null()) continue;
    if (m.value.is_string() && m.value.AsString().empty()) continue;
    return false;
  }
  return true;
}

}  // namespace

Result<Kustomization> ParseKustomization(std::string_view text, YamlCache* yaml) {
  PLUMB_TRY(parsed, ParseYaml(yaml, text, {.dialect = YamlDialect::kKubernetes}));
  const std::vector<YamlDocument>& documents = *parsed;
  const Value root = FirstDocument(text, documents);
  if (IsEmptyKustomization(root) && (root.is_null() || root.is_map())) return Invalid("the kustomization file is empty");
  ReaderPlace place;
  PLUMB_TRY(reader, ConfigReader::Of(root, "", {.refuse_unknown = true, .place = &place}));
  Kustomization k;
  Status read = ReadAll(reader, &k);
  if (read.ok()) read = reader.Finish();
  if (!read.ok()) {
    if (place.path.empty()) return std::move(read).error();
    const Position at = LocateYaml(text, 0, place.path, place.key ? YamlPlace::kKey : YamlPlace::kValue);
    return std::move(read).error().Wrap(std::to_string(at.line) + ":" + std::to_string(at.column));
  }
  NoteWarnings(reader, &k);
  if (documents.size() > 1) k.warnings.push_back("line " + std::to_string(documents[1].line) + ": what follows the first document is not read");

  if (k.kind.empty()) k.kind = "Kustomization";
  if (k.kind != "Kustomization" && !k.is_component())
    return Invalid("kind is '" + k.kind + "': a kustomization file has 'kind: Kustomization' or 'kind: Component'");
  const std::string_view version = k.is_component() ? kComponentVersion : kKustomizationVersion;
  if (k.api_version.empty()) k.api_version = version;
  if (k.api_version != version)
    return Invalid("apiVersion is '" + k.api_version + "': that of a " + k.kind + " is '" + std::string(version) + "'");
  return k;
}

Status ReadSelector(ConfigReader& reader, Selector* out) {
  PLUMB_OK(ReadId(reader, &out->id));
  PLUMB_OK(reader.Read("annotationSelector", &out->annotation_selector));
  return reader.Read("labelSelector", &out->label_selector);
}

Status ReadFieldSpec(ConfigReader& reader, FieldSpec* out) {
  PLUMB_OK(reader.Read("group", &out->gvk.group));
  PLUMB_OK(reader.Read("version", &out->gvk.version));
  PLUMB_OK(reader.Read("kind", &out->gvk.kind));
  PLUMB_OK(reader.Read("path", &out->path));
  return reader.Read("create", &out->create);
}

Status ReadFieldSpecs(ConfigReader& reader, std::string_view name, FieldSpecs* out) {
  return ReadEach(reader, name, out, ReadFieldSpec);
}

Status ReadPatch(ConfigReader& reader, std::string_view patch_field, PatchArgs* out) {
  PLUMB_OK(reader.Read("path", &out->path));
  PLUMB_OK(reader.Read(patch_field, &out->patch));
  if (reader.Has("target")) out->target.emplace();
  PLUMB_OK(reader.ReadMap("target", [&](ConfigReader& r) { return ReadSelector(r, &*out->target); }));
  return reader.Read("options", &out->options);
}

Status ReadImage(ConfigReader& reader, ImageArgs* out) {
  PLUMB_OK(reader.Read("name", &out->name));
  PLUMB_OK(reader.Read("newName", &out->new_name));
  PLUMB_OK(reader.Read("tagSuffix", &out->tag_suffix));
  PLUMB_OK(reader.Read("newTag", &out->new_tag));
  return reader.Read("digest", &out->digest);
}

Status ReadReplica(ConfigReader& reader, ReplicaArgs* out) {
  PLUMB_OK(reader.Read("name", &out->name));
  return reader.Read("count", &out->count);
}

Status ReadReplacement(ConfigReader& reader, Replacement* out) {
  PLUMB_OK(reader.Read("path", &out->path));
  if (reader.Has("source")) out->source.emplace();
  const auto read_source = [&](ConfigReader& r) -> Status {
    PLUMB_OK(ReadId(r, &out->source->id));
    PLUMB_OK(r.Read("fieldPath", &out->source->field_path));
    return ReadFieldOptions(r, &out->source->options);
  };
  PLUMB_OK(reader.ReadMap("source", read_source));
  if (reader.Has("targets")) out->targets.emplace();
  return reader.ReadList("targets", [&](ConfigReader& r) -> Status {
    ReplacementTarget& target = out->targets->emplace_back();
    if (r.Has("select")) target.select.emplace();
    PLUMB_OK(r.ReadMap("select", [&](ConfigReader& s) { return ReadSelector(s, &*target.select); }));
    PLUMB_OK(ReadEach(r, "reject", &target.reject, ReadSelector));
    PLUMB_OK(r.Read("fieldPaths", &target.field_paths));
    return ReadFieldOptions(r, &target.options);
  });
}

Status ReadGenerator(ConfigReader& reader, GeneratorArgs* out) {
  PLUMB_OK(reader.Read("namespace", &out->ns));
  PLUMB_OK(reader.Read("name", &out->name));
  PLUMB_OK(reader.Read("behavior", &out->behavior));
  if (out->secret) PLUMB_OK(reader.Read("type", &out->type));
  PLUMB_OK(reader.Read("literals", &out->literals));
  PLUMB_OK(reader.Read("files", &out->files));
  PLUMB_OK(reader.Read("envs", &out->envs));
  std::string env;
  PLUMB_OK(reader.Read("env", &env));
  if (!env.empty()) out->envs.push_back(env);
  return ReadOptions(reader, &out->options);
}

Status ReadSortOptions(ConfigReader& reader, SortOptions* out) {
  PLUMB_OK(reader.Read("order", &out->order));
  if (reader.Has("legacySortOptions")) out->legacy.emplace();
  return reader.ReadMap("legacySortOptions", [&](ConfigReader& r) -> Status {
    PLUMB_OK(r.Read("orderFirst", &out->legacy->first));
    return r.Read("orderLast", &out->legacy->last);
  });
}

Status ReadTransformerConfig(ConfigReader& reader, TransformerConfig* out) {
  for (auto [name, specs] : {std::pair{"namePrefix", &out->name_prefix}, {"nameSuffix", &out->name_suffix},
                             {"namespace", &out->namespaces}, {"commonLabels", &out->common_labels},
                             {"labels", &out->labels}, {"templateLabels", &out->template_labels},
                             {"commonAnnotations", &out->common_annotations}, {"varReference", &out->var_reference},
                             {"images", &out->images}, {"replicas", &out->replicas}})
    PLUMB_OK(ReadFieldSpecs(reader, name, specs));
  const auto read_name_reference = [](ConfigReader& r, NameReference* reference) -> Status {
    PLUMB_OK(r.Read("group", &reference->referred.group));
    PLUMB_OK(r.Read("version", &reference->referred.version));
    PLUMB_OK(r.Read("kind", &reference->referred.kind));
    return ReadFieldSpecs(r, "fieldSpecs", &reference->referrers);
  };
  PLUMB_OK(ReadEach(reader, "nameReference", &out->name_reference, read_name_reference));
  out->Sort();
  return Ok();
}

std::optional<GeneratorOptions> MergedOptions(std::optional<GeneratorOptions> own,
                                              const std::optional<GeneratorOptions>& global) {
  if (!global) return own;
  if (!own) own.emplace();
  own->labels.insert(global->labels.begin(), global->labels.end());
  own->annotations.insert(global->annotations.begin(), global->annotations.end());
  own->disable_name_suffix_hash = own->disable_name_suffix_hash || global->disable_name_suffix_hash;
  own->immutable = own->immutable || global->immutable;
  return own;
}

}  // namespace plumb::kustomize
