#include "plugins/kustomize/crds.h"

namespace plumb::kustomize {
namespace {

class Reader {
 public:
  explicit Reader(Value definitions) : definitions_(definitions) {}

  Status Read(std::string_view type, const ResGvk& gvk, const std::string& path, int depth) {
    constexpr int kMaxDepth = 32;
    if (depth > kMaxDepth) return Invalid("the definitions refer to each other in a circle, at '" + path + "'");
    for (const Member& property : Properties(definitions_.Get(type)).members()) {
      const std::string at = path.empty() ? std::string(property.key) : path + "/" + std::string(property.key);
      const Value v = property.value;
      if (v.Get("x-kubernetes-annotation").is_string()) PLUMB_OK(Merge(config_.common_annotations, {gvk, at, false}));
      if (v.Get("x-kubernetes-label-selector").is_string()) PLUMB_OK(Merge(config_.common_labels, {gvk, at, false}));
      if (v.Get("x-kubernetes-identity").is_string()) PLUMB_OK(Merge(config_.name_prefix, {gvk, at, false}));
      const Value version = v.Get("x-kubernetes-object-ref-api-version"), kind = v.Get("x-kubernetes-object-ref-kind");
      if (version.is_string() && kind.is_string()) {
        const Value key = v.Get("x-kubernetes-object-ref-name-key");
        const std::string name = key.is_string() ? std::string(key.AsString()) : "name";
        PLUMB_OK(config_.AddNameReference({{"", std::string(version.AsString()), std::string(kind.AsString())},
                                           {{gvk, at + "/" + name, false}}}));
      }
      if (v.Has("$ref")) PLUMB_OK(Read(v.GetString("$ref"), gvk, at, depth + 1));
    }
    return Ok();
  }

  static Value Properties(Value definition) {
    const Value schema = definition.Has("Schema") ? definition.Get("Schema") : definition.Get("schema");
    return schema.Get("properties");
  }

  const TransformerConfig& config() const { return config_; }

 private:
  Value definitions_;
  TransformerConfig config_;
};

}  // namespace

Result<TransformerConfig> ConfigFromCrds(Value definitions) {
  if (!definitions.is_map()) return Invalid("a map of definitions was expected, found a " + std::string(KindName(definitions.kind())));
  TransformerConfig all;
  for (const Member& definition : definitions.members()) {
    const Value properties = Reader::Properties(definition.value);
    if (!properties.Has("kind") || !properties.Has("apiVersion") || !properties.Has("metadata")) continue;
    Reader reader(definitions);
    const ResGvk gvk{"", "", std::string(definition.key.substr(definition.key.rfind('.') + 1))};
    PLUMB_OK(reader.Read(definition.key, gvk, "", 0));
    PLUMB_OK(all.MergeWith(reader.config()));
  }
  return all;
}

}  // namespace plumb::kustomize
