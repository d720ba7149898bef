#include "plugins/kustomize/patch_schema.h"

#include <algorithm>
#include <functional>

namespace plumb::kustomize {
namespace {

// Reads one type of an OpenAPI document into `into`; nested types without a name of their own get one from the path.
class OpenApiReader {
 public:
  using Type = PatchSchema::Type;
  using MakeType = std::function<Type*(const std::string&)>;

  OpenApiReader(Value definitions, MakeType make) : definitions_(definitions), make_(std::move(make)) {}

  void ReadType(const std::string& name, Value definition, int depth) {
    constexpr int kMaxDepth = 64;  // of types without a name, which could otherwise nest as deep as the document
    Type* type = make_(name);
    if (depth > kMaxDepth) return;
    const Value additional = definition.Get("additionalProperties");
    for (const Member& property : definition.Get("properties").members())
      type->fields.push_back(ReadField(name, std::string(property.key), property.value, depth));
    if (additional.is_map()) type->fields.push_back(ReadField(name, "*", additional, depth));
  }

 private:
  static std::string_view RefName(Value v) {
    const std::string_view ref = v.GetString("$ref");
    const size_t slash = ref.rfind('/');
    return slash == std::string_view::npos ? ref : ref.substr(slash + 1);
  }

  // The value's own schema, or the last one that its references lead to.
  Value Resolve(Value v, std::string* name) const {
    for (int hops = 0; hops < 16 && v.Has("$ref"); ++hops) {
      *name = RefName(v);
      v = definitions_.Get(*name);
    }
    return v;
  }

  PatchSchema::Field ReadField(const std::string& owner, std::string name, Value schema, int depth) {
    PatchSchema::Field field;
    field.name = std::move(name);
    std::string type_name;
    schema = Resolve(schema, &type_name);
    field.is_list = schema.GetString("type") == "array";
    const std::string strategy = "," + std::string(schema.GetString("x-kubernetes-patch-strategy")) + ",";
    field.merges = field.is_list && strategy.find(",merge,") != std::string::npos;
    for (Value key : schema.Get("x-kubernetes-list-map-keys").items()) field.keys.emplace_back(key.AsString());
    if (field.keys.empty() && schema.Has("x-kubernetes-patch-merge-key"))
      field.keys.emplace_back(schema.GetString("x-kubernetes-patch-merge-key"));
    Value inner = schema;
    if (field.is_list) {
      type_name.clear();
      inner = Resolve(schema.Get("items"), &type_name);
    }
    if (!type_name.empty()) {
      field.type = make_(type_name);
    } else if (inner.Has("properties") || inner.Has("additionalProperties")) {
      type_name = owner + "." + field.name;
      ReadType(type_name, inner, depth + 1);
      field.type = make_(type_name);
    }
    return field;
  }

  Value definitions_;
  MakeType make_;
};

}  // namespace

const PatchSchema::Field* PatchSchema::Type::Find(std::string_view name) const {
  const Field* any = nullptr;
  for (const Field& field : fields) {
    if (field.name == name) return &field;
    if (field.name == "*") any = &field;
  }
  return any;
}

PatchSchema::Type* PatchSchema::TypeNamed(const std::string& name) {
  auto& type = types_[name];
  if (!type) type = std::make_unique<Type>();
  return type.get();
}

const PatchSchema::Type* PatchSchema::FindType(std::string_view name) const {
  const auto found = types_.find(std::string(name));
  if (found != types_.end()) return found->second.get();
  for (std::string_view prefix : {"io.k8s.api.", "io.k8s."}) {
    if (!name.starts_with(prefix)) continue;
    const auto shortened = types_.find(std::string(name.substr(prefix.size())));
    if (shortened != types_.end()) return shortened->second.get();
  }
  return base_ ? base_->FindType(name) : nullptr;
}

void PatchSchema::ReadTable(std::string_view text) {
  Type* type = nullptr;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.empty()) continue;
    if (line[0] == '@') {
      const size_t equals = line.find(" = ");
      by_kind_[std::string(line.substr(1, equals - 1))] = TypeNamed(std::string(line.substr(equals + 3)));
      continue;
    }
    if (line[0] != ' ') {
      const size_t colon = line.find(':');
      type = TypeNamed(std::string(line.substr(0, colon)));
      line.remove_prefix(colon + 1);
    }
    while (!line.empty()) {
      line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ')));
      const size_t space = line.find(' ');
      std::string_view word = line.substr(0, space);
      line.remove_prefix(space == std::string_view::npos ? line.size() : space);
      if (word.empty()) continue;
      Field field;
      if (const size_t equals = word.find('='); equals != std::string_view::npos) {
        field.type = TypeNamed(std::string(word.substr(equals + 1)));
        word = word.substr(0, equals);
      }
      if (const size_t bracket = word.find('['); bracket != std::string_view::npos) {
        std::string_view keys = word.substr(bracket + 1, word.size() - bracket - 2);
        field.is_list = true;
        field.merges = !keys.empty();
        while (!keys.empty() && keys != "*") {
          const size_t comma = keys.find(',');
          field.keys.emplace_back(keys.substr(0, comma));
          keys = comma == std::string_view::npos ? std::string_view() : keys.substr(comma + 1);
        }
        word = word.substr(0, bracket);
      }
      field.name = word;
      type->fields.push_back(std::move(field));
    }
  }
}

const std::shared_ptr<const PatchSchema>& PatchSchema::Builtin() {
  static const std::shared_ptr<const PatchSchema> builtin = [] {
    auto schema = std::make_shared<PatchSchema>();
    schema->ReadTable(kBuiltinPatchSchema);
    return schema;
  }();
  return builtin;
}

Result<std::shared_ptr<const PatchSchema>> PatchSchema::FromOpenApi(Value document,
                                                                    std::shared_ptr<const PatchSchema> base) {
  const Value definitions = document.Get("definitions");
  if (!document.is_map()) return Invalid("not an OpenAPI document: a map with 'definitions' was expected");
  auto schema = std::make_shared<PatchSchema>();
  OpenApiReader reader(definitions, [&](const std::string& name) { return schema->TypeNamed(name); });
  for (const Member& definition : definitions.members()) {
    const std::string name(definition.key);
    reader.ReadType(name, definition.value, 0);
    for (Value gvk : definition.value.Get("x-kubernetes-group-version-kind").items()) {
      const std::string group(gvk.GetString("group"));
      const std::string version(gvk.GetString("version"));
      schema->by_kind_[(group.empty() ? version : group + "/" + version) + " " + std::string(gvk.GetString("kind"))] =
          schema->TypeNamed(name);
    }
  }
  // Types that the document only refers to may be built-in ones.
  if (base) {
    std::unordered_map<const Type*, const Type*> known;
    for (const auto& [name, type] : schema->types_)
      if (const Type* found = definitions.Has(name) ? nullptr : base->FindType(name)) known[type.get()] = found;
    for (const auto& [name, type] : schema->types_)
      for (Field& field : type->fields)
        if (const auto found = known.find(field.type); found != known.end()) field.type = found->second;
  }
  schema->base_ = std::move(base);
  return std::shared_ptr<const PatchSchema>(std::move(schema));
}

const PatchSchema::Type* PatchSchema::Find(std::string_view api_version, std::string_view kind) const {
  const auto found = by_kind_.find(std::string(api_version) + " " + std::string(kind));
  if (found != by_kind_.end()) return found->second;
  return base_ ? base_->Find(api_version, kind) : nullptr;
}

}  // namespace plumb::kustomize
