#include "engine/loop/summary.h"

#include <fmt/core.h>

namespace plumb {

namespace {

constexpr size_t kSentenceBytes = 400;  // a sentence, not a report; the status has the rest

std::string ReadyText(const ApplicationStatus& status) {
  std::string text = fmt::format("{} of {} ready", status.ready, status.objects);
  for (const ObjectState& state : status.states) {
    const bool good = state.health == HealthStatus::kHealthy || state.health == HealthStatus::kSuspended;
    if (!good) return text + fmt::format(", waiting for {}: {}", state.id.ToString(), state.message);
  }
  return text;
}

// What is true, the most urgent first.
std::pair<Phase, std::string> Judge(const ApplicationStatus& status, bool suspended, const std::string& waiting) {
  if (suspended) return {Phase::kSuspended, ""};
  if (!status.failure.empty()) return {Phase::kFailed, status.failure};
  if (!status.holds.empty()) return {Phase::kHeld, status.holds.front().Text()};
  if (!waiting.empty()) return {Phase::kWaiting, waiting};
  if (!status.synced) return {Phase::kProgressing, status.drift.empty() ? "the plan is being carried out" : fmt::format("{} drifted", status.drift.size())};
  if (!status.healthy) return {Phase::kProgressing, ReadyText(status)};
  return {Phase::kSynced, ""};
}

}  // namespace

void Summarise(ApplicationStatus& status, bool suspended, const std::string& waiting) {
  auto [phase, text] = Judge(status, suspended, waiting);
  status.phase = phase;
  status.summary = std::string(PhaseName(phase)) + (text.empty() ? "" : ": " + text);
  if (status.summary.size() <= kSentenceBytes) return;
  size_t cut = kSentenceBytes - 3;
  while (cut > 0 && (static_cast<unsigned char>(status.summary[cut]) & 0xC0) == 0x80) --cut;  // not within a character
  status.summary = status.summary.substr(0, cut) + "...";
}

}  // namespace plumb
