#include "engine/cli/timeline.h"

#include <fmt/core.h>

#include "core/json.h"

namespace plumb::cli {

namespace {

double Seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

std::string_view ColourOf(const Palette& colour, LoopEvent::Type type) {
  switch (type) {
    case LoopEvent::Type::kRevision:
    case LoopEvent::Type::kPlan: return colour.blue;
    case LoopEvent::Type::kSynced:
    case LoopEvent::Type::kHealthy:
    case LoopEvent::Type::kHealed: return colour.green;
    case LoopEvent::Type::kDrift:
    case LoopEvent::Type::kHeld:
    case LoopEvent::Type::kWarning: return colour.yellow;
    case LoopEvent::Type::kFailed: return colour.red;
    case LoopEvent::Type::kStarted:
    case LoopEvent::Type::kStep: return colour.dim;
  }
  return colour.reset;
}

}  // namespace

std::string Timeline::Text(const LoopEvent& event) const {
  std::string text = fmt::format("{}{:8.3f}s{}  {}{:<9}{} {}{}{}  {}", colour_.dim, Seconds(event.time - start_), colour_.reset,
                                 ColourOf(colour_, event.type), LoopEventName(event.type), colour_.reset, colour_.bold,
                                 event.application, colour_.reset, event.text);
  if (event.took > Duration::zero()) text += fmt::format(" {}({}){}", colour_.dim, FormatDuration(event.took), colour_.reset);
  text += "\n";
  for (const std::string& line : event.details) text += fmt::format("{:>22}{}\n", "", line);
  return text;
}

void Timeline::Print(const LoopEvent& event) {
  const std::string text = json_ ? EventJson(event) + "\n" : Text(event);
  MutexLock lock(mu_);
  std::fwrite(text.data(), 1, text.size(), out_);
  std::fflush(out_);
}

std::string EventJson(const LoopEvent& event) {
  Arena arena;
  std::vector<Value> details;
  for (const std::string& line : event.details) details.push_back(arena.String(line));
  std::vector<Member> members = {{"time", arena.String(FormatMicroTime(event.time))},
                                 {"type", Arena::Borrow(LoopEventName(event.type))},
                                 {"application", Arena::Borrow(event.application)},
                                 {"revision", Arena::Borrow(event.revision)},
                                 {"text", Arena::Borrow(event.text)},
                                 {"details", arena.List(details)}};
  if (event.took > Duration::zero()) members.push_back({"seconds", arena.Float(Seconds(event.took))});
  return WriteJson(arena.Map(members));
}

}  // namespace plumb::cli
