// What the commands share of the terminal: colours, help texts, errors as JSON.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "core/arena.h"
#include "core/result.h"
#include "engine/cli/command.h"

namespace plumb::cli {

// Escape sequences, or empty strings where the stream is no terminal, TERM is dumb, or NO_COLOR is set (no-color.org).
// CLICOLOR_FORCE, set and not 0, has them in a pipe too (bixense.com/clicolors): for what is shown on a terminal in the end.
struct Palette {
  std::string_view bold, dim, red, green, yellow, blue, reset;
  bool on() const { return !reset.empty(); }
};
Palette PaletteFor(std::FILE* stream);

std::string CommandHelp(const Command& command);
// The same as data: {"name", "arguments", "summary", "details", "flags": [{"name", "value", "help", "default", "choices"}]}
Document CommandJson(const Command& command);

// {"error": {"code": "not found", "message": "..."}}
std::string ErrorJson(const Error& error);

}  // namespace plumb::cli
