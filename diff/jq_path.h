// The part of jq's language that names places in an object, as ignore rules of other tools are written in.
//
// Understood: .a.b, ."a.b", ["a.b"], [3], [], a trailing `?`, `|`, and select(CONDITION) with ==, !=, and, or, not, parentheses, and
// `PATH | startswith("x")`, endswith, contains. Everything else is refused by name. Source: jq 1.7 manual. Pure.
#pragma once

#include <string_view>

#include "diff/field_pattern.h"

namespace plumb {

// For one text; not thread-safe in itself.
class JqParser {
 public:
  explicit JqParser(std::string_view text) : text_(text) {}

  // Errors: kInvalid, naming what is not understood and at which character.
  Result<FieldPattern> Parse();

 private:
  Error Expected(std::string_view what) const;
  void Space();
  bool Take(std::string_view token);
  bool TakeWord(std::string_view word);
  Result<std::string> Quoted();
  Result<std::vector<std::string>> Fields();
  Result<PathScalar> Literal();
  Status Path(FieldPattern& pattern);
  Result<PatternCondition> Or(int depth);
  Result<PatternCondition> And(int depth);
  Result<PatternCondition> One(int depth);

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace plumb
