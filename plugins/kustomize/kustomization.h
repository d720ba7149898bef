// A kustomization.yaml (kustomize.config.k8s.io/v1beta1 Kustomization, v1alpha1 Component) as a struct, and the
// configurations of the transformers and generators that it shares with plugin files.
// Source: Kustomize 5.5, api/types.
//
// Plain values; thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/arena.h"
#include "core/result.h"
#include "core/yaml_cache.h"
#include "plugins/kustomize/config_reader.h"
#include "plugins/kustomize/field_specs.h"
#include "plugins/kustomize/res_id.h"
#include "plugins/kustomize/sort_order.h"

namespace plumb::kustomize {

using Labels = std::map<std::string, std::string>;

struct Selector {
  ResId id;  // of `patches` the parts are regular expressions; elsewhere exact; empty matches anything
  std::string annotation_selector, label_selector;
};

struct PatchArgs {
  std::string path, patch;  // one of the two
  std::optional<Selector> target;
  std::map<std::string, bool> options;  // allowNameChange, allowKindChange
};

struct LabelArgs {
  Labels pairs;
  bool include_selectors = false, include_templates = false;
  FieldSpecs fields;
};

struct ImageArgs {
  std::string name, new_name, tag_suffix, new_tag, digest;
};

struct ReplicaArgs {
  std::string name;
  int64_t count = 0;
};

struct FieldOptions {
  std::string delimiter;
  int64_t index = 0;
  bool create = false;
};

struct ReplacementTarget {
  std::optional<Selector> select;
  std::vector<Selector> reject;
  std::vector<std::string> field_paths;
  FieldOptions options;
};

struct Replacement {
  struct Source {
    ResId id;
    std::string field_path;
    FieldOptions options;
  };
  std::string path;  // instead of the rest: a file with one or a list of them
  std::optional<Source> source;
  std::optional<std::vector<ReplacementTarget>> targets;
};

struct Variable {
  std::string name;
  ResId object;
  std::string field_path = "metadata.name";
  std::string where;  // "base/kustomization.yaml:7", for errors
};

struct GeneratorOptions {
  Labels labels, annotations;
  bool disable_name_suffix_hash = false, immutable = false;
};

struct GeneratorArgs {
  bool secret = false;
  std::string ns, name, behavior, type;
  std::vector<std::string> literals, files, envs;
  std::optional<GeneratorOptions> options;
};

struct Kustomization {
  std::string kind, api_version;
  std::string name_prefix, name_suffix, ns;
  Labels common_labels, common_annotations;
  std::vector<LabelArgs> labels;
  std::vector<std::string> patches_strategic_merge;
  std::vector<PatchArgs> patches_json6902, patches;
  std::vector<ImageArgs> images;
  std::vector<Replacement> replacements;
  std::vector<ReplicaArgs> replicas;
  std::vector<Variable> vars;
  std::optional<SortOptions> sort_options;
  std::vector<std::string> resources, components, crds, configurations, generators, transformers, validators,
      build_metadata;
  std::vector<GeneratorArgs> config_map_generators, secret_generators;
  std::optional<GeneratorOptions> generator_options;
  std::map<std::string, std::string> openapi;
  bool has_helm_charts = false;
  // Of fields that the application's options have set or added to: how many entries are the directory's own.
  std::map<std::string, size_t, std::less<>> own;
  std::vector<std::string> warnings;  // "'bases' is deprecated: use 'resources' ..."

  bool is_component() const { return kind == "Component"; }
};

// Reads, completes and checks the text of a kustomization file. Errors: kInvalid.
Result<Kustomization> ParseKustomization(std::string_view text, YamlCache* yaml = nullptr);

// Parts that plugin files share. Each reads the fields of one struct.
Status ReadSelector(ConfigReader& reader, Selector* out);
Status ReadFieldSpec(ConfigReader& reader, FieldSpec* out);
Status ReadFieldSpecs(ConfigReader& reader, std::string_view name, FieldSpecs* out);
Status ReadPatch(ConfigReader& reader, std::string_view patch_field, PatchArgs* out);
Status ReadImage(ConfigReader& reader, ImageArgs* out);
Status ReadReplica(ConfigReader& reader, ReplicaArgs* out);
Status ReadReplacement(ConfigReader& reader, Replacement* out);
Status ReadGenerator(ConfigReader& reader, GeneratorArgs* out);
Status ReadSortOptions(ConfigReader& reader, SortOptions* out);
Status ReadTransformerConfig(ConfigReader& reader, TransformerConfig* out);

// The generator's own options completed by those of the whole kustomization.
std::optional<GeneratorOptions> MergedOptions(std::optional<GeneratorOptions> own, const std::optional<GeneratorOptions>& global);

}  // namespace plumb::kustomize
