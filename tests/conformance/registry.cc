#include "tests/conformance/registry.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "core/json.h"

namespace plumb::conformance {

namespace {
std::vector<RunnerEntry>& Table() {
  static std::vector<RunnerEntry>* const table = new std::vector<RunnerEntry>;
  return *table;
}
}  // namespace

void Report::Fail(std::string_view name, std::string_view detail) {
  ++failed_;
  if (verbose_) std::fprintf(stderr, "%.*s: %.*s\n", int(name.size()), name.data(), int(detail.size()), detail.data());
}

void Report::Skip(std::string_view reason, size_t cases) {
  skipped_ += cases;
  const auto same = std::find_if(reasons_.begin(), reasons_.end(), [&](const auto& known) { return known.first == reason; });
  if (same == reasons_.end()) reasons_.emplace_back(reason, cases);
  else same->second += cases;
}

std::string Report::Reasons() const {
  if (reasons_.size() == 1) return reasons_[0].first;
  std::string text;
  for (const auto& [reason, cases] : reasons_) text += (text.empty() ? "" : "; ") + std::to_string(cases) + ": " + reason;
  return text;
}

Runner::Runner(std::string_view file, RunFunction run) {
  Table().push_back({std::string(file), run});
  std::sort(Table().begin(), Table().end(), [](const RunnerEntry& a, const RunnerEntry& b) { return a.file < b.file; });
}

const std::vector<RunnerEntry>& Runners() { return Table(); }

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<Document> ReadRows(const std::string& path, Report& report) {
  std::vector<Document> rows;
  std::ifstream in(path);
  size_t line_number = 0;
  for (std::string line; std::getline(in, line);) {
    ++line_number;
    Result<Document> row = ParseJson(line);
    if (row.ok()) rows.push_back(*std::move(row));
    else report.Fail("line " + std::to_string(line_number), row.error().message());
  }
  return rows;
}

}  // namespace plumb::conformance
