#include "engine/plan/digest.h"

#include <algorithm>
#include <vector>

#include "core/hash.h"
#include "core/json.h"

namespace plumb {

std::string PlanDigest(const Plan& plan) {
  std::vector<const Step*> steps;
  for (const Step& step : plan.steps)
    if (step.changes()) steps.push_back(&step);
  std::sort(steps.begin(), steps.end(), [](const Step* a, const Step* b) {
    return std::pair(a->id, a->hook ? a->hook->phase : SyncPhase::kSync) < std::pair(b->id, b->hook ? b->hook->phase : SyncPhase::kSync);
  });

  // Each part is preceded by its length, so that no two lists of parts spell the same text.
  std::string text = "plumb plan 1\n";
  const auto add = [&](std::string_view part) {
    text += std::to_string(part.size());
    text += ':';
    text += part;
  };
  add(plan.application);
  for (const Step* step : steps) {
    for (const std::string& part : {step->id.group, step->gvk.version, step->id.kind, step->id.ns, step->id.name}) add(part);
    add(step->hook ? PhaseName(step->hook->phase) : ActionName(step->action));  // of a hook, whether it was begun is no difference
    add(step->hook ? "" : step->uid);
    add(step->desired.root().is_null() ? "" : Sha256Hex(WriteCanonicalJson(step->desired.root())));
  }
  return Sha256Hex(text);
}

}  // namespace plumb
