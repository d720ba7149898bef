#include "engine/sandbox/openapi_v2.h"

#include <fmt/core.h>

#include <set>

#include "core/edit.h"
#include "core/json.h"
#include "diff/embedded_schema.h"

namespace plumb::sandbox {

namespace {

// Protobuf as it goes over the wire, of what is needed here: texts and messages (type 2) and booleans (type 0).
class Message {
 public:
  Message& Text(uint32_t field, std::string_view text) {
    Number(field << 3 | 2);
    Number(text.size());
    bytes_ += text;
    return *this;
  }
  Message& Add(uint32_t field, const Message& message) { return Text(field, message.bytes_); }
  Message& Bool(uint32_t field, bool value) {
    Number(field << 3);
    Number(value);
    return *this;
  }
  std::string Take() { return std::move(bytes_); }

 private:
  void Number(uint64_t n) {
    for (; n >= 0x80; n >>= 7) bytes_ += static_cast<char>(n | 0x80);
    bytes_ += static_cast<char>(n);
  }
  std::string bytes_;
};

Message Named(std::string_view name, const Message& value) { return Message().Text(1, name).Add(2, value); }
Message Any(Value v) { return Message().Text(2, WriteJson(v)); }  // JSON is YAML

Message SchemaOf(Value schema, std::set<std::string>& wanted) {
  Message out;
  for (const Member& m : schema.members()) {
    if (m.key == "$ref") {
      wanted.emplace(m.value.AsString());
      out.Text(1, fmt::format("#/definitions/{}", m.value.AsString()));
    } else if (m.key == "format") {
      out.Text(2, m.value.AsString());
    } else if (m.key == "required") {
      for (Value name : m.value.items()) out.Text(19, name.AsString());
    } else if (m.key == "additionalProperties") {
      if (m.value.is_map()) out.Add(21, Message().Add(1, SchemaOf(m.value, wanted)));
      else out.Add(21, Message().Bool(2, m.value.AsBool()));
    } else if (m.key == "type") {
      out.Add(22, Message().Text(1, m.value.AsString()));
    } else if (m.key == "items") {
      out.Add(23, Message().Add(1, SchemaOf(m.value, wanted)));
    } else if (m.key == "properties") {
      Message properties;
      for (const Member& p : m.value.members()) properties.Add(1, Named(p.key, SchemaOf(p.value, wanted)));
      out.Add(25, properties);
    } else if (m.key.starts_with("x-kubernetes-")) {
      out.Add(31, Named(m.key, Any(m.value)));
    }
  }
  return out;
}

Value GvkValue(Arena& a, const Gvk& gvk) {
  return a.Map({{"group", a.String(gvk.group)}, {"kind", a.String(gvk.kind)}, {"version", a.String(gvk.version)}});
}

Message PatchOperation(const Gvk& gvk) {
  Arena a;
  const Message dry_run = Message().Text(2, "query").Text(4, "dryRun");
  // ParametersItem.parameter.non_body_parameter.query_parameter_sub_schema
  return Message()
      .Add(8, Message().Add(1, Message().Add(2, Message().Add(3, dry_run))))
      .Add(13, Named("x-kubernetes-group-version-kind", Any(GvkValue(a, gvk))));
}

}  // namespace

std::string OpenApiV2(const CrdSet& kinds) {
  std::set<std::string> wanted, done;
  Message definitions, paths;
  for (const auto& r : kinds.registry->all()) {
    if (r->Allows("patch")) {
      const std::string path = fmt::format("/{}{}/{}/{{name}}", r->group.empty() ? "api/" + r->version : "apis/" + r->ApiVersion(),
                                           r->namespaced ? "/namespaces/{namespace}" : "", r->plural);
      paths.Add(2, Named(path, Message().Add(8, PatchOperation(r->gvk()))));
    }
    if (r->custom()) {
      Arena a;
      a.Adopt(r->crd_version.arena());
      const Value schema = With(a, GetAt(*r->crd_version, {"schema", "openAPIV3Schema"}), "x-kubernetes-group-version-kind", a.List({GvkValue(a, r->gvk())}));
      definitions.Add(1, Named(fmt::format("{}.{}.{}", r->group, r->version, r->kind), SchemaOf(schema, wanted)));
    } else if (const Type* type = kinds.schema->Find(r->gvk())) {
      wanted.emplace(type->name);
    }
  }
  while (!wanted.empty()) {
    const std::string name = wanted.extract(wanted.begin()).value();
    if (done.insert(name).second) definitions.Add(1, Named(name, SchemaOf(EmbeddedDefinition(name), wanted)));
  }
  const Message info = Message().Text(1, "Plumb sandbox").Text(2, "v1");
  return Message().Text(1, "2.0").Add(2, info).Add(8, paths).Add(9, definitions).Take();
}

}  // namespace plumb::sandbox
