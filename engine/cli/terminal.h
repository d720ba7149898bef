// What the commands share of the terminal: colours, help texts, errors as JSON.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "core/result.h"
#include "engine/cli/command.h"

namespace plumb::cli {

// Escape sequences, or empty strings where the stream is no terminal, TERM is dumb, or NO_COLOR is set (no-color.org).
struct Palette {
  std::string_view bold, dim, red, green, yellow, blue, reset;
  bool on() const { return !reset.empty(); }
};
Palette PaletteFor(std::FILE* stream);

std::string CommandHelp(const Command& command);

// {"error": {"code": "not found", "message": "..."}}
std::string ErrorJson(const Error& error);

}  // namespace plumb::cli
