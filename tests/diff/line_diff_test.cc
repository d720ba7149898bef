// Unified hunks: right for `patch`, small, and bounded.
#include "diff/line_diff.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <random>
#include <sstream>

namespace plumb {
namespace {

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    lines.push_back(text.substr(at, end - at));
    at = end;
  }
  return lines;
}

// Applies hunks strictly: every line number, count and context line must be right.
std::string Apply(const std::string& before, const std::string& hunks) {
  const std::vector<std::string> old = Split(before), diff = Split(hunks);
  std::string out;
  size_t at = 0;
  for (size_t i = 0; i < diff.size();) {
    size_t start = 0, count = 1, to = 0, to_count = 1;
    const std::string& head = diff[i++];
    if (std::sscanf(head.c_str(), "@@ -%zu,%zu +%zu,%zu @@", &start, &count, &to, &to_count) < 4 &&
        (count = 1, std::sscanf(head.c_str(), "@@ -%zu +%zu,%zu @@", &start, &to, &to_count) < 3) &&
        (to_count = 1, std::sscanf(head.c_str(), "@@ -%zu,%zu +%zu @@", &start, &count, &to) < 3) &&
        (count = 1, std::sscanf(head.c_str(), "@@ -%zu +%zu @@", &start, &to) < 2))
      return "bad header " + head;
    const size_t from = count == 0 ? start : start - 1;
    while (at < from) out += old.at(at++);
    size_t used = 0, made = 0;
    for (; i < diff.size() && diff[i][0] != '@'; ++i) {
      std::string line = diff[i].substr(1);
      if (diff[i][0] == '\\') continue;
      if (i + 1 < diff.size() && diff[i + 1][0] == '\\') line.pop_back();
      if (diff[i][0] != '+' && (at >= old.size() || old[at] != line)) return "context does not match at line " + std::to_string(at + 1);
      if (diff[i][0] != '+') ++at, ++used;
      if (diff[i][0] != '-') out += line, ++made;
    }
    if (used != count || made != to_count) return "wrong counts in " + head;
  }
  while (at < old.size()) out += old[at++];
  return out;
}

TEST(LineDiff, Examples) {
  EXPECT_EQ(UnifiedHunks("a\nb\n", "a\nb\n"), "");
  EXPECT_EQ(UnifiedHunks("a\nb\nc\n", "a\nx\nc\n"), "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n");
  EXPECT_EQ(UnifiedHunks("", "a\n"), "@@ -0,0 +1 @@\n+a\n");
  EXPECT_EQ(UnifiedHunks("a\n", ""), "@@ -1 +0,0 @@\n-a\n");
  EXPECT_EQ(UnifiedHunks("a", "a\n"), "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
  EXPECT_EQ(UnifiedHunks("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\nX\n3\n4\n5\n6\n7\n8\nY\n", {.context = 1}),
            "@@ -1,3 +1,3 @@\n 1\n-2\n+X\n 3\n@@ -8,2 +8,2 @@\n 8\n-9\n+Y\n");
}

TEST(LineDiff, HunksAppliedGiveTheNewText) {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    const auto text = [&] {
      std::string out;
      for (unsigned n = random() % 30; n > 0; --n) out += std::string(1, static_cast<char>('a' + random() % 4)) + "\n";
      if (random() % 5 == 0 && !out.empty()) out.pop_back();
      return out;
    };
    const std::string before = text(), after = text();
    const LineDiffOptions options{.context = random() % 4, .edits = random() % 3 ? 2000u : 3u};
    EXPECT_EQ(Apply(before, UnifiedHunks(before, after, options)), after) << before << "---\n" << after;
  }
}

TEST(LineDiff, TextsWithNothingInCommonAreOneBlock) {
  std::string before, after;
  for (int i = 0; i < 20000; ++i) {
    before += "a" + std::to_string(i) + "\n";
    after += "b" + std::to_string(i) + "\n";
  }
  EXPECT_EQ(Apply(before, UnifiedHunks(before, after, {.edits = 100})), after);
}

}  // namespace
}  // namespace plumb
