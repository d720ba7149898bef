#include "plugins/kustomize/builtin_plugins.h"

#include <algorithm>

#include "core/suggest.h"
#include "core/yaml.h"
#include "plugins/kustomize/functions.h"
#include "plugins/kustomize/generators.h"
#include "plugins/kustomize/kustomization.h"
#include "plugins/kustomize/node.h"
#include "plugins/kustomize/patches.h"
#include "plugins/kustomize/replacement_files.h"
#include "plugins/kustomize/transformers.h"

namespace plumb::kustomize {
namespace {

struct Call {
  Build& build;
  const Loader& loader;
  ResMap& map;
  ConfigReader& reader;

  Arena& arena() const { return *build.arena; }
};

// Numbers and booleans in quotes or not, and fields of later versions: both are tolerated in plugin files.
constexpr ReaderOptions kLenient{.refuse_unknown = false, .scalars_as_text = true};

Status CheckBuiltin(const Resource& config) {
  const ResId id = config.CurrentId();
  if (id.gvk.group.empty() && id.gvk.version == "builtin") return Ok();
  return Denied("plugin " + id.ToString() +
                " is not built in: 'apiVersion: builtin' runs here, and programs of the source by the annotation 'config.kubernetes.io/function'");
}

Status Annotations(const Call& call) {
  Labels pairs;
  FieldSpecs fields;
  PLUMB_OK(call.reader.Read("annotations", &pairs));
  PLUMB_OK(ReadFieldSpecs(call.reader, "fieldSpecs", &fields));
  return ApplyPairs(call.arena(), call.map, pairs, fields);
}

Status LabelPairs(const Call& call) {
  Labels pairs;
  FieldSpecs fields;
  PLUMB_OK(call.reader.Read("labels", &pairs));
  PLUMB_OK(ReadFieldSpecs(call.reader, "fieldSpecs", &fields));
  return ApplyPairs(call.arena(), call.map, pairs, fields);
}

Status Hashes(const Call& call) { return ApplyHashes(call.arena(), call.map, call.build.settle); }

Status Images(const Call& call) {
  ImageArgs image;
  FieldSpecs fields;
  PLUMB_OK(call.reader.ReadMap("imageTag", [&](ConfigReader& r) { return ReadImage(r, &image); }));
  PLUMB_OK(ReadFieldSpecs(call.reader, "fieldSpecs", &fields));
  return ApplyImage(call.arena(), call.map, image, fields);
}

Status Namespaces(const Call& call) {
  NamespaceArgs args;
  PLUMB_OK(call.reader.ReadMap("metadata", [&](ConfigReader& r) { return r.Read("namespace", &args.ns); }));
  PLUMB_OK(ReadFieldSpecs(call.reader, "fieldSpecs", &args.fields));
  PLUMB_OK(call.reader.Read("unsetOnly", &args.unset_only));
  PLUMB_OK(call.reader.Read("setRoleBindingSubjects", &args.subjects_mode));
  return ApplyNamespace(call.arena(), call.map, args);
}

Status Json6902(const Call& call) {
  PatchArgs args;
  PLUMB_OK(ReadPatch(call.reader, "jsonOp", &args));
  return ApplyJson6902(call.build, call.loader, call.map, args);
}

Status StrategicMerge(const Call& call) {
  std::vector<std::string> paths;
  std::string patches;
  PLUMB_OK(call.reader.Read("paths", &paths));
  PLUMB_OK(call.reader.Read("patches", &patches));
  if (!patches.empty()) paths.push_back(patches);
  return ApplyStrategicMerges(call.build, call.loader, call.map, paths);
}

Status Patch(const Call& call) {
  PatchArgs args;
  PLUMB_OK(ReadPatch(call.reader, "patch", &args));
  return ApplyPatch(call.build, call.loader, call.map, args);
}

Status Affixed(const Call& call, Affix affix) {
  std::string text;
  FieldSpecs fields;
  PLUMB_OK(call.reader.Read(affix == Affix::kPrefix ? "prefix" : "suffix", &text));
  if (!call.reader.Has("fieldSpecs")) return Invalid("'fieldSpecs' is missing");
  PLUMB_OK(ReadFieldSpecs(call.reader, "fieldSpecs", &fields));
  return ApplyAffix(call.arena(), call.map, affix, text, fields);
}

Status Prefix(const Call& call) { return Affixed(call, Affix::kPrefix); }
Status Suffix(const Call& call) { return Affixed(call, Affix::kSuffix); }
Status PrefixAndSuffix(const Call& call) {
  PLUMB_OK(Prefix(call));
  return Suffix(call);
}

Status Replacements(const Call& call) {
  std::vector<Replacement> replacements;
  PLUMB_OK(call.reader.ReadList("replacements", [&](ConfigReader& r) { return ReadReplacement(r, &replacements.emplace_back()); }));
  PLUMB_TRY(loaded, LoadReplacements(call.loader, std::move(replacements)));
  return ApplyReplacements(call.arena(), call.map, loaded, call.build.settle);
}

Status Replicas(const Call& call) {
  ReplicaArgs replica;
  FieldSpecs fields;
  PLUMB_OK(call.reader.ReadMap("replica", [&](ConfigReader& r) { return ReadReplica(r, &replica); }));
  PLUMB_OK(ReadFieldSpecs(call.reader, "fieldSpecs", &fields));
  return ApplyReplicas(call.arena(), call.map, replica, fields);
}

struct ValueTarget {
  std::optional<Selector> selector;
  ValueAddArgs args;
};

Status ReadValueTargets(ConfigReader& reader, std::vector<ValueTarget>* out) {
  return reader.ReadList("targets", [&](ConfigReader& r) -> Status {
    ValueTarget& target = out->emplace_back();
    if (r.Has("selector")) target.selector.emplace();
    PLUMB_OK(r.ReadMap("selector", [&](ConfigReader& s) { return ReadSelector(s, &*target.selector); }));
    PLUMB_OK(r.Read("fieldPath", &target.args.field_path));
    return r.Read("filePathPosition", &target.args.position);
  });
}

Status ValueAdd(const Call& call) {
  std::string value, file;
  std::vector<ValueTarget> targets;
  PLUMB_OK(call.reader.Read("value", &value));
  PLUMB_OK(ReadValueTargets(call.reader, &targets));
  PLUMB_OK(call.reader.Read("targetFilePath", &file));
  value.erase(0, std::min(value.size(), value.find_first_not_of(" \t\r\n")));
  value.erase(value.find_last_not_of(" \t\r\n") + 1);
  if (value.empty()) value = call.loader.root().substr(call.loader.root().rfind('/') + 1);
  if (!file.empty()) {
    PLUMB_TRY(text, call.loader.Load(file));
    PLUMB_TRY(document, ParseYamlOne(text), "'" + file + "'");
    PLUMB_TRY(reader, ConfigReader::Of(document.root(), "", kLenient), "'" + file + "'");
    PLUMB_OK(ReadValueTargets(reader, &targets), "'" + file + "'");
  }
  if (targets.empty()) return Invalid("at least one of 'targets' is needed");
  for (const ValueTarget& target : targets) {
    if (target.args.field_path.empty()) return Invalid("'fieldPath' of a target is empty");
    if (target.args.position < 0) return Invalid("'filePathPosition' is negative");
  }
  for (ValueTarget& target : targets) {
    PLUMB_TRY(selected, Select(call.map, target.selector.value_or(Selector())));
    for (size_t i : selected) {
      Resource& resource = call.map[i];
      target.args.value = value;
      const bool is_namespace = target.args.field_path == "metadata/namespace";
      PLUMB_TRY(changed, is_namespace ? SetNamespaceFields(call.arena(), resource.root, {.ns = value, .fields = {}, .subjects_mode = {}})
                                      : AddValue(call.arena(), resource.root, target.args));
      resource.root = changed;
    }
  }
  call.map.IdsChanged();
  return Ok();
}

struct Transformer {
  std::string_view kind;
  Status (*run)(const Call&);
};

constexpr Transformer kTransformers[] = {
    {"AnnotationsTransformer", Annotations},
    {"HashTransformer", Hashes},
    {"ImageTagTransformer", Images},
    {"LabelTransformer", LabelPairs},
    {"NamespaceTransformer", Namespaces},
    {"PatchJson6902Transformer", Json6902},
    {"PatchStrategicMergeTransformer", StrategicMerge},
    {"PatchTransformer", Patch},
    {"PrefixSuffixTransformer", PrefixAndSuffix},
    {"PrefixTransformer", Prefix},
    {"ReplacementTransformer", Replacements},
    {"ReplicaCountTransformer", Replicas},
    {"SuffixTransformer", Suffix},
    {"ValueAddTransformer", ValueAdd},
};

Error UnknownKind(std::string_view what, std::string_view kind, const std::vector<std::string>& known) {
  return Invalid("there is no built-in " + std::string(what) + " '" + std::string(kind) + "'" + DidYouMean(kind, known));
}

// A service account bound to one of a cloud's, by annotation.
Result<Resource> IamPolicy(Build& build, ConfigReader& reader) {
  std::string cloud, account, project, name, ns;
  PLUMB_OK(reader.Read("cloud", &cloud));
  const auto read_kubernetes_service = [&](ConfigReader& r) -> Status {
    PLUMB_OK(r.Read("name", &name));
    return r.Read("namespace", &ns);
  };
  PLUMB_OK(reader.ReadMap("kubernetesService", read_kubernetes_service));
  const auto read_service_account = [&](ConfigReader& r) -> Status {
    PLUMB_OK(r.Read("name", &account));
    return r.Read("projectId", &project);
  };
  PLUMB_OK(reader.ReadMap("serviceAccount", read_service_account));
  if (cloud != "gke") return Invalid("cloud '" + cloud + "' is not supported: only 'gke' is");
  Arena& arena = *build.arena;
  Resource resource;
  resource.root = arena.Map({{"apiVersion", Arena::Borrow("v1")}, {"kind", Arena::Borrow("ServiceAccount")}, {"metadata", arena.Map({})}});
  resource.root = WithAt(arena, resource.root, {"metadata", "annotations", "iam.gke.io/gcp-service-account"},
                         arena.String(account + "@" + project + ".iam.gserviceaccount.com"));
  SetName(arena, resource, name);
  if (!ns.empty()) SetNamespace(arena, resource, ns);
  return resource;
}

}  // namespace

Result<std::vector<Resource>> RunGenerator(Build& build, const Loader& loader, const Resource& config) {
  PLUMB_TRY(function, FunctionOf(config));
  if (function) return GenerateByFunction(build, loader, config, *function);
  PLUMB_OK(CheckBuiltin(config));
  const std::string kind = config.CurrentId().gvk.kind;
  const std::string context = "generator " + config.CurrentId().ToString();
  PLUMB_TRY(reader, ConfigReader::Of(config.root, "", kLenient), context);
  if (kind == "ConfigMapGenerator" || kind == "SecretGenerator") {
    GeneratorArgs args;
    args.secret = kind == "SecretGenerator";
    PLUMB_OK(ReadGenerator(reader, &args), context);
    const auto read_metadata = [&](ConfigReader& r) -> Status {
      if (args.name.empty()) PLUMB_OK(r.Read("name", &args.name));
      return args.ns.empty() ? r.Read("namespace", &args.ns) : Ok();
    };
    PLUMB_OK(reader.ReadMap("metadata", read_metadata), context);
    PLUMB_TRY(resource, GenerateConfig(build, loader, args), context);
    return std::vector<Resource>{resource};
  }
  if (kind == "IAMPolicyGenerator") {
    PLUMB_TRY(resource, IamPolicy(build, reader), context);
    return std::vector<Resource>{resource};
  }
  if (kind == "HelmChartInflationGenerator") return Denied(context + ": Helm charts cannot be rendered within a kustomization yet");
  return UnknownKind("generator", kind, {"ConfigMapGenerator", "SecretGenerator", "IAMPolicyGenerator"});
}

Status RunTransformer(Build& build, const Loader& loader, const Resource& config, ResMap& map) {
  PLUMB_TRY(function, FunctionOf(config));
  if (function) return TransformByFunction(build, loader, config, *function, map);
  PLUMB_OK(CheckBuiltin(config));
  const std::string kind = config.CurrentId().gvk.kind;
  const std::string context = "transformer " + config.CurrentId().ToString();
  const auto found = std::find_if(std::begin(kTransformers), std::end(kTransformers), [&](const Transformer& t) { return t.kind == kind; });
  if (found == std::end(kTransformers)) {
    std::vector<std::string> known;
    for (const Transformer& t : kTransformers) known.emplace_back(t.kind);
    return UnknownKind("transformer", kind, known);
  }
  PLUMB_TRY(reader, ConfigReader::Of(config.root, "", kLenient), context);
  PLUMB_OK(found->run(Call{build, loader, map, reader}), context);
  return Ok();
}

}  // namespace plumb::kustomize
