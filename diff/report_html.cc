// The report as one HTML file: no scripts, no fonts, no requests; light and dark.
#include <fmt/core.h>

#include "diff/report.h"

namespace plumb {

namespace {

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--bg:#fff;--fg:#1c2128;--dim:#656d76;--line:#d8dee4;--card:#f6f8fa;--old:#ffebe9;--oldfg:#82071e;--new:#e6ffec;--newfg:#055d20;--field:#ddf4ff;--bad:#cf222e;--warn:#9a6700;--good:#1a7f37}
@media (prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--dim:#8b949e;--line:#30363d;--card:#161b22;--old:#3a1619;--oldfg:#ffa198;--new:#12301c;--newfg:#7ee787;--field:#122d42;--bad:#ff7b72;--warn:#d29922;--good:#3fb950}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:2rem 1rem 6rem;background:var(--bg);color:var(--fg);font:15px/1.55 system-ui,sans-serif}
h1{font-size:1.5rem;margin:0 0 .5rem}h2{font-size:1.1rem;margin:2rem 0 .5rem;padding-top:1rem;border-top:1px solid var(--line)}
p{margin:.3rem 0}.lead{font-size:1.05rem}.bad{color:var(--bad)}.warning{color:var(--warn)}.good{color:var(--good)}.dim{color:var(--dim)}
code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}code{background:var(--card);border-radius:4px;padding:.1em .3em}
table{border-collapse:collapse;margin:.6rem 0;display:block;overflow-x:auto}th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line)}th{color:var(--dim);font-weight:500}
details{border:1px solid var(--line);border-radius:8px;margin:.5rem 0;overflow:hidden}summary{cursor:pointer;padding:.5rem .8rem;background:var(--card)}
details.section{border:0;border-top:1px solid var(--line);border-radius:0;overflow:visible;margin-top:2rem;padding-top:1rem}details.section>summary{background:none;padding:0;font-weight:600;font-size:1.1rem}
summary .sign{display:inline-block;width:1.2em;font-weight:700}.body{padding:.2rem .8rem .6rem}
pre{margin:0;overflow-x:auto;padding:.3rem 0}pre span{display:block;padding:0 .8rem;white-space:pre;min-width:max-content}
.f{background:var(--field)}.o{background:var(--old);color:var(--oldfg)}.n{background:var(--new);color:var(--newfg)}.x{color:var(--dim)}
)";

std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

// `code` in backticks becomes code where they come in pairs.
std::string Inline(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t open = text.find('`', at);
    const size_t close = open == std::string_view::npos ? open : text.find('`', open + 1);
    if (close == std::string_view::npos) return out + Escaped(text.substr(at));
    out += Escaped(text.substr(at, open - at)) + "<code>" + Escaped(text.substr(open + 1, close - open - 1)) + "</code>";
    at = close + 1;
  }
  return out;
}

std::string_view Class(Tone tone) {
  switch (tone) {
    case Tone::kBad: return "bad";
    case Tone::kWarning: return "warning";
    case Tone::kGood: return "good";
    case Tone::kPlain: break;
  }
  return "";
}

void AddItem(std::string& out, const ReportItem& item) {
  const auto [sign, tone] = item.action == DiffAction::kCreate   ? std::pair("+", "good")
                            : item.action == DiffAction::kDelete ? std::pair("&minus;", "bad")
                                                                 : std::pair("~", "warning");
  out += fmt::format("<details{}><summary><span class=\"sign {}\">{}</span>{}", item.action == DiffAction::kPatch ? " open" : "", tone, sign, Escaped(item.title));
  if (!item.same.empty()) out += fmt::format(" and {} more", item.same.size());
  if (!item.detail.empty()) out += fmt::format(" <span class=\"dim\">{}</span>", Escaped(item.detail));
  out += "</summary>";
  if (!item.same.empty() || !item.notes.empty()) {
    out += "<div class=\"body\">";
    std::string names;
    for (const std::string& name : item.same) names += (names.empty() ? "" : ", ") + Escaped(name);
    if (!names.empty()) out += "<p class=\"dim\">The same change in " + names + "</p>";
    for (const std::string& note : item.notes) out += "<p class=\"warning\">" + Inline(note) + "</p>";
    out += "</div>";
  }
  if (!item.lines.empty()) {
    out += "<pre>";
    for (const ChangeLine& line : item.lines) {
      switch (line.kind) {
        case ChangeLine::Kind::kField: out += fmt::format("<span class=\"f\">{}   <i class=\"x\">{}</i></span>", Escaped(line.text), Escaped(line.why)); break;
        case ChangeLine::Kind::kOld: out += "<span class=\"o\">- " + Escaped(line.text) + "</span>"; break;
        case ChangeLine::Kind::kNew: out += "<span class=\"n\">+ " + Escaped(line.text) + "</span>"; break;
        case ChangeLine::Kind::kSame: out += "<span>  " + Escaped(line.text) + "</span>"; break;
        case ChangeLine::Kind::kNote: out += "<span class=\"x\">  " + Escaped(line.text) + "</span>"; break;
      }
    }
    out += "</pre>";
  }
  out += "</details>\n";
}

void AddSection(std::string& out, const ReportSection& section) {
  if (section.folded) out += fmt::format("<details class=\"section\"><summary class=\"{}\">{}</summary>\n", Class(section.tone), Escaped(section.title));
  else out += fmt::format("<h2 class=\"{}\">{}</h2>\n", Class(section.tone), Escaped(section.title));
  for (const std::string& paragraph : section.paragraphs) out += "<p>" + Inline(paragraph) + "</p>\n";
  if (!section.bullets.empty()) {
    out += "<ul>\n";
    for (const std::string& bullet : section.bullets) out += "<li>" + Inline(bullet) + "</li>\n";
    out += "</ul>\n";
  }
  for (const ReportTable& table : section.tables) {
    out += "<table><tr>";
    for (const std::string& column : table.columns) out += "<th>" + Escaped(column) + "</th>";
    out += "</tr>\n";
    for (const auto& row : table.rows) {
      out += "<tr>";
      for (const std::string& cell : row) out += "<td>" + Inline(cell) + "</td>";
      out += "</tr>\n";
    }
    out += "</table>\n";
  }
  for (const ReportItem& item : section.items) AddItem(out, item);
  if (section.folded) out += "</details>\n";
}

}  // namespace

std::string WriteHtml(const Report& report) {
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
      "<title>{}</title><style>{}</style></head><body>\n<h1>{}</h1>\n",
      Escaped(report.title), kStyle, Escaped(report.title));
  for (const std::string& line : report.lead) out += fmt::format("<p class=\"lead {}\">{}</p>\n", &line == &report.lead.front() ? Class(report.tone) : "", Inline(line));
  for (const ReportSection& section : report.sections) AddSection(out, section);
  return out + "</body></html>\n";
}

}  // namespace plumb
