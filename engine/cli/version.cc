// plumb version
#include <fmt/core.h>

#include "core/json.h"
#include "core/version.h"
#include "engine/cli/command.h"

namespace plumb::cli {

namespace {

Result<int> Run(const Flags& flags) {
  if (flags.Get("output") == "json") {
    Arena arena;
    fmt::print("{}\n", WriteJson(arena.Map({{"version", Arena::Borrow(kVersion)}, {"commit", Arena::Borrow(BuildCommit())}})));
    return kExitOk;
  }
  fmt::print("plumb {} ({})\n", kVersion, BuildCommit());
  return kExitOk;
}

}  // namespace

Command VersionCommand() { return {"version", "", "print the version", "", {}, Run}; }

}  // namespace plumb::cli
