// plumb_conformance: replays the recorded answers of the real programs (tests/conformance/registry.h).
//
// usage: plumb_conformance [--verbose] [--only PATTERN]
//
// Reads the folder in PLUMB_CONFORMANCE (default ../shared/conformance) and prints one line a file:
// `merge/smd-vectors.jsonl passed 1049 failed 0 skipped 0`. Exit code 0; 1 where a case failed; 77 where the folder is absent.
#include <fnmatch.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/conformance/registry.h"

namespace {

namespace fs = std::filesystem;
using plumb::conformance::Report;
using plumb::conformance::RunnerEntry;

// The data files below the folder, relative to it, sorted.
std::vector<std::string> DataFiles(const fs::path& folder) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = fs::relative(entry.path(), folder).string();
    if (entry.is_regular_file() && entry.path().extension() != ".md") files.push_back(name);
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool Wanted(const std::string& file, const std::string& pattern) {
  return pattern.empty() || file.find(pattern) != std::string::npos || fnmatch(pattern.c_str(), file.c_str(), 0) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  bool verbose = false;
  std::string only;
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    if (arg == "--verbose") {
      verbose = true;
    } else if (arg == "--only" && i + 1 < argc) {
      only = argv[++i];
    } else {
      std::fprintf(stderr, "plumb_conformance: unknown argument '%s'; usage: plumb_conformance [--verbose] [--only PATTERN]\n", argv[i]);
      return 2;
    }
  }
  const char* from_environment = std::getenv("PLUMB_CONFORMANCE");
  const fs::path folder = from_environment ? from_environment : "../shared/conformance";
  if (!fs::is_directory(folder)) {
    std::fprintf(stderr, "plumb_conformance: skipped: no conformance data at '%s'; set PLUMB_CONFORMANCE to the folder\n", folder.c_str());
    return 77;
  }
  bool failed = false;
  for (const std::string& file : DataFiles(folder)) {
    if (!Wanted(file, only)) continue;
    Report report(verbose);
    const auto& runners = plumb::conformance::Runners();
    const auto runner = std::find_if(runners.begin(), runners.end(), [&](const RunnerEntry& r) { return r.file == file; });
    if (runner != runners.end()) runner->run((folder / file).string(), report);
    else report.Skip("nothing replays this file yet");
    std::printf("%s passed %zu failed %zu skipped %zu%s\n", file.c_str(), report.passed(), report.failed(), report.skipped(),
                report.skipped() == 0 ? "" : (" (" + report.Reasons() + ")").c_str());
    std::fflush(stdout);
    failed = failed || report.failed() > 0;
  }
  return failed ? 1 : 0;
}
