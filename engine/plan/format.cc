#include "engine/plan/format.h"

#include <array>

#include <fmt/core.h>

#include "core/json.h"
#include "diff/object_diff.h"

namespace plumb {
namespace {

constexpr size_t kValueWidth = 120;  // longer values are cut in text

struct Look {
  std::string_view sign, colour;
};
constexpr Look kLooks[] = {{" ", ""}, {"+", "32"}, {"~", "33"}, {"±", "35"}, {"-", "31"}, {"=", "2"}, {"!", "31;1"}, {">", "36"}};
constexpr Look kHookLook = {">", "36"};

std::string Paint(std::string_view text, std::string_view colour, bool on) {
  return on && !colour.empty() ? fmt::format("\x1b[{}m{}\x1b[0m", colour, text) : std::string(text);
}

std::string ValueText(const std::optional<Value>& value) {
  if (!value) return "(none)";
  std::string text = WriteJson(*value);
  if (text.size() <= kValueWidth) return text;
  size_t cut = kValueWidth;
  while (cut > 0 && (static_cast<uint8_t>(text[cut]) & 0xc0) == 0x80) --cut;  // not inside a UTF-8 character
  return text.substr(0, cut) + "...";
}

// What a step does to a hook: its run is one thing, however many requests it takes.
std::string_view HookWord(Action action) {
  if (action == Action::kAwait) return "await";
  return action == Action::kBlocked ? "blocked" : "run";
}

std::string ChangeText(const FieldChange& change) {
  return fmt::format("{}: {} -> {}  ({})", change.path.ToString(), ValueText(change.old_value), ValueText(change.new_value), change.Explain());
}

class TextWriter {
 public:
  TextWriter(const Plan& plan, const PlanFormat& format, const Masker& masker) : plan_(plan), format_(format), masker_(masker) {
    for (const Step& step : plan.steps)
      if (Shown(step)) width_ = std::max(width_, step.id.ToString().size());
    width_ = std::min<size_t>(width_, 60);
  }

  std::string Write() {
    for (const Step& step : plan_.steps)
      if (Shown(step)) AddStep(step);
    if (!out_.empty()) out_ += '\n';
    for (const Hold& hold : plan_.holds)
      out_ += fmt::format("{} {}; {}\n", Paint("held:", "31;1", format_.colour), hold.reason, hold.lift);
    for (const std::string& error : plan_.unchecked) out_ += fmt::format("{} {}\n", Paint("server check:", "31;1", format_.colour), error);
    for (const std::string& warning : plan_.warnings) out_ += fmt::format("{} {}\n", Paint("warning:", "33", format_.colour), warning);
    out_ += SummaryLine(plan_) + "\n";
    if (!plan_.empty()) out_ += fmt::format("plan {}\n", plan_.digest.substr(0, 12));
    return std::move(out_);
  }

 private:
  bool Shown(const Step& step) const { return step.action != Action::kNone || format_.unchanged; }

  void AddStep(const Step& step) {
    const bool runs = step.hook && step.changes();
    const Look look = runs ? kHookLook : kLooks[static_cast<size_t>(step.action)];
    std::string line = fmt::format("{} {:<7}  {:<{}}", look.sign, step.hook ? HookWord(step.action) : ActionName(step.action), step.id.ToString(), width_);
    if (step.hook) line += fmt::format("  {} hook{}", PhaseName(step.hook->phase), step.hook->phase == SyncPhase::kSyncFail ? ", if something fails" : "");
    if (!step.origin.file.empty()) line += fmt::format("  ({})", step.origin.ToString());
    if (step.hold >= 0) line += fmt::format("  held: {}", plan_.holds[static_cast<size_t>(step.hold)].id);
    while (line.ends_with(' ')) line.pop_back();
    out_ += Paint(line, look.colour, format_.colour) + "\n";
    if (!step.why.empty()) out_ += fmt::format("      {}\n", step.why);
    if (step.action == Action::kDelete && !step.takes_along.empty()) out_ += fmt::format("      takes along {}\n", step.takes_along);
    if (format_.fields && step.diff && step.changes())
      for (const MaskedDiff masked = masker_.Mask(*step.diff); const FieldChange& change : masked->changes)
        out_ += fmt::format("      {}\n", ChangeText(change));
    if (format_.reasons)
      for (const Edge& edge : step.after)
        out_ += fmt::format("      after {} {} ({})\n", plan_.steps[edge.on].id.ToString(), GateName(edge.gate), edge.reason);
  }

  const Plan& plan_;
  const PlanFormat& format_;
  const Masker& masker_;
  size_t width_ = 0;
  std::string out_;
};

// Builds the JSON form in one arena.
class JsonWriter {
 public:
  JsonWriter(const Plan& plan, const Masker& masker, Arena& arena) : plan_(plan), masker_(masker), a_(arena) {}

  Value Write() {
    std::vector<Value> steps, holds, warnings, unchecked;
    for (const Step& step : plan_.steps) steps.push_back(StepValue(step));
    for (const Hold& hold : plan_.holds) {
      std::vector<Value> held;
      for (size_t i : hold.steps) held.push_back(Text(plan_.steps[i].id.ToString()));
      holds.push_back(a_.Map({{"id", Text(hold.id)}, {"reason", Text(hold.reason)}, {"lift", Text(hold.lift)}, {"steps", a_.List(held)}}));
    }
    for (const std::string& warning : plan_.warnings) warnings.push_back(Text(warning));
    for (const std::string& error : plan_.unchecked) unchecked.push_back(Text(error));
    return a_.Map({{"application", Text(plan_.application)}, {"digest", Text(plan_.digest)}, {"approval", Text(plan_.approval)}, {"summary", Summary()},
                   {"steps", a_.List(steps)}, {"holds", a_.List(holds)}, {"warnings", a_.List(warnings)}, {"unchecked", a_.List(unchecked)}});
  }

 private:
  Value Text(std::string_view text) { return a_.String(text); }
  static Value Count(size_t n) { return Arena::Int(static_cast<int64_t>(n)); }

  Value Summary() {
    const PlanSummary& s = plan_.summary;
    return a_.Map({{"inSync", Arena::Bool(plan_.empty())}, {"create", Count(s.create)}, {"patch", Count(s.patch)}, {"replace", Count(s.replace)},
                   {"delete", Count(s.remove)}, {"none", Count(s.none)}, {"keep", Count(s.keep)}, {"blocked", Count(s.blocked)}, {"held", Count(s.held)},
                   {"hooks", Count(s.hooks)}});
  }

  Value StepValue(const Step& step) {
    std::vector<Member> m = {{"action", Text(ActionName(step.action))}, {"apiVersion", Text(step.gvk.ApiVersion())}, {"kind", Text(step.id.kind)}};
    if (!step.id.ns.empty()) m.push_back({"namespace", Text(step.id.ns)});
    m.push_back({"name", Text(step.id.name)});
    if (!step.uid.empty()) m.push_back({"uid", Text(step.uid)});
    if (!step.origin.file.empty()) m.push_back({"origin", Text(step.origin.ToString())});
    m.push_back({"stage", Count(step.stage)});
    if (step.hook) m.push_back({"hook", Text(PhaseName(step.hook->phase))});
    if (step.hold >= 0) m.push_back({"hold", Text(plan_.holds[static_cast<size_t>(step.hold)].id)});
    if (!step.why.empty()) m.push_back({"why", Text(step.why)});
    if (step.action == Action::kDelete && !step.takes_along.empty()) m.push_back({"takesAlong", Text(step.takes_along)});
    if (step.diff && !step.diff->changes.empty()) m.push_back({"fields", Fields(masker_.Mask(*step.diff))});
    if (!step.after.empty()) m.push_back({"after", After(step)});
    return a_.Map(m);
  }

  Value Fields(const MaskedDiff& diff) {
    std::vector<Value> fields;
    for (const FieldChange& change : diff->changes) {
      std::vector<Member> m = {{"path", Text(change.path.ToString())}, {"cause", Text(CauseName(change.cause))}};
      if (change.old_value) m.push_back({"old", a_.Copy(*change.old_value)});
      if (change.new_value) m.push_back({"new", a_.Copy(*change.new_value)});
      if (!change.writer.manager.empty()) m.push_back({"writer", Text(change.writer.manager)});
      fields.push_back(a_.Map(m));
    }
    return a_.List(fields);
  }

  Value After(const Step& step) {
    std::vector<Value> after;
    for (const Edge& edge : step.after)
      after.push_back(a_.Map({{"on", Text(plan_.steps[edge.on].id.ToString())}, {"gate", Text(GateName(edge.gate))}, {"reason", Text(edge.reason)}}));
    return a_.List(after);
  }

  const Plan& plan_;
  const Masker& masker_;
  Arena& a_;
};

}  // namespace

std::string FormatPlan(const Plan& plan, const PlanFormat& format) {
  if (format.masker) return TextWriter(plan, format, *format.masker).Write();
  const Masker masker;
  return TextWriter(plan, format, masker).Write();
}

std::string SummaryLine(const Plan& plan) {
  const PlanSummary& s = plan.summary;
  std::string text;
  const auto add = [&](size_t n, std::string_view what) {
    if (n > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n, what);
  };
  add(s.create, "to create");
  add(s.patch, "to change");
  add(s.replace, "to replace");
  add(s.remove, "to delete");
  add(s.hooks, s.hooks == 1 ? "hook to run" : "hooks to run");
  add(s.held, "held");
  add(s.blocked, "blocked");
  const bool in_sync = text.empty();
  add(s.none, in_sync ? (s.none == 1 ? "object" : "objects") : "unchanged");
  add(s.keep, "kept");
  if (text.empty()) return "in sync: nothing to do";
  return in_sync ? "in sync: " + text : text;
}

Document PlanToJson(const Plan& plan, const Masker* masker) {
  const Masker own;
  return BuildDocument([&](Arena& arena) { return JsonWriter(plan, masker ? *masker : own, arena).Write(); });
}

}  // namespace plumb
