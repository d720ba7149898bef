// What a plan's digest is made of.
#pragma once

#include <string>

#include "engine/plan/plan.h"

namespace plumb {

// SHA-256 over the application and every step that changes something: action, object, API version, what is sent (as a hash of
// its canonical JSON), and for steps that touch a live object its UID. Times, resource versions and the order of
// the source's files do not count.
std::string PlanDigest(const Plan& plan);

}  // namespace plumb
