// What `plumb apply` prints while it works and when it is done, and the flags that name an application.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "engine/apply/applier.h"
#include "engine/cli/flags.h"
#include "engine/cli/source.h"
#include "engine/cli/terminal.h"

namespace plumb::cli {

// --name, --inventory-namespace
std::vector<Flag> ApplicationFlags();
// --name, else the last part of the path or of the repository's name.
std::string ApplicationName(const Flags& flags, const LoadedSource& loaded);

// Not thread-safe.
class ApplyPrinter {
 public:
  ApplyPrinter(std::FILE* out, Palette colour, bool enabled) : out_(out), colour_(colour), enabled_(enabled) {}
  void Print(const ApplyEvent& event);
  void PrintSummary(const ApplyReport& report);

 private:
  std::FILE* const out_;
  const Palette colour_;
  const bool enabled_;
};

// {"plan": {...}, "result": {"applied": 3, ...}, "steps": [{"id", "state", "message"}]}
std::string ReportJson(const Plan& plan, const ApplyReport& report);

std::string_view StepStateName(StepResult::State state);

}  // namespace plumb::cli
