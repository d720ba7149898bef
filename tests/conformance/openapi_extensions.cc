// merge/openapi-extensions-1.20.2.json: how the fields of that release's types merge, against the schema that the program carries.
//
// A field that a later release removed, and one whose declaration changed since, says nothing about the reading.
#include <fstream>
#include <sstream>

#include "core/json.h"
#include "diff/embedded_schema.h"
#include "tests/conformance/registry.h"

namespace plumb::conformance {
namespace {

std::vector<std::string> Texts(Value list) {
  std::vector<std::string> out;
  for (Value item : list.items()) out.emplace_back(item.AsString());
  return out;
}

// What the field's declaration makes of it, by the rules for OpenAPI extensions; "" where the type has it so.
std::string Wrong(const Field& field, Value ext) {
  const Type& type = *field.type;
  const std::string_view list = ext.GetString("x-kubernetes-list-type"), map = ext.GetString("x-kubernetes-map-type");
  const std::string_view key = ext.GetString("x-kubernetes-patch-merge-key"), strategy = ext.GetString("x-kubernetes-patch-strategy");
  std::vector<std::string> keys = Texts(ext.Get("x-kubernetes-list-map-keys"));
  const bool merges = strategy.find("merge") != std::string_view::npos;
  if (field.patch.merge != merges || field.patch.retain_keys != (strategy.find("retainKeys") != std::string_view::npos)) return "patch strategy";
  if (field.patch.merge_key != key) return "patch merge key";
  if (map == "atomic" && type.map_type != MapType::kAtomic) return "map type";
  if (!type.is_list) return "";
  if (list.empty() && merges && !key.empty()) keys = {std::string(key)};
  if (std::vector<std::string>(type.keys.begin(), type.keys.end()) != keys) return "list keys";
  const ListType want = !keys.empty() ? ListType::kMap : list == "set" || (list.empty() && merges) ? ListType::kSet : ListType::kAtomic;
  return type.list_type == want ? "" : "list type";
}

void Run(const std::string& path, Report& report) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  const Result<Document> rows = ParseJson(text.str());
  if (!rows.ok()) return report.Fail(path, rows.error().message());
  const SchemaPtr schema = EmbeddedSchema();
  for (Value row : rows->root().items()) {
    const std::string definition(row.GetString("type")), name(row.GetString("field"));
    const Type* type = schema->FindDefinition(definition);
    if (!type) {
      report.Skip("a later release has the type no more");
      continue;
    }
    if (name.empty()) {
      const bool atomic = row.Get("ext").GetString("x-kubernetes-map-type") == "atomic";
      report.Check(definition, !atomic || type->map_type == MapType::kAtomic, "map type");
      continue;
    }
    const Field* field = type->FindField(name);
    if (!field) report.Skip("a later release has the field no more");
    else if (const std::string wrong = Wrong(*field, row.Get("ext")); wrong.empty()) report.Pass();
    else if (EmbeddedDefinition(definition).Get("properties").Get(name).Has("x-kubernetes-list-type") && !row.Get("ext").Has("x-kubernetes-list-type"))
      report.Skip("a later release declares the list type, where 1.20.2 had only a patch strategy or nothing");
    else if (!field->type->is_list && !field->type->is_map) report.Skip("a later release took back the strategy of a text");
    else report.Fail(definition + "." + name, wrong);
  }
}

const Runner kRunner("merge/openapi-extensions-1.20.2.json", Run);

}  // namespace
}  // namespace plumb::conformance
