// plumb render PATH: the manifests that a directory stands for.
#include <fmt/core.h>

#include "core/json.h"
#include "core/log.h"
#include "core/yaml.h"
#include "engine/cli/command.h"
#include "engine/cli/source.h"

namespace plumb::cli {

namespace {

// Why one object is as it is.
Result<int> Explain(const LoadedSource& loaded, const Flags& flags) {
  PLUMB_TRY(explanation, ExplainLoaded(loaded, flags.Get("explain")));
  for (const std::string& warning : explanation.warnings) log::Warning(warning);
  const std::string out = flags.Get("output") == "json" ? WriteJson(*explanation.ToJson(), JsonStyle::kIndent4) + "\n" : explanation.ToText();
  std::fwrite(out.data(), 1, out.size(), stdout);
  return kExitOk;
}

Result<int> Run(const Flags& flags) {
  PLUMB_TRY(loaded, LoadSource(flags));
  if (flags.Has("explain")) return Explain(loaded, flags);
  PLUMB_TRY(rendered, RenderLoaded(loaded));
  for (const std::string& warning : rendered.warnings) log::Warning(warning);
  std::string out;
  if (flags.Get("output") == "json") {
    Arena arena;
    std::vector<Value> items;
    for (const Manifest& manifest : rendered.manifests) items.push_back(manifest.root());
    out = WriteJson(arena.Map({{"apiVersion", Arena::Borrow("v1")}, {"kind", Arena::Borrow("List")}, {"items", arena.List(items)}}), JsonStyle::kIndent4) + "\n";
  } else {
    for (const Manifest& manifest : rendered.manifests) {
      if (!out.empty()) out += "---\n";
      out += WriteYaml(manifest.root());
    }
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
  return kExitOk;
}

}  // namespace

Command RenderCommand() {
  Command command{"render", "PATH", "print the manifests that a directory stands for",
                  "  plumb render deploy/prod\n  plumb render --repo https://git.example/shop.git --revision v1.2 --path deploy\n"
                  "  plumb render deploy/prod --explain Deployment/web\n"
                  "  plumb render deploy/prod --option 'images=[nginx=nginx:1.27]' --option order=none\n", SourceFlags(), Run};
  command.flags.push_back({"explain", 0, "OBJECT", "print one object, each field with what set it: KIND/NAME or NAMESPACE/KIND/NAME", "", false, {}});
  command.flags.push_back({"output", 'o', "FORMAT", "how to print the manifests", "yaml", false, {"yaml", "json"}});
  return command;
}

}  // namespace plumb::cli
