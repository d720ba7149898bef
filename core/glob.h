// Patterns for file paths: `*.yaml`, `base/**`, `env/{dev,prod}/*.yaml`.
//
// Immutable once parsed; thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace plumb {

// `*` is any text within one path component, `**` any text across them (`**/` also none), `?` one character but '/',
// `[a-z]` and `[!a-z]` one of a set, `{a,b}` one of several, `\` takes the next character as it is. A pattern without '/'
// is matched against the last component ("*.yaml" anywhere), any other against the whole path from its root; one that
// ends in '/' covers all below that directory.
class Glob {
 public:
  // Errors: kInvalid for an unclosed '[' or '{', more than 64 alternatives, or a pattern above 1024 bytes.
  static Result<Glob> Parse(std::string_view pattern);

  // Takes time of the order of path * pattern, whatever the pattern.
  bool Matches(std::string_view path) const;

 private:
  struct Token {
    enum class Kind : uint8_t { kLiteral, kAny, kSet, kStar, kGlobstar, kDirectories };
    Kind kind = Kind::kLiteral;
    char literal = 0;  // kLiteral
    uint8_t set = 0;   // kSet: index into sets_
  };
  using Pattern = std::vector<Token>;

  Status Add(std::string_view pattern);
  bool MatchesOne(const Pattern& pattern, std::string_view text) const;
  bool MatchesChar(const Token& token, char c) const;

  bool whole_path_ = false;
  std::vector<Pattern> alternatives_;
  std::vector<std::array<bool, 256>> sets_;
};

}  // namespace plumb
