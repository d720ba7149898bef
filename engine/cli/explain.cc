// plumb explain application: the document with every default, ready to copy.
#include <fmt/core.h>

#include "core/json.h"
#include "core/yaml.h"
#include "engine/cli/command.h"
#include "engine/loop/application.h"

namespace plumb::cli {

namespace {

Result<int> Run(const Flags& flags) {
  if (flags.positional() != std::vector<std::string>{"application"}) return Invalid("explain: what? There is 'plumb explain application'");
  if (flags.Get("output") == "json") {
    PLUMB_TRY(document, ParseYamlOne(ApplicationReference()));
    fmt::print("{}\n", WriteJson(*document, JsonStyle::kIndent4));
  } else {
    fmt::print("{}", ApplicationReference());
  }
  return kExitOk;
}

}  // namespace

Command ExplainCommand() { return {"explain", "application", "show the Application document with every default", "", {}, Run}; }

}  // namespace plumb::cli
