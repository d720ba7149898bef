// Runs a program to its end: no shell, bounded time and output, cancellable, and nothing of it left behind.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/result.h"

namespace plumb {

struct Process {
  std::vector<std::string> argv{};  // argv[0]: a path (from `directory`), or a name looked up in the child's PATH
  std::vector<std::pair<std::string, std::string>> env{};  // set in the child, over what it inherits
  bool inherit_env = true;                                 // false: the child sees `env` alone
  std::string directory{};                                 // where it starts; "" is where this process stands
  std::string input{};                                     // its standard input; "" is /dev/null
  Duration timeout = std::chrono::seconds(60);             // then it is stopped: kUnavailable
  Duration grace = std::chrono::milliseconds(500);         // between SIGTERM and SIGKILL when it is stopped
  size_t out_bytes = 64u << 20;                            // more on standard output stops it: kLimit
  size_t err_bytes = 1u << 20;                             // of standard error; the rest is read and dropped
  size_t file_bytes = 0;  // the largest file it may write; beyond, its writes fail with EFBIG. 0: no bound
  std::string install{};  // what to install where the program is missing; "" for a guess
};

struct ProcessResult {
  int status = 0;  // exit status, or 128 + the signal that ended it, as a shell says
  std::string out{};
  std::string err{};
  Duration elapsed{};

  bool ok() const { return status == 0; }
};

// Thread-safe; Run blocks the calling thread. A program that ran and failed is a result with its status, not an error.
class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;

  // The program runs in a process group of its own; the whole group is killed when the program ends or is stopped,
  // so its children do not outlive the call (those that made a session of their own do).
  //
  // Errors: kNotFound (no such program: says what to install; no such directory), kDenied (not executable),
  // kUnavailable (timeout, or the system refused a process), kLimit (out_bytes), kCancelled (`stop` was requested).
  // Messages name the program alone, never its arguments, environment or input: these may hold secrets.
  virtual Result<ProcessResult> Run(const Process& process, std::stop_token stop = {}) = 0;

  static ProcessRunner& Real();
};

// Answers from a function and remembers what was asked.
class FakeProcessRunner final : public ProcessRunner {
 public:
  using Answer = std::function<Result<ProcessResult>(const Process&)>;
  explicit FakeProcessRunner(Answer answer) : answer_(std::move(answer)) {}

  Result<ProcessResult> Run(const Process& process, std::stop_token stop = {}) override;
  std::vector<Process> calls() const;

 private:
  const Answer answer_;
  mutable Mutex mu_;
  std::vector<Process> calls_ GUARDED_BY(mu_);
};

// The file that `program` stands for: itself where it has a '/', else the first executable in `path`
// ("/usr/local/bin:/usr/bin"). Errors: kNotFound with advice from `install` or, where empty, a small table.
Result<std::string> FindProgram(std::string_view program, std::string_view path, std::string_view install = "");

}  // namespace plumb
