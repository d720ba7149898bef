#include "plugins/kustomize/tracking.h"

#include "core/yaml.h"
#include "plugins/kustomize/as_written.h"
#include "plugins/kustomize/node.h"

namespace plumb::kustomize {
namespace {

std::string Line(const char* indent, const char* name, const std::string& value) {
  if (value.empty()) return "";
  return std::string(indent) + name + ": " + WriteYaml(Arena::Borrow(value));
}

bool HasAnnotation(const Resource& resource, std::string_view key) {
  return resource.root.Get("metadata").Get("annotations").Has(key);
}

// All annotations are texts of their own once one is set.
void SetAnnotation(Arena& arena, Resource& resource, std::string_view key, const std::string& text) {
  auto annotations = MetadataMap(resource.root, "annotations");
  annotations[std::string(key)] = text;
  resource.root = WithMetadataMap(arena, resource.root, "annotations", annotations);
}

}  // namespace

std::string Provenance::ToText() const {
  std::string text = Line("", "path", path) + Line("", "configuredIn", configured_in);
  const std::string by = Line("  ", "apiVersion", api_version) + Line("  ", "kind", kind) + Line("  ", "name", name) +
                         Line("  ", "namespace", ns);
  if (!by.empty()) text += "configuredBy:\n" + by;
  return text.empty() ? "{}\n" : text;
}

void AddOrigin(Arena& arena, Resource& resource, const Provenance& from, bool overwrite) {
  if (overwrite || !HasAnnotation(resource, kOriginAnnotation)) SetAnnotation(arena, resource, kOriginAnnotation, from.ToText());
}

void AddTransformation(Arena& arena, ResMap& map, const Provenance& by) {
  const std::string text = by.ToText();
  std::string item = "- ";
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at) + 1;
    item += (at == 0 ? "" : "  ") + text.substr(at, end - at);
    at = end;
  }
  for (Resource& resource : map) {
    if (resource.gone()) continue;
    if (!HasAnnotation(resource, kOriginAnnotation)) {
      SetAnnotation(arena, resource, kOriginAnnotation, text);
      continue;
    }
    const Value before = resource.root.Get("metadata").Get("annotations").Get(kTransformationsAnnotation);
    SetAnnotation(arena, resource, kTransformationsAnnotation, ScalarText(before) + item);
  }
}

bool ProvenanceOfPlugin(const Resource& config, Provenance* out) {
  if (!HasAnnotation(config, kOriginAnnotation)) return false;
  const auto parsed = ParseYamlOne(ScalarText(config.root.Get("metadata").Get("annotations").Get(kOriginAnnotation)));
  if (!parsed.ok()) return false;
  const ResId id = config.CurrentId();
  *out = {.path = "", .configured_in = ScalarText(parsed->root().Get("path")), .api_version = id.gvk.ApiVersion(),
          .kind = id.gvk.kind, .name = id.name, .ns = id.ns};
  return true;
}

}  // namespace plumb::kustomize
