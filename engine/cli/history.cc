// plumb history APP: the last revisions of an application, who asked for them, and what came of it.
#include <fmt/core.h>

#include "engine/cli/application_objects.h"
#include "engine/cli/command.h"

namespace plumb::cli {

namespace {

Result<int> Run(const Flags& flags) {
  PLUMB_TRY(name, OneArgument(flags, "an application"));
  PLUMB_TRY(cluster, Connect(flags));
  PLUMB_TRY(application, FindApplication(cluster, name));
  const Value history = application->Get("status").Get("history");
  if (flags.Get("output") == "json") {
    Arena arena;
    PrintJson(history.is_list() ? history : arena.List(std::initializer_list<Value>{}));
    return kExitOk;
  }
  if (history.empty()) fmt::print("nothing was carried out yet\n");
  std::vector<std::vector<std::string>> rows = {{"ENDED", "REVISION", "RESULT", "BY", "PLAN", "ATTEMPTS", "MESSAGE"}};
  for (Value entry : history.items())
    rows.push_back({std::string(entry.GetString("ended")), std::string(entry.GetString("revision").substr(0, 10)), std::string(entry.GetString("result")),
                    std::string(entry.GetString("by")), std::string(entry.GetString("plan").substr(0, 12)), std::to_string(entry.Get("attempts").AsInt()),
                    std::string(entry.GetString("message"))});
  if (!history.empty()) fmt::print("{}", FormatTable(rows));
  return kExitOk;
}

}  // namespace

Command HistoryCommand() {
  Command command{"history", "APP", "the last revisions of an application, and what came of them", "  plumb history shop\n", {}, Run};
  for (const Flag& flag : ClusterFlags()) command.flags.push_back(flag);
  return command;
}

}  // namespace plumb::cli
