#include "diff/ignore.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/suggest.h"
#include "core/yaml.h"
#include "diff/managed_owners.h"

namespace plumb {

namespace {

constexpr std::string_view kFile = ".plumb/ignore.yaml";
const std::vector<std::string> kKeys = {"fields", "group", "kind", "labels", "managers", "name", "namespace", "jsonPointers", "jqPathExpressions", "managedFieldsManagers"};

Result<std::string> Text(Value value, std::string_view where) {
  if (!value.is_string()) return Invalid(fmt::format("{}: expected a string, found a {}", where, KindName(value.kind())));
  return std::string(value.AsString());
}

Result<std::vector<std::string>> Texts(Value list, std::string_view where) {
  if (!list.is_list()) return Invalid(fmt::format("{}: expected a list, found a {}", where, KindName(list.kind())));
  std::vector<std::string> out;
  for (size_t i = 0; i < list.size(); ++i) {
    PLUMB_TRY(text, Text(list[i], fmt::format("{}[{}]", where, i)));
    out.push_back(std::move(text));
  }
  return out;
}

Result<IgnoreRule> ParseRule(Value v, const std::string& where) {
  if (!v.is_map()) return Invalid(fmt::format("{}: expected a map, found a {}", where, KindName(v.kind())));
  IgnoreRule rule;
  rule.where = where;
  for (const Member& m : v.members()) {
    const std::string at = where + "." + std::string(m.key);
    std::string* text = m.key == "group" ? &rule.group : m.key == "kind" ? &rule.kind : m.key == "name" ? &rule.name
                      : m.key == "namespace" ? &rule.ns : nullptr;
    if (text) {
      PLUMB_TRY(given, Text(m.value, at));
      *text = std::move(given);
    } else if (m.key == "fields" || m.key == "jsonPointers" || m.key == "jqPathExpressions") {
      PLUMB_TRY(fields, Texts(m.value, at));
      for (const std::string& field : fields) {
        PLUMB_TRY(pattern, FieldPattern::Parse(field), at);
        rule.fields.push_back(std::move(pattern));
      }
    } else if (m.key == "managers" || m.key == "managedFieldsManagers") {
      PLUMB_TRY(managers, Texts(m.value, at));
      rule.managers.insert(rule.managers.end(), managers.begin(), managers.end());
    } else if (m.key == "labels") {
      if (!m.value.is_map()) return Invalid(fmt::format("{}: expected a map, found a {}", at, KindName(m.value.kind())));
      for (const Member& label : m.value.members()) {
        PLUMB_TRY(value, Text(label.value, at + "." + std::string(label.key)));
        rule.labels[std::string(label.key)] = std::move(value);
      }
    } else {
      return Invalid(fmt::format("{}: unknown key '{}'{}", where, m.key, DidYouMean(m.key, kKeys)));
    }
  }
  if (rule.fields.empty() && rule.managers.empty())
    return Invalid(where + ": needs 'fields' or 'managers': a rule without either would ignore whole objects");
  return rule;
}

}  // namespace

bool IgnoreRule::Selects(const Gvk& gvk, Value object) const {
  const Value metadata = object.Get("metadata");
  if (!MatchesGlob(kind, gvk.kind) || !MatchesGlob(group, gvk.group) || !MatchesGlob(name, metadata.GetString("name")) ||
      !MatchesGlob(ns, metadata.GetString("namespace")))
    return false;
  return std::all_of(labels.begin(), labels.end(), [&](const auto& want) {
    const Value* have = metadata.Get("labels").Find(want.first);
    return have && MatchesGlob(want.second, have->AsString());
  });
}

Result<IgnoreRules> IgnoreRules::Parse(Value list, std::string_view where) {
  if (list.is_null()) return IgnoreRules();
  if (!list.is_list()) return Invalid(fmt::format("{}: expected a list, found a {}", where, KindName(list.kind())));
  std::vector<IgnoreRule> rules;
  for (size_t i = 0; i < list.size(); ++i) {
    PLUMB_TRY(rule, ParseRule(list[i], fmt::format("{}[{}]", where, i)));
    rules.push_back(std::move(rule));
  }
  return IgnoreRules(std::move(rules));
}

std::vector<uint32_t> IgnoreRules::Selecting(const Gvk& gvk, Value object) const {
  std::vector<uint32_t> out;
  for (uint32_t i = 0; i < rules_.size(); ++i)
    if (rules_[i].Selects(gvk, object)) out.push_back(i);
  return out;
}

Result<IgnoreRules> IgnoreRules::OfTree(const Tree& tree) {
  const auto text = tree.Read(kFile);
  if (!text.ok()) return text.error().code() == Code::kNotFound ? Result<IgnoreRules>(IgnoreRules()) : text.error();
  YamlOptions strict;
  strict.refuse_duplicate_keys = true;
  PLUMB_TRY(document, ParseYamlOne(*text, strict), kFile);
  for (const Member& m : document->members())
    if (m.key != "ignore" && m.key != "apiVersion" && m.key != "kind")
      return Invalid(fmt::format("{}:{}: unknown key '{}'; expected 'ignore'", kFile, LocateYaml(*text, 0, {std::string(m.key)}, YamlPlace::kKey).line, m.key));
  if (!document->is_null() && !document->Get("ignore").is_list()) return Invalid(fmt::format("{}: expected 'ignore' with a list of rules", kFile));
  return Parse(document->Get("ignore"), fmt::format("{} ignore", kFile));
}

bool Ignores(const IgnoreRule& rule, const FieldChange& change, Value desired, Value live, const ManagedOwners& owners) {
  const bool from_git = change.cause == Cause::kChangedInGit || change.cause == Cause::kRemovedFromGit || change.cause == Cause::kReleased;
  if (rule.drift_only && from_git) return false;
  const bool field = rule.fields.empty() || std::any_of(rule.fields.begin(), rule.fields.end(), [&](const FieldPattern& pattern) {
    return pattern.Covers(change.path, live) || pattern.Covers(change.path, desired);
  });
  return field && (rule.managers.empty() || std::any_of(rule.managers.begin(), rule.managers.end(), [&](const std::string& name) {
    if (!change.writer.manager.empty() && MatchesGlob(name, change.writer.manager)) return true;
    return std::any_of(owners.entries().begin(), owners.entries().end(), [&](const ManagedOwners::Entry& entry) {
      return MatchesGlob(name, entry.manager) && OwnsPath(entry.fields, change.path);
    });
  }));
}

bool Concerns(const IgnoreRule& rule, Value desired, Value live, const ManagedOwners& owners) {
  const bool field = rule.fields.empty() ||
                     std::any_of(rule.fields.begin(), rule.fields.end(), [&](const FieldPattern& f) { return f.Exists(live) || f.Exists(desired); });
  return field && (rule.managers.empty() || std::any_of(rule.managers.begin(), rule.managers.end(), [&](const std::string& name) {
    return std::any_of(owners.entries().begin(), owners.entries().end(), [&](const ManagedOwners::Entry& entry) { return MatchesGlob(name, entry.manager); });
  }));
}

std::vector<std::string> UnusedRules(const IgnoreRules& rules, std::span<const ObjectDiff> diffs) {
  std::vector<bool> used(rules.rules().size());
  for (const ObjectDiff& diff : diffs)
    for (const uint32_t rule : diff.rules) used[rule] = true;
  std::vector<std::string> out;
  for (size_t i = 0; i < used.size(); ++i)
    if (!used[i]) out.push_back(rules.rules()[i].where);
  return out;
}

}  // namespace plumb
