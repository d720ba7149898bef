// kustomize/unit-cases.json: Kustomize's own test cases, whole trees with the output or the fact of an error.
#include "core/json.h"
#include "core/memory_tree.h"
#include "plugins/kustomize/render.h"
#include "tests/conformance/registry.h"

namespace plumb::conformance {
namespace {

// The program's arguments as options.
Document OptionsOf(Value args) {
  return BuildDocument([&](Arena& arena) {
    std::vector<Member> members;
    for (size_t i = 0; i + 1 < args.size(); i += 2) {
      const std::string_view name = args[i].AsString(), value = args[i + 1].AsString();
      if (name == "--reorder") members.push_back({"order", arena.String(value)});
      if (name == "--load-restrictor")
        members.push_back({"loadRestrictor", arena.String(value == "LoadRestrictionsNone" ? "none" : "rootOnly")});
    }
    return arena.Map(members);
  });
}

void RunCase(const std::string& name, Value row, Report& report) {
  std::map<std::string, std::string> files;
  for (const Member& m : row.Get("files").members()) files.emplace(m.key, m.value.AsString());
  const MemoryTree tree(std::move(files));
  RenderRequest request;
  request.tree = &tree;
  request.path = row.GetString("path") == "." ? "" : std::string(row.GetString("path"));
  request.options = OptionsOf(row.Get("args"));
  const Result<Rendered> rendered = RenderKustomize(request);
  if (row.Has("err")) return report.Check(name, !rendered.ok(), "rendered what must fail: " + std::string(row.GetString("err")));
  if (!rendered.ok()) return report.Fail(name, rendered.error().message());
  const std::string got = WriteManifests(rendered->manifests);
  report.Check(name, got == row.GetString("out"), "want\n" + std::string(row.GetString("out")) + "\ngot\n" + got);
}

void Run(const std::string& path, Report& report) {
  const Result<Document> cases = ParseJson(ReadFile(path));
  if (!cases.ok()) return report.Fail(path, cases.error().message());
  size_t index = 0;
  for (Value row : cases->root().items())
    RunCase(std::string(row.GetString("test")) + " (" + std::to_string(index++) + ")", row, report);
}

const Runner kRunner("kustomize/unit-cases.json", Run);

}  // namespace
}  // namespace plumb::conformance
