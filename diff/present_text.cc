#include <fmt/core.h>

#include <map>

#include "core/json.h"
#include "diff/line_diff.h"
#include "diff/present.h"

namespace plumb {

namespace {

constexpr std::string_view kGreen = "32", kRed = "31", kYellow = "33", kDim = "2", kBold = "1";

class Writer {
 public:
  explicit Writer(const TextOptions& options) : options_(options) {}

  void Object(const ObjectDiff& diff) {
    const auto [sign, colour] = Look(diff.action);
    const std::string name = diff.gvk.kind + " " + diff.id.name;
    const std::string origin = diff.origin.file.empty() ? "" : "  " + Paint("(" + diff.origin.ToString() + ")", kDim);
    out_ += fmt::format("  {} {}{}\n", Paint(sign, colour), Paint(name, colour), origin);
    for (const FieldChange& change : diff.changes) Field(change);
    if (options_.ignored)
      for (const FieldChange& change : diff.ignored) Field(change);
    for (const std::string& reason : diff.uncertain) out_ += "      " + Paint("? needs the server: " + reason, kYellow) + "\n";
    for (const std::string& warning : diff.warnings) out_ += "      " + Paint("! " + warning, kYellow) + "\n";
  }

  void Line(std::string_view text) { out_ += std::string(text) + "\n"; }
  void Heading(std::string_view text) { out_ += Paint(text, kBold) + "\n"; }
  std::string Take() { return std::move(out_); }

 private:
  static std::pair<std::string_view, std::string_view> Look(DiffAction action) {
    switch (action) {
      case DiffAction::kCreate: return {"+", kGreen};
      case DiffAction::kPatch: return {"~", kYellow};
      case DiffAction::kDelete: return {"-", kRed};
      case DiffAction::kNone: break;
    }
    return {"=", kDim};
  }

  std::string Paint(std::string_view text, std::string_view colour) const {
    return options_.colour ? fmt::format("\x1b[{}m{}\x1b[0m", colour, text) : std::string(text);
  }

  std::string Short(Value value) const { return Printable(WriteJson(value), options_.width); }

  void Field(const FieldChange& change) {
    const std::string path = Printable(change.path.ToString()), why = Paint(Printable(change.Explain()), kDim);
    if (!change.old_value) {
      out_ += fmt::format("      {} {}: {}   {}\n", Paint("+", kGreen), path, Paint(Short(*change.new_value), kGreen), why);
    } else if (!change.new_value) {
      out_ += fmt::format("      {} {}: {}   {}\n", Paint("-", kRed), path, Paint(Short(*change.old_value), kRed), why);
    } else if (IsText(*change.old_value) && IsText(*change.new_value)) {
      out_ += fmt::format("      {} {}:   {}\n", Paint("~", kYellow), path, why);
      Hunks(change.old_value->AsString(), change.new_value->AsString());
    } else {
      out_ += fmt::format("      {} {}: {} -> {}   {}\n", Paint("~", kYellow), path, Paint(Short(*change.old_value), kRed),
                          Paint(Short(*change.new_value), kGreen), why);
    }
  }

  static bool IsText(Value v) { return v.AsString().find('\n') != std::string_view::npos; }

  void Hunks(std::string_view before, std::string_view after) {
    const std::string hunks = UnifiedHunks(before, after, {.context = 2});
    for (size_t at = 0; at < hunks.size();) {
      const size_t end = std::min(hunks.find('\n', at), hunks.size());
      const std::string_view line(hunks.data() + at, end - at);
      const std::string_view colour = line[0] == '+' ? kGreen : line[0] == '-' ? kRed : kDim;
      out_ += "          " + Paint(Printable(line), colour) + "\n";
      at = end + 1;
    }
  }

  const TextOptions& options_;
  std::string out_;
};

}  // namespace

DiffSummary Summarise(std::span<const MaskedDiff> diffs) {
  DiffSummary s;
  for (const MaskedDiff& diff : diffs) {
    switch (diff->action) {
      case DiffAction::kCreate: ++s.create; break;
      case DiffAction::kPatch: ++s.patch; break;
      case DiffAction::kDelete: ++s.remove; break;
      case DiffAction::kNone: ++s.none; break;
    }
    s.fields += diff->changes.size();
    s.ignored += diff->ignored.size();
    s.uncertain += !diff->exact();
  }
  return s;
}

std::string SummaryText(const DiffSummary& s) {
  std::string out;
  const auto add = [&out](const std::string& part) { out += (out.empty() ? "" : ", ") + part; };
  if (!s.differs()) add(fmt::format("no differences in {} object{}", s.none, s.none == 1 ? "" : "s"));
  if (s.create) add(fmt::format("{} to create", s.create));
  if (s.patch) add(fmt::format("{} to change ({} field{})", s.patch, s.fields, s.fields == 1 ? "" : "s"));
  if (s.remove) add(fmt::format("{} to delete", s.remove));
  if (s.differs() && s.none) add(fmt::format("{} unchanged", s.none));
  if (s.ignored) add(fmt::format("{} difference{} ignored", s.ignored, s.ignored == 1 ? "" : "s"));
  if (s.uncertain) add(fmt::format("{} uncertain", s.uncertain));
  return out;
}

std::string PresentText(std::span<const MaskedDiff> diffs, const TextOptions& options) {
  std::map<std::string, std::vector<const ObjectDiff*>> groups;
  for (const MaskedDiff& diff : diffs) {
    const bool shown = diff->action != DiffAction::kNone || options.unchanged || (options.ignored && !diff->ignored.empty()) ||
                       !diff->exact() || !diff->warnings.empty();
    if (shown) groups[diff->id.ns].push_back(&diff.diff());
  }
  Writer writer(options);
  for (const auto& [ns, objects] : groups) {
    writer.Heading(ns.empty() ? "cluster" : "namespace " + ns);
    for (const ObjectDiff* diff : objects) writer.Object(*diff);
    writer.Line("");
  }
  writer.Line(SummaryText(Summarise(diffs)));
  return writer.Take();
}

}  // namespace plumb
