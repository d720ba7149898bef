#include "diff/line_diff.h"

#include <fmt/core.h>

#include <algorithm>

namespace plumb {

namespace {

using Lines = std::vector<std::string_view>;  // each with its newline, but for a last one without

Lines Split(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

struct Edit {
  char sign;  // ' ', '-', '+'
  std::string_view line;
};

// The shortest edit script of the middle parts, which share neither first nor last line. Trace-back needs every round's
// furthest points: O(D^2) memory, bounded by `limit`.
bool Myers(const Lines& a, const Lines& b, size_t limit, std::vector<Edit>& out) {
  const int n = static_cast<int>(a.size()), m = static_cast<int>(b.size());
  const int most = std::min(n + m, static_cast<int>(limit));
  std::vector<std::vector<int>> trace;
  std::vector<int> furthest(static_cast<size_t>(2 * most + 3), 0);
  const auto at = [most](int k) { return static_cast<size_t>(k + most + 1); };
  for (int d = 0; d <= most; ++d) {
    trace.emplace_back(furthest.begin() + most + 1 - d, furthest.begin() + most + 2 + d);  // diagonals -d..d of the round before
    for (int k = -d; k <= d; k += 2) {
      int x = (k == -d || (k != d && furthest[at(k - 1)] < furthest[at(k + 1)])) ? furthest[at(k + 1)] : furthest[at(k - 1)] + 1;
      int y = x - k;
      while (x < n && y < m && a[static_cast<size_t>(x)] == b[static_cast<size_t>(y)]) ++x, ++y;
      furthest[at(k)] = x;
      if (x < n || y < m) continue;
      // Back from the end, one round at a time.
      std::vector<Edit> reversed;
      for (int round = d; round > 0; --round) {
        const std::vector<int>& before = trace[static_cast<size_t>(round)];
        const auto was = [&](int diagonal) { return before[static_cast<size_t>(diagonal + round)]; };
        const int diagonal = x - y;
        const bool down = diagonal == -round || (diagonal != round && was(diagonal - 1) < was(diagonal + 1));
        const int from = down ? diagonal + 1 : diagonal - 1;
        const int from_x = was(from), from_y = from_x - from;
        while (x > from_x + (down ? 0 : 1) && y > from_y + (down ? 1 : 0)) --x, --y, reversed.push_back({' ', a[static_cast<size_t>(x)]});
        if (down) --y, reversed.push_back({'+', b[static_cast<size_t>(y)]});
        else --x, reversed.push_back({'-', a[static_cast<size_t>(x)]});
      }
      while (x > 0) --x, reversed.push_back({' ', a[static_cast<size_t>(x)]});
      out.insert(out.end(), reversed.rbegin(), reversed.rend());
      return true;
    }
  }
  return false;
}

std::vector<Edit> Script(Lines a, Lines b, size_t limit) {
  size_t head = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
  size_t tail = 0;
  while (tail < a.size() - head && tail < b.size() - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
  std::vector<Edit> out;
  for (size_t i = 0; i < head; ++i) out.push_back({' ', a[i]});
  const Lines end(a.end() - static_cast<ptrdiff_t>(tail), a.end());
  const Lines left(a.begin() + static_cast<ptrdiff_t>(head), a.end() - static_cast<ptrdiff_t>(tail));
  const Lines right(b.begin() + static_cast<ptrdiff_t>(head), b.end() - static_cast<ptrdiff_t>(tail));
  if (!Myers(left, right, limit, out)) {
    for (std::string_view line : left) out.push_back({'-', line});
    for (std::string_view line : right) out.push_back({'+', line});
  }
  for (std::string_view line : end) out.push_back({' ', line});
  return out;
}

std::string Range(size_t start, size_t count) {
  if (count == 1) return std::to_string(start + 1);
  return fmt::format("{},{}", count == 0 ? start : start + 1, count);
}

}  // namespace

std::string UnifiedHunks(std::string_view before, std::string_view after, const LineDiffOptions& options) {
  if (before == after) return "";
  const std::vector<Edit> edits = Script(Split(before), Split(after), options.edits);
  std::string out;
  size_t a = 0, b = 0;  // lines of either text before edits[i]
  for (size_t i = 0; i < edits.size();) {
    if (edits[i].sign == ' ') {
      ++i, ++a, ++b;
      continue;
    }
    // A hunk begins `context` lines up and ends where more than twice as many unchanged lines follow.
    const size_t lead = std::min(options.context, i);
    const size_t first = i - lead, first_a = a - lead, first_b = b - lead;
    size_t end = i, quiet = 0;
    for (size_t n = i; n < edits.size() && quiet <= 2 * options.context; ++n) {
      quiet = edits[n].sign == ' ' ? quiet + 1 : 0;
      if (quiet == 0) end = n + 1;
    }
    const size_t stop = std::min(end + options.context, edits.size());
    size_t count_a = 0, count_b = 0;
    std::string lines;
    for (size_t n = first; n < stop; ++n) {
      count_a += edits[n].sign != '+';
      count_b += edits[n].sign != '-';
      lines += edits[n].sign;
      lines += edits[n].line;
      if (!edits[n].line.ends_with('\n')) lines += "\n\\ No newline at end of file\n";
    }
    out += fmt::format("@@ -{} +{} @@\n{}", Range(first_a, count_a), Range(first_b, count_b), lines);
    i = stop;
    a = first_a + count_a;
    b = first_b + count_b;
  }
  return out;
}

}  // namespace plumb
