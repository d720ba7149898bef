// What a plan must not do before somebody said so, or something is known. docs/operations.md lists them for operators.
#pragma once

#include <string>

#include "engine/plan/planner.h"

namespace plumb {

// Puts the holds of `input`'s policy on a plan whose steps are in order and whose digest is made. Steps that a hold holds
// back say so by Step::hold; several holds may hold one step, which names the first: one approval lifts them all.
void AddHolds(const PlanInput& input, Plan& plan);

// More deletes and replaces (`removals`, those of before included) than the policy lets through, of an inventory of this size.
bool OverBudget(size_t removals, size_t inventory, const PlanOptions& options);

// "10 objects and 20 %"
std::string BudgetText(const PlanOptions& options);

}  // namespace plumb
