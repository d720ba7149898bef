#include "diff/jq_path.h"

#include <charconv>

#include <fmt/core.h>

#include "core/json.h"

namespace plumb {

namespace {

constexpr int kDepth = 50;  // of parentheses

bool IsName(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

}  // namespace

Error JqParser::Expected(std::string_view what) const {
  return Invalid(fmt::format("path '{}': expected {} at character {}", text_, what, at_ + 1));
}

void JqParser::Space() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
}

bool JqParser::Take(std::string_view token) {
  Space();
  if (!text_.substr(at_).starts_with(token)) return false;
  at_ += token.size();
  return true;
}

bool JqParser::TakeWord(std::string_view word) {
  Space();
  if (!text_.substr(at_).starts_with(word) || (at_ + word.size() < text_.size() && IsName(text_[at_ + word.size()]))) return false;
  at_ += word.size();
  return true;
}

Result<std::string> JqParser::Quoted() {
  size_t end = at_ + 1;
  while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
  if (end >= text_.size()) return Expected("a closing '\"'");
  PLUMB_TRY(parsed, ParseJson(text_.substr(at_, end + 1 - at_)), fmt::format("path '{}'", text_));
  at_ = end + 1;
  return std::string(parsed.root().AsString());
}

Result<FieldPattern> JqParser::Parse() {
  FieldPattern pattern;
  do {
    if (TakeWord("select")) {
      if (!Take("(")) return Expected("'('");
      PLUMB_TRY(condition, Or(0));
      if (!Take(")")) return Expected("')'");
      auto& where = pattern.steps_.empty() ? pattern.root_ : pattern.steps_.back().where;
      where.push_back(std::move(condition));
    } else {
      PLUMB_OK(Path(pattern));
    }
    Space();
  } while (Take("|") || (at_ < text_.size() && text_[at_] == '.'));
  if (at_ < text_.size()) return Expected("'.', '[', '|' or the end (only paths and select() are understood)");
  return pattern;
}

Status JqParser::Path(FieldPattern& pattern) {
  Space();
  if (at_ >= text_.size() || text_[at_] != '.') return Expected("a path that begins with '.', or select(...)");
  while (at_ < text_.size()) {
    FieldPattern::Step step;
    if (Take("?")) continue;
    Space();
    if (at_ == text_.size()) return Ok();
    if (Take("[")) {
      Space();
      if (Take("]")) {
        step.any_child = true;
      } else if (at_ < text_.size() && text_[at_] == '"') {
        PLUMB_TRY(name, Quoted());
        step.step = PathStep::Field(name);
        if (!Take("]")) return Expected("']'");
      } else {
        size_t index = 0;
        const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), index);
        if (error != std::errc()) return Expected("']', an index or a quoted name");
        at_ = static_cast<size_t>(end - text_.data());
        step.step = PathStep::Index(index);
        if (!Take("]")) return Expected("']'");
      }
    } else if (text_[at_] == '.') {
      ++at_;
      if (at_ < text_.size() && text_[at_] == '[') continue;  // .[0], .["a"]
      if (at_ < text_.size() && text_[at_] == '"') {
        PLUMB_TRY(name, Quoted());
        step.step = PathStep::Field(name);
      } else {
        const size_t start = at_;
        while (at_ < text_.size() && IsName(text_[at_])) ++at_;
        if (at_ == start) {
          Space();
          if (at_ == text_.size() || std::string_view("|)=!").find(text_[at_]) != std::string_view::npos) return Ok();  // `.` alone
          return Expected("a field's name (quote others: .\"a.b/c\")");
        }
        step.step = PathStep::Field(text_.substr(start, at_ - start));
      }
    } else {
      return Ok();
    }
    pattern.steps_.push_back(std::move(step));
  }
  return Ok();
}

Result<std::vector<std::string>> JqParser::Fields() {
  FieldPattern path;
  PLUMB_OK(Path(path));
  std::vector<std::string> names;
  for (const FieldPattern::Step& step : path.steps_) {
    if (step.any_child || step.step.kind != PathStep::Kind::kField) return Expected("plain fields within select()");
    names.push_back(step.step.name);
  }
  return names;
}

Result<PathScalar> JqParser::Literal() {
  Space();
  if (at_ < text_.size() && text_[at_] == '"') {
    PLUMB_TRY(text, Quoted());
    return PathScalar(std::string_view(text));
  }
  if (TakeWord("true")) return PathScalar(true);
  if (TakeWord("false")) return PathScalar(false);
  if (TakeWord("null")) return PathScalar();
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), number);
  if (error != std::errc()) return Expected("a string, an integer, true, false or null");
  at_ = static_cast<size_t>(end - text_.data());
  return PathScalar(number);
}

Result<PatternCondition> JqParser::Or(int depth) {
  if (depth > kDepth) return LimitExceeded(fmt::format("path '{}': nested more than {} deep", text_, kDepth));
  PatternCondition all{PatternCondition::Kind::kOr, {}, {}, {}};
  do {
    PLUMB_TRY(part, And(depth));
    all.parts.push_back(std::move(part));
  } while (TakeWord("or"));
  return all.parts.size() == 1 ? Result<PatternCondition>(PatternCondition(all.parts[0])) : Result<PatternCondition>(std::move(all));
}

Result<PatternCondition> JqParser::And(int depth) {
  PatternCondition all{PatternCondition::Kind::kAnd, {}, {}, {}};
  do {
    PLUMB_TRY(part, One(depth));
    all.parts.push_back(std::move(part));
  } while (TakeWord("and"));
  return all.parts.size() == 1 ? Result<PatternCondition>(PatternCondition(all.parts[0])) : Result<PatternCondition>(std::move(all));
}

Result<PatternCondition> JqParser::One(int depth) {
  using Test = PatternCondition::Kind;
  PatternCondition condition;
  if (Take("(")) {
    PLUMB_TRY(inner, Or(depth + 1));
    if (!Take(")")) return Expected("')'");
    condition = std::move(inner);
  } else {
    PLUMB_TRY(fields, Fields());
    condition.at = std::move(fields);
    if (Take("==") || Take("!=")) {
      condition.kind = text_[at_ - 2] == '=' ? Test::kEquals : Test::kDiffers;
      PLUMB_TRY(value, Literal());
      condition.value = std::move(value);
    }
  }
  while (Take("|")) {
    if (TakeWord("not")) {
      PatternCondition inner = std::move(condition);
      condition = {Test::kNot, {}, {}, {std::move(inner)}};
      continue;
    }
    const Test kind = TakeWord("startswith") ? Test::kStartsWith : TakeWord("endswith") ? Test::kEndsWith : TakeWord("contains") ? Test::kContains : Test::kHas;
    if (kind == Test::kHas || condition.kind != Test::kHas) return Expected("startswith, endswith, contains or not");
    if (!Take("(")) return Expected("'('");
    PLUMB_TRY(value, Literal());
    if (!Take(")")) return Expected("')'");
    condition.kind = kind;
    condition.value = std::move(value);
  }
  return condition;
}

}  // namespace plumb
