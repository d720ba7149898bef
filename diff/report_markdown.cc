// The report as Markdown of the kind that GitHub, GitLab and Gitea show in comments.
#include <fmt/core.h>

#include <algorithm>

#include "diff/report.h"

namespace plumb {

namespace {

constexpr size_t kNoteBytes = 600;    // kept free for the note of what was cut
constexpr size_t kNamesInNote = 5;
constexpr size_t kNamesBytes = 200;  // of each list of names in the note
constexpr size_t kSameShown = 40;     // names of objects with the same change
constexpr size_t kCellBytes = 300;

// Outside of code: nothing may open a tag, a link, a mention or a new cell. Backticks stay where they come in pairs.
std::string Escaped(std::string_view text) {
  std::string out;
  bool code = false;
  const bool paired = std::count(text.begin(), text.end(), '`') % 2 == 0;
  for (const char c : text) {
    if (c == '`') {
      if (!paired) out += '\\';
      else code = !code;
      out += c;
    } else if (c == '|') {
      out += "\\|";
    } else if (!code && (c == '<' || c == '>')) {
      out += c == '<' ? "&lt;" : "&gt;";
    } else if (!code && (c == '*' || c == '_' || c == '[' || c == '\\' || c == '~')) {
      out += '\\';
      out += c;
    } else if (!code && c == '@') {
      out += "&#64;";
    } else if (!code && c == '#') {
      out += "&#35;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string InSummary(std::string_view text) {  // within <summary>, which is HTML
  std::string out;
  for (const char c : text) out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : c == '@' ? "&#64;" : std::string(1, c);
  return out;
}

std::string_view Sign(DiffAction action) {
  switch (action) {
    case DiffAction::kCreate: return "+";
    case DiffAction::kDelete: return "-";
    default: return "~";
  }
}

// A part that stays whole but for its rows.
struct Block {
  std::string name;  // in the note of what was cut; "" for what is never worth a word
  std::string prefix, suffix;
  std::vector<std::string> rows;
  std::string unit;  // "lines"
  size_t most_rows = std::string::npos;
};

class Composer {
 public:
  // `begin` is what the text begins with, however short it must be.
  Composer(size_t limit, size_t note, std::string begin) : limit_(limit), room_(limit > 2 * note ? limit - note : limit / 2) {
    if (begin.size() <= limit_) out_ = std::move(begin);
  }

  void Add(const Block& block) {
    // What comes first is what a reader needs most: once something did not fit, nothing after it gets in before it.
    const size_t frame = block.prefix.size() + block.suffix.size() + 80;
    if (full_ || out_.size() + frame > room_) return Cut(block, block.rows.size(), true);
    size_t used = out_.size() + frame, shown = 0;
    while (shown < std::min(block.rows.size(), block.most_rows) && used + block.rows[shown].size() <= room_) used += block.rows[shown++].size();
    if (shown == 0 && !block.rows.empty()) return Cut(block, block.rows.size(), true);
    out_ += block.prefix;
    for (size_t i = 0; i < shown; ++i) out_ += block.rows[i];
    const size_t left = block.rows.size() - shown;
    if (left > 0 && block.unit == "rows") out_ += fmt::format("\n... and {} more\n", left);
    else if (left > 0) out_ += fmt::format("... {} more {}\n", left, block.unit);
    out_ += block.suffix;
    if (left > 0) Cut(block, left, false);
  }

  std::string Finish(std::string_view whole) {
    if (whole_.empty() && parts_.empty()) return std::move(out_);
    for (const bool names : {true, false}) {
      const std::string note = fmt::format("\n> **Cut to fit:** {}. {}\n", Note(names), names ? whole : "");
      if (out_.size() + note.size() <= limit_) return std::move(out_) + note;
    }
    return std::move(out_);  // a bound that holds not even this says enough
  }

 private:
  std::string Note(bool names) const {
    std::string note;
    if (!whole_.empty()) note += fmt::format("{} part{} left out{}", whole_.size(), whole_.size() == 1 ? "" : "s", names ? ": " + List(whole_) : "");
    if (!parts_.empty()) note += (note.empty() ? "" : "; ") + (names ? "shortened: " + List(parts_) : fmt::format("{} shortened", parts_.size()));
    return note;
  }

  static std::string List(const std::vector<std::string>& names) {
    std::string text;
    size_t shown = 0;
    for (; shown < std::min(names.size(), kNamesInNote); ++shown) {
      const std::string name = Escaped(Printable(names[shown], 100));
      if (text.size() + name.size() > kNamesBytes) break;
      text += (shown ? ", " : "") + name;
    }
    if (names.size() > shown) text += fmt::format("{}{} more", shown ? " and " : "", names.size() - shown);
    return text;
  }

  void Cut(const Block& block, size_t rows, bool all) {
    if (all) full_ = true;
    if (all) whole_.push_back(block.name.empty() ? "text" : block.name);
    else if (rows > 0) parts_.push_back(fmt::format("{} ({} {})", block.name, rows, block.unit));
  }

  const size_t limit_, room_;
  bool full_ = false;
  std::string out_;
  std::vector<std::string> whole_, parts_;
};

Block TableOf(const ReportTable& table, const std::string& name) {
  Block block{name, "\n|", "\n", {}, "rows", table.most_rows};
  for (const std::string& column : table.columns) block.prefix += " " + Escaped(column) + " |";
  block.prefix += "\n|";
  for (size_t i = 0; i < table.columns.size(); ++i) block.prefix += "---|";
  block.prefix += "\n";
  for (const auto& row : table.rows) {
    std::string text = "|";
    for (const std::string& cell : row) text += " " + Escaped(cell.size() > kCellBytes ? Printable(cell, kCellBytes) : cell) + " |";
    block.rows.push_back(text + "\n");
  }
  return block;
}

Block ItemOf(const ReportItem& item) {
  size_t ticks = 3;  // a fence longer than any within
  for (const ChangeLine& line : item.lines) {
    for (size_t at = 0; (at = line.text.find('`', at)) != std::string::npos;) {
      const size_t end = std::min(line.text.find_first_not_of('`', at), line.text.size());
      ticks = std::max(ticks, end - at + 1);
      at = end;
    }
  }
  const std::string fence(ticks, '`');
  std::string heading = fmt::format("<code>{}</code> {}", Sign(item.action), InSummary(item.title));
  if (!item.same.empty()) heading += fmt::format(" and {} more", item.same.size());
  if (!item.detail.empty()) heading += fmt::format(" &middot; {}", InSummary(item.detail));
  Block block{item.title, fmt::format("\n<details><summary>{}</summary>\n", heading), "", {}, "lines", std::string::npos};
  if (!item.same.empty()) {
    block.prefix += "\nThe same change in ";
    for (size_t i = 0; i < std::min(item.same.size(), kSameShown); ++i) block.prefix += (i ? ", " : "") + Escaped(item.same[i]);
    block.prefix += item.same.size() > kSameShown ? fmt::format(" and {} more\n", item.same.size() - kSameShown) : "\n";
  }
  for (const std::string& note : item.notes) block.prefix += "\n- " + Escaped(note);
  if (!item.notes.empty()) block.prefix += "\n";
  if (!item.lines.empty()) {
    block.prefix += fmt::format("\n{}diff\n", fence);
    block.suffix = fence + "\n";
  }
  block.suffix += "</details>\n";
  for (const ChangeLine& line : item.lines) {
    switch (line.kind) {
      case ChangeLine::Kind::kField: block.rows.push_back(fmt::format("@@ {} @@ {}\n", line.text, line.why)); break;
      case ChangeLine::Kind::kOld: block.rows.push_back("- " + line.text + "\n"); break;
      case ChangeLine::Kind::kNew: block.rows.push_back("+ " + line.text + "\n"); break;
      case ChangeLine::Kind::kSame: block.rows.push_back("  " + line.text + "\n"); break;
      case ChangeLine::Kind::kNote: block.rows.push_back("  " + line.text + "\n"); break;
    }
  }
  return block;
}

}  // namespace

std::string WriteMarkdown(const Report& report, const MarkdownOptions& options) {
  Composer out(options.limit, kNoteBytes + options.whole.size(), options.marker.empty() ? "" : fmt::format("<!-- {} -->\n", options.marker));
  Block head{"the title", "### " + Escaped(report.title) + "\n", "", {}, "lines", std::string::npos};
  for (const std::string& line : report.lead) head.rows.push_back("\n" + Escaped(line) + "\n");
  out.Add(head);
  for (const ReportSection& section : report.sections) {
    const std::string_view sign = section.tone == Tone::kBad ? "\xf0\x9f\x94\xb4 " : section.tone == Tone::kWarning ? "\xf0\x9f\x9f\xa1 " : "";
    Block heading{section.title, fmt::format("\n#### {}{}\n", sign, Escaped(section.title)), "", {}, "lines", std::string::npos};
    for (const std::string& paragraph : section.paragraphs) heading.rows.push_back("\n" + Escaped(paragraph) + "\n");
    out.Add(heading);
    if (!section.bullets.empty()) {
      Block bullets{section.title, "\n", "", {}, "rows", 60};
      for (const std::string& bullet : section.bullets) bullets.rows.push_back("- " + Escaped(bullet) + "\n");
      out.Add(bullets);
    }
    for (const ReportTable& table : section.tables) out.Add(TableOf(table, section.title));
    for (const ReportItem& item : section.items) out.Add(ItemOf(item));
  }
  return out.Finish(options.whole);
}

}  // namespace plumb
