// Ignore rules: differences that a user says to leave alone, by object and by field or by who wrote the field.
//
//   ignore:
//   - kind: Deployment                       # selectors; each absent one takes every object; globs with * and ?
//     name: web-*
//     fields: [spec.replicas, 'spec.template.spec.containers[name=*].resources', /spec/paused]
//   - kind: MutatingWebhookConfiguration
//     managers: [istiod]                     # fields that this manager wrote
//
// A field rule covers the field and everything below it. Paths are ours (items by key, `[*]` for any item, globs in names
// and key values) or JSON pointers (items by index). Plain data: thread-safe to read.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/path.h"
#include "core/result.h"
#include "diff/object_diff.h"

namespace plumb {

struct IgnoreRule {
  std::string group = "*", kind = "*", ns = "*", name = "*";  // globs; of group, "" is the core group
  std::map<std::string, std::string> labels;                  // each must be there; values are globs
  std::vector<FieldPath> fields;                              // patterns; empty with managers: any field of theirs
  std::vector<std::string> managers;                          // globs; empty: whoever wrote it
  std::string where;                                          // "spec.ignore[2]": for messages

  bool Selects(const Gvk& gvk, Value object) const;
};

class IgnoreRules {
 public:
  IgnoreRules() = default;
  explicit IgnoreRules(std::vector<IgnoreRule> rules) : rules_(std::move(rules)) {}

  // From a list as in an Application. `where` names it in messages ("spec.ignore"). null is no rules.
  // Errors: kInvalid, naming the rule and its key, with the nearest known key for a misspelt one.
  static Result<IgnoreRules> Parse(Value list, std::string_view where);

  bool empty() const { return rules_.empty(); }
  const std::vector<IgnoreRule>& rules() const { return rules_; }

  // The indices of the rules that select this object.
  std::vector<uint32_t> Selecting(const Gvk& gvk, Value object) const;

 private:
  std::vector<IgnoreRule> rules_;
};

// Whether a field pattern covers a path of an object: `pattern` is `path` or above it. `object` tells which item an
// index means.
bool Covers(const FieldPath& pattern, const FieldPath& path, Value object);

// Whether any place of `object` fits the pattern: a rule whose field is nowhere is a mistake worth saying.
bool Exists(const FieldPath& pattern, Value object);

// '*' is any run of characters, '?' any one.
bool MatchesGlob(std::string_view pattern, std::string_view text);

// The rules (by IgnoreRule::where) that touched none of the objects compared: to be shown as warnings.
std::vector<std::string> UnusedRules(const IgnoreRules& rules, std::span<const ObjectDiff> diffs);

}  // namespace plumb
