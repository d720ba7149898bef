#include "engine/cli/run_metrics.h"

namespace plumb::cli {

void CountEvent(Metrics& metrics, const LoopEvent& event) {
  switch (event.type) {
    case LoopEvent::Type::kDrift: return metrics.AddDrift(event.application, event.object.kind);
    case LoopEvent::Type::kHealed: return metrics.AddSelfHeal(event.application, event.object.kind, event.took);
    case LoopEvent::Type::kSynced: return metrics.AddSync(event.application, "succeeded", event.took);
    case LoopEvent::Type::kFailed: return metrics.AddSync(event.application, "failed", event.took);
    case LoopEvent::Type::kHeld: return metrics.AddSync(event.application, "held", event.took);
    case LoopEvent::Type::kHealthy: return metrics.AddCommitToHealthy(event.application, event.took);
    default: return;
  }
}

void MeasureLoop(Metrics& metrics, const Loop& loop) {
  std::vector<ApplicationState> states;
  for (const ApplicationStatus& status : loop.status()) {
    ApplicationState state;
    state.name = status.name;
    state.phase = PhaseName(status.phase);
    state.synced = status.synced;
    state.healthy = status.healthy;
    state.failing = status.failing();
    state.objects = status.objects;
    state.ready = status.ready;
    for (const HoldState& hold : status.holds) ++state.holds[hold.id];
    for (const auto& [id, drift] : status.drift) {
      ApplicationState::Drift& of_kind = state.drift[id.kind];
      ++of_kind.objects;
      of_kind.fields += drift.fields;
      if (!state.oldest_drift || drift.since < *state.oldest_drift) state.oldest_drift = drift.since;
    }
    states.push_back(std::move(state));
  }
  metrics.SetApplications(std::move(states));
  metrics.SetQueueDepth(loop.queue_depth());
  metrics.SetWaiting(loop.waiting());
}

}  // namespace plumb::cli
