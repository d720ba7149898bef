#include "engine/loop/status.h"

namespace plumb {

std::string_view HistoryResultName(HistoryEntry::Result result) {
  switch (result) {
    case HistoryEntry::Result::kSucceeded: return "succeeded";
    case HistoryEntry::Result::kFailed: return "failed";
    case HistoryEntry::Result::kSuperseded: return "superseded";
  }
  return "unknown";
}

std::string_view PhaseName(Phase phase) {
  switch (phase) {
    case Phase::kWaiting: return "Waiting";
    case Phase::kProgressing: return "Progressing";
    case Phase::kSynced: return "Synced";
    case Phase::kHeld: return "Held";
    case Phase::kFailed: return "Failed";
    case Phase::kSuspended: return "Suspended";
  }
  return "Unknown";
}

}  // namespace plumb
