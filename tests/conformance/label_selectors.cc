// controllers/label-selector-*.json: selectors as strings and as objects - canonical form, verdicts, matches.
// The words of errors are those of 1.20; the sandbox has 1.36's, so that an error is there is what counts.
#include "core/json.h"
#include "engine/sandbox/selector.h"
#include "tests/conformance/registry.h"

namespace plumb::conformance {
namespace {

// The labels that a case names: "env=dev,tier=web", "{}".
Value Labels(Arena& arena, std::string_view text) {
  std::vector<Member> members;
  for (std::string_view rest = text == "{}" ? "" : text; !rest.empty();) {
    const std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    members.push_back({one.substr(0, one.find('=')), arena.String(one.substr(one.find('=') + 1))});
  }
  return arena.Map(members);
}

void Check(const std::string& name, const Result<sandbox::LabelSelector>& selector, Value row, Report& report) {
  if (!selector.ok() || row.Has("error"))
    return report.Check(name, !selector.ok() && row.Has("error"), selector.ok() ? "want " + std::string(row.GetString("error")) : selector.error().message());
  if (selector->ToString() != row.GetString("canonical")) return report.Fail(name, "canonical form is " + selector->ToString());
  Arena arena;
  for (const Member& m : row.Get("matches").members())
    if (selector->Matches(Labels(arena, m.key)) != m.value.AsBool()) return report.Fail(name, "wrong on labels " + std::string(m.key));
  report.Pass();
}

void Run(const std::string& path, Report& report) {
  const auto rows = ParseJson(ReadFile(path));
  if (!rows.ok()) return report.Fail(path, rows.error().message());
  for (const Value row : rows->root().items()) {
    if (row.Has("selector")) Check(std::string(row.GetString("selector")), sandbox::LabelSelector::Parse(row.GetString("selector")), row, report);
    else Check(WriteJson(row.Get("labelSelector")), sandbox::LabelSelector::FromObject(row.Get("labelSelector")), row, report);
  }
}

const Runner kStrings("controllers/label-selector-strings.json", Run);
const Runner kObjects("controllers/label-selector-objects.json", Run);

}  // namespace
}  // namespace plumb::conformance
