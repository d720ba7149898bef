// Where schemas come from: the documents of /openapi/v3 and /openapi/v2, and CustomResourceDefinitions.
#include <unordered_map>

#include "core/edit.h"
#include "diff/embedded_schema.h"
#include "diff/schema.h"

namespace plumb {

namespace {

// Definitions by name over documents that the table keeps alive.
struct Definitions {
  std::vector<Document> documents;
  std::unordered_map<std::string_view, Value> by_name;
  std::vector<std::pair<Gvk, std::string>> kinds;

  void Add(std::string_view name, Value schema) {
    if (!by_name.emplace(name, schema).second) return;
    for (Value gvk : schema.Get("x-kubernetes-group-version-kind").items())
      kinds.emplace_back(Gvk{std::string(gvk.GetString("group")), std::string(gvk.GetString("version")),
                             std::string(gvk.GetString("kind"))},
                         name);
  }

  static Schema::Source ToSource(std::shared_ptr<Definitions> definitions) {
    Schema::Source source;
    source.kinds = std::move(definitions->kinds);
    source.lookup = [table = definitions.get()](std::string_view name) -> const Value* {
      const auto found = table->by_name.find(name);
      return found == table->by_name.end() ? nullptr : &found->second;
    };
    source.memory = std::move(definitions);
    return source;
  }
};

// A CRD version's schema as the server publishes it: with the fields that every object has.
Value ServedSchema(Arena& arena, Value schema) {
  if (!schema.is_map() || schema.empty()) return arena.Map({});
  const Value text = arena.Map({{"type", Arena::Borrow("string")}});
  Value properties = schema.Get("properties");
  properties = With(arena, properties, "apiVersion", text);
  properties = With(arena, properties, "kind", text);
  properties = With(arena, properties, "metadata", arena.Map({{"$ref", Arena::Borrow(kObjectMetaDefinition)}}));
  return With(arena, schema, "properties", properties);
}

Result<Schema::Source> SourceOfCrd(const Document& crd) {
  const Value spec = crd.root().Get("spec");
  const std::string group(spec.GetString("group")), kind(spec.Get("names").GetString("kind"));
  const std::string what = "CustomResourceDefinition '" + std::string(crd->Get("metadata").GetString("name")) + "': ";
  if (group.empty()) return Invalid(what + "spec.group: expected a string");
  if (kind.empty()) return Invalid(what + "spec.names.kind: expected a string");
  auto arena = std::make_shared<Arena>();
  arena->Adopt(crd);
  auto definitions = std::make_shared<Definitions>();
  const auto add = [&](std::string_view version, Value validation) {
    const std::string_view name = arena->Text(group + "." + std::string(version) + "." + kind);
    definitions->Add(name, ServedSchema(*arena, validation.Get("openAPIV3Schema")));
    definitions->kinds.emplace_back(Gvk{group, std::string(version), kind}, name);
  };
  for (Value version : spec.Get("versions").items()) {
    const Value* own = version.Find("schema");
    add(version.GetString("name"), own ? *own : spec.Get("validation"));
  }
  if (spec.Get("versions").empty() && spec.Get("version").is_string()) add(spec.GetString("version"), spec.Get("validation"));
  if (definitions->kinds.empty()) return Invalid(what + "spec.versions: expected at least one version");
  definitions->documents.push_back(Document(std::move(arena), Value()));
  Schema::Source source = Definitions::ToSource(std::move(definitions));
  source.preserve_unknown = spec.Get("preserveUnknownFields").AsBool();
  return source;
}

}  // namespace

Result<SchemaPtr> SchemaFromOpenApiV3(const std::vector<Document>& documents, const SchemaOptions& options) {
  auto definitions = std::make_shared<Definitions>();
  definitions->documents = documents;
  for (const Document& document : documents) {
    const Value schemas = GetAt(document.root(), {"components", "schemas"});
    if (!schemas.is_map()) return Invalid("openapi v3 document: components.schemas: expected a map");
    for (const Member& member : schemas.members()) definitions->Add(member.key, member.value);
  }
  Schema::Source source = Definitions::ToSource(std::move(definitions));
  source.type_at_reference = options.type_at_reference;
  std::vector<Schema::Source> sources;
  sources.push_back(std::move(source));
  return std::make_shared<const Schema>(std::move(sources));
}

Result<SchemaPtr> SchemaFromOpenApiV2(const Document& document, const SchemaOptions& options) {
  const Value schemas = document->Get("definitions");
  if (!schemas.is_map()) return Invalid("openapi v2 document: definitions: expected a map");
  auto arena = std::make_shared<Arena>();
  arena->Adopt(document);
  auto definitions = std::make_shared<Definitions>();
  for (const Member& member : schemas.members()) {
    Value schema = member.value;
    // Version 2 lost every default; without this one, the ports of containers and Services have no full key.
    if (member.key == "io.k8s.api.core.v1.ContainerPort" || member.key == "io.k8s.api.core.v1.ServicePort")
      schema = WithAt(*arena, schema, {"properties", "protocol", "default"}, Arena::Borrow("TCP"));
    definitions->Add(member.key, schema);
  }
  definitions->documents.push_back(Document(std::move(arena), Value()));
  Schema::Source source = Definitions::ToSource(std::move(definitions));
  source.type_at_reference = options.type_at_reference;
  std::vector<Schema::Source> sources;
  sources.push_back(std::move(source));
  return std::make_shared<const Schema>(std::move(sources));
}

Result<SchemaPtr> SchemaWithCrds(SchemaPtr base, const std::vector<Document>& crds) {
  std::vector<Schema::Source> sources;
  for (const Document& crd : crds) {
    PLUMB_TRY(source, SourceOfCrd(crd));
    sources.push_back(std::move(source));
  }
  return std::make_shared<const Schema>(std::move(sources), base ? std::move(base) : EmbeddedSchema());
}

}  // namespace plumb
