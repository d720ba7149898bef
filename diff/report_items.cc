#include <fmt/core.h>

#include <map>

#include "diff/report.h"

namespace plumb {

namespace {

std::string Detail(const ObjectDiff& diff) {
  std::string out;
  if (diff.action == DiffAction::kPatch) out = fmt::format("{} field{}", diff.changes.size(), diff.changes.size() == 1 ? "" : "s");
  if (diff.must_replace()) out += ", must be replaced";
  if (!diff.origin.file.empty()) out += (out.empty() ? "" : "; ") + Printable(diff.origin.ToString());
  return out;
}

std::vector<std::string> Notes(const ObjectDiff& diff) {
  std::vector<std::string> notes;
  for (const std::string& reason : diff.uncertain) notes.push_back("needs the server: " + Printable(reason));
  for (const std::string& warning : diff.warnings) notes.push_back(Printable(warning));
  return notes;
}

// Equal for objects that change in the same way: what and why, not where and when.
std::string Sameness(const MaskedDiff& diff, const std::vector<std::string>& notes) {
  if (diff->action != DiffAction::kPatch) return "";
  std::string key = diff->gvk.kind + "." + diff->gvk.group;
  for (const ChangeLine& line : ChangeLinesOf(diff, {.times = false})) key += fmt::format("\n{}{}\t{}", static_cast<int>(line.kind), line.text, line.why);
  for (const std::string& note : notes) key += "\n!" + note;
  return key;
}

}  // namespace

std::vector<ReportItem> ItemsOf(std::span<const MaskedDiff> diffs) {
  std::vector<ReportItem> items;
  std::map<std::string, size_t> known;
  for (const MaskedDiff& diff : diffs) {
    if (diff->action == DiffAction::kNone) continue;
    ReportItem item;
    item.notes = Notes(diff.diff());
    if (const std::string key = Sameness(diff, item.notes); !key.empty()) {
      const auto [at, fresh] = known.emplace(key, items.size());
      if (!fresh) {
        ReportItem& first = items[at->second];
        if (first.same.empty()) first.lines = ChangeLinesOf(diff, {.times = false});
        first.same.push_back(ObjectTitle(diff.diff()));
        continue;
      }
    }
    item.action = diff->action;
    item.title = ObjectTitle(diff.diff());
    item.detail = Detail(diff.diff());
    item.lines = ChangeLinesOf(diff);
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace plumb
