#include "engine/cli/report.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/json.h"
#include "engine/plan/format.h"

namespace plumb::cli {

std::vector<Flag> ApplicationFlags() {
  return {{"name", 0, "APP", "the application whose inventory this is (default: the directory's or repository's name)", "", false, {}},
          {"inventory-namespace", 0, "NAMESPACE", "where the application's inventory is kept", "default", false, {}}};
}

std::string ApplicationName(const Flags& flags, const LoadedSource& loaded) {
  if (const std::string name = flags.Get("name"); !name.empty()) return name;
  const bool repository = !loaded.source.git.url.empty();
  std::string place = repository ? loaded.source.git.url : loaded.source.directory + "/" + loaded.source.path;
  while (place.ends_with('/')) place.pop_back();
  std::string name = place.substr(place.find_last_of("/:") + 1);
  if (repository && name.ends_with(".git")) name.resize(name.size() - 4);
  // A label's and a name's alphabet: whatever else a directory may be called becomes a dash.
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? static_cast<char>(std::tolower(c)) : '-';
  const size_t first = name.find_first_not_of('-');
  return first == std::string::npos ? "default" : name.substr(first, name.find_last_not_of('-') - first + 1);
}

std::string_view StepStateName(StepResult::State state) {
  switch (state) {
    case StepResult::State::kNotStarted: return "not started";
    case StepResult::State::kUnchanged: return "unchanged";
    case StepResult::State::kApplied: return "applied";
    case StepResult::State::kDeleted: return "deleted";
    case StepResult::State::kKept: return "kept";
    case StepResult::State::kHeld: return "held";
    case StepResult::State::kBlocked: return "blocked";
    case StepResult::State::kFailed: return "failed";
    case StepResult::State::kSkipped: return "skipped";
  }
  return "unknown";
}

void ApplyPrinter::Print(const ApplyEvent& event) {
  if (!enabled_ || !event.step || event.type == ApplyEvent::Type::kStarted) return;
  std::string_view word, colour = colour_.green;
  switch (event.type) {
    case ApplyEvent::Type::kDone: word = event.step->hook ? "started" : event.step->action == Action::kDelete ? "deleted" : "applied"; break;
    case ApplyEvent::Type::kFailed: word = "failed", colour = colour_.red; break;
    case ApplyEvent::Type::kSkipped: word = "skipped", colour = colour_.yellow; break;
    case ApplyEvent::Type::kWaiting: word = "waiting", colour = colour_.dim; break;
    case ApplyEvent::Type::kHealthy: word = event.step->hook ? "done" : "healthy"; break;
    default: word = "retry", colour = colour_.yellow; break;
  }
  fmt::print(out_, "{}{:<8}{} {}{}{}\n", colour, word, colour_.reset, event.step->id.ToString(), event.text.empty() ? "" : ": ", event.text);
  std::fflush(out_);
}

void ApplyPrinter::PrintSummary(const ApplyReport& report) {
  if (!enabled_) return;
  std::string text;
  const std::pair<size_t, const char*> parts[] = {{report.applied, "applied"}, {report.deleted, "deleted"}, {report.unchanged, "unchanged"},
                                                  {report.kept, "kept"},       {report.held, "held"},       {report.blocked, "blocked"},
                                                  {report.failed, "failed"},   {report.skipped, "skipped"}};
  for (const auto& [count, word] : parts)
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, word);
  const bool good = report.failed + report.blocked + report.skipped == 0;
  fmt::print(out_, "{}{}{}\n", good ? colour_.green : colour_.red, text.empty() ? "nothing to do" : text, colour_.reset);
}

std::string ReportJson(const Plan& plan, const ApplyReport& report) {
  Arena arena;
  std::vector<Value> steps;
  for (size_t i = 0; i < report.steps.size(); ++i)
    steps.push_back(arena.Map({{"id", arena.String(plan.steps[i].id.ToString())},
                               {"state", Arena::Borrow(StepStateName(report.steps[i].state))},
                               {"health", Arena::Borrow(HealthStatusName(report.steps[i].health.status))},
                               {"message", Arena::Borrow(report.steps[i].message)}}));
  const Document plan_json = PlanToJson(plan);
  auto count = [](size_t n) { return Arena::Int(static_cast<int64_t>(n)); };
  return WriteJson(arena.Map({{"plan", arena.Adopt(plan_json)},
                              {"result", arena.Map({{"applied", count(report.applied)}, {"deleted", count(report.deleted)}, {"unchanged", count(report.unchanged)},
                                                    {"kept", count(report.kept)}, {"held", count(report.held)}, {"blocked", count(report.blocked)},
                                                    {"failed", count(report.failed)}, {"skipped", count(report.skipped)}, {"requests", count(report.requests)},
                                                    {"complete", Arena::Bool(report.complete)}})},
                              {"steps", arena.List(steps)}}));
}

}  // namespace plumb::cli
