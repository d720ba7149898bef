// The one sentence that says how an application is, and the phase it begins with. Pure.
#pragma once

#include "engine/loop/status.h"

namespace plumb {

// Sets `phase` and `summary` from everything else in the status:
//   "Synced", "Progressing: 3 of 12 ready, waiting for Deployment shop/cart: 1 of 3 available",
//   "Held: plan deletes 37 objects, budget 10; approve plan 1f2e3d4c5b6a", "Failed: source: ...", "Suspended", "Waiting: ..."
// `waiting` says what a pass waits for before it can do anything; "" where nothing.
void Summarise(ApplicationStatus& status, bool suspended, const std::string& waiting);

}  // namespace plumb
