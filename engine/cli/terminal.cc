#include "engine/cli/terminal.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>

#include "core/json.h"

namespace plumb::cli {

Palette PaletteFor(std::FILE* stream) {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const char* force = std::getenv("CLICOLOR_FORCE");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  const bool forced = force != nullptr && *force != '\0' && std::string_view(force) != "0";
  if (no_colour != nullptr && *no_colour != '\0') return {};
  if (!forced && (dumb || !isatty(fileno(stream)))) return {};
  return {"\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[34m", "\x1b[0m"};
}

std::string CommandHelp(const Command& command) {
  std::string text = fmt::format("plumb {} - {}\n\nusage: plumb {}{}{} [flags]\n", command.name, command.summary, command.name,
                                 command.arguments.empty() ? "" : " ", command.arguments);
  if (!command.details.empty()) text += "\n" + command.details;
  text += "\nflags:\n";
  for (const Flag& flag : command.flags) {
    std::string left = flag.letter ? fmt::format("-{}, --{}", flag.letter, flag.name) : fmt::format("    --{}", flag.name);
    if (!flag.value.empty()) left += " " + flag.value;
    std::string right = flag.help;
    if (!flag.choices.empty()) {
      right += ": ";
      for (const std::string& choice : flag.choices) right += (&choice == &flag.choices.front() ? "" : ", ") + choice;
    }
    if (!flag.fallback.empty()) right += fmt::format(" (default {})", flag.fallback);
    text += fmt::format("  {:<30} {}\n", left, right);
  }
  return text;
}

Document CommandJson(const Command& command) {
  return BuildDocument([&](Arena& arena) {
    std::vector<Value> flags;
    for (const Flag& flag : command.flags) {
      std::vector<Value> choices;
      for (const std::string& choice : flag.choices) choices.push_back(arena.String(choice));
      flags.push_back(arena.Map({{"name", arena.String(flag.name)},
                                 {"value", arena.String(flag.value)},
                                 {"help", arena.String(flag.help)},
                                 {"default", arena.String(flag.fallback)},
                                 {"choices", arena.List(choices)}}));
    }
    return arena.Map({{"name", arena.String(command.name)},
                      {"arguments", arena.String(command.arguments)},
                      {"summary", arena.String(command.summary)},
                      {"details", arena.String(command.details)},
                      {"flags", arena.List(flags)}});
  });
}

std::string ErrorJson(const Error& error) {
  Arena arena;
  return WriteJson(arena.Map({{"error", arena.Map({{"code", Arena::Borrow(CodeName(error.code()))},
                                                   {"message", Arena::Borrow(error.message())}})}}));
}

}  // namespace plumb::cli
