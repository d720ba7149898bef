// Label selectors in their string form (`env in (a,b),!canary`) and object form (matchLabels, matchExpressions), and field
// selectors (`metadata.name=x,status.phase!=Running`).
//
// Plain values. Source: apimachinery pkg/labels and pkg/fields, release 1.36.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/value.h"

namespace plumb::sandbox {

class LabelSelector {
 public:
  LabelSelector() = default;  // selects everything

  // Errors: kInvalid, with the API server's words.
  static Result<LabelSelector> Parse(std::string_view text);
  // A metav1.LabelSelector: null selects nothing, {} everything. Errors: kInvalid.
  static Result<LabelSelector> FromObject(Value selector);
  // A map of equalities, as Services have it. Null or empty selects nothing.
  static LabelSelector FromMap(Value map);

  bool Matches(Value labels) const;
  bool Everything() const { return !nothing_ && requirements_.empty(); }
  std::string ToString() const;  // canonical: sorted by key, values sorted

 private:
  enum class Operator { kExists, kDoesNotExist, kIn, kNotIn, kGreater, kLess };
  struct Requirement {
    std::string key;
    Operator op;
    std::vector<std::string> values;
    std::string symbol = {};  // as it is printed: "=", "==", "!=", "in", ...
  };
  class Parser;
  void Sort();

  bool nothing_ = false;
  std::vector<Requirement> requirements_;
};

class FieldSelector {
 public:
  // Errors: kInvalid.
  static Result<FieldSelector> Parse(std::string_view text);

  struct Term {
    std::string field, value;
    bool equal = true;
  };
  const std::vector<Term>& terms() const { return terms_; }
  // Compares with the string at each dotted path; absent is "".
  bool Matches(Value object) const;

 private:
  std::vector<Term> terms_;
};

// Whether `key` may be the key of a label or annotation; else what is wrong, in the API server's words.
std::vector<std::string> QualifiedNameProblems(std::string_view key);
std::vector<std::string> LabelValueProblems(std::string_view value);

}  // namespace plumb::sandbox
