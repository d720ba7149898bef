#include "engine/loop/drift_book.h"

#include <fmt/core.h>

#include "core/json.h"
#include "diff/object_diff.h"

namespace plumb {

namespace {

constexpr size_t kShownBytes = 120;  // of one value

std::string Shown(const std::optional<Value>& value) {
  if (!value) return "nothing";
  std::string text = WriteJson(*value);
  return text.size() <= kShownBytes ? text : text.substr(0, kShownBytes - 3) + "...";
}

}  // namespace

std::vector<FoundDrift> DriftBook::Note(const Plan& plan, const Inventory& inventory, WallTime now) {
  std::vector<FoundDrift> found;
  for (const Step& step : plan.steps) {
    FoundDrift one{step.id, {}, false};
    if (step.action == Action::kPatch && step.diff) {
      const MaskedDiff masked = masker_.Mask(*step.diff);
      for (const FieldChange& change : masked->changes)
        if (change.cause == Cause::kDrift)
          one.lines.push_back(fmt::format("{}: declared {}, found {}  ({})", change.path.ToString(), Shown(change.new_value), Shown(change.old_value), change.Explain()));
    } else if (step.action == Action::kCreate && inventory.Find(step.id)) {
      one.lines.push_back("the object was deleted");
    }
    if (one.lines.empty()) continue;
    auto [entry, added] = drift_.try_emplace(step.id, DriftedObject{now, one.lines.size()});
    one.news = added || entry->second.fields != one.lines.size();
    entry->second.fields = one.lines.size();
    found.push_back(std::move(one));
  }
  return found;
}

void DriftBook::Keep(const std::map<ObjectId, size_t>& objects) {
  std::erase_if(drift_, [&](const auto& entry) { return !objects.contains(entry.first); });
}

}  // namespace plumb
