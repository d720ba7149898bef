// merge/smd-vectors.jsonl: the typed operations and server-side apply, in every release that the vectors know.
#include <deque>
#include <map>
#include <memory>

#include "core/json.h"
#include "diff/ownership.h"
#include "tests/conformance/registry.h"

namespace plumb::conformance {
namespace {

// A release of the library and the server that is built with it.
const struct Column {
  const char* version;
  int minor;
} kColumns[] = {{"v4.0.2", 20}, {"v4.1.2", 22}, {"v4.2.1", 24}, {"v4.2.3", 26}, {"v4.4.1", 29},
                {"v4.6.0", 33}, {"v6.3.0", 34}, {"v6.3.2", 36}, {"v6.4.2", 35}};

// Types from the library's own schema language, which only its tests use.
class VectorSchema {
 public:
  VectorSchema(Document document, bool type_at_reference) : document_(std::move(document)), type_at_reference_(type_at_reference) {
    const Value types = document_->Get("schema").Get("types");
    for (Value t : types.items()) named_[t.GetString("name")] = &types_.emplace_back();
    for (Value t : types.items()) Fill(*named_[t.GetString("name")], t);
    for (const auto& [copy, original, atomic] : overrides_) {
      *copy = *original;
      copy->map_type = atomic ? MapType::kAtomic : MapType::kGranular;
      copy->list_type = atomic ? ListType::kAtomic : Associative(*copy);
    }
    static const Value kNoDefault{};
    for (Type& type : types_)
      for (std::string_view key : type.keys) {
        const Field* field = type.item->FindField(key);
        type.key_defaults.push_back(field && field->has_default ? &field->default_value : &kNoDefault);
      }
  }

  const Type* Find(Value ref) { return Ref(ref); }

 private:
  struct Override {
    Type* copy;
    const Type* original;
    bool atomic;
  };

  static ListType Associative(const Type& type) { return type.keys.empty() ? ListType::kSet : ListType::kMap; }

  const Type* Ref(Value ref) {
    if (!ref.is_map()) return nullptr;
    const std::string_view name = ref.GetString("namedType"), relationship = ref.GetString("elementRelationship");
    const Type* referred = nullptr;
    if (name.empty()) {
      Type& type = types_.emplace_back();
      Fill(type, ref);
      referred = &type;
    } else if (name == "__untyped_deduced_" || name == "__untyped_atomic_") {
      referred = name == "__untyped_atomic_" ? Schema::Atomic() : Schema::Deduced();
    } else {
      const auto found = named_.find(name);
      referred = found == named_.end() ? Schema::Deduced() : found->second;
    }
    if (relationship.empty() || !type_at_reference_) return referred;
    Type& copy = types_.emplace_back();
    overrides_.push_back({&copy, referred, relationship == "atomic"});
    return &copy;
  }

  void Fill(Type& type, Value atom) {
    type.name = atom.GetString("name");
    const std::string_view scalar = atom.GetString("scalar");
    if (scalar == "untyped") type.scalar = ScalarType::kUntyped;
    if (scalar == "string") type.scalar = ScalarType::kString;
    if (scalar == "numeric") type.scalar = ScalarType::kNumeric;
    if (scalar == "boolean") type.scalar = ScalarType::kBoolean;
    if (const Value list = atom.Get("list"); list.is_map()) {
      type.is_list = true;
      type.item = Ref(list.Get("elementType"));
      for (Value key : list.Get("keys").items()) type.keys.push_back(key.AsString());
      if (list.GetString("elementRelationship") != "atomic") type.list_type = Associative(type);
    }
    if (const Value map = atom.Get("map"); map.is_map()) {
      type.is_map = true;
      if (map.GetString("elementRelationship") == "atomic") type.map_type = MapType::kAtomic;
      for (Value f : map.Get("fields").items()) {
        Field field;
        field.name = f.GetString("name");
        field.type = Ref(f.Get("type"));
        field.has_default = f.Has("default");
        field.default_value = f.Get("default");
        type.fields.push_back(field);
      }
      std::sort(type.fields.begin(), type.fields.end(), [](const Field& a, const Field& b) { return a.name < b.name; });
      type.value = Ref(map.Get("elementType"));
    }
  }

  const Document document_;
  const bool type_at_reference_;
  std::deque<Type> types_;
  std::map<std::string_view, Type*> named_;
  std::vector<Override> overrides_;
};

// One vector in one column: the answer in the form of the vectors, or an error.
class Case {
 public:
  Case(const Document& row, const Type* type, const MergeProfile& profile)
      : row_(row.root()), type_(type), profile_(profile), arena_(std::make_shared<Arena>()) {
    arena_->Adopt(row);
  }

  Result<Value> Run() {
    const std::string_view op = row_.GetString("op");
    Arena& a = *arena_;
    if (op == "merge") {
      PLUMB_OK(ValidateTyped(row_.Get("lhs"), type_, profile_, Duplicates::kAllow));
      PLUMB_OK(ValidateTyped(row_.Get("rhs"), type_, profile_, Duplicates::kRefuse));
      PLUMB_TRY(out, MergeTyped(a, row_.Get("lhs"), row_.Get("rhs"), type_, profile_));
      return a.Map({{"out", out}});
    }
    if (op == "toFieldSet") {
      PLUMB_OK(ValidateTyped(row_.Get("value"), type_, profile_, Duplicates::kAllow));
      return a.Map({{"out", Set(ToFieldSet(a, row_.Get("value"), type_, profile_))}});
    }
    if (op == "compare") {
      PLUMB_OK(ValidateTyped(row_.Get("lhs"), type_, profile_, Duplicates::kAllow));
      PLUMB_OK(ValidateTyped(row_.Get("rhs"), type_, profile_, Duplicates::kAllow));
      const Comparison c = CompareTyped(a, row_.Get("lhs"), row_.Get("rhs"), type_, profile_);
      return a.Map({{"added", Set(c.added)}, {"modified", Set(c.modified)}, {"removed", Set(c.removed)}});
    }
    if (op == "remove") {
      PLUMB_OK(ValidateTyped(row_.Get("value"), type_, profile_, Duplicates::kAllow));
      PLUMB_TRY(set, FieldSetFromValue(a, row_.Get("set")));
      return a.Map({{"out", RemoveFields(a, row_.Get("value"), set, type_, profile_)}});
    }
    return RunWrite(op == "apply");
  }

 private:
  Result<Value> RunWrite(bool apply) {
    Arena& a = *arena_;
    const Value live = row_.Get("live"), config = row_.Get("config");
    PLUMB_OK(ValidateTyped(live, type_, profile_, Duplicates::kAllow));
    PLUMB_OK(ValidateTyped(config, type_, profile_, apply ? Duplicates::kRefuse : Duplicates::kAllow));
    Owners owners;
    for (const Member& m : row_.Get("managers").members()) {
      PLUMB_TRY(set, FieldSetFromValue(a, m.value.Get("set")));
      owners[std::string(m.key)] = {set, std::string(m.value.GetString("version")), m.value.Get("applied").AsBool()};
    }
    const OwnershipContext context{.arena = a,
                                   .api_version = std::string(row_.GetString("version")),
                                   .type_of = [this](const std::string&) { return type_; },
                                   .profile = profile_};
    const std::string manager(row_.GetString("manager"));
    if (!apply) {
      owners = OwnersAfterUpdate(context, live, config, std::move(owners), manager);
      return a.Map({{"managersOut", OwnersValue(owners)}, {"noop", a.Bool(false)}, {"out", config}});
    }
    PLUMB_TRY(result, ApplyConfig(context, live, config, std::move(owners), manager, row_.Get("force").AsBool()));
    if (!result.conflicts.empty()) {
      std::vector<std::string> lines;
      for (const OwnershipConflict& conflict : result.conflicts)
        ForEachMember(conflict.fields, [&](const FieldPath& path) { lines.push_back(conflict.manager + " " + path.ToKubernetesString()); });
      std::sort(lines.begin(), lines.end());
      std::vector<Value> items;
      for (const std::string& line : lines) items.push_back(a.String(line));
      return a.Map({{"conflicts", a.List(items)}});
    }
    return a.Map({{"managersOut", OwnersValue(result.owners)},
                  {"noop", a.Bool(!result.object)},
                  {"out", result.object.value_or(Value())}});
  }

  Value Set(const FieldSet& set) { return FieldSetToValue(*arena_, set); }

  Value OwnersValue(const Owners& owners) {
    std::vector<Member> members;
    for (const auto& [name, owned] : owners)
      members.push_back({arena_->Key(name), arena_->Map({{"applied", Arena::Bool(owned.applied)},
                                                         {"set", Set(owned.set)},
                                                         {"version", arena_->String(owned.api_version)}})});
    return arena_->Map(members);
  }

  const Value row_;
  const Type* const type_;
  const MergeProfile profile_;
  const std::shared_ptr<Arena> arena_;
};

// Equal where the vectors' form says so; the conflicts of one answer come in no particular order.
std::string Difference(const Document& row, const Column& column, const Type* type) {
  const Value by_version = row->Get("expectByVersion").Get(column.version);
  const Value want = by_version.is_map() ? by_version : row->Get("expect");
  Case c(row, type, MergeProfile::ForServer(column.minor, 0));
  const Result<Value> got = c.Run();
  if (want.Has("error")) return got.ok() ? "want error " + std::string(want.GetString("error")) + "\n got " + WriteJson(*got) : "";
  if (!got.ok()) return "want " + WriteJson(want) + "\n got error " + got.error().message();
  bool equal = true;
  for (const Member& m : want.members()) {
    if (m.key == "stage") continue;
    equal = equal && got->Get(m.key) == m.value;
  }
  return equal ? "" : "want " + WriteCanonicalJson(want) + "\n got " + WriteCanonicalJson(*got);
}

void Run(const std::string& path, Report& report) {
  struct Schemas {
    std::unique_ptr<VectorSchema> current, before_1_26;
  };
  std::map<std::string, Schemas, std::less<>> schemas;
  for (const Document& row : ReadRows(path, report)) {
    const std::string id(row->GetString("id"));
    if (row->GetString("op") == "schema") {
      schemas[id] = {std::make_unique<VectorSchema>(row, true), std::make_unique<VectorSchema>(row, false)};
      continue;
    }
    const auto found = schemas.find(row->GetString("schema"));
    if (found == schemas.end()) {
      report.Fail(id, "no schema '" + std::string(row->GetString("schema")) + "' before it");
      continue;
    }
    std::string detail;
    for (const Column& column : kColumns) {
      VectorSchema& schema = TypeAtReference(column.minor) ? *found->second.current : *found->second.before_1_26;
      const std::string difference = Difference(row, column, schema.Find(row->Get("type")));
      if (!difference.empty()) detail += std::string(column.version) + ": " + difference + "\n";
    }
    report.Check(id, detail.empty(), detail + WriteJson(row.root()));
  }
}

const Runner kRunner("merge/smd-vectors.jsonl", Run);

}  // namespace
}  // namespace plumb::conformance
