// Ignore rules: differences that a user says to leave alone, by object and by field or by who wrote the field.
//
//   ignore:
//   - kind: Deployment                       # selectors; each absent one takes every object; globs with * and ?
//     name: web-*
//     fields: [spec.replicas, 'spec.template.spec.containers[name=*].resources', /spec/paused]
//   - kind: MutatingWebhookConfiguration
//     managers: [istiod]                     # fields that this manager wrote
//
// A field rule covers the field and everything below it; docs/diff.md and diff/field_pattern.h have the ways to write one. Rules
// stand in an Application, in `.plumb/ignore.yaml` of a repository (for everything rendered from it), and as annotations on
// an object. The rules of Argo CD (ignoreDifferences) and Flux (annotations) are understood where they stand.
// Plain data: thread-safe to read.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/tree.h"
#include "diff/field_pattern.h"
#include "diff/object_diff.h"

namespace plumb {

struct IgnoreRule {
  std::string group = "*", kind = "*", ns = "*", name = "*";  // globs; of group, "" is the core group
  std::map<std::string, std::string> labels;                  // each must be there; values are globs
  std::vector<FieldPattern> fields;                           // empty: any field
  std::vector<std::string> managers;                          // globs; of whom wrote or owns the field; empty: whoever
  bool drift_only = false;                                    // what git changes goes through all the same
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

  // The rules of `.plumb/ignore.yaml` in the tree: `ignore: [...]`. No such file is no rules. Errors: kInvalid with file and
  // line; those of reading.
  static Result<IgnoreRules> OfTree(const Tree& tree);

  void Add(const IgnoreRules& more) { rules_.insert(rules_.end(), more.rules_.begin(), more.rules_.end()); }
  bool empty() const { return rules_.empty(); }
  const std::vector<IgnoreRule>& rules() const { return rules_; }

  // The indices of the rules that select this object.
  std::vector<uint32_t> Selecting(const Gvk& gvk, Value object) const;

 private:
  std::vector<IgnoreRule> rules_;
};

// The rules that stand on an object: annotations of the manifest and of the live object (docs/diff.md lists them). What is
// wrong in one is said in `warnings`, and that annotation does not count.
std::vector<IgnoreRule> RulesOnObject(Value desired, Value live, std::vector<std::string>* warnings);

// Whether the rule leaves this change alone.
class ManagedOwners;  // diff/managed_owners.h
bool Ignores(const IgnoreRule& rule, const FieldChange& change, Value desired, Value live, const ManagedOwners& owners);
// Whether the rule speaks of anything that the object has: its field is there, or its manager.
bool Concerns(const IgnoreRule& rule, Value desired, Value live, const ManagedOwners& owners);

// The rules (by IgnoreRule::where) that touched none of the objects compared: to be shown as warnings.
std::vector<std::string> UnusedRules(const IgnoreRules& rules, std::span<const ObjectDiff> diffs);

}  // namespace plumb
