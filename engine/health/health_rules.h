// Rules of health as data: for a list of kinds, tests in order, the first that holds decides. The table of known custom
// resources (tables/kinds.yaml) and what users write are the same form; docs/health.md describes it.
//
// Immutable once made: thread-safe to read. Evaluation never fails, whatever the object.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/arena.h"
#include "core/object.h"
#include "core/path.h"
#include "core/result.h"
#include "core/tree.h"
#include "engine/health/health.h"

namespace plumb {

class HealthRules {
 public:
  HealthRules() = default;

  // `list` is a list of {kinds, rules}; `path` is its place, for messages.
  // Errors: kInvalid, naming the field, what was expected and a near word.
  static Result<HealthRules> Parse(Value list, std::string_view path);
  // A file of one such list. Errors: kInvalid "file:line: field: ...".
  static Result<HealthRules> ParseFile(std::string_view text, const std::string& file);
  // Those of a repository's .plumb/health.yaml; none where it has no such file. Errors: as ParseFile, and of reading.
  static Result<HealthRules> OfTree(const Tree& tree);
  static constexpr std::string_view kFile = ".plumb/health.yaml";
  // The rules that are part of the program.
  static const HealthRules& BuiltIn();

  // `others` count where these have no rule for a kind.
  void Add(const HealthRules& others);

  // nullopt: no rule is for the kind of the object.
  std::optional<Health> Assess(Value object, const Gvk& gvk) const;
  bool Has(const Gvk& gvk) const { return Find(gvk) != nullptr; }
  bool empty() const { return entries_.empty(); }
  size_t kinds() const { return exact_.size() + patterns_.size(); }
  std::vector<std::string> KindNames() const;  // as they are written, sorted

 private:
  struct Test {
    std::vector<std::string> conditions;  // any of these; '*' at the beginning or the end stands for the rest
    std::vector<std::string> statuses, reasons, severities;
    std::optional<FieldPath> field, same;
    std::vector<PathScalar> equals;
    std::optional<FieldPath> any, each;   // a list: the test is of its items
  };
  struct Rule {
    HealthStatus is = HealthStatus::kUnknown;
    bool final = false;
    std::vector<Test> when;  // all of them
    std::string message;     // "{status.phase}" stands for the field
  };
  struct Entry {
    std::vector<Rule> rules;
  };
  class Reader;

  const Entry* Find(const Gvk& gvk) const;
  static bool Holds(const Test& test, Value object, std::string* why);
  static bool HoldsAt(const Test& test, Value scope, Value object, std::string* why);

  std::vector<std::shared_ptr<const Entry>> entries_;
  std::unordered_map<std::string, std::shared_ptr<const Entry>> exact_;                  // "Kind.group"
  std::vector<std::pair<std::string, std::shared_ptr<const Entry>>> patterns_;           // with '*', the first that fits counts
};

}  // namespace plumb
