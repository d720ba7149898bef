// The recorded answers of the real programs, replayed: one runner a file of the conformance folder.
//
// A runner lives in its own .cc and registers itself: `const conformance::Runner kRunner("merge/x.jsonl", Run);`.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/arena.h"

namespace plumb::conformance {

// What a runner says of its cases. Details of failures go to stderr when asked for. Not thread-safe.
class Report {
 public:
  explicit Report(bool verbose) : verbose_(verbose) {}

  void Pass() { ++passed_; }
  // `name` identifies the case in its file; `detail` says expected and got.
  void Fail(std::string_view name, std::string_view detail);
  void Skip(std::string_view reason, size_t cases = 1);
  void Check(std::string_view name, bool ok, std::string_view detail) { ok ? Pass() : Fail(name, detail); }

  size_t passed() const { return passed_; }
  size_t failed() const { return failed_; }
  size_t skipped() const { return skipped_; }
  // Why cases were skipped, for the line of the file: one reason, or "12: ...; 5: ..." in the order that they came up.
  std::string Reasons() const;

 private:
  const bool verbose_;
  size_t passed_ = 0, failed_ = 0, skipped_ = 0;
  std::vector<std::pair<std::string, size_t>> reasons_;
};

using RunFunction = void (*)(const std::string& path, Report& report);

// Registers a runner for the file of that name, relative to the conformance folder. Made before main; lives for good.
class Runner {
 public:
  Runner(std::string_view file, RunFunction run);
};

struct RunnerEntry {
  std::string file;
  RunFunction run;
};
const std::vector<RunnerEntry>& Runners();  // sorted by file

// The rows of a .jsonl file. A line that is no JSON fails the report.
std::vector<Document> ReadRows(const std::string& path, Report& report);
std::string ReadFile(const std::string& path);  // "" where it cannot be read

}  // namespace plumb::conformance
