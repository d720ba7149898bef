// Ignore rules that stand on an object as annotations: Plumb's own, and those of the tools that a repository may come from.
#include <fmt/core.h>

#include <algorithm>

#include "core/edit.h"
#include "diff/ignore.h"

namespace plumb {

namespace {

// Splits at line breaks, and at commas that are not within brackets, parentheses or quotes.
std::vector<std::string> Entries(std::string_view text) {
  std::vector<std::string> out(1);
  int depth = 0;
  bool quoted = false;
  for (const char c : text) {
    quoted ^= c == '"';
    if (!quoted) depth += c == '[' || c == '(' ? 1 : c == ']' || c == ')' ? -1 : 0;
    if (c == '\n' || (c == ',' && depth <= 0 && !quoted)) out.emplace_back();
    else out.back() += c;
  }
  for (std::string& entry : out) {
    while (!entry.empty() && (entry.front() == ' ' || entry.front() == '\r')) entry.erase(0, 1);
    while (!entry.empty() && (entry.back() == ' ' || entry.back() == '\r')) entry.pop_back();
  }
  std::erase(out, "");
  return out;
}

struct Switch {
  std::string_view key, value;
  enum class Takes : uint8_t { kAll, kAllOfExisting, kDrift } takes;
};
// Sources: kustomize-controller 1.x docs "Controlling the apply behavior of resources", helm-controller "driftDetection".
// `ssa: Merge` and `ssa: Override` need no rule: fields that others added are never touched.
constexpr Switch kSwitches[] = {
    {"plumb.dev/reconcile", "disabled", Switch::Takes::kAll},
    {"kustomize.toolkit.fluxcd.io/reconcile", "disabled", Switch::Takes::kAll},
    {"kustomize.toolkit.fluxcd.io/ssa", "Ignore", Switch::Takes::kAll},
    {"kustomize.toolkit.fluxcd.io/ssa", "IfNotPresent", Switch::Takes::kAllOfExisting},
    {"helm.toolkit.fluxcd.io/driftDetection", "disabled", Switch::Takes::kDrift},
};

// Source of the second: argo-cd docs/user-guide/annotations-and-labels.md, 3.3.
constexpr std::string_view kFieldKeys[] = {"plumb.dev/ignore", "argocd.argoproj.io/ignore-differences-json-pointers"};
constexpr std::string_view kManagerKey = "plumb.dev/ignore-managers";

// Argo CD's compare options speak of how it compares; none of them changes what a projection of declared fields finds.
constexpr std::string_view kCompareOptions = "argocd.argoproj.io/compare-options";
constexpr std::string_view kKnownOptions[] = {"IgnoreExtraneous", "ServerSideDiff", "IncludeMutationWebhook", "IgnoreResourceStatusField"};

}  // namespace

std::vector<IgnoreRule> RulesOnObject(Value desired, Value live, std::vector<std::string>* warnings) {
  std::vector<IgnoreRule> rules;
  const Value wanted = GetAt(desired, {"metadata", "annotations"}), there = GetAt(live, {"metadata", "annotations"});
  if (!wanted.is_map() && !there.is_map()) return rules;
  for (const Switch& s : kSwitches) {
    if (wanted.GetString(s.key) != s.value && there.GetString(s.key) != s.value) continue;
    if (s.takes == Switch::Takes::kAllOfExisting && live.is_null()) continue;
    IgnoreRule rule;
    rule.drift_only = s.takes == Switch::Takes::kDrift;
    rule.where = fmt::format("annotation '{}: {}'", s.key, s.value);
    rules.push_back(std::move(rule));
  }
  // Paths and managers count in the manifest alone: who may edit the live object may not hide what he edits.
  for (const std::string_view key : kFieldKeys) {
    IgnoreRule rule;
    rule.where = fmt::format("annotation '{}'", key);
    for (const std::string& entry : Entries(wanted.GetString(key))) {
      auto pattern = FieldPattern::Parse(entry);
      if (pattern.ok()) rule.fields.push_back(std::move(*pattern));
      else warnings->push_back(fmt::format("{}: {}", rule.where, pattern.error().message()));
    }
    if (!rule.fields.empty()) rules.push_back(std::move(rule));
  }
  IgnoreRule managers;
  managers.where = fmt::format("annotation '{}'", kManagerKey);
  managers.managers = Entries(wanted.GetString(kManagerKey));
  if (!managers.managers.empty()) rules.push_back(std::move(managers));
  for (const std::string& option : Entries(wanted.GetString(kCompareOptions)))
    if (std::find(std::begin(kKnownOptions), std::end(kKnownOptions), option.substr(0, option.find('='))) == std::end(kKnownOptions))
      warnings->push_back(fmt::format("annotation '{}': option '{}' is not known, and has no effect", kCompareOptions, option));
  return rules;
}

}  // namespace plumb
