// Diffs for people and programs: text, unified YAML, JSON, JSON patches, and the report that Markdown and HTML are made of. All take masked diffs, so that no presentation can show a
// secret. Pure, thread-safe; output is the same for the same input.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/arena.h"
#include "diff/mask.h"
#include "diff/report.h"

namespace plumb {

struct DiffSummary {
  size_t create = 0, patch = 0, remove = 0, none = 0;
  size_t fields = 0;     // changed, of objects that are patched
  size_t ignored = 0;    // differences left alone
  size_t uncertain = 0;  // objects whose answer only the server knows exactly

  bool differs() const { return create + patch + remove > 0; }
  bool operator==(const DiffSummary&) const = default;
};

DiffSummary Summarise(std::span<const MaskedDiff> diffs);

// "2 to create, 1 to change (3 fields), 1 to delete, 14 unchanged"; "no differences in 14 objects".
std::string SummaryText(const DiffSummary& summary);

struct TextOptions {
  bool colour = false;
  bool unchanged = false;  // list objects without differences too
  bool ignored = false;    // list differences that are left alone
  size_t width = 120;      // bytes of a value on one line; longer ones are cut
};

// Objects grouped by namespace, in the order given; under each its fields: "  spec.replicas: 9 -> 3   drift: written by ...".
// Changed texts of several lines are shown as hunks. The summary is the last line.
std::string PresentText(std::span<const MaskedDiff> diffs, const TextOptions& options = {});

// The live objects as YAML, as they are and as they will be, as a patch: one file an object, named
// a/NAMESPACE/KIND.GROUP/NAME.yaml (cluster-scoped: a/_cluster/...). /dev/null for what is created or deleted.
std::string PresentUnified(std::span<const MaskedDiff> diffs);

// Version 1 of the JSON form; docs/diff.md describes it.
Document PresentJson(std::span<const MaskedDiff> diffs);

// One RFC 6902 patch for each object that differs, against the live object as it is, list items by index. Masked values are
// markers here too: a patch of a secret says what changes, and cannot be applied.
Document PresentJsonPatch(std::span<const MaskedDiff> diffs);

// For WriteMarkdown and WriteHtml (diff/report.h).
Report ReportOf(std::span<const MaskedDiff> diffs);

}  // namespace plumb
