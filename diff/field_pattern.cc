#include "diff/field_pattern.h"

#include <algorithm>

#include "diff/jq_path.h"

namespace plumb {

namespace {

bool MatchesScalar(const PathScalar& pattern, const PathScalar& value) {
  if (pattern == value) return true;
  const auto* glob = std::get_if<std::string>(&pattern.variant());
  const auto* text = std::get_if<std::string>(&value.variant());
  return glob && text && MatchesGlob(*glob, *text);
}

// A pattern may name fewer keys than the list has: ports[port=80].
bool MatchesKeys(const PathStep& pattern, const PathStep& step) {
  return std::all_of(pattern.keys.begin(), pattern.keys.end(), [&](const auto& want) {
    return std::any_of(step.keys.begin(), step.keys.end(), [&](const auto& have) { return have.first == want.first && MatchesScalar(want.second, have.second); });
  });
}

bool ItemHasKeys(Value item, const PathStep& step) {
  return std::all_of(step.keys.begin(), step.keys.end(), [&](const auto& key) {
    const Value* have = item.Find(key.first);
    return have && MatchesScalar(key.second, PathScalar(*have));
  });
}

// `[*]`, `[]`, and names with '*' or '?' in the words that FieldPath knows: quoted names, and the item "*".
std::string WithWildcards(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (text.substr(at).starts_with("[*]") || text.substr(at).starts_with("[]")) {
      out += "[=\"*\"]";
      at += text[at + 1] == '*' ? 3 : 2;
    } else if (text[at] == '[') {
      bool quoted = false;
      do {
        quoted ^= text[at] == '"';
        out += text[at++];
      } while (at < text.size() && (quoted || text[at - 1] != ']'));
    } else {
      const size_t end = std::min(text.find_first_of(".[", at + (text[at] == '.')), text.size());
      std::string_view name = text.substr(at, end - at);
      const bool dot = name.starts_with('.');
      if (name.find_first_of("*?") == std::string_view::npos) out += name;
      else out += "[\"" + std::string(name.substr(dot)) + "\"]";
      at = end;
    }
  }
  return out;
}

bool LooksLikeJq(std::string_view text) {
  return text.find('|') != std::string_view::npos || text.starts_with("select") ||
         (text.starts_with('.') && (text.find("[]") != std::string_view::npos || text.find(".\"") != std::string_view::npos || text.ends_with('?')));
}

}  // namespace

bool PatternCondition::Holds(Value node) const {
  switch (kind) {
    case Kind::kAnd: return std::all_of(parts.begin(), parts.end(), [&](const PatternCondition& p) { return p.Holds(node); });
    case Kind::kOr: return std::any_of(parts.begin(), parts.end(), [&](const PatternCondition& p) { return p.Holds(node); });
    case Kind::kNot: return !parts[0].Holds(node);
    default: break;
  }
  for (const std::string& field : at) node = node.Get(field);
  const auto* text = std::get_if<std::string>(&value.variant());
  const std::string_view have = node.AsString();
  switch (kind) {
    case Kind::kEquals: return value.Matches(node);
    case Kind::kDiffers: return !value.Matches(node);
    case Kind::kStartsWith: return node.is_string() && text && have.starts_with(*text);
    case Kind::kEndsWith: return node.is_string() && text && have.ends_with(*text);
    case Kind::kContains: return node.is_string() && text && have.find(*text) != std::string_view::npos;
    default: return !node.is_null() && !(node.is_bool() && !node.AsBool());
  }
}

bool FieldPattern::Step::FitsNode(Value node) const {
  return std::all_of(where.begin(), where.end(), [&](const PatternCondition& c) { return c.Holds(node); });
}

bool FieldPattern::Step::Fits(const PathStep& have, Value parent) const {
  using StepKind = PathStep::Kind;
  if (any_child) return true;
  if (any_item) return have.kind != StepKind::kField;
  if (step.kind == StepKind::kIndex && have.kind != StepKind::kIndex) {
    if (have.kind == StepKind::kField) return have.name == std::to_string(step.index);
    const Value item = parent.is_list() && step.index < parent.size() ? parent[step.index] : Value();
    return have.kind == StepKind::kKey ? item.is_map() && ItemHasKeys(item, have) : have.value.Matches(item);
  }
  if (step.kind != have.kind) return false;
  switch (step.kind) {
    case StepKind::kField: return MatchesGlob(step.name, have.name);
    case StepKind::kIndex: return step.index == have.index;
    case StepKind::kKey: return MatchesKeys(step, have);
    case StepKind::kValue: return MatchesScalar(step.value, have.value);
  }
  return false;
}

Result<FieldPattern> FieldPattern::Parse(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  FieldPattern pattern;
  if (LooksLikeJq(text)) {
    PLUMB_TRY(parsed, JqParser(text).Parse());
    pattern = std::move(parsed);
  } else {
    PLUMB_TRY(path, text.starts_with('/') ? FieldPath::ParsePointer(text) : FieldPath::Parse(WithWildcards(text)));
    for (const PathStep& step : path.steps()) {
      Step one;
      one.step = step;
      one.any_item = step.kind == PathStep::Kind::kValue && step.value == PathScalar(std::string_view("*"));
      pattern.steps_.push_back(std::move(one));
    }
  }
  if (pattern.steps_.empty()) return Invalid("an empty path would take in the whole object");
  pattern.text_ = text;
  return pattern;
}

bool FieldPattern::Covers(const FieldPath& path, Value object) const {
  if (steps_.size() > path.size()) return false;
  if (!std::all_of(root_.begin(), root_.end(), [&](const PatternCondition& c) { return c.Holds(object); })) return false;
  Value here = object;
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (!steps_[i].Fits(path[i], here)) return false;
    const Value* child = FieldPath({path[i]}).Find(here);
    here = child ? *child : Value();
    if (!steps_[i].FitsNode(here)) return false;
  }
  return true;
}

bool FieldPattern::ExistsFrom(size_t i, Value at) const {
  if (i == steps_.size()) return true;
  const Step& step = steps_[i];
  const auto next = [&](Value child) { return step.FitsNode(child) && ExistsFrom(i + 1, child); };
  if (at.is_map()) {
    const std::string name = step.step.kind == PathStep::Kind::kIndex ? std::to_string(step.step.index) : step.step.name;
    return std::any_of(at.members().begin(), at.members().end(), [&](const Member& m) {
      const bool fits = step.any_child || (!step.any_item && step.step.kind <= PathStep::Kind::kIndex && MatchesGlob(name, m.key));
      return fits && next(m.value);
    });
  }
  for (size_t n = 0; n < at.size(); ++n) {
    const PathStep& want = step.step;
    const bool fits = step.any_item || step.any_child || (want.kind == PathStep::Kind::kIndex && want.index == n) ||
                      (want.kind == PathStep::Kind::kKey && ItemHasKeys(at[n], want)) ||
                      (want.kind == PathStep::Kind::kValue && MatchesScalar(want.value, PathScalar(at[n])));
    if (fits && next(at[n])) return true;
  }
  return false;
}

bool FieldPattern::Exists(Value object) const {
  return std::all_of(root_.begin(), root_.end(), [&](const PatternCondition& c) { return c.Holds(object); }) && ExistsFrom(0, object);
}

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

}  // namespace plumb
