// The report for a terminal.
#include <fmt/core.h>

#include <algorithm>

#include "diff/report.h"

namespace plumb {

namespace {

constexpr std::string_view kGreen = "32", kRed = "31", kYellow = "33", kDim = "2", kBold = "1";

class Writer {
 public:
  explicit Writer(bool colour) : colour_(colour) {}

  void Line(std::string_view text) { out_ += std::string(text) + "\n"; }

  void Section(const ReportSection& section) {
    const std::string_view colour = section.tone == Tone::kBad ? kRed : section.tone == Tone::kWarning ? kYellow : kBold;
    Line("\n" + Paint(section.title, colour));
    for (const std::string& paragraph : section.paragraphs) Line("  " + Plain(paragraph));
    for (const std::string& bullet : section.bullets) Line("  - " + Plain(bullet));
    for (const ReportTable& table : section.tables) Table(table);
    for (const ReportItem& item : section.items) Item(item);
  }

  std::string Paint(std::string_view text, std::string_view colour) const {
    return colour_ ? fmt::format("\x1b[{}m{}\x1b[0m", colour, text) : std::string(text);
  }
  std::string Take() { return std::move(out_); }

 private:
  static std::string Plain(std::string text) {
    std::erase(text, '`');
    return text;
  }

  void Table(const ReportTable& table) {
    std::vector<size_t> widths;
    for (const std::string& column : table.columns) widths.push_back(column.size());
    for (const auto& row : table.rows)
      for (size_t i = 0; i < row.size(); ++i) widths[i] = std::min<size_t>(std::max(widths[i], Plain(row[i]).size()), 60);
    const auto line = [&](const std::vector<std::string>& cells) {
      std::string text = " ";
      for (size_t i = 0; i < cells.size(); ++i) text += fmt::format(" {:<{}} ", Plain(cells[i]), widths[i]);
      while (text.ends_with(' ')) text.pop_back();
      return text;
    };
    Line(Paint(line(table.columns), kDim));
    for (const auto& row : table.rows) Line(line(row));
  }

  void Item(const ReportItem& item) {
    const auto [sign, colour] = item.action == DiffAction::kCreate   ? std::pair("+", kGreen)
                                : item.action == DiffAction::kDelete ? std::pair("-", kRed)
                                                                     : std::pair("~", kYellow);
    std::string title = fmt::format("  {} {}", sign, item.title);
    if (!item.same.empty()) title += fmt::format(" and {} more", item.same.size());
    Line(Paint(title, colour) + (item.detail.empty() ? "" : "  " + Paint("(" + item.detail + ")", kDim)));
    if (!item.same.empty()) {
      std::string names;
      for (const std::string& name : item.same) names += (names.empty() ? "" : ", ") + name;
      Line("      the same in " + names);
    }
    for (const std::string& note : item.notes) Line("      " + Paint("! " + note, kYellow));
    for (const ChangeLine& line : item.lines) {
      switch (line.kind) {
        case ChangeLine::Kind::kField: Line("      " + line.text + "   " + Paint(line.why, kDim)); break;
        case ChangeLine::Kind::kOld: Line("        " + Paint("- " + line.text, kRed)); break;
        case ChangeLine::Kind::kNew: Line("        " + Paint("+ " + line.text, kGreen)); break;
        case ChangeLine::Kind::kSame: Line("          " + line.text); break;
        case ChangeLine::Kind::kNote: Line("        " + Paint(line.text, kDim)); break;
      }
    }
  }

  const bool colour_;
  std::string out_;
};

}  // namespace

std::string WriteText(const Report& report, const ReportTextOptions& options) {
  Writer writer(options.colour);
  writer.Line(writer.Paint(report.title, kBold));
  for (const std::string& line : report.lead) {
    std::string plain = line;
    std::erase(plain, '`');
    writer.Line(plain);
  }
  for (const ReportSection& section : report.sections) writer.Section(section);
  return writer.Take();
}

}  // namespace plumb
