#include "engine/sandbox/crd.h"

#include <fmt/core.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>

#include "core/edit.h"
#include "core/json.h"
#include "core/log.h"
#include "diff/embedded_schema.h"

namespace plumb::sandbox {

std::shared_ptr<const CrdSet> MakeCrdSet(std::vector<Document> crds) {
  auto set = std::make_shared<CrdSet>();
  set->registry = Registry::With(crds);
  set->schema = EmbeddedSchema();
  for (const Document& crd : crds) {
    auto wider = SchemaWithCrds(set->schema, {crd});
    if (wider.ok()) set->schema = *std::move(wider);
    else log::Warning("custom kind has no usable schema", {{"crd", std::string(GetAt(*crd, {"metadata", "name"}).AsString())}, {"error", wider.error().message()}});
  }
  set->crds = std::move(crds);
  return set;
}

namespace {

// Walks an object along its structural schema. Pruning and defaulting first, validation of what comes out.
class CustomDecoder {
 public:
  explicit CustomDecoder(Arena& arena) : arena_(arena) {}

  Value Prune(Value schema, Value v, const std::string& path, bool root) {
    if (v.is_list()) {
      const Value item = schema.Get("items");
      if (item.is_null()) return v;
      std::vector<Value> items;
      for (size_t i = 0; i < v.size(); ++i) items.push_back(Prune(item, v[i], fmt::format("{}[{}]", path, i), false));
      return arena_.List(items);
    }
    if (!v.is_map() || schema.is_null()) return v;
    const Value properties = schema.Get("properties"), rest = schema.Get("additionalProperties");
    const bool preserve = schema.Get("x-kubernetes-preserve-unknown-fields").AsBool();
    const bool embedded = root || schema.Get("x-kubernetes-embedded-resource").AsBool();
    std::vector<Member> members;
    for (const Member& m : v.members()) {
      const std::string at = path.empty() ? std::string(m.key) : fmt::format("{}.{}", path, m.key);
      if (embedded && (m.key == "apiVersion" || m.key == "kind" || m.key == "metadata")) {
        members.push_back(m);
      } else if (const Value* property = properties.Find(m.key)) {
        const bool drop_null = m.value.is_null() && !property->Get("nullable").AsBool() && property->Has("default");
        if (!drop_null) members.push_back({m.key, Prune(*property, m.value, at, false)});
      } else if (rest.is_map()) {
        members.push_back({m.key, Prune(rest, m.value, at, false)});
      } else if (rest.AsBool() || preserve) {
        members.push_back(m);
      } else {
        unknown_.push_back(at);
      }
    }
    for (const Member& p : properties.members()) {
      const Value* standard = p.value.Find("default");
      if (standard && std::ranges::none_of(members, [&](const Member& m) { return m.key == p.key; }))
        members.push_back({p.key, Prune(p.value, *standard, path, false)});
    }
    return arena_.Map(members);
  }

  void Validate(Value schema, Value v, const std::string& path) {
    if (schema.is_null() || causes_.size() >= 20) return;
    if (v.is_null() && schema.Get("nullable").AsBool()) return;
    if (!TypeFits(schema, v, path)) return;
    if (v.is_map()) ValidateMap(schema, v, path);
    if (v.is_list())
      for (size_t i = 0; i < v.size(); ++i) Validate(schema.Get("items"), v[i], fmt::format("{}[{}]", path, i));
    if (const Value allowed = schema.Get("enum"); !allowed.empty() && std::ranges::find(allowed.items(), v) == allowed.items().end()) {
      std::string list;
      for (Value a : allowed.items()) list += (list.empty() ? "" : ", ") + WriteJson(a);
      causes_.push_back({"FieldValueNotSupported", fmt::format("Unsupported value: {}: supported values: {}", WriteJson(v), list), path});
    }
    if (v.is_number()) ValidateNumber(schema, v, path);
    if (v.is_string()) ValidateString(schema, v, path);
    if (v.is_list()) {
      Bound(schema, "minItems", v.size(), true, "should have at least {} items", v, path);
      Bound(schema, "maxItems", v.size(), false, "should have at most {} items", v, path);
    }
  }

  std::vector<std::string> TakeUnknown() { return std::move(unknown_); }
  std::vector<Cause> TakeCauses() { return std::move(causes_); }

 private:
  void Bad(const std::string& path, Value v, const std::string& why) {
    causes_.push_back(InvalidValue(path, WriteJson(v), fmt::format("{} in body {}", path, why)));
  }

  bool TypeFits(Value schema, Value v, const std::string& path) {
    if (schema.Get("x-kubernetes-int-or-string").AsBool()) {
      if (v.is_int() || v.is_string()) return true;
      Bad(path, v, fmt::format("must be of type integer,string: {}", WriteJson(v)));
      return false;
    }
    const std::string_view type = schema.GetString("type");
    const bool fits = type.empty() || (type == "string" && v.is_string()) || (type == "boolean" && v.is_bool()) ||
                      (type == "number" && v.is_number()) || (type == "array" && v.is_list()) || (type == "object" && v.is_map()) ||
                      (type == "integer" && (v.is_int() || (v.is_float() && std::floor(v.AsDouble()) == v.AsDouble())));
    if (fits) return true;
    const std::string_view have = v.is_map() ? "object" : v.is_list() ? "array" : v.is_string() ? "string" : v.is_bool() ? "boolean"
                                  : v.is_int() ? "integer" : v.is_null() ? "null" : "number";
    causes_.push_back({"FieldValueTypeInvalid",
                       fmt::format("Invalid value: \"{}\": {} in body must be of type {}: \"{}\"", have, path, type, have), path});
    return false;
  }

  void ValidateMap(Value schema, Value v, const std::string& path) {
    auto child = [&](std::string_view key) { return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key); };
    for (Value required : schema.Get("required").items())
      if (!v.Has(required.AsString())) causes_.push_back(RequiredValue(child(required.AsString()), ""));
    const Value properties = schema.Get("properties"), rest = schema.Get("additionalProperties");
    for (const Member& m : v.members()) {
      if (path.empty() && (m.key == "metadata" || m.key == "apiVersion" || m.key == "kind")) continue;
      if (const Value* property = properties.Find(m.key)) Validate(*property, m.value, child(m.key));
      else if (rest.is_map()) Validate(rest, m.value, child(m.key));
    }
  }

  void ValidateNumber(Value schema, Value v, const std::string& path) {
    const Value least = schema.Get("minimum"), most = schema.Get("maximum");
    const bool above = schema.Get("exclusiveMinimum").AsBool(), below = schema.Get("exclusiveMaximum").AsBool();
    if (least.is_number() && (v.AsDouble() < least.AsDouble() || (above && v.AsDouble() == least.AsDouble())))
      Bad(path, v, fmt::format("should be greater than {}{}", above ? "" : "or equal to ", WriteJson(least)));
    if (most.is_number() && (v.AsDouble() > most.AsDouble() || (below && v.AsDouble() == most.AsDouble())))
      Bad(path, v, fmt::format("should be less than {}{}", below ? "" : "or equal to ", WriteJson(most)));
  }

  void ValidateString(Value schema, Value v, const std::string& path) {
    Bound(schema, "minLength", v.AsString().size(), true, "should be at least {} chars long", v, path);
    Bound(schema, "maxLength", v.AsString().size(), false, "should be at most {} chars long", v, path);
    if (const std::string_view pattern = schema.GetString("pattern"); !pattern.empty()) {
      const RE2 expression(re2::StringPiece(pattern.data(), pattern.size()), RE2::Quiet);
      if (expression.ok() && !RE2::PartialMatch(re2::StringPiece(v.AsString().data(), v.AsString().size()), expression))
        Bad(path, v, fmt::format("should match '{}'", pattern));
    }
  }

  void Bound(Value schema, std::string_view key, size_t have, bool least, fmt::string_view why, Value v, const std::string& path) {
    const Value* bound = schema.Find(key);
    if (!bound || !bound->is_int()) return;
    const auto limit = static_cast<size_t>(bound->AsInt());
    if (least ? have < limit : have > limit) Bad(path, v, fmt::format(fmt::runtime(why), limit));
  }

  Arena& arena_;
  std::vector<std::string> unknown_;
  std::vector<Cause> causes_;
};

}  // namespace

Answer<Decoded> DecodeCustom(Arena& arena, const CrdSet& kinds, const Resource& resource, Value object) {
  CustomDecoder decoder(arena);
  const Value schema = GetAt(*resource.crd_version, {"schema", "openAPIV3Schema"});
  arena.Adopt(resource.crd_version.arena());  // defaults are shared
  Decoded out{decoder.Prune(schema, object, "", true), decoder.TakeUnknown()};
  if (const Type* meta = kinds.schema->FindDefinition("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")) {
    PLUMB_ANSWER(metadata, DecodeBuiltIn(arena, *meta, object.Get("metadata")));
    out.value = With(arena, out.value, "metadata", metadata.value);
    for (const std::string& field : metadata.unknown) out.unknown.push_back("metadata." + field);
  }
  decoder.Validate(schema, out.value, "");
  if (auto causes = decoder.TakeCauses(); !causes.empty())
    return InvalidObject(resource.group, resource.kind, GetAt(object, {"metadata", "name"}).AsString(), std::move(causes));
  return out;
}

Value WithCrdStatus(Arena& a, Value crd, WallTime now) {
  const Value spec = crd.Get("spec"), names = spec.Get("names");
  Value accepted = names;
  if (!names.Has("singular")) {
    std::string singular(names.GetString("kind"));
    std::ranges::transform(singular, singular.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    accepted = With(a, accepted, "singular", a.String(singular));
  }
  if (!names.Has("listKind")) accepted = With(a, accepted, "listKind", a.String(std::string(names.GetString("kind")) + "List"));
  crd = WithAt(a, crd, {"spec", "names"}, accepted);
  std::vector<Value> stored(GetAt(crd, {"status", "storedVersions"}).items().begin(), GetAt(crd, {"status", "storedVersions"}).items().end());
  for (Value version : spec.Get("versions").items())
    if (version.Get("storage").AsBool() && std::ranges::find(stored, version.Get("name")) == stored.end()) stored.push_back(version.Get("name"));
  Value conditions = GetAt(crd, {"status", "conditions"});
  if (conditions.empty()) {
    const Value time = a.String(FormatTime(now));
    auto condition = [&](std::string_view type, std::string_view reason, std::string_view message) {
      return a.Map({{"type", Arena::Borrow(type)}, {"status", Arena::Borrow("True")}, {"lastTransitionTime", time},
                    {"reason", Arena::Borrow(reason)}, {"message", Arena::Borrow(message)}});
    };
    conditions = a.List({condition("NamesAccepted", "NoConflicts", "no conflicts found"),
                         condition("Established", "InitialNamesAccepted", "the initial names have been accepted")});
  }
  return With(a, crd, "status", a.Map({{"conditions", conditions}, {"acceptedNames", accepted}, {"storedVersions", a.List(stored)}}));
}

std::vector<Cause> ValidateCrd(Value crd) {
  std::vector<Cause> out;
  const Value spec = crd.Get("spec"), names = spec.Get("names");
  const std::string want = fmt::format("{}.{}", names.GetString("plural"), spec.GetString("group"));
  const std::string_view name = GetAt(crd, {"metadata", "name"}).AsString();
  if (name != want) out.push_back(InvalidValue("metadata.name", fmt::format("\"{}\"", name), "must be spec.names.plural+\".\"+spec.group"));
  for (std::string_view field : {"plural", "kind"})
    if (names.GetString(field).empty()) out.push_back(RequiredValue(fmt::format("spec.names.{}", field), ""));
  if (spec.GetString("group").empty()) out.push_back(RequiredValue("spec.group", ""));
  if (const auto scope = spec.GetString("scope"); scope != "Namespaced" && scope != "Cluster")
    out.push_back({"FieldValueNotSupported", fmt::format("Unsupported value: \"{}\": supported values: \"Cluster\", \"Namespaced\"", scope), "spec.scope"});
  size_t storage = 0;
  for (size_t i = 0; i < spec.Get("versions").size(); ++i) {
    const Value version = spec.Get("versions")[i];
    storage += version.Get("storage").AsBool();
    if (GetAt(version, {"schema", "openAPIV3Schema"}).is_null())
      out.push_back(RequiredValue(fmt::format("spec.versions[{}].schema.openAPIV3Schema", i), "schemas are required"));
  }
  if (storage != 1) out.push_back(InvalidValue("spec.versions", "[]", "must have exactly one version marked as storage version"));
  return out;
}

}  // namespace plumb::sandbox
