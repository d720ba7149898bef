#include "core/suggest.h"

#include <algorithm>

namespace plumb {
namespace {

constexpr size_t kLongest = 100;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Optimal string alignment distance, three rows.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const bool same = Lower(a[i - 1]) == Lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && Lower(a[i - 1]) == Lower(b[j - 2]) && Lower(a[i - 2]) == Lower(b[j - 1]))
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

std::string DidYouMean(std::string_view given, const std::vector<std::string>& known) {
  if (given.empty() || given.size() > kLongest) return "";
  const std::string* nearest = nullptr;
  size_t best = std::max<size_t>(1, given.size() / 3) + 1;
  for (const std::string& word : known) {
    if (word.size() > kLongest) continue;
    if (const size_t distance = Distance(given, word); distance < best) {
      best = distance;
      nearest = &word;
    }
  }
  return nearest ? ", did you mean '" + *nearest + "'?" : "";
}

}  // namespace plumb
