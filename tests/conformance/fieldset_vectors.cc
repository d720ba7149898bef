// merge/fieldset-vectors.jsonl: FieldsV1 read and written byte for byte, and the algebra of sets.
#include "core/json.h"
#include "diff/field_set.h"
#include "tests/conformance/registry.h"

namespace plumb::conformance {
namespace {

void RunParse(const std::string& name, Value row, Report& report) {
  Arena arena;
  const Result<FieldSet> set = ParseFieldSet(arena, row.GetString("in"));
  if (!row.Get("ok").AsBool()) return report.Check(name, !set.ok(), "accepted what must be refused");
  if (!set.ok()) return report.Fail(name, set.error().message());
  const std::string out = SerializeFieldSet(*set);
  const std::string through_value = WriteJson(FieldSetToValue(arena, *set));
  report.Check(name, out == row.GetString("out") && through_value == out && set->empty() == row.Get("empty").AsBool(),
               "want " + std::string(row.GetString("out")) + "\n got " + out);
}

void RunAlgebra(const std::string& name, std::string_view op, const Document& row, Report& report) {
  Arena arena;
  arena.Adopt(row);
  const FieldSet a = *FieldSetFromValue(arena, row->Get("a")), b = *FieldSetFromValue(arena, row->Get("b"));
  const FieldSet want = *FieldSetFromValue(arena, row->Get("out"));
  FieldSet got;
  if (op == "union") got = Union(arena, a, b);
  else if (op == "intersection") got = Intersection(arena, a, b);
  else if (op == "difference") got = Difference(arena, a, b);
  else if (op == "recursiveDifference") got = RecursiveDifference(arena, a, b);
  else return report.Fail(name, "unknown operation");
  const bool subset = IsSubset(a, b) == Difference(arena, a, b).empty();
  const bool intersects = Intersects(a, b) == !Intersection(arena, a, b).empty();
  report.Check(name, got == want && subset && intersects, "want " + SerializeFieldSet(want) + "\n got " + SerializeFieldSet(got));
}

void Run(const std::string& path, Report& report) {
  size_t line = 0;
  for (const Document& row : ReadRows(path, report)) {
    const std::string_view op = row->GetString("op");
    const std::string name = "fieldset line " + std::to_string(++line) + " (" + std::string(op) + ")";
    if (op == "fromJSON") RunParse(name, row.root(), report);
    else RunAlgebra(name, op, row, report);
  }
}

const Runner kRunner("merge/fieldset-vectors.jsonl", Run);

}  // namespace
}  // namespace plumb::conformance
