// The review for people: first what must not be overlooked, then what changes, then what was there before.
#include <fmt/core.h>

#include <map>

#include "diff/present.h"
#include "engine/review/review.h"

namespace plumb {

namespace {

std::string Count(size_t n, std::string_view one, std::string_view many = "") {
  return fmt::format("{} {}", n, n == 1 ? one : many.empty() ? std::string(one) + "s" : std::string(many));
}

std::string AsCode(std::string_view text) {
  std::string out = Printable(text, 200);
  std::erase(out, '`');
  return out.empty() ? "" : "`" + out + "`";
}

std::string Named(const Review& review, const ApplicationReview& application, std::string text) {
  return review.applications.size() > 1 ? fmt::format("{}: {}", AsCode(application.name), text) : text;
}

std::string SummaryLine(const Review& r) {
  std::string out;
  const auto add = [&](size_t n, std::string_view what) {
    if (n > 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", n, what);
  };
  add(r.create, "to create");
  add(r.patch, "to change");
  add(r.replace, "to replace");
  add(r.remove, "to delete");
  add(r.orphan, "to orphan");
  add(r.hooks, r.hooks == 1 ? "hook to run" : "hooks to run");
  return out + ".";
}

std::string BlastRadius(const Review& r) {
  size_t touched = 0;
  for (const ApplicationReview& application : r.applications) touched += !application.changes.empty();
  std::string out = fmt::format("Blast radius: {}, {} in {}", Count(touched, "application"), Count(r.create + r.patch + r.replace + r.remove, "object"), Count(r.namespaces, "namespace"));
  if (r.restarted > 0) out += fmt::format("; {} restarted, {}", Count(r.restarted, "workload"), Count(r.pods, "pod"));
  return out + ".";
}

ReportSection Failures(const Review& review) {
  ReportSection section{"Failed to render", Tone::kBad, {}, {}, {}, {}, false};
  for (const ApplicationReview& application : review.applications)
    for (const std::string& failure : application.failures) section.bullets.push_back(fmt::format("{}: {}", AsCode(application.name), AsCode(failure)));
  return section;
}

ReportSection Dangers(const Review& review) {
  ReportSection section{"Dangers", Tone::kBad, {}, {}, {}, {}, false};
  ReportTable table{{"What", "Object", "Why"}, {}};
  for (const Danger& danger : review.dangers) table.rows.push_back({std::string(DangerName(danger.kind)), AsCode(danger.id.ToString()), Printable(danger.what, 300)});
  if (!table.rows.empty()) section.tables.push_back(std::move(table));
  return section;
}

ReportSection Refused(const Review& review) {
  ReportSection section{"The server would refuse, or objects to", Tone::kBad, {}, {}, {}, {}, false};
  ReportTable table{{"Object", "Why", "Where"}, {}};
  for (const ApplicationReview& application : review.applications)
    for (const Refusal& refusal : application.refused)
      table.rows.push_back({AsCode(refusal.id.ToString()), Printable(refusal.reason, 400) + (refusal.at_base ? " (so it was before this change)" : ""), AsCode(refusal.origin)});
  if (!table.rows.empty()) section.tables.push_back(std::move(table));
  return section;
}

ReportSection Images(const Review& review) {
  ReportSection section{"Images", Tone::kPlain, {}, {}, {}, {}, false};
  ReportTable table{{"From", "To", "In"}, {}};
  for (const ImageChange& image : review.images) {
    std::string users;
    for (size_t i = 0; i < std::min<size_t>(image.users.size(), 5); ++i) users += (i ? ", " : "") + Printable(image.users[i], 120);
    if (image.users.size() > 5) users += fmt::format(" and {} more", image.users.size() - 5);
    table.rows.push_back({AsCode(image.before), AsCode(image.after), users});
  }
  if (!table.rows.empty()) section.tables.push_back(std::move(table));
  return section;
}

ReportSection Hooks(const Review& review) {
  ReportSection section{"Hooks that run", Tone::kPlain, {}, {}, {}, {}, false};
  for (const ApplicationReview& application : review.applications)
    for (const std::string& hook : application.hooks) section.bullets.push_back(Named(review, application, Printable(hook, 400)));
  return section;
}

ReportSection Notes(const Review& review) {
  ReportSection section{"What will not happen", Tone::kWarning, {}, {}, {}, {}, false};
  for (const ApplicationReview& application : review.applications)
    for (const std::string& note : application.notes) section.bullets.push_back(Named(review, application, Printable(note, 400)));
  return section;
}

ReportSection Applications(const Review& review) {
  ReportSection section{"Applications", Tone::kPlain, {}, {}, {}, {}, false};
  ReportTable table{{"Application", "Create", "Change", "Delete", "Unchanged", "Drifted", "Not applied yet", "Refused"}, {}};
  for (const ApplicationReview& a : review.applications) {
    const DiffSummary s = Summarise(a.changes);
    const auto cell = [](size_t n) { return n == 0 ? std::string() : std::to_string(n); };
    table.rows.push_back({AsCode(a.name), cell(s.create), cell(s.patch), cell(s.remove), cell(a.unchanged), cell(a.drift.size()), cell(a.pending.size()), cell(a.refused.size())});
  }
  section.tables.push_back(std::move(table));
  return section;
}

ReportSection Unsure(const Review& review) {
  ReportSection section{"What is not known", Tone::kWarning, {}, {}, {}, {}, true};
  for (const ApplicationReview& application : review.applications) {
    for (const std::string& text : application.unknown) section.bullets.push_back(Named(review, application, Printable(text, 400)));
    for (const std::string& rule : application.unused_rules) section.bullets.push_back(Named(review, application, fmt::format("ignore rule {} concerns no object", Printable(rule))));
  }
  return section;
}

bool Empty(const ReportSection& s) { return s.bullets.empty() && s.tables.empty() && s.items.empty(); }

}  // namespace

Report ReportOf(const Review& review) {
  Report report;
  report.title = review.differs() ? "What this change does" : "This change does nothing to the cluster";
  if (review.failed) report.title = "This change cannot be rendered";
  report.tone = review.failed ? Tone::kBad : review.differs() ? Tone::kPlain : Tone::kGood;
  report.lead.push_back(fmt::format("{} against {}, {}", AsCode(review.head), AsCode(review.base), review.against.empty() ? "without a look at any cluster" : "seen from the " + review.against));
  if (review.differs()) {
    report.lead.push_back(SummaryLine(review));
    report.lead.push_back(BlastRadius(review));
  }

  const auto add = [&](ReportSection section) {
    if (!Empty(section)) report.sections.push_back(std::move(section));
  };
  add(Failures(review));
  add(Dangers(review));
  add(Refused(review));
  add(Images(review));
  add(Hooks(review));
  add(Notes(review));
  if (review.applications.size() > 1) add(Applications(review));

  std::vector<MaskedDiff> drift, pending;
  for (const ApplicationReview& a : review.applications) {
    drift.insert(drift.end(), a.drift.begin(), a.drift.end());
    pending.insert(pending.end(), a.pending.begin(), a.pending.end());
  }
  ReportSection changes{"Changes", Tone::kPlain, {}, {}, {}, ItemsOf(ChangesOf(review)), false};
  add(std::move(changes));
  ReportSection drifted{"Drift that is there already", Tone::kPlain, {"Not of this change: the cluster differs from the base, by others' hands. Plumb puts it back."}, {}, {}, ItemsOf(drift), true};
  add(std::move(drifted));
  ReportSection waiting{"Not applied yet", Tone::kPlain, {"Not of this change: the base says so already, and the cluster has yet to follow."}, {}, {}, ItemsOf(pending), true};
  add(std::move(waiting));
  add(Unsure(review));
  return report;
}

}  // namespace plumb
