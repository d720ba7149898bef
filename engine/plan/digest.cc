#include "engine/plan/digest.h"

#include <algorithm>
#include <map>
#include <vector>

#include "core/hash.h"
#include "core/json.h"

namespace plumb {

namespace {

// Each part is preceded by its length, so that no two lists of parts spell the same text.
class Parts {
 public:
  explicit Parts(std::string_view what) : text_(what) {}
  void Add(std::string_view part) {
    text_ += std::to_string(part.size());
    text_ += ':';
    text_ += part;
  }
  std::string Digest() const { return Sha256Hex(text_); }

 private:
  std::string text_;
};

std::string HashOf(const Document& object) { return object->is_null() ? "" : Sha256Hex(WriteCanonicalJson(*object)); }

}  // namespace

std::string PlanDigest(const Plan& plan) {
  std::vector<const Step*> steps;
  for (const Step& step : plan.steps)
    if (step.changes()) steps.push_back(&step);
  std::sort(steps.begin(), steps.end(), [](const Step* a, const Step* b) {
    return std::pair(a->id, a->hook ? a->hook->phase : SyncPhase::kSync) < std::pair(b->id, b->hook ? b->hook->phase : SyncPhase::kSync);
  });

  Parts parts("plumb plan 1\n");
  parts.Add(plan.application);
  for (const Step* step : steps) {
    for (const std::string& part : {step->id.group, step->gvk.version, step->id.kind, step->id.ns, step->id.name}) parts.Add(part);
    parts.Add(step->hook ? PhaseName(step->hook->phase) : ActionName(step->action));  // of a hook, whether it was begun is no difference
    parts.Add(step->hook ? "" : step->uid);
    parts.Add(HashOf(step->desired));
  }
  return parts.Digest();
}

std::string ApprovalDigest(const Plan& plan, std::string_view moved) {
  std::map<size_t, std::string> held;  // step -> the holds that name it
  for (const Hold& hold : plan.holds)
    for (const size_t step : hold.steps) held[step] += hold.id + ' ';
  if (held.empty()) return "";
  std::vector<std::pair<const Step*, const std::string*>> steps;
  for (const auto& [step, holds] : held) steps.emplace_back(&plan.steps[step], &holds);
  std::sort(steps.begin(), steps.end(), [](const auto& a, const auto& b) { return a.first->id < b.first->id; });

  Parts parts("plumb approval 1\n");
  parts.Add(plan.application);
  parts.Add(moved);
  for (const auto& [step, holds] : steps) {
    for (const std::string& part : {step->id.group, step->id.kind, step->id.ns, step->id.name, step->uid}) parts.Add(part);
    parts.Add(ActionName(step->action));
    parts.Add(HashOf(step->desired));
    parts.Add(*holds);
  }
  return parts.Digest();
}

}  // namespace plumb
