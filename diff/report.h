// A report for people, independent of its form: a lead, tables, and items with the lines of their changes. One model, written
// as Markdown (a pull request's comment), HTML (one file) and text (a terminal).
//
// Everything in it is masked already: reports are made of MaskedDiffs. Plain data; the writers are pure and deterministic.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "diff/change_lines.h"

namespace plumb {

enum class Tone : uint8_t { kPlain, kGood, kWarning, kBad };

struct ReportTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // as many cells as columns; `code` in backticks is set as code
  size_t most_rows = 60;                       // in Markdown; how many more there are is said
};

// One object, or several that change in the same way.
struct ReportItem {
  DiffAction action = DiffAction::kPatch;
  std::string title;                 // "Deployment shop/web"
  std::string detail;                // "2 fields; deploy/web.yaml:14"
  std::vector<std::string> same;     // titles of the other objects with the very same change
  std::vector<std::string> notes;    // uncertainties, warnings
  std::vector<ChangeLine> lines;
};

struct ReportSection {
  std::string title;
  Tone tone = Tone::kPlain;
  std::vector<std::string> paragraphs;  // one line each; `code` in backticks is set as code
  std::vector<std::string> bullets;
  std::vector<ReportTable> tables;
  std::vector<ReportItem> items;
  bool folded = false;  // closed at first, where the form has such a thing
};

struct Report {
  std::string title;
  std::vector<std::string> lead;  // the first lines, the summary among them
  Tone tone = Tone::kPlain;
  std::vector<ReportSection> sections;
};

// The differences as items, in their order; objects that change in the same way become one item. Unchanged ones are left out.
std::vector<ReportItem> ItemsOf(std::span<const MaskedDiff> diffs);

struct MarkdownOptions {
  // Characters, as GitHub counts them for a comment; bytes are counted here, which are never fewer.
  size_t limit = 65'536;
  // An invisible first line by which a script finds its own comment again; "" for none.
  std::string marker = {};
  // Where the whole is, for the note of what was cut.
  std::string whole = "the HTML report (--output html) has all of it";
};
// Never above the limit, and always UTF-8. What does not fit is cut from the end: lines of a change, whole changes, and the last
// paragraph says what was cut (a limit below some 100 bytes leaves no room for it). The marker stays. The same report gives the same text.
std::string WriteMarkdown(const Report& report, const MarkdownOptions& options = {});

// One file without scripts or references to others; light or dark as the reader's system is.
std::string WriteHtml(const Report& report);

struct ReportTextOptions {
  bool colour = false;
};
std::string WriteText(const Report& report, const ReportTextOptions& options = {});

}  // namespace plumb
