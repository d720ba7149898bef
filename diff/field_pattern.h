// A pattern over the fields of objects: the places that an ignore rule or a masking rule speaks of. Three ways to write one:
//
//   spec.template.spec.containers[name=web-*].image   ours: items by key (some of the keys do), `[*]` any item, globs in names
//   /spec/template/spec/containers/0/image            a JSON pointer: items by index
//   .spec.template.spec.containers[] | select(.name == "web") | .image
//                                                     jq's paths: `[]`, `[2]`, `."a.b"`, `?`, `|`, select() with == != and or
//                                                     not, startswith, endswith, contains
//
// A pattern covers the field and everything below it. Plain values: thread-safe to read.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/path.h"
#include "core/result.h"

namespace plumb {

// What select(...) asks of a node.
struct PatternCondition {
  enum class Kind : uint8_t { kEquals, kDiffers, kStartsWith, kEndsWith, kContains, kHas, kAnd, kOr, kNot };
  Kind kind = Kind::kHas;
  std::vector<std::string> at;  // fields below the node
  PathScalar value;
  std::vector<PatternCondition> parts;  // of kAnd, kOr, kNot

  bool Holds(Value node) const;
};

class FieldPattern {
 public:
  // Errors: kInvalid, saying at which character; also for a pattern that names the whole object.
  static Result<FieldPattern> Parse(std::string_view text);

  // Whether the pattern is `path` or above it. `object` tells which item an index means and what conditions ask for.
  bool Covers(const FieldPath& path, Value object) const;
  // Whether any place of `object` fits: a rule whose field is nowhere is a mistake worth saying.
  bool Exists(Value object) const;

  const std::string& text() const { return text_; }

 private:
  friend class JqParser;
  struct Step {
    PathStep step;          // names and string values are globs
    bool any_item = false;  // `[*]`: any item of a list
    bool any_child = false;  // jq's `[]`: any item of a list, any member of a map
    std::vector<PatternCondition> where;  // of the node that the step leads to

    bool Fits(const PathStep& step, Value parent) const;
    bool FitsNode(Value node) const;
  };
  bool ExistsFrom(size_t i, Value at) const;

  std::string text_;
  std::vector<PatternCondition> root_;  // of the whole object
  std::vector<Step> steps_;
};

// '*' is any run of characters, '?' any one.
bool MatchesGlob(std::string_view pattern, std::string_view text);

}  // namespace plumb
