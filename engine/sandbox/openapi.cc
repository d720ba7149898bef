#include "engine/sandbox/openapi.h"

#include <fmt/core.h>

#include <set>

#include "core/edit.h"
#include "core/hash.h"
#include "core/json.h"
#include "diff/embedded_schema.h"

namespace plumb::sandbox {

namespace {

constexpr std::string_view kObjectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

// Rewrites the references of one schema to the document's form, and notes what they name. A reference with members
// beside it becomes an allOf, as servers write it.
class Referrer {
 public:
  explicit Referrer(Arena& arena) : arena_(arena) {}

  Value Rewrite(Value v) {
    if (v.is_list()) {
      std::vector<Value> items;
      for (Value item : v.items()) items.push_back(Rewrite(item));
      return arena_.List(items);
    }
    if (!v.is_map()) return v;
    std::vector<Member> members;
    for (const Member& m : v.members()) {
      if (m.key != "$ref" || !m.value.is_string()) {
        members.push_back({m.key, Rewrite(m.value)});
        continue;
      }
      wanted.emplace(m.value.AsString());
      const Value target = arena_.String(fmt::format("#/components/schemas/{}", m.value.AsString()));
      if (v.size() == 1) members.push_back({"$ref", target});
      else members.push_back({"allOf", arena_.List({arena_.Map({{"$ref", target}})})});
    }
    return arena_.Map(members);
  }

  std::set<std::string> wanted;

 private:
  Arena& arena_;
};

Value GvkValue(Arena& a, const Gvk& gvk) {
  return a.Map({{"group", a.String(gvk.group)}, {"kind", a.String(gvk.kind)}, {"version", a.String(gvk.version)}});
}

// A custom kind's schema with the members that every object has.
Value CustomSchema(Arena& a, const Resource& r) {
  a.Adopt(r.crd_version.arena());
  Value schema = GetAt(*r.crd_version, {"schema", "openAPIV3Schema"});
  if (schema.is_null()) schema = a.Map({{"type", a.Borrow("object")}, {"x-kubernetes-preserve-unknown-fields", Arena::Bool(true)}});
  const Value text = a.Map({{"type", a.Borrow("string")}});
  schema = WithAt(a, schema, {"properties", "apiVersion"}, text);
  schema = WithAt(a, schema, {"properties", "kind"}, text);
  schema = WithAt(a, schema, {"properties", "metadata"}, a.Map({{"$ref", a.Borrow(kObjectMeta)}}));
  return With(a, schema, "x-kubernetes-group-version-kind", a.List({GvkValue(a, r.gvk())}));
}

Value Operation(Arena& a, std::string_view action, const Gvk& gvk) {
  std::vector<Value> parameters;
  for (std::string_view name : {"dryRun", "fieldManager", "fieldValidation", "force"}) {
    const std::string_view type = name == "force" ? "boolean" : "string";
    parameters.push_back(a.Map({{"name", a.Borrow(name)}, {"in", a.Borrow("query")}, {"schema", a.Map({{"type", a.Borrow(type)}})}}));
  }
  return a.Map({{"parameters", a.List(parameters)},
                {"responses", a.Map({{"200", a.Map({{"description", a.Borrow("OK")}})}})},
                {"x-kubernetes-action", a.Borrow(action)},
                {"x-kubernetes-group-version-kind", GvkValue(a, gvk)}});
}

std::string GroupVersionPath(std::string_view group, std::string_view version) {
  return group.empty() ? fmt::format("api/{}", version) : fmt::format("apis/{}/{}", group, version);
}

// Custom kinds are named as the server does: the group's parts backwards, version, kind.
std::string CustomName(const Resource& r) {
  std::string out, group = r.group;
  while (!group.empty()) {
    const size_t dot = group.rfind('.');
    out += group.substr(dot == std::string::npos ? 0 : dot + 1) + ".";
    group.resize(dot == std::string::npos ? 0 : dot);
  }
  return fmt::format("{}{}.{}", out, r.version, r.kind);
}

}  // namespace

std::string OpenApiDocument(const CrdSet& kinds, std::string_view group, std::string_view version) {
  Arena a;
  Referrer referrer(a);
  std::vector<Member> paths;
  std::map<std::string, Value> schemas;
  for (const auto& r : kinds.registry->all()) {
    if (r->group != group || r->version != version) continue;
    if (r->custom()) {
      schemas.emplace(CustomName(*r), referrer.Rewrite(CustomSchema(a, *r)));
    } else if (const Type* type = kinds.schema->Find(r->gvk())) {
      referrer.wanted.emplace(type->name);
    }
    const std::string base = fmt::format("/{}{}/{}", GroupVersionPath(group, version), r->namespaced ? "/namespaces/{namespace}" : "", r->plural);
    if (r->Allows("create")) paths.push_back({a.Key(base), a.Map({{"post", Operation(a, "post", r->gvk())}})});
    if (r->Allows("patch"))
      paths.push_back({a.Key(base + "/{name}"), a.Map({{"get", Operation(a, "get", r->gvk())}, {"put", Operation(a, "put", r->gvk())}, {"patch", Operation(a, "patch", r->gvk())}})});
  }
  if (paths.empty()) return "";
  while (!referrer.wanted.empty()) {
    const std::string name = referrer.wanted.extract(referrer.wanted.begin()).value();
    if (schemas.contains(name)) continue;
    const Value definition = EmbeddedDefinition(name);
    schemas.emplace(name, definition.is_null() ? a.Map({{"type", a.Borrow("object")}}) : referrer.Rewrite(definition));
  }
  std::vector<Member> components;
  for (const auto& [name, schema] : schemas) components.push_back({a.Key(name), schema});
  return WriteJson(a.Map({{"openapi", a.Borrow("3.0.0")},
                          {"info", a.Map({{"title", a.Borrow("Plumb sandbox")}, {"version", a.Borrow("v1")}})},
                          {"paths", a.Map(paths)},
                          {"components", a.Map({{"schemas", a.Map(components)}})}}));
}

std::string OpenApiIndex(const CrdSet& kinds) {
  Arena a;
  std::vector<Member> paths;
  std::set<std::string> seen;
  for (const auto& r : kinds.registry->all()) {
    const std::string path = GroupVersionPath(r->group, r->version);
    if (!seen.insert(path).second) continue;
    // Clients cache a document by its hash: it has to change with the CRDs of its group-version.
    std::string content;
    for (const auto& other : kinds.registry->all())
      if (other->group == r->group && other->version == r->version) content += other->plural + WriteJson(*other->crd_version);
    const std::string hash = Sha256Hex(content).substr(0, 32);
    paths.push_back({a.Key(path), a.Map({{"serverRelativeURL", a.String(fmt::format("/openapi/v3/{}?hash={}", path, hash))}})});
  }
  return WriteJson(a.Map({{"paths", a.Map(paths)}}));
}

}  // namespace plumb::sandbox
