#include "core/object.h"

#include <fmt/core.h>

namespace plumb {

Gvk MakeGvk(std::string_view api_version, std::string_view kind) {
  const size_t slash = api_version.find('/');
  if (slash == std::string_view::npos) return {"", std::string(api_version), std::string(kind)};
  return {std::string(api_version.substr(0, slash)), std::string(api_version.substr(slash + 1)), std::string(kind)};
}

Gvk GvkOf(Value object) { return MakeGvk(object.GetString("apiVersion"), object.GetString("kind")); }

ObjectId IdOf(Value object) {
  Gvk gvk = GvkOf(object);
  const Value metadata = object.Get("metadata");
  return {std::move(gvk.group), std::move(gvk.kind), std::string(metadata.GetString("namespace")),
          std::string(metadata.GetString("name"))};
}

std::string ObjectId::ToString() const {
  // Built-in groups are known by their kinds; only foreign ones (they have a dot) need saying.
  const bool foreign = group.find('.') != std::string::npos && !group.ends_with(".k8s.io");
  return fmt::format("{}{}{} {}{}{}", kind, foreign ? "." : "", foreign ? group : "", ns, ns.empty() ? "" : "/", name);
}

std::string Origin::ToString() const {
  if (file.empty()) return "(generated)";
  return line > 0 ? fmt::format("{}:{}", file, line) : file;
}

Status CheckManifest(Value object) {
  if (!object.is_map()) return Invalid(fmt::format("not a manifest: expected a map, found {}", KindWithArticle(object.kind())));
  for (std::string_view field : {"apiVersion", "kind"}) {
    const Value* v = object.Find(field);
    if (!v) return Invalid(fmt::format("not a manifest: '{}' is missing", field));
    if (!v->is_string() || v->AsString().empty())
      return Invalid(fmt::format("{}: expected a non-empty string, found {}", field, v->is_string() ? "\"\"" : KindWithArticle(v->kind())));
  }
  const Value* metadata = object.Find("metadata");
  if (!metadata || !metadata->is_map())
    return Invalid(fmt::format("{}: metadata: {}", object.GetString("kind"),
                               metadata ? fmt::format("expected a map, found {}", KindWithArticle(metadata->kind())) : "is missing"));
  for (std::string_view field : {"name", "namespace", "generateName"}) {
    const Value* v = metadata->Find(field);
    if (v && !v->is_string() && !v->is_null())
      return Invalid(fmt::format("{}: metadata.{}: expected a string, found {}; quote it", object.GetString("kind"), field, KindWithArticle(v->kind())));
  }
  if (metadata->GetString("name").empty() && metadata->GetString("generateName").empty())
    return Invalid(fmt::format("{}: metadata.name is missing", object.GetString("kind")));
  for (std::string_view field : {"labels", "annotations"}) {
    const Value* map = metadata->Find(field);
    if (!map || map->is_null()) continue;
    if (!map->is_map())
      return Invalid(fmt::format("{} {}: metadata.{}: expected a map, found {}", object.GetString("kind"), metadata->GetString("name"), field, KindWithArticle(map->kind())));
    for (const Member& m : map->members())
      if (!m.value.is_string() && !m.value.is_null())
        return Invalid(fmt::format("{} {}: metadata.{}[{}]: expected a string, found {}; quote it", object.GetString("kind"),
                                   metadata->GetString("name"), field, m.key, KindWithArticle(m.value.kind())));
  }
  return Ok();
}

}  // namespace plumb
