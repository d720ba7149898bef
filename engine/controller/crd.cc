#include "engine/controller/crd.h"

#include "core/yaml.h"
#include "engine/loop/application.h"
#include "engine/loop/field_table.h"

namespace plumb {

namespace {

constexpr std::string_view kGroup = "plumb.dev", kVersion = "v1alpha1";

class SchemaWriter {
 public:
  explicit SchemaWriter(Arena& arena) : arena_(arena) {}

  Value Object(const FieldRow& field, std::string_view description) {
    std::vector<Member> properties;
    std::vector<Value> required;
    for (const FieldRow& inner : field.fields) {
      if (!inner.in_clusters) continue;
      properties.push_back({arena_.Key(inner.name), Schema(inner)});
      if (inner.required) required.push_back(arena_.String(inner.name));
    }
    std::vector<Member> members = Typed("object", description);
    members.push_back({"properties", arena_.Map(properties)});
    if (!required.empty()) members.push_back({"required", arena_.List(required)});
    return arena_.Map(members);
  }

 private:
  std::vector<Member> Typed(std::string_view type, std::string_view description) {
    std::vector<Member> members;
    if (!description.empty()) members.push_back({"description", arena_.String(description)});
    members.push_back({"type", Arena::Borrow(type)});
    return members;
  }

  Value Schema(const FieldRow& field) {
    std::vector<Member> members;
    switch (field.type) {
      case FieldRow::Type::kMap: return Object(field, field.meaning);
      case FieldRow::Type::kList:
        members = Typed("array", field.meaning);
        members.push_back({"items", Object(field, "")});
        if (field.required) members.push_back({"minItems", Arena::Int(1)});
        if (field.name == "conditions") {
          members.push_back({"x-kubernetes-list-type", Arena::Borrow("map")});
          members.push_back({"x-kubernetes-list-map-keys", arena_.List({Arena::Borrow("type")})});
        }
        break;
      case FieldRow::Type::kStrings:
        members = Typed("array", field.meaning);
        members.push_back({"items", arena_.Map({{"type", Arena::Borrow("string")}})});
        break;
      case FieldRow::Type::kTexts:
        members = Typed("object", field.meaning);
        members.push_back({"additionalProperties", arena_.Map({{"type", Arena::Borrow("string")}})});
        break;
      case FieldRow::Type::kAny:
        members.push_back({"description", arena_.String(field.meaning)});
        members.push_back({"x-kubernetes-preserve-unknown-fields", Arena::Bool(true)});
        break;
      case FieldRow::Type::kBool: members = Typed("boolean", field.meaning); break;
      case FieldRow::Type::kInt:
        members = Typed("integer", field.meaning);
        members.push_back({"format", Arena::Borrow("int64")});
        members.push_back({"minimum", Arena::Int(field.least)});
        if (field.most < INT64_MAX) members.push_back({"maximum", Arena::Int(field.most)});
        break;
      case FieldRow::Type::kTime:
        members = Typed("string", field.meaning);
        members.push_back({"format", Arena::Borrow("date-time")});
        break;
      case FieldRow::Type::kDuration:
        members = Typed("string", field.meaning);
        // As Go spells them; nothing is said here of 0, which the parser refuses with a better word.
        members.push_back({"pattern", Arena::Borrow(R"(^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$)")});
        break;
      case FieldRow::Type::kChoice: {
        members = Typed("string", field.meaning);
        std::vector<Value> choices;
        for (const std::string& choice : field.choices) choices.push_back(arena_.String(choice));
        members.push_back({"enum", arena_.List(choices)});
        break;
      }
      case FieldRow::Type::kString:
        members = Typed("string", field.meaning);
        if (field.required) members.push_back({"minLength", Arena::Int(1)});
        break;
    }
    if (field.has_default && field.value != "[]") {
      const auto value = ParseYamlOne(field.value);
      if (value.ok()) members.push_back({"default", arena_.Copy(value->root())});
    }
    return arena_.Map(members);
  }

  Arena& arena_;
};

struct Column {
  std::string_view name, type, path, description;
  int priority = 0;
};

Value Columns(Arena& arena, std::initializer_list<Column> columns) {
  std::vector<Value> items;
  for (const Column& column : columns) {
    std::vector<Member> members = {{"name", Arena::Borrow(column.name)}, {"type", Arena::Borrow(column.type)}, {"jsonPath", Arena::Borrow(column.path)}};
    if (!column.description.empty()) members.push_back({"description", Arena::Borrow(column.description)});
    if (column.priority > 0) members.push_back({"priority", Arena::Int(column.priority)});
    items.push_back(arena.Map(members));
  }
  return arena.List(items);
}

Value Crd(Arena& arena, std::string_view kind, std::string_view plural, std::string_view singular, std::string_view short_name, Value properties, Value columns,
          bool status) {
  std::vector<Member> version = {{"name", Arena::Borrow(kVersion)},
                                 {"served", Arena::Bool(true)},
                                 {"storage", Arena::Bool(true)},
                                 {"schema", arena.Map({{"openAPIV3Schema", properties}})},
                                 {"additionalPrinterColumns", columns}};
  if (status) version.push_back({"subresources", arena.Map({{"status", arena.Map(std::initializer_list<Member>{})}})});
  return arena.Map(
      {{"apiVersion", Arena::Borrow("apiextensions.k8s.io/v1")},
       {"kind", Arena::Borrow("CustomResourceDefinition")},
       {"metadata", arena.Map({{"name", arena.String(std::string(plural) + "." + std::string(kGroup))}})},
       {"spec", arena.Map({{"group", Arena::Borrow(kGroup)},
                           {"scope", Arena::Borrow("Namespaced")},
                           {"names", arena.Map({{"kind", Arena::Borrow(kind)},
                                                {"listKind", arena.String(std::string(kind) + "List")},
                                                {"plural", Arena::Borrow(plural)},
                                                {"singular", Arena::Borrow(singular)},
                                                {"shortNames", arena.List({Arena::Borrow(short_name)})},
                                                {"categories", arena.List({Arena::Borrow("plumb")})}})},
                           {"versions", arena.List({arena.Map(version)})}})}});
}

// The schema of a whole document: `spec` is required, what stands outside of it belongs to the server.
Value Whole(Arena& arena, std::string_view description, const FieldRow& spec, const FieldRow* status) {
  SchemaWriter writer(arena);
  const Value text = arena.Map({{"type", Arena::Borrow("string")}});
  std::vector<Member> properties = {{"apiVersion", text}, {"kind", text}, {"metadata", arena.Map({{"type", Arena::Borrow("object")}})}};
  properties.push_back({"spec", writer.Object(spec, "What is wanted.")});
  if (status) properties.push_back({"status", writer.Object(*status, "What Plumb found and did; written by Plumb alone.")});
  return arena.Map({{"description", Arena::Borrow(description)},
                    {"type", Arena::Borrow("object")},
                    {"properties", arena.Map(properties)},
                    {"required", arena.List({Arena::Borrow("spec")})}});
}

kube::Resource Served(std::string_view kind, std::string_view plural) {
  kube::Resource resource;
  resource.gvk = {std::string(kGroup), std::string(kVersion), std::string(kind)};
  resource.plural = plural;
  resource.namespaced = true;
  return resource;
}

}  // namespace

Document ApplicationCrd() {
  return BuildDocument([](Arena& arena) {
    return Crd(arena, "Application", "applications", "application", "papp",
               Whole(arena, "Sources kept true on one cluster by Plumb.", ApplicationFields(), &ApplicationStatusFields()),
               Columns(arena, {{"Synced", "boolean", ".status.synced", "the cluster is as the source says"},
                               {"Healthy", "boolean", ".status.healthy", "everything applied is ready"},
                               {"Revision", "string", ".status.shortRevision", "the commit that the cluster is as"},
                               {"Age", "date", ".metadata.creationTimestamp", ""},
                               {"Summary", "string", ".status.summary", "how it is, in a sentence"},
                               {"Project", "string", ".spec.project", "", 1}}),
               true);
  });
}

Document ProjectCrd() {
  return BuildDocument([](Arena& arena) {
    return Crd(arena, "Project", "projects", "project", "pproj", Whole(arena, "What a group of Applications may do.", ProjectFields(), nullptr),
               Columns(arena, {{"Description", "string", ".spec.description", ""}, {"Age", "date", ".metadata.creationTimestamp", ""}}), false);
  });
}

std::string CrdsYaml() { return WriteYaml(*ApplicationCrd()) + "---\n" + WriteYaml(*ProjectCrd()); }

const kube::Resource& ApplicationResource() {
  static const kube::Resource resource = Served("Application", "applications");
  return resource;
}

const kube::Resource& ProjectResource() {
  static const kube::Resource resource = Served("Project", "projects");
  return resource;
}

}  // namespace plumb
