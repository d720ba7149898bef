// Diffs as Markdown and HTML: the objects in a table, then the changes of each.
#include <fmt/core.h>

#include "diff/present.h"

namespace plumb {

Report ReportOf(std::span<const MaskedDiff> diffs) {
  Report report;
  const DiffSummary summary = Summarise(diffs);
  report.title = summary.differs() ? "Differences" : "No differences";
  report.lead = {SummaryText(summary)};
  report.tone = summary.differs() ? Tone::kPlain : Tone::kGood;
  ReportTable table{{"", "Object", "Fields", "Certainty"}, {}};
  for (const MaskedDiff& diff : diffs) {
    if (diff->action == DiffAction::kNone) continue;
    const std::string fields = diff->action == DiffAction::kPatch ? std::to_string(diff->changes.size()) : "";
    table.rows.push_back({std::string(DiffActionName(diff->action)), ObjectTitle(diff.diff()), diff->must_replace() ? fields + " (must be replaced)" : fields,
                          diff->exact() ? "exact" : "needs server"});
  }
  if (table.rows.empty()) return report;
  report.sections.push_back({"Objects", Tone::kPlain, {}, {}, {std::move(table)}, {}, false});
  report.sections.push_back({"Changes", Tone::kPlain, {}, {}, {}, ItemsOf(diffs), false});
  return report;
}

}  // namespace plumb
