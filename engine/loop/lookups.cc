#include "engine/loop/lookups.h"

#include "diff/embedded_schema.h"

namespace plumb {

ScopeLookup ScopesOf(kube::Discovery& discovery) {
  return [&discovery](const Gvk& gvk) -> std::optional<Scope> {
    const auto resource = discovery.Find(gvk);
    if (!resource.ok()) return std::nullopt;
    return resource->namespaced ? Scope::kNamespaced : Scope::kCluster;
  };
}

ResourceLookup ResourcesOf(kube::Discovery& discovery) {
  return [&discovery](const Gvk& gvk) -> std::optional<kube::Resource> {
    auto resource = discovery.Find(gvk);
    return resource.ok() ? std::optional(std::move(*resource)) : std::nullopt;
  };
}

SchemaLookup SchemasOf(kube::SchemaCache& schemas) {
  return [&schemas](const Gvk& gvk) -> std::pair<SchemaPtr, const Type*> {
    SchemaPtr embedded = EmbeddedSchema();
    if (const Type* type = embedded->Find(gvk)) return {embedded, type};
    auto schema = schemas.ForKind(gvk);
    if (!schema.ok()) return {embedded, nullptr};
    return {*schema, (*schema)->Find(gvk)};
  };
}

CheckLookup ChecksOf(kube::ServerCheck& check, ResourceLookup resources, SchemaLookup schema) {
  return [&check, resources = std::move(resources), schema = std::move(schema)](std::span<ObjectDiff* const> diffs) {
    std::vector<kube::ServerCheck::Item> items;
    for (ObjectDiff* diff : diffs) {
      const auto [of, type] = schema(diff->gvk);
      items.push_back({diff, type, of});
    }
    std::vector<std::string> errors;
    for (const Error& error : check.Check(items, resources)) errors.push_back(error.message());
    return errors;
  };
}

}  // namespace plumb
