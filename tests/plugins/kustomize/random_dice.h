// The dice of random kustomizations: the same throws for the same seed, on any machine; scalars, keys and pairs of any look.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace plumb::kustomize {

class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed * 2654435769u + 1) {}

  int Below(int n) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<int>((state_ >> 11) % static_cast<uint64_t>(n));
  }
  bool Chance(int percent) { return Below(100) < percent; }
  std::string Pick(std::initializer_list<std::string_view> words) { return std::string(words.begin()[Below(static_cast<int>(words.size()))]); }

  // A scalar of any look: YAML has many ways to be read wrongly.
  std::string Scalar() {
    return Pick({"a", "web", "1", "0x1F", "010", "1.50", "1e3", "true", "yes", "'no'", "null", "~", "\"\"", "'a: b'", "2001-01-01", "\"tab\\there\"",
                 "a b c", "'#'", "'- x'", "1_000", "'1'", "\"multi\\nline\\n\"", ".5", "on", "'true'", "12345678901"});
  }
  std::string Text() { return Pick({"a", "b-c", "\"1\"", "'true'", "x.y", "'yes'", "\"\"", "'a: b'", "long text with spaces in it that goes on and on until it is folded by the writer at eighty"}); }
  std::string Name() { return Pick({"web", "api", "db", "cache", "job"}); }
  // One that mostly exists.
  std::string Known() { return Chance(85) ? "web" : Name(); }
  std::string Key() { return Pick({"a", "b", "app", "tier", "example.com/key", "z-1", "a10", "a2"}); }

  // A scalar as an annotation should not be, but now and then is.
  std::string OddAnnotation() {
    return Pick({"1", "1.50", "true", "yes", "0x1F", "2001-01-01", "~", "null", "True", "010", "1_000", "\"5\"", "1e3"});
  }

  std::string Pairs(const std::string& indent, int most) {
    std::string text;
    std::vector<std::string> used;
    for (int i = 0; i <= Below(most); ++i) {
      const std::string key = Key();
      bool repeated = false;
      for (const std::string& have : used) repeated = repeated || have == key;
      if (repeated) continue;
      used.push_back(key);
      text += indent + key + ": " + Text() + "\n";
    }
    return text;
  }


 private:
  uint64_t state_;
};

}  // namespace plumb::kustomize
