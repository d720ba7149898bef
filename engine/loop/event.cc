#include "engine/loop/event.h"

namespace plumb {

std::string_view LoopEventName(LoopEvent::Type type) {
  switch (type) {
    case LoopEvent::Type::kStarted: return "started";
    case LoopEvent::Type::kRevision: return "revision";
    case LoopEvent::Type::kPlan: return "plan";
    case LoopEvent::Type::kStep: return "apply";
    case LoopEvent::Type::kSynced: return "synced";
    case LoopEvent::Type::kHealthy: return "healthy";
    case LoopEvent::Type::kDrift: return "drift";
    case LoopEvent::Type::kHealed: return "healed";
    case LoopEvent::Type::kHeld: return "held";
    case LoopEvent::Type::kWarning: return "warning";
    case LoopEvent::Type::kFailed: return "failed";
  }
  return "unknown";
}

}  // namespace plumb
