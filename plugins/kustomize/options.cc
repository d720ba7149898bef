#include "plugins/kustomize/options.h"

#include <algorithm>

namespace plumb::kustomize {
namespace {

// "name=new/name:tag@digest", "name:tag" or "name@digest".
ImageArgs ParseImage(const std::string& text) {
  ImageArgs image;
  const size_t equals = text.find('=');
  std::string rest = equals == std::string::npos ? text : text.substr(equals + 1);
  if (const size_t at = rest.find('@'); at != std::string::npos) {
    image.digest = rest.substr(at + 1);
    rest.resize(at);
  }
  const size_t colon = rest.rfind(':'), slash = rest.rfind('/');
  if (colon != std::string::npos && (slash == std::string::npos || colon > slash)) {
    image.new_tag = rest.substr(colon + 1);
    rest.resize(colon);
  }
  image.name = equals == std::string::npos ? rest : text.substr(0, equals);
  if (rest != image.name) image.new_name = rest;
  return image;
}

Status ReadImages(ConfigReader& reader, Options* out) {
  Value images;
  PLUMB_OK(reader.Read("images", &images));
  if (!images.is_list() && !images.is_null()) return Invalid("'images' must be a list");
  for (Value item : images.items()) {
    if (item.is_string()) {
      out->images.push_back({ParseImage(std::string(item.AsString())), true});
      continue;
    }
    PLUMB_TRY(one, ConfigReader::Of(item, "images", {.refuse_unknown = true, .scalars_as_text = true}));
    PLUMB_OK(ReadImage(one, &out->images.emplace_back().image));
    PLUMB_OK(one.Finish());
  }
  return Ok();
}

Status ReadChoice(ConfigReader& reader, std::string_view name, std::string_view yes, std::string_view no, bool* out) {
  std::string choice;
  PLUMB_OK(reader.Read(name, &choice));
  if (choice.empty()) return Ok();
  if (choice != yes && choice != no)
    return Invalid("'" + std::string(name) + "' is '" + choice + "': use '" + std::string(yes) + "' or '" + std::string(no) + "'");
  *out = choice == yes;
  return Ok();
}

// Puts the image of the option into the list of the kustomization.
void AddImage(const ImageOption& option, std::vector<ImageArgs>& images) {
  constexpr std::string ImageArgs::*kParts[] = {&ImageArgs::new_name, &ImageArgs::new_tag, &ImageArgs::digest, &ImageArgs::tag_suffix};
  const auto found = std::find_if(images.begin(), images.end(), [&](const ImageArgs& have) { return have.name == option.image.name; });
  const ImageArgs before = found == images.end() ? ImageArgs() : *found;
  ImageArgs image = option.image;
  for (const auto part : kParts)
    if (option.is_text ? image.*part == "*" : (image.*part).empty()) image.*part = before.*part;
  if (found == images.end()) images.push_back(image);
  else *found = image;
}

}  // namespace

Result<Options> ReadOptions(Value value) {
  PLUMB_TRY(reader, ConfigReader::Of(value, "", {.refuse_unknown = true, .scalars_as_text = true}));
  Options options;
  PLUMB_OK(reader.Read("namePrefix", &options.name_prefix));
  PLUMB_OK(reader.Read("nameSuffix", &options.name_suffix));
  PLUMB_OK(reader.Read("namespace", &options.ns));
  PLUMB_OK(ReadImages(reader, &options));
  PLUMB_OK(reader.ReadList("replicas", [&](ConfigReader& r) { return ReadReplica(r, &options.replicas.emplace_back()); }));
  const auto read_labels = [&](ConfigReader& r) -> Status {
    LabelArgs& label = options.labels.emplace_back();
    PLUMB_OK(r.Read("pairs", &label.pairs));
    PLUMB_OK(r.Read("includeSelectors", &label.include_selectors));
    return r.Read("includeTemplates", &label.include_templates);
  };
  PLUMB_OK(reader.ReadList("labels", read_labels));
  PLUMB_OK(reader.Read("commonLabels", &options.common_labels));
  PLUMB_OK(reader.Read("commonAnnotations", &options.common_annotations));
  PLUMB_OK(reader.Read("components", &options.components));
  PLUMB_OK(reader.Read("ignoreMissingComponents", &options.ignore_missing_components));
  PLUMB_OK(reader.Read("buildMetadata", &options.build_metadata));
  PLUMB_OK(reader.ReadList("patches", [&](ConfigReader& r) { return ReadPatch(r, "patch", &options.patches.emplace_back()); }));
  PLUMB_OK(reader.ReadMap("postBuild", [&](ConfigReader& r) { return ReadPostBuild(r, &options.post_build); }));
  PLUMB_OK(ReadChoice(reader, "loadRestrictor", "rootOnly", "none", &options.root_only));
  PLUMB_OK(ReadChoice(reader, "order", "legacy", "none", &options.legacy_order));
  PLUMB_OK(reader.Finish());
  return options;
}

void ApplyOptions(const Options& options, Kustomization& k) {
  const auto set = [&](const char* field, std::string& of_directory, const std::string& given) {
    if (given.empty()) return;
    of_directory = given;
    k.own[field] = 0;
  };
  set("namePrefix", k.name_prefix, options.name_prefix);
  set("nameSuffix", k.name_suffix, options.name_suffix);
  set("namespace", k.ns, options.ns);
  for (const ImageOption& option : options.images) AddImage(option, k.images);
  const bool sorts = std::any_of(options.images.begin(), options.images.end(), [](const ImageOption& option) { return option.is_text; });
  if (sorts) std::stable_sort(k.images.begin(), k.images.end(), [](const ImageArgs& a, const ImageArgs& b) { return a.name < b.name; });
  for (const ReplicaArgs& replica : options.replicas) {
    const auto same = std::find_if(k.replicas.begin(), k.replicas.end(), [&](const ReplicaArgs& have) { return have.name == replica.name; });
    if (same == k.replicas.end()) k.replicas.push_back(replica);
    else *same = replica;
  }
  const auto append = [&](const char* field, auto& list, const auto& added) {
    k.own[field] = list.size();
    list.insert(list.end(), added.begin(), added.end());
  };
  append("labels", k.labels, options.labels);
  for (const auto& [key, value] : options.common_labels) k.common_labels[key] = value;
  for (const auto& [key, value] : options.common_annotations) k.common_annotations[key] = value;
  append("components", k.components, options.components);
  append("patches", k.patches, options.patches);
  if (!options.build_metadata.empty()) k.build_metadata = options.build_metadata;
}

}  // namespace plumb::kustomize
