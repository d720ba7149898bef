// What a plan's digests are made of.
#pragma once

#include <string>
#include <string_view>

#include "engine/plan/plan.h"

namespace plumb {

inline constexpr size_t kShortestDigest = 8;  // digits that name one, of a person

// SHA-256 over the application and every step that changes something: action, object, API version, what is sent (as a hash of
// its canonical JSON), and for steps that touch a live object its UID. Times, resource versions and the order of
// the source's files do not count.
std::string PlanDigest(const Plan& plan);

// SHA-256 over what an approval lets through, and nothing else: the application, and of every step that a hold keeps until it
// is approved the object, its UID, whether it is deleted or replaced and by what, and the holds that name it. `moved` is
// PlanInput::moved: of two moves that delete the same, each is approved by itself. "" where approval lifts nothing.
std::string ApprovalDigest(const Plan& plan, std::string_view moved);

}  // namespace plumb
