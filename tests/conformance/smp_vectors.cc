// merge/smp-vectors.jsonl: strategic merge patch, applied and computed. The first row describes the types.
// merge/jsonmergepatch3-vectors.jsonl: the three-way JSON merge patch.
#include <algorithm>
#include <map>
#include <memory>

#include "core/json.h"
#include "diff/merge_patch.h"
#include "diff/strategic_merge.h"
#include "tests/conformance/registry.h"

namespace plumb::conformance {
namespace {

class Types {
 public:
  explicit Types(Value described) {
    for (const Member& m : described.members()) Named(m.key);
    for (const Member& m : described.members()) Describe(*Named(m.key), m.value);
  }

  const Type* Find(std::string_view name) { return Named(name); }

 private:
  Type* Make() { return owned_.emplace_back(std::make_unique<Type>()).get(); }

  Type* Named(std::string_view name) {
    Type*& type = named_[std::string(name)];
    if (!type) {
      type = Make();
      type->name = named_.find(name)->first;
      type->is_map = name != "int" && name != "string";
    }
    return type;
  }

  void Describe(Type& type, Value fields) {
    for (const Member& m : fields.members()) {
      Field field;
      field.name = m.key;
      Type* of = m.value.Has("of") ? Named(m.value.GetString("of")) : Make();
      const bool plain_map = m.value.GetString("kind") == "map" && !of->name.empty() && !of->is_map;
      Type* shape = m.value.GetString("kind") == "list" || plain_map ? Make() : of;
      if (m.value.GetString("kind") == "list") shape->item = of;
      if (plain_map) shape->value = of;
      field.type = shape;
      for (Value strategy : m.value.Get("strategies").items()) {
        field.patch.merge |= strategy.AsString() == "merge";
        field.patch.replace |= strategy.AsString() == "replace";
        field.patch.retain_keys |= strategy.AsString() == "retainKeys";
      }
      field.patch.merge_key = m.value.GetString("mergeKey");
      type.fields.push_back(field);
    }
    std::sort(type.fields.begin(), type.fields.end(), [](const Field& a, const Field& b) { return a.name < b.name; });
  }

  std::map<std::string, Type*, std::less<>> named_;
  std::vector<std::unique_ptr<Type>> owned_;
};

Result<Value> Compute(Arena& arena, Value row, const Type* type, const StrategicMergeOptions& options) {
  const std::string_view op = row.GetString("op");
  if (op == "patch") return ApplyStrategicMerge(arena, row.Get("original"), row.Get("patch"), type, options);
  if (op == "diff2") return DiffStrategicMerge(arena, row.Get("original"), row.Get("modified"), type);
  return ThreeWayStrategicMerge(arena, row.Get("original"), row.Get("modified"), row.Get("current"), type, row.Get("overwrite").AsBool(), options);
}

// "" where the answer is the recorded one.
std::string Wrong(const Result<Value>& got, Value want) {
  if (want.Has("error")) {
    if (got.ok()) return "want error " + WriteJson(want) + "\n got " + WriteJson(*got);
    const bool conflict = got.error().code() == Code::kConflict;
    return conflict == want.Get("conflict").AsBool() ? "" : "conflict or not is wrong: " + got.error().message();
  }
  if (!got.ok()) return "want " + WriteJson(want.Get("out")) + "\n got error " + got.error().message();
  if (*got == want.Get("out")) return "";
  return "want " + WriteCanonicalJson(want.Get("out")) + "\n got " + WriteCanonicalJson(*got);
}

void RunStrategic(const std::string& path, Report& report) {
  std::unique_ptr<Types> types;
  const std::vector<Document> rows = ReadRows(path, report);
  for (const Document& row : rows) {
    if (row->GetString("op") == "types") {
      types = std::make_unique<Types>(row->Get("types"));
      continue;
    }
    Arena arena;
    const Type* type = types->Find(row->GetString("type"));
    std::string wrong = Wrong(Compute(arena, *row, type, {}), row->Get("expect"));
    if (const Value* old = row->Find("expect_1_20_2"); old && wrong.empty()) wrong = Wrong(Compute(arena, *row, type, {.keep_new_verbatim = true}), *old);
    report.Check(row->GetString("id"), wrong.empty(), wrong);
  }
}

void RunThreeWayJson(const std::string& path, Report& report) {
  for (const Document& row : ReadRows(path, report)) {
    Arena arena;
    const Value got = ThreeWayMergePatch(arena, row->Get("original"), row->Get("modified"), row->Get("current"));
    report.Check(row->GetString("id"), got == row->Get("out"), "want " + WriteJson(row->Get("out")) + "\n got " + WriteJson(got));
  }
}

const Runner kStrategic("merge/smp-vectors.jsonl", RunStrategic);
const Runner kThreeWayJson("merge/jsonmergepatch3-vectors.jsonl", RunThreeWayJson);

}  // namespace
}  // namespace plumb::conformance
