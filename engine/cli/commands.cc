// The table of commands, the dispatch, and the one place that prints errors and help.
#include <fmt/core.h>

#include <algorithm>

#include "core/log.h"
#include "core/suggest.h"
#include "engine/cli/command.h"
#include "engine/cli/terminal.h"

namespace plumb::cli {

const std::vector<Command>& Commands() {
  static const std::vector<Command> commands = [] {
    std::vector<Command> all = {RenderCommand(), DiffCommand(),    ApplyCommand(),      RunCommand(),  SnapshotCommand(), SandboxCommand(),
                                ExplainCommand(), VersionCommand(), CompletionCommand(), HelpCommand()};
    const std::vector<Flag> everywhere = {
        {"output", 'o', "FORMAT", "how to print the result", "text", false, {"text", "json"}},
        {"log-format", 0, "FORMAT", "how to write log lines (on standard error)", "text", false, {"text", "json"}},
        {"verbose", 'v', "", "log what happens in detail", "", false, {}},
        {"help", 'h', "", "show this command's help", "", false, {}},
    };
    for (Command& command : all)
      for (const Flag& flag : everywhere)  // a command may say more precisely what its own --output offers
        if (std::none_of(command.flags.begin(), command.flags.end(), [&](const Flag& f) { return f.name == flag.name; }))
          command.flags.push_back(flag);
    return all;
  }();
  return commands;
}

int ExitCode(const Error& error) {
  switch (error.code()) {
    case Code::kInvalid: return kExitUsage;
    case Code::kCancelled: return kExitInterrupted;
    default: return kExitTrouble;
  }
}

namespace {

void PrintError(const Error& error, bool json) {
  if (json) {
    fmt::print(stderr, "{}\n", ErrorJson(error));
    return;
  }
  const Palette colour = PaletteFor(stderr);
  fmt::print(stderr, "{}error:{} {}\n", colour.red, colour.reset, error.message());
}

}  // namespace

int Main(const std::vector<std::string>& arguments) {
  std::string name = arguments.empty() ? "help" : arguments[0];
  if (name == "--help" || name == "-h") name = "help";
  if (name == "--version") name = "version";
  const auto& commands = Commands();
  const auto command = std::find_if(commands.begin(), commands.end(), [&](const Command& c) { return c.name == name; });
  if (command == commands.end()) {
    std::vector<std::string> names;
    for (const Command& c : commands) names.push_back(c.name);
    PrintError(Invalid(fmt::format("unknown command '{}'{}; 'plumb help' lists them", name, DidYouMean(name, names))), false);
    return kExitUsage;
  }
  const auto flags = Flags::Parse(command->flags, arguments.empty() ? arguments : std::vector(arguments.begin() + 1, arguments.end()));
  if (!flags.ok()) {
    PrintError(flags.error().Wrap(name), false);
    fmt::print(stderr, "usage: plumb {}{}{} [flags]; 'plumb {} --help' lists them\n", name, command->arguments.empty() ? "" : " ",
               command->arguments, name);
    return kExitUsage;
  }
  if (flags->On("help")) {
    fmt::print("{}", CommandHelp(*command));
    return kExitOk;
  }
  log::Configure(flags->On("verbose") ? log::Level::kDebug : log::Level::kInfo,
                 flags->Get("log-format") == "json" ? log::Format::kJson : log::Format::kText, PaletteFor(stderr).on());
  const auto code = command->run(*flags);
  if (code.ok()) return *code;
  PrintError(code.error(), flags->Get("output") == "json");
  return ExitCode(code.error());
}

}  // namespace plumb::cli
