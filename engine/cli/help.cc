// plumb help [COMMAND]
#include <fmt/core.h>

#include <algorithm>

#include "core/json.h"
#include "core/suggest.h"
#include "engine/cli/command.h"
#include "engine/cli/terminal.h"

namespace plumb::cli {

namespace {

std::string Overview() {
  std::string text =
      "Plumb keeps Kubernetes clusters true to git.\n\n"
      "usage: plumb COMMAND [arguments] [flags]\n\ncommands:\n";
  for (const Command& command : Commands()) text += fmt::format("  {:<12} {}\n", command.name, command.summary);
  text +=
      "\n'plumb COMMAND --help' explains one. Exit codes: 0 done, 1 differences or a partly failed apply, 2 wrong input,\n"
      "3 other trouble, 130 interrupted.\n"
      "\nA first look, without a cluster:\n"
      "  plumb sandbox --write-kubeconfig /tmp/sandbox.yaml &\n"
      "  plumb apply examples/guestbook --kubeconfig /tmp/sandbox.yaml --wait\n";
  return text;
}

std::string OverviewJson() {
  Arena arena;
  std::vector<Value> commands;
  for (const Command& command : Commands()) commands.push_back(arena.Adopt(CommandJson(command)));
  return WriteJson(arena.Map({{"commands", arena.List(commands)}}));
}

Result<int> Run(const Flags& flags) {
  const bool json = flags.Get("output") == "json";
  if (flags.positional().empty()) {
    fmt::print("{}", json ? OverviewJson() + "\n" : Overview());
    return kExitOk;
  }
  const std::string& wanted = flags.positional()[0];
  std::vector<std::string> names;
  for (const Command& command : Commands()) {
    if (command.name == wanted) {
      fmt::print("{}", json ? WriteJson(*CommandJson(command)) + "\n" : CommandHelp(command));
      return kExitOk;
    }
    names.push_back(command.name);
  }
  return Invalid(fmt::format("no command '{}'{}", wanted, DidYouMean(wanted, names)));
}

}  // namespace

Command HelpCommand() { return {"help", "[COMMAND]", "list the commands, or explain one", "", {}, Run}; }

}  // namespace plumb::cli
