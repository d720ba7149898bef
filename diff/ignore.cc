#include "diff/ignore.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/suggest.h"

namespace plumb {

namespace {

const std::vector<std::string> kKeys = {"fields", "group", "kind", "labels", "managers", "name", "namespace"};

bool IsAnyItem(const PathStep& step) {
  return step.kind == PathStep::Kind::kValue && step.value == PathScalar(std::string_view("*"));
}

bool MatchesScalar(const PathScalar& pattern, const PathScalar& value) {
  if (pattern == value) return true;
  const auto* glob = std::get_if<std::string>(&pattern.variant());
  const auto* text = std::get_if<std::string>(&value.variant());
  return glob && text && MatchesGlob(*glob, *text);
}

bool MatchesKeys(const PathStep& pattern, const PathStep& step) {
  // A pattern may name fewer keys than the list has: ports[port=80].
  return std::all_of(pattern.keys.begin(), pattern.keys.end(), [&](const auto& want) {
    return std::any_of(step.keys.begin(), step.keys.end(),
                       [&](const auto& have) { return have.first == want.first && MatchesScalar(want.second, have.second); });
  });
}

bool ItemHasKeys(Value item, const PathStep& step) {
  return std::all_of(step.keys.begin(), step.keys.end(), [&](const auto& key) {
    const Value* have = item.Find(key.first);
    return have && MatchesScalar(key.second, PathScalar(*have));
  });
}

bool MatchesStep(const PathStep& pattern, const PathStep& step, Value parent) {
  using Kind = PathStep::Kind;
  if (IsAnyItem(pattern)) return step.kind != Kind::kField;
  if (pattern.kind == Kind::kIndex && step.kind != Kind::kIndex) {
    if (step.kind == Kind::kField) return step.name == std::to_string(pattern.index);
    const Value item = parent.is_list() && pattern.index < parent.size() ? parent[pattern.index] : Value();
    return step.kind == Kind::kKey ? item.is_map() && ItemHasKeys(item, step) : step.value.Matches(item);
  }
  if (pattern.kind != step.kind) return false;
  switch (pattern.kind) {
    case Kind::kField: return MatchesGlob(pattern.name, step.name);
    case Kind::kIndex: return pattern.index == step.index;
    case Kind::kKey: return MatchesKeys(pattern, step);
    case Kind::kValue: return MatchesScalar(pattern.value, step.value);
  }
  return false;
}

bool ExistsFrom(const FieldPath& pattern, size_t i, Value at) {
  if (i == pattern.size()) return true;
  const PathStep& step = pattern[i];
  if (at.is_map()) {
    const std::string name = step.kind == PathStep::Kind::kIndex ? std::to_string(step.index) : step.name;
    return std::any_of(at.members().begin(), at.members().end(),
                       [&](const Member& m) { return MatchesGlob(name, m.key) && ExistsFrom(pattern, i + 1, m.value); });
  }
  for (size_t n = 0; n < at.size(); ++n) {
    const bool fits = IsAnyItem(step) || (step.kind == PathStep::Kind::kIndex && step.index == n) ||
                      (step.kind == PathStep::Kind::kKey && ItemHasKeys(at[n], step)) ||
                      (step.kind == PathStep::Kind::kValue && MatchesScalar(step.value, PathScalar(at[n])));
    if (fits && ExistsFrom(pattern, i + 1, at[n])) return true;
  }
  return false;
}

// `[*]` and `.*` in the words that FieldPath knows.
std::string WithWildcards(std::string text) {
  for (size_t at = 0; (at = text.find("[*]", at)) != std::string::npos;) text.replace(at, 3, "[=\"*\"]");
  for (size_t at = 0; (at = text.find(".*", at)) != std::string::npos;) text.replace(at, 2, "[\"*\"]");
  return text;
}

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

Result<FieldPath> Pattern(const std::string& text) {
  PLUMB_TRY(path, text.starts_with('/') ? FieldPath::ParsePointer(text) : FieldPath::Parse(WithWildcards(text)));
  if (path.empty()) return Invalid("an empty path would ignore the whole object");
  return path;
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
    } else if (m.key == "fields") {
      PLUMB_TRY(fields, Texts(m.value, at));
      for (const std::string& field : fields) {
        PLUMB_TRY(pattern, Pattern(field), at);
        rule.fields.push_back(std::move(pattern));
      }
    } else if (m.key == "managers") {
      PLUMB_TRY(managers, Texts(m.value, at));
      rule.managers = std::move(managers);
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

bool MatchesGlob(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;  // let the last star take one more character
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

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

bool Covers(const FieldPath& pattern, const FieldPath& path, Value object) {
  if (pattern.size() > path.size()) return false;
  FieldPath here;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const Value* parent = here.Find(object);
    if (!MatchesStep(pattern[i], path[i], parent ? *parent : Value())) return false;
    here.Push(path[i]);
  }
  return true;
}

bool Exists(const FieldPath& pattern, Value object) { return ExistsFrom(pattern, 0, object); }

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
