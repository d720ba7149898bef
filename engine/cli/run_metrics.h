// Between the loop, which knows nothing of metrics, and the metrics, which know nothing of the loop.
#pragma once

#include "engine/loop/loop.h"
#include "engine/server/metrics.h"

namespace plumb::cli {

// Counts what an event says: drift, self-heals, syncs, commit to healthy.
void CountEvent(Metrics& metrics, const LoopEvent& event);

// Sets the gauges from the loop as it is now; called before metrics are read.
void MeasureLoop(Metrics& metrics, const Loop& loop);

}  // namespace plumb::cli
