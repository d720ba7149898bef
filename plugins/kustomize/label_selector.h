// Kubernetes label selectors as text: "app=web,tier in (a, b),!legacy". Source: apimachinery labels.Parse.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace plumb::kustomize {

class LabelSelector {
 public:
  // "" selects everything. Errors: kInvalid, with what was expected.
  static Result<LabelSelector> Parse(std::string_view text);
  bool Matches(const std::map<std::string, std::string>& labels) const;

 private:
  enum class Operator { kIn, kNotIn, kExists, kNotExists, kGreater, kLess };
  struct Requirement {
    std::string key;
    Operator op;
    std::vector<std::string> values;
  };
  class Parser;

  std::vector<Requirement> requirements_;
};

}  // namespace plumb::kustomize
