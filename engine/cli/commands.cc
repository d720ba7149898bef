// The table of commands, the dispatch, and the one place that prints errors and help.
#include <fmt/core.h>

#include <algorithm>

#include "core/json.h"
#include "core/log.h"
#include "core/suggest.h"
#include "engine/cli/command.h"
#include "engine/cli/terminal.h"

namespace plumb::cli {

const std::vector<Command>& Commands() {
  static const std::vector<Command> commands = [] {
    std::vector<Command> all = {RenderCommand(), DiffCommand(),    ApplyCommand(),      RunCommand(), ControllerCommand(), CrdsCommand(), GetCommand(), TreeCommand(), HistoryCommand(), SyncCommand(), SuspendCommand(), ResumeCommand(), ApproveCommand(), WaitCommand(), SnapshotCommand(), UndeleteCommand(), SandboxCommand(),
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

// How the user wants errors; needed before the flags are known to be right.
struct Form {
  bool json = false, json_log = false;
};

Form FormOf(const std::vector<std::string>& arguments) {
  Form form;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view at = arguments[i], next = i + 1 < arguments.size() ? std::string_view(arguments[i + 1]) : std::string_view();
    if (at == "--output=json" || at == "-ojson" || ((at == "--output" || at == "-o") && next == "json")) form.json = true;
    if (at == "--log-format=json" || (at == "--log-format" && next == "json")) form.json_log = true;
  }
  return form;
}

void PrintError(const Error& error, Form form) {
  const Palette colour = PaletteFor(stderr);
  if (form.json) fmt::print(stderr, "{}\n", ErrorJson(error));
  else if (form.json_log) log::Error(error.message(), {{"code", std::string(CodeName(error.code()))}});
  else fmt::print(stderr, "{}error:{} {}\n", colour.red, colour.reset, error.message());
}

}  // namespace

int Main(const std::vector<std::string>& arguments) {
  std::string name = arguments.empty() ? "help" : arguments[0];
  if (name == "--help" || name == "-h") name = "help";
  if (name == "--version") name = "version";
  const Form form = FormOf(arguments);
  log::Configure(log::Level::kInfo, form.json_log ? log::Format::kJson : log::Format::kText, PaletteFor(stderr).on());
  const auto& commands = Commands();
  const auto command = std::find_if(commands.begin(), commands.end(), [&](const Command& c) { return c.name == name; });
  if (command == commands.end()) {
    std::vector<std::string> names;
    for (const Command& c : commands) names.push_back(c.name);
    PrintError(Invalid(fmt::format("unknown command '{}'{}; 'plumb help' lists them", name, DidYouMean(name, names))), form);
    return kExitUsage;
  }
  const auto flags = Flags::Parse(command->flags, arguments.empty() ? arguments : std::vector(arguments.begin() + 1, arguments.end()));
  if (!flags.ok()) {
    PrintError(flags.error().Wrap(name), form);
    if (!form.json && !form.json_log)
      fmt::print(stderr, "usage: plumb {}{}{} [flags]; 'plumb {} --help' lists them\n", name, command->arguments.empty() ? "" : " ", command->arguments, name);
    return kExitUsage;
  }
  if (flags->On("help")) {
    fmt::print("{}", form.json ? WriteJson(*CommandJson(*command)) + "\n" : CommandHelp(*command));
    return kExitOk;
  }
  if (flags->On("verbose")) log::Configure(log::Level::kDebug, form.json_log ? log::Format::kJson : log::Format::kText, PaletteFor(stderr).on());
  const auto code = command->run(*flags);
  if (code.ok()) return *code;
  PrintError(code.error(), form);
  return ExitCode(code.error());
}

}  // namespace plumb::cli
