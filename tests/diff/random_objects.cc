#include "tests/diff/random_objects.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "core/edit.h"
#include "core/json.h"
#include "core/yaml.h"
#include "diff/embedded_schema.h"

namespace plumb::testing {

namespace {

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// What an item of a list goes by; null where it has no name.
Value NameOf(Value item) {
  for (std::string_view key : {"name", "mountPath", "containerPort", "port", "conditionType", "ip", "topologyKey", "resourceName"})
    if (const Value* v = item.is_map() ? item.Find(key) : nullptr) return *v;
  return {};
}

// "a|b" at the places that are in no bracket and no quote.
std::vector<std::string> Alternatives(std::string_view text) {
  std::vector<std::string> out(1);
  int depth = 0;
  bool quoted = false;
  for (char c : text) {
    if (c == '\'') quoted = !quoted;
    if (!quoted && (c == '[' || c == '{')) ++depth;
    if (!quoted && (c == ']' || c == '}')) --depth;
    if (c == '|' && depth == 0 && !quoted) out.emplace_back();
    else out.back() += c;
  }
  return out;
}

}  // namespace

Value Overlay(Arena& a, Value onto, Value from) {
  if (onto.is_map() && from.is_map()) {
    for (const Member& m : from.members()) onto = With(a, onto, m.key, onto.Has(m.key) ? Overlay(a, onto.Get(m.key), m.value) : m.value);
    return onto;
  }
  if (!onto.is_list() || !from.is_list()) return from;
  std::vector<Value> items(onto.items().begin(), onto.items().end());
  for (Value item : from.items()) {
    const Value name = NameOf(item);
    const auto same = std::find_if(items.begin(), items.end(), [&](Value other) { return name.is_null() ? other == item : NameOf(other) == name; });
    if (same == items.end()) items.push_back(item);
    else *same = Overlay(a, *same, item);
  }
  return a.List(items);
}

namespace {

void AddDifferences(Value have, Value want, const std::string& path, std::string* out) {
  if (have == want) return;
  if (have.is_map() && want.is_map()) {
    for (const Member& m : have.members())
      if (want.Has(m.key)) AddDifferences(m.value, want.Get(m.key), path + "." + std::string(m.key), out);
      else *out += "  " + path + "." + std::string(m.key) + ": " + WriteJson(m.value) + ", should not be there\n";
    for (const Member& m : want.members())
      if (!have.Has(m.key)) *out += "  " + path + "." + std::string(m.key) + ": not there, should be " + WriteJson(m.value) + "\n";
  } else if (have.is_list() && want.is_list() && have.size() == want.size()) {
    for (size_t i = 0; i < have.size(); ++i) AddDifferences(have[i], want[i], path + "[" + std::to_string(i) + "]", out);
  } else {
    *out += "  " + path + ": " + WriteJson(have) + ", should be " + WriteJson(want) + "\n";
  }
}

}  // namespace

std::string Differences(Value have, Value want) {
  std::string out;
  AddDifferences(have, want, "", &out);
  return out;
}

class RandomObjects::Maker {
 public:
  Maker(const RandomObjects& objects, Arena& arena, Random& random, std::string object) : objects_(objects), a_(arena), random_(random), object_(std::move(object)) {}

  // `fixed` decides what the text itself leaves open, the version what parts have.
  Value Expand(Value v, Random& fixed) {
    if (v.is_string()) return ExpandText(v, fixed);
    if (v.is_list()) {
      std::vector<Value> items;
      for (Value item : v.items()) items.push_back(Expand(item, fixed));
      return a_.List(items);
    }
    if (!v.is_map()) return v;
    std::vector<Member> members;
    for (const Member& m : v.members()) members.push_back({m.key, Expand(m.value, fixed)});
    return a_.Map(members);
  }

  Value WithOptions(Value base, Value options) {
    for (Value option : options.items())
      if (random_.Chance(30)) base = Overlay(a_, base, Expand(option, random_));
    return base;
  }

  // A value that a structural schema allows, and now and then null.
  Value OfSchema(Value schema, int depth) {
    if (schema.Get("x-kubernetes-int-or-string").AsBool()) return random_.Chance(50) ? Arena::Int(80) : a_.Borrow(random_.Chance(50) ? "80" : "10%");
    const std::string_view type = schema.GetString("type");
    if (type == "string") return Text(schema.GetString("format"));
    if (type == "integer") return Arena::Int(static_cast<int64_t>(random_.Below(4)) * (schema.GetString("format") == "int64" ? 1LL << 54 : 1));
    if (type == "boolean") return Arena::Bool(random_.Chance(50));
    if (type == "number") return random_.Chance(50) ? Arena::Int(static_cast<int64_t>(random_.Below(3))) : a_.Float(random_.Chance(50) ? 1.5 : 2.0);
    if (type == "array") return List(schema, depth);
    if (type == "object") return Map(schema, depth);
    return Anything(depth);
  }

 private:
  Value ExpandText(Value v, Random& fixed) {
    const std::string_view text = v.AsString();
    if (const size_t at = text.find("$object"); at != std::string_view::npos) return a_.String(std::string(text).replace(at, 7, object_));
    const auto inside = [&](std::string_view word) { return text.substr(word.size(), text.size() - word.size() - 1); };
    if (text.starts_with("$one(")) {
      const std::vector<std::string> all = Alternatives(inside("$one("));
      const std::string& one = all[fixed.Below(all.size())];
      auto parsed = ParseYamlOne(one, {.dialect = YamlDialect::kKyaml});
      EXPECT_TRUE(parsed.ok()) << one;
      return parsed.ok() ? a_.Adopt(*parsed) : Value();
    }
    if (text.starts_with("$of(")) return Part(inside("$of("), "");
    if (!text.starts_with("$some(")) return text == "$name" ? a_.String(name_) : text == "$port" ? Arena::Int(80 + static_cast<int64_t>(name_.back())) : v;
    const std::string_view part = inside("$some(");
    std::vector<std::string> names;
    for (Value name : Definition(part).Get("names").items()) names.emplace_back(name.AsString());
    std::vector<Value> items;
    for (size_t count = 1 + random_.Below(names.size()); count > 0; --count) {
      const size_t at = random_.Below(names.size());
      items.push_back(Part(part, names[at]));
      names.erase(names.begin() + static_cast<long>(at));
    }
    return a_.List(items);
  }

  Value Definition(std::string_view part) const { return objects_.file_->Get("parts").Get(part); }

  Value Part(std::string_view part, const std::string& name) {
    const std::string outer = std::exchange(name_, name);
    Value made = Expand(Definition(part).Get("base"), random_);
    if (const Value options = Definition(part).Get("options"); options.size() == 1) made = Overlay(a_, made, Expand(options[0], random_));
    else made = WithOptions(made, options);
    name_ = outer;
    return made;
  }

  Value Text(std::string_view format) {
    if (format == "date-time") return a_.Borrow(random_.Chance(50) ? "2026-01-01T00:00:00Z" : "2026-01-01T01:00:00+01:00");
    if (format == "byte") return a_.Borrow(random_.Chance(50) ? "aGVsbG8=" : "eHh4");
    static constexpr std::string_view kTexts[] = {"a", "b", "c", "", "1", "true", "a b", "\u00e9<>&"};
    return a_.Borrow(random_.Of(kTexts));
  }

  Value List(Value schema, int depth) {
    const std::string_view list_type = schema.GetString("x-kubernetes-list-type");
    std::vector<Value> items;
    std::set<std::string> seen;
    for (size_t count = random_.Below(4); count > 0; --count) {
      const Value item = OfSchema(schema.Get("items"), depth + 1);
      std::string key = WriteJson(item);
      if (list_type == "map") {
        key.clear();
        for (Value name : schema.Get("x-kubernetes-list-map-keys").items())
          key += WriteJson(item.Has(name.AsString()) ? item.Get(name.AsString()) : GetAt(schema, {"items", "properties", name.AsString(), "default"}));
      }
      if (list_type.empty() || list_type == "atomic" || seen.insert(key).second) items.push_back(item);
    }
    return a_.List(items);
  }

  Value Map(Value schema, int depth) {
    std::vector<Member> members;
    const auto required = schema.Get("required").items();
    if (schema.Get("x-kubernetes-embedded-resource").AsBool()) {
      members = {{"apiVersion", a_.Borrow("v1")}, {"kind", a_.Borrow("ConfigMap")}};
      if (random_.Chance(60)) members.push_back({"metadata", a_.Map({{"name", a_.Borrow("inner")}, {"labels", a_.Map({{"x", Text("")}})}})});
    }
    for (const Member& p : schema.Get("properties").members()) {
      const bool needed = std::any_of(required.begin(), required.end(), [&](Value r) { return r.AsString() == p.key; });
      if (!needed && !random_.Chance(60)) continue;
      const bool null = !needed && random_.Chance(8);
      members.push_back({p.key, null ? Value() : OfSchema(p.value, depth + 1)});
    }
    if (const Value rest = schema.Get("additionalProperties"); rest.is_map())
      for (std::string_view key : {"k1", "k2", "k3"})
        if (random_.Chance(40)) members.push_back({key, random_.Chance(8) ? Value() : OfSchema(rest, depth + 1)});
    if (schema.Get("x-kubernetes-preserve-unknown-fields").AsBool())
      for (std::string_view key : {"u1", "u2"})
        if (random_.Chance(50)) members.push_back({key, Anything(depth + 1)});
    return a_.Map(members);
  }

  Value Anything(int depth) {
    switch (random_.Below(depth > 4 ? 4 : 6)) {
      case 0: return Arena::Int(static_cast<int64_t>(random_.Below(3)));
      case 1: return Arena::Bool(random_.Chance(50));
      case 2: return random_.Chance(30) ? Value() : Text("");
      case 3: return a_.Float(0.5);
      case 4: {
        std::vector<Value> items;
        for (size_t count = random_.Below(3); count > 0; --count) items.push_back(Anything(depth + 1));
        return a_.List(items);
      }
      default: {
        std::vector<Member> members;
        for (std::string_view key : {"x", "y"})
          if (random_.Chance(60)) members.push_back({key, Anything(depth + 1)});
        return a_.Map(members);
      }
    }
  }

  const RandomObjects& objects_;
  Arena& a_;
  Random& random_;
  const std::string object_;
  std::string name_;
};

std::string RandomObjects::NameOf(const RandomKind& kind, std::string_view object) {
  std::string name = kind.name;
  return name.replace(name.find("$object"), 7, object);
}

RandomObjects::RandomObjects(const std::string& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  auto parsed = ParseYamlOne(text.str(), {.dialect = YamlDialect::kKyaml});
  EXPECT_TRUE(parsed.ok()) << file << ": " << (parsed.ok() ? "" : parsed.error().message());
  if (!parsed.ok()) return;
  file_ = *parsed;
  const auto add = [&](RandomKind kind, int64_t weight) {
    for (int64_t i = 0; i < std::max<int64_t>(1, weight); ++i) picks_.push_back(kinds_.size());
    kinds_.push_back(std::move(kind));
  };
  for (Value k : file_->Get("kinds").items()) {
    RandomKind kind{GvkOf(k), "", !k.Get("cluster").AsBool(), false, false, k.Get("base"), k.Get("options"), {}};
    const EmbeddedResource* resource = FindEmbeddedResource(kind.gvk);
    EXPECT_NE(resource, nullptr) << kind.gvk.kind;
    if (!resource) continue;
    kind.plural = resource->plural;
    if (k.Has("name")) kind.name = k.GetString("name");
    for (const EmbeddedSubresource& sub : resource->subresources) kind.status |= sub.name == "status";
    add(kind, k.Get("weight").AsInt());
  }
  for (Value k : file_->Get("custom").items()) {
    const std::string name(k.GetString("kind")), plural = Lower(name) + "s", group = "random.example.com";
    RandomKind kind{{group, "v1", name}, plural, !k.Get("cluster").AsBool(), true, k.Get("status").AsBool(), {}, {}, k.Get("schema")};
    crds_.push_back(BuildDocument([&](Arena& a) {
      a.Adopt(file_);
      const Value subresources = kind.status ? a.Map({{"status", a.Map({})}}) : a.Map({});
      const Value version = a.Map({{"name", a.Borrow("v1")}, {"served", Arena::Bool(true)}, {"storage", Arena::Bool(true)},
                                   {"schema", a.Map({{"openAPIV3Schema", kind.schema}})}, {"subresources", subresources}});
      return a.Map({{"apiVersion", a.Borrow("apiextensions.k8s.io/v1")}, {"kind", a.Borrow("CustomResourceDefinition")},
                    {"metadata", a.Map({{"name", a.String(plural + "." + group)}})},
                    {"spec", a.Map({{"group", a.String(group)}, {"scope", a.Borrow(kind.namespaced ? "Namespaced" : "Cluster")},
                                    {"names", a.Map({{"kind", a.String(name)}, {"plural", a.String(plural)}})}, {"versions", a.List({version})}})}});
    }));
    add(kind, 2);
  }
}

Document RandomObjects::Make(const RandomKind& kind, std::string_view ns, std::string_view name, uint64_t object, Random& version) const {
  return BuildDocument([&](Arena& a) {
    a.Adopt(file_);
    const size_t before = kind.name.find("$object");
    Maker maker(*this, a, version, std::string(name.substr(before, name.size() - (kind.name.size() - 7))));
    Random fixed(object);
    Value body = kind.custom ? maker.OfSchema(kind.schema, 0) : maker.WithOptions(maker.Expand(kind.base, fixed), kind.options);
    if (kind.custom && !body.is_map()) body = a.Map({});
    std::vector<Member> metadata = {{"name", a.String(name)}};
    if (kind.namespaced) metadata.push_back({"namespace", a.String(ns)});
    for (std::string_view map : {"labels", "annotations"}) {
      std::vector<Member> members;
      for (std::string_view key : {"one", "two", "example.com/three"})
        if (version.Chance(25)) members.push_back({key, a.Borrow(version.Chance(50) ? "x" : version.Chance(50) ? "y" : "")});
      if (!members.empty() || version.Chance(10)) metadata.push_back({map, a.Map(members)});
    }
    if (version.Chance(10)) metadata.push_back({"finalizers", a.List({a.Borrow(version.Chance(50) ? "x.io/a" : "x.io/b")})});
    if (version.Chance(8))
      metadata.push_back({"ownerReferences", a.List({a.Map({{"apiVersion", a.Borrow("v1")}, {"kind", a.Borrow("ConfigMap")},
                                                            {"name", a.Borrow("o")}, {"uid", a.Borrow(version.Chance(50) ? "1" : "2")}})})});
    std::vector<Member> members = {{"apiVersion", a.String(kind.gvk.ApiVersion())}, {"kind", a.String(kind.gvk.kind)}, {"metadata", a.Map(metadata)}};
    for (const Member& m : body.members())
      if (m.key != "metadata" && m.key != "apiVersion" && m.key != "kind") members.push_back(m);
    return a.Map(members);
  });
}

namespace {

bool NamesAnItem(std::string_view key) {
  for (std::string_view name : {"name", "port", "protocol", "containerPort", "mountPath", "ip", "topologyKey", "whenUnsatisfiable", "uid", "type", "apiVersion", "kind"})
    if (key == name) return true;
  return false;
}

Value PartOf(Arena& a, Value v, Random& random, bool item) {
  if (v.is_list()) {
    std::vector<Value> items;
    for (Value i : v.items())
      if (random.Chance(70)) items.push_back(PartOf(a, i, random, true));
    return a.List(items);
  }
  if (!v.is_map()) return v;
  std::vector<Member> members;
  for (const Member& m : v.members())
    if (random.Chance(60) || (item && NamesAnItem(m.key))) members.push_back({m.key, PartOf(a, m.value, random, false)});
  return a.Map(members);
}

}  // namespace

Document RandomObjects::Part(const Document& object, Random& random) const {
  return BuildDocument([&](Arena& a) {
    const Value whole = a.Adopt(object), metadata = whole.Get("metadata");
    Value part = PartOf(a, Without(a, whole, "metadata"), random, true);
    Value some = PartOf(a, metadata, random, false);
    for (std::string_view key : {"name", "namespace"})
      if (metadata.Has(key)) some = With(a, some, key, metadata.Get(key));
    return With(a, part, "metadata", some);
  });
}

}  // namespace plumb::testing
