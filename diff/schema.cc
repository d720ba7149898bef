#include "diff/schema.h"

#include <algorithm>
#include <bit>
#include <deque>
#include <map>
#include <unordered_map>

namespace plumb {

namespace {

constexpr std::string_view kQuantity = "io.k8s.apimachinery.pkg.api.resource.Quantity";
constexpr std::string_view kRawExtension = "io.k8s.apimachinery.pkg.runtime.RawExtension";

// Definitions whose meaning their JSON schema does not tell.
const struct {
  std::string_view name;
  Format format;
} kNamedFormats[] = {
    {kQuantity, Format::kQuantity},
    {"io.k8s.apimachinery.pkg.util.intstr.IntOrString", Format::kIntOrString},
    {"io.k8s.apimachinery.pkg.apis.meta.v1.Time", Format::kTime},
    {"io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime", Format::kMicroTime},
    {"io.k8s.apimachinery.pkg.apis.meta.v1.Duration", Format::kDuration},
};

// How controller-gen declares a resource.Quantity field of a custom resource.
constexpr std::string_view kQuantityPattern =
    R"(^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$)";

Format FormatNamed(std::string_view format) {
  if (format == "int-or-string") return Format::kIntOrString;
  if (format == "date-time") return Format::kTime;
  if (format == "duration") return Format::kDuration;
  if (format == "byte") return Format::kByte;
  if (format == "quantity") return Format::kQuantity;
  return Format::kNone;
}

// The name a $ref points to: written directly, or as the only member of an allOf, as /openapi/v3 does to put a default beside it.
std::string_view ReferredName(Value schema) {
  std::string_view ref = schema.GetString("$ref");
  if (const Value all = schema.Get("allOf"); ref.empty() && all.is_list() && all.size() == 1) ref = all[0].GetString("$ref");
  return ref.substr(ref.rfind('/') + 1);
}

PatchStrategy PatchStrategyOf(Value schema) {
  PatchStrategy patch;
  patch.merge_key = schema.GetString("x-kubernetes-patch-merge-key");
  std::string_view rest = schema.GetString("x-kubernetes-patch-strategy");
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view word = rest.substr(0, comma);
    if (word == "merge") patch.merge = true;
    if (word == "replace") patch.replace = true;
    if (word == "retainKeys") patch.retain_keys = true;
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return patch;
}

Type MakeAny(MapType map_type) {
  Type type;
  type.scalar = ScalarType::kUntyped;
  type.is_list = type.is_map = true;
  type.map_type = map_type;
  return type;
}

}  // namespace

bool Field::HasRealDefault() const {
  if (!has_default) return false;
  switch (default_value.kind()) {
    case Kind::kNull: return false;
    case Kind::kBool: return default_value.AsBool();
    case Kind::kInt:
    case Kind::kFloat: return default_value.AsDouble() != 0;
    case Kind::kString: return !default_value.AsString().empty();
    case Kind::kList:
    case Kind::kMap: return !default_value.empty();
  }
  return false;
}

bool Field::IsAlwaysWritten() const {
  return when_unset == GoZero::kUnknown ? required || IsPlainStruct() || IsPlainScalar() : when_unset == GoZero::kWritten;
}

bool Field::IsPlainStruct() const {
  return has_default && default_value.is_map() && default_value.empty() && type->IsObject();
}

namespace {
size_t KeyHash(std::string_view key) {
  return key.empty() ? 0 : key.size() * 31 + static_cast<uint8_t>(key.front()) * 7 + static_cast<uint8_t>(key.back()) * 131 +
                               static_cast<uint8_t>(key[key.size() / 2]) * 17;
}
}  // namespace

void Type::IndexFields() {
  slots_.clear();
  if (fields.empty() || fields.size() > 0x7fff) return;
  slots_.assign(std::bit_ceil(fields.size() * 2 + 1), 0);
  for (size_t i = 0; i < fields.size(); ++i) {
    size_t at = KeyHash(fields[i].name) & (slots_.size() - 1);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = static_cast<uint16_t>(i + 1);
  }
}

const Field* Type::FindField(std::string_view key) const {
  if (!slots_.empty()) {
    for (size_t at = KeyHash(key) & (slots_.size() - 1); slots_[at] != 0; at = (at + 1) & (slots_.size() - 1))
      if (fields[slots_[at] - 1].name == key) return &fields[slots_[at] - 1];
    return nullptr;
  }
  const auto at = std::lower_bound(fields.begin(), fields.end(), key,
                                   [](const Field& field, std::string_view wanted) { return field.name < wanted; });
  return at != fields.end() && at->name == key ? &*at : nullptr;
}

const Type* Type::Member(std::string_view key) const {
  const Field* field = FindField(key);
  return field ? field->type : value;
}

const Type* Schema::Atomic() {
  static const Type* const type = [] {
    auto* atomic = new Type(MakeAny(MapType::kAtomic));
    atomic->name = "__untyped_atomic_";
    atomic->item = atomic->value = atomic;
    return atomic;
  }();
  return type;
}

const Type* Schema::Deduced() {
  static const Type* const type = [] {
    auto* deduced = new Type(MakeAny(MapType::kGranular));
    deduced->name = "__untyped_deduced_";
    deduced->item = Atomic();
    deduced->value = deduced;
    return deduced;
  }();
  return type;
}

// What has been compiled so far. A type in `named` is complete once the call that asked for it returns; it never changes again.
struct Schema::Compiled {
  struct Kind {
    size_t source;
    std::string definition;
  };
  std::map<Gvk, Kind> kinds;
  std::vector<std::unordered_map<std::string, const Type*>> named;  // one table a source
  std::deque<Type> types;                                           // never moves them
};

// Compiles a definition and everything it reaches. Types may be recursive, so each is entered before what it refers to;
// what needs finished types waits for Finish().
struct Schema::Compiler {
  const Source& source;
  const Schema* base;
  std::unordered_map<std::string, const Type*>& named;
  std::deque<Type>& types;

  struct Override {
    Type* copy;
    const Type* original;
    MapType map_type;
  };
  std::vector<Override> overrides;
  std::vector<Type*> made;

  // nullptr where there is no such definition.
  const Type* Named(std::string_view name) {
    if (const auto known = named.find(std::string(name)); known != named.end()) return known->second;
    const Value* definition = source.lookup(name);
    if (!definition) return base ? base->FindDefinition(name) : nullptr;
    Type* type = Make();
    const auto entry = named.emplace(name, type).first;
    if (name == kRawExtension) *type = *Atomic();
    else Fill(*type, *definition, source.preserve_unknown);
    type->name = entry->first;
    for (Field& field : type->fields) {
      const GoField* go = FindGoField(name, field.name);
      if (!go) continue;
      field.when_unset = go->when_unset;
      field.go_zero = go->zero;
    }
    for (const auto& special : kNamedFormats)
      if (name == special.name) type->format = special.format;
    if (name == kQuantity) {
      type->scalar = ScalarType::kUntyped;
      type->is_list = type->is_map = false;
    }
    return type;
  }

  // The type at a place in a schema: a reference, or one written inline. A dangling reference may hold anything.
  const Type* At(Value node, bool preserve) {
    const std::string_view name = ReferredName(node);
    if (name.empty()) {
      Type* type = Make();
      Fill(*type, node, preserve);
      return type;
    }
    const Type* referred = Named(name);
    if (!referred) return Deduced();
    const std::string_view map_type = source.type_at_reference ? node.GetString("x-kubernetes-map-type") : "";
    if (map_type.empty()) return referred;
    overrides.push_back({Make(), referred, map_type == "atomic" ? MapType::kAtomic : MapType::kGranular});
    return overrides.back().copy;
  }

  void Fill(Type& type, Value node, bool preserve) {
    preserve |= node.Get("x-kubernetes-preserve-unknown-fields").AsBool();
    const Value types_of_node = node.Get("type");
    const std::string_view word = (types_of_node.empty() ? types_of_node : types_of_node[0]).AsString();
    const std::string_view format = node.GetString("format");
    type.preserve_unknown = preserve;
    type.keeps_unknown = node.Get("x-kubernetes-preserve-unknown-fields").AsBool();
    type.nullable = node.Get("nullable").AsBool();
    type.embedded_object = node.Get("x-kubernetes-embedded-resource").AsBool();
    type.format = node.Get("x-kubernetes-int-or-string").AsBool() ? Format::kIntOrString : FormatNamed(format);
    if (node.GetString("pattern") == kQuantityPattern) type.format = Format::kQuantity;
    if (word == "integer" || word == "number") {
      type.scalar = ScalarType::kNumeric;
    } else if (word == "boolean") {
      type.scalar = ScalarType::kBoolean;
    } else if (word == "string") {
      type.scalar = format.empty() || format == "byte" ? ScalarType::kString : ScalarType::kUntyped;
    } else if (word == "array") {
      FillList(type, node, preserve);
    } else if (word == "object") {
      FillMap(type, node, preserve);
    } else {  // no type: anything goes, and the value says what it is
      type.scalar = ScalarType::kUntyped;
      FillList(type, node, preserve);
      FillMap(type, node, preserve);
    }
  }

  void FillList(Type& type, Value node, bool preserve) {
    type.is_list = true;
    const Value items = node.Get("items");
    type.item = items.is_map() ? At(items, preserve) : Atomic();
    const std::string_view list_type = node.GetString("x-kubernetes-list-type");
    if (list_type == "map") {
      for (Value key : node.Get("x-kubernetes-list-map-keys").items()) type.keys.push_back(key.AsString());
    } else if (list_type == "set") {
      type.list_type = ListType::kSet;
    } else if (list_type.empty()) {
      const PatchStrategy patch = PatchStrategyOf(node);
      if (patch.merge && patch.merge_key.empty()) type.list_type = ListType::kSet;
      if (patch.merge && !patch.merge_key.empty()) type.keys.push_back(patch.merge_key);
    }
    if (!type.keys.empty()) type.list_type = ListType::kMap;
  }

  void FillMap(Type& type, Value node, bool preserve) {
    type.is_map = true;
    if (node.GetString("x-kubernetes-map-type") == "atomic") type.map_type = MapType::kAtomic;
    const Value properties = node.Get("properties");
    type.fields.reserve(properties.size() + 3);
    for (const Member& member : properties.members()) {
      Field field;
      field.name = member.key;
      field.type = At(member.value, preserve);
      field.has_default = member.value.Has("default");
      field.default_value = member.value.Get("default");
      field.patch = PatchStrategyOf(member.value);
      type.fields.push_back(field);
    }
    if (type.embedded_object) AddObjectFields(type);
    std::sort(type.fields.begin(), type.fields.end(), [](const Field& a, const Field& b) { return a.name < b.name; });
    const auto required = node.Get("required").items();
    for (Field& field : type.fields)
      field.required = std::any_of(required.begin(), required.end(), [&](Value r) { return r.AsString() == field.name; });
    const Value* additional = node.Find("additionalProperties");
    if (!additional) type.value = preserve || type.fields.empty() ? Deduced() : nullptr;
    else if (additional->is_map()) type.value = At(*additional, preserve);
    else type.value = additional->AsBool() ? Deduced() : nullptr;
  }

  // An embedded object has the fields of every object, declared or not.
  void AddObjectFields(Type& type) {
    const auto set = [&](std::string_view name, const Type* field_type) {
      for (Field& field : type.fields)
        if (field.name == name) return void(field.type = field_type);
      type.fields.emplace_back();
      type.fields.back().name = name;
      type.fields.back().type = field_type;
    };
    Type* text = Make();
    text->scalar = ScalarType::kString;
    set("apiVersion", text);
    set("kind", text);
    const Type* metadata = Named(kObjectMetaDefinition);
    set("metadata", metadata ? metadata : Deduced());
  }

  void Finish() {
    for (const Override& o : overrides) {
      *o.copy = *o.original;
      o.copy->map_type = o.map_type;
    }
    static const Value kNoDefault{};
    for (Type* type : made) {
      type->IndexFields();
      type->always_there.clear();
      for (size_t i = 0; i < type->fields.size() && i <= 0xffff; ++i) {
        const Field& field = type->fields[i];
        if (field.IsAlwaysWritten()) type->always_there.push_back(static_cast<uint16_t>(i));
      }
      type->key_defaults.clear();
      for (std::string_view key : type->keys) {
        const Field* field = type->item->FindField(key);
        type->key_defaults.push_back(field && field->has_default ? &field->default_value : &kNoDefault);
      }
    }
  }

  Type* Make() {
    made.push_back(&types.emplace_back());
    return made.back();
  }
};

Schema::Schema(std::vector<Source> sources, std::shared_ptr<const Schema> base)
    : sources_(std::move(sources)), base_(std::move(base)), compiled_(std::make_unique<Compiled>()) {
  MutexLock lock(mu_);
  compiled_->named.resize(sources_.size());
  for (size_t i = 0; i < sources_.size(); ++i)
    for (const auto& [gvk, definition] : sources_[i].kinds) compiled_->kinds.try_emplace(gvk, Compiled::Kind{i, definition});
}

Schema::~Schema() = default;

const Type* Schema::CompileLocked(size_t source, std::string_view name) const {
  Compiler compiler{sources_[source], base_.get(), compiled_->named[source], compiled_->types, {}, {}};
  const Type* type = compiler.Named(name);
  compiler.Finish();
  return type;
}

const Type* Schema::Find(const Gvk& gvk) const {
  {
    MutexLock lock(mu_);
    if (const auto kind = compiled_->kinds.find(gvk); kind != compiled_->kinds.end())
      return CompileLocked(kind->second.source, kind->second.definition);
  }
  return base_ ? base_->Find(gvk) : nullptr;
}

const Type* Schema::FindOrDeduced(const Gvk& gvk) const {
  const Type* type = Find(gvk);
  return type ? type : Deduced();
}

const Type* Schema::FindDefinition(std::string_view name) const {
  {
    MutexLock lock(mu_);
    for (size_t i = 0; i < sources_.size(); ++i)
      if (const Type* type = CompileLocked(i, name)) return type;
  }
  return base_ ? base_->FindDefinition(name) : nullptr;
}

std::vector<Gvk> Schema::Kinds() const {
  std::vector<Gvk> kinds;
  {
    MutexLock lock(mu_);
    for (const auto& [gvk, kind] : compiled_->kinds) kinds.push_back(gvk);
  }
  if (base_)
    for (Gvk& gvk : base_->Kinds()) kinds.push_back(std::move(gvk));
  std::sort(kinds.begin(), kinds.end());
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  return kinds;
}

}  // namespace plumb
