#include "diff/change_lines.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/utf8.h"
#include "core/yaml.h"
#include "diff/line_diff.h"
#include "diff/patched.h"

namespace plumb {

namespace {

using LineKind = ChangeLine::Kind;

class Writer {
 public:
  explicit Writer(const ChangeLineOptions& options) : options_(options) {}

  void Field(const FieldChange& change) {
    FieldChange shown = change;
    if (!options_.times) shown.writer.time.clear();
    Add(LineKind::kField, change.path.ToString(), shown.Explain());
    const auto& [before, after] = std::pair(change.old_value, change.new_value);
    if (before && after && (IsLong(*before) || IsLong(*after))) return Hunks(Text(*before), Text(*after));
    if (before) All(LineKind::kOld, Text(*before));
    if (after && change.cause != Cause::kReleased) All(LineKind::kNew, Text(*after));
  }

  void All(LineKind kind, std::string_view text) {
    while (text.ends_with('\n')) text.remove_suffix(1);
    for (size_t at = 0; at <= text.size();) {
      const size_t end = std::min(text.find('\n', at), text.size());
      Add(kind, text.substr(at, end - at));
      at = end + 1;
    }
  }

  std::vector<ChangeLine> Take() {
    if (more_ > 0) lines_.push_back({LineKind::kNote, fmt::format("... {} more lines", more_), ""});
    return std::move(lines_);
  }

 private:
  static bool IsLong(Value v) { return v.size() > 0 || v.AsString().find('\n') != std::string_view::npos; }
  static std::string Text(Value v) { return v.is_string() && v.AsString().find('\n') != std::string_view::npos ? std::string(v.AsString()) : WriteYaml(v); }

  void Hunks(std::string_view before, std::string_view after) {
    const std::string hunks = UnifiedHunks(before, after, {.context = 2});
    for (size_t at = 0; at < hunks.size();) {
      const size_t end = std::min(hunks.find('\n', at), hunks.size());
      const std::string_view line = std::string_view(hunks).substr(at, end - at);
      at = end + 1;
      if (line.starts_with("@@")) {
        if (!first_hunk_) Add(LineKind::kNote, "...");
        first_hunk_ = false;
      } else if (!line.starts_with('\\')) {
        Add(line[0] == '+' ? LineKind::kNew : line[0] == '-' ? LineKind::kOld : LineKind::kSame, line.substr(1));
      }
    }
    first_hunk_ = true;
  }

  void Add(LineKind kind, std::string_view text, std::string why = "") {
    if (lines_.size() >= options_.lines) ++more_;
    else lines_.push_back({kind, Printable(text, options_.line_bytes), Printable(why)});
  }

  const ChangeLineOptions& options_;
  std::vector<ChangeLine> lines_;
  size_t more_ = 0;
  bool first_hunk_ = true;
};

bool IsUnsafe(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) || c == 0xfeff;
}

}  // namespace

std::string Printable(std::string_view text, size_t bytes) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const std::string_view rest = text.substr(at);
    const char32_t point = Utf8Decode(rest);
    const size_t length = std::max<size_t>(Utf8Length(rest), 1);  // a byte of no character counts as one
    if (out.size() + length > bytes) return out + fmt::format("... ({} bytes)", text.size());
    if (point == '\t') out += ' ';
    else if (point == 0xfffd) out += "\xef\xbf\xbd";
    else if (IsUnsafe(point)) out += fmt::format("\\u{:04x}", static_cast<uint32_t>(point));
    else out += text.substr(at, length);
    at += length;
  }
  return out;
}

std::vector<ChangeLine> ChangeLinesOf(const MaskedDiff& masked, const ChangeLineOptions& options) {
  const ObjectDiff& diff = masked.diff();
  Writer writer(options);
  Arena arena;
  if (diff.action == DiffAction::kCreate && options.whole) writer.All(LineKind::kNew, WriteYaml(Declarable(arena, diff.desired.root())));
  if (diff.action == DiffAction::kDelete && options.whole) writer.All(LineKind::kOld, WriteYaml(Declarable(arena, diff.live.root())));
  for (const FieldChange& change : diff.changes) writer.Field(change);
  return writer.Take();
}

std::string ObjectTitle(const ObjectDiff& diff) { return Printable(diff.id.ToString()); }

}  // namespace plumb
