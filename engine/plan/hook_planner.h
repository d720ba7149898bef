// Which hooks run in a plan: those of its sync that have not run yet. Pure; part of MakePlan.
#pragma once

#include <set>
#include <vector>

#include "engine/plan/hooks.h"
#include "engine/plan/planner.h"

namespace plumb {

struct HookPlan {
  struct Place {  // of a step
    SyncPhase phase;
    int wave;
  };
  std::vector<Step> steps;
  std::vector<Place> places;           // beside `steps`
  std::vector<HookLeftover> leftovers;
  std::optional<SyncRecord> record;    // as it is to be stored before the first hook runs; absent: there is nothing to remember
};

// Rules, in this order, for each run that a hook has in the sync of `input`:
// 1. on record as ended well: nothing; as failed: blocked, unless input.hooks.retry;
// 2. its object is there: its end is awaited (one that failed is made anew with input.hooks.retry);
// 3. an object of a later phase of this sync is there under its name: it has ended;
// 4. another hook's object is there: it is deleted first, where the delete policy says BeforeHookCreation, else blocked;
// 5. an object that is no hook is there: blocked. Nothing there: it is made.
// Errors: of ExpandHooks.
Result<HookPlan> PlanHooks(const PlanInput& input);

// The objects that PlanHooks wants to see in input.hooks.live. Annotations that are wrong are passed over: PlanHooks reports them.
std::vector<std::pair<ObjectId, Gvk>> HookObjects(const HookInput& hooks, const Inventory& inventory);

}  // namespace plumb
