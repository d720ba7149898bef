// What a command of the program is: a row of the table in commands.cc, with its flags and a function.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "engine/cli/flags.h"

namespace plumb::cli {

// Exit codes, the same for every command (documented in docs/cli.md):
inline constexpr int kExitOk = 0;           // done; for `diff`: no difference
inline constexpr int kExitDifferences = 1;  // `diff` found differences; `apply` failed for some object
inline constexpr int kExitUsage = 2;        // wrong flags, or input that is wrong and would be wrong again
inline constexpr int kExitTrouble = 3;      // something else failed: network, permissions, a limit
inline constexpr int kExitInterrupted = 130;

struct Command {
  std::string name;
  std::string arguments;  // in the usage line: "PATH"
  std::string summary;    // one line, lower case
  std::string details;    // paragraphs of the command's own help; examples
  std::vector<Flag> flags;
  Result<int> (*run)(const Flags& flags);  // the exit code, or an error to print
};

const std::vector<Command>& Commands();

// The program: picks the command, parses its flags, prints an error once. Returns the exit code.
int Main(const std::vector<std::string>& arguments);

int ExitCode(const Error& error);

// One function a file, each named after its command.
Command VersionCommand();
Command HelpCommand();
Command CompletionCommand();
Command SandboxCommand();
Command RenderCommand();
Command DiffCommand();
Command SnapshotCommand();
Command ApplyCommand();
Command RunCommand();
Command ControllerCommand();
Command CrdsCommand();
Command GetCommand();
Command TreeCommand();
Command HistoryCommand();
Command SyncCommand();
Command SuspendCommand();
Command ResumeCommand();
Command ApproveCommand();
Command WaitCommand();
Command ExplainCommand();
Command UndeleteCommand();

}  // namespace plumb::cli
