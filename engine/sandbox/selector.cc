#include "engine/sandbox/selector.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "engine/sandbox/names.h"

namespace plumb::sandbox {

namespace {

std::optional<int64_t> Integer(std::string_view text) {
  int64_t n = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (status != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return n;
}

std::string Join(const std::vector<std::string>& parts, std::string_view by) {
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) out += (i == 0 ? "" : std::string(by)) + parts[i];
  return out;
}

}  // namespace

// Tokens are the symbols `, ( ) ! = == != > <`, and words of everything else but blanks. Go's lexer, in its words.
class LabelSelector::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) { Advance(); }

  Result<std::vector<Requirement>> Parse() {
    std::vector<Requirement> out;
    if (AtEnd()) return out;
    for (;;) {
      if (!IsWord() && token_ != "!")
        return Invalid(fmt::format("found '{}', expected: !, identifier, or 'end of string'", token_));
      auto requirement = ParseRequirement();
      if (!requirement.ok()) return Invalid("unable to parse requirement: " + requirement.error().message());
      out.push_back(*std::move(requirement));
      if (AtEnd()) return out;
      if (token_ != ",") return Invalid(fmt::format("found '{}', expected: ',' or 'end of string'", token_));
      Advance();
      if (!IsWord() && token_ != "!") return Invalid(fmt::format("found '{}', expected: identifier after ','", token_));
    }
  }

 private:
  bool AtEnd() const { return end_; }
  bool IsWord() const { return word_; }

  void Advance() {
    static constexpr std::string_view kSymbols = ",()!=<>", kBlank = " \t\r\n";
    at_ = std::min(text_.find_first_not_of(kBlank, at_), text_.size());
    word_ = false;
    if (at_ == text_.size()) {
      end_ = true;
      token_ = {};
      return;
    }
    size_t length = 1;
    if (kSymbols.find(text_[at_]) != std::string_view::npos) {
      if ((text_[at_] == '=' || text_[at_] == '!') && text_.substr(at_ + 1).starts_with('=')) length = 2;
    } else {
      word_ = true;
      length = std::min(text_.find_first_of(",()!=<> \t\r\n", at_), text_.size()) - at_;
    }
    token_ = text_.substr(at_, length);
    at_ += length;
  }

  Result<Requirement> ParseRequirement() {
    Requirement r;
    const bool negated = token_ == "!";
    if (negated) Advance();
    if (!IsWord()) return Invalid(fmt::format("found '{}', expected: identifier", token_));
    r.key = token_;
    if (const auto problems = QualifiedNameProblems(r.key); !problems.empty())
      return Invalid(fmt::format("invalid label key \"{}\": {}", r.key, Join(problems, "; ")));
    Advance();
    if (negated || AtEnd() || token_ == ",") {
      r.op = negated ? Operator::kDoesNotExist : Operator::kExists;
      return r;
    }
    PLUMB_OK(ParseOperator(r));
    if (r.op == Operator::kIn || r.op == Operator::kNotIn) {
      if (r.symbol == "in" || r.symbol == "notin") PLUMB_OK(ParseSet(r));
      else ParseOne(r);
    } else {
      ParseOne(r);
      if (!Integer(r.values[0])) return Invalid("for 'Gt', 'Lt' operators, the value must be an integer");
    }
    for (const std::string& value : r.values)
      if (const auto problems = LabelValueProblems(value); !problems.empty())
        return Invalid(fmt::format("values[0][{}]: Invalid value: \"{}\": {}", r.key, value, Join(problems, "; ")));
    return r;
  }

  Status ParseOperator(Requirement& r) {
    static constexpr struct { std::string_view text; Operator op; } kOperators[] = {
        {"in", Operator::kIn}, {"notin", Operator::kNotIn}, {"=", Operator::kIn},  {"==", Operator::kIn},
        {"!=", Operator::kNotIn}, {">", Operator::kGreater}, {"<", Operator::kLess}};
    for (const auto& o : kOperators) {
      if (o.text != token_) continue;
      r.op = o.op;
      r.symbol = token_;
      Advance();
      return Ok();
    }
    return Invalid(fmt::format("found '{}', expected: in, notin, =, ==, !=, gt, lt", token_));
  }

  void ParseOne(Requirement& r) {
    r.values.emplace_back(IsWord() ? token_ : std::string_view());
    if (IsWord()) Advance();
  }

  Status ParseSet(Requirement& r) {
    if (token_ != "(") return Invalid(fmt::format("found '{}' expected: '('", token_));
    Advance();
    for (;;) {
      r.values.emplace_back(IsWord() ? token_ : std::string_view());  // `in ()` and `in (a,)` hold an empty value
      if (IsWord()) Advance();
      if (token_ == ",") {
        Advance();
        continue;
      }
      if (token_ != ")") return Invalid(fmt::format("found '{}', expected: ',' or ')'", token_));
      Advance();
      std::ranges::sort(r.values);
      r.values.erase(std::unique(r.values.begin(), r.values.end()), r.values.end());
      return Ok();
    }
  }

  std::string_view text_, token_;
  size_t at_ = 0;
  bool word_ = false, end_ = false;
};

Result<LabelSelector> LabelSelector::Parse(std::string_view text) {
  PLUMB_TRY(requirements, Parser(text).Parse());
  LabelSelector selector;
  selector.requirements_ = std::move(requirements);
  selector.Sort();
  return selector;
}

Result<LabelSelector> LabelSelector::FromObject(Value object) {
  LabelSelector selector;
  selector.nothing_ = object.is_null();
  for (const Member& m : object.Get("matchLabels").members())
    selector.requirements_.push_back({std::string(m.key), Operator::kIn, {std::string(m.value.AsString())}, "="});
  for (Value e : object.Get("matchExpressions").items()) {
    Requirement r{std::string(e.GetString("key")), {}, {}, {}};
    for (Value v : e.Get("values").items()) r.values.emplace_back(v.AsString());
    const std::string_view op = e.GetString("operator");
    if (op == "In" || op == "NotIn") {
      if (r.values.empty()) return Invalid("values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty");
      r.op = op == "In" ? Operator::kIn : Operator::kNotIn;
      r.symbol = op == "In" ? "in" : "notin";
    } else if (op == "Exists" || op == "DoesNotExist") {
      if (!r.values.empty()) return Invalid("values: Invalid value: values set must be empty for exists and does not exist");
      r.op = op == "Exists" ? Operator::kExists : Operator::kDoesNotExist;
    } else {
      return Invalid(fmt::format("\"{}\" is not a valid label selector operator", op));
    }
    selector.requirements_.push_back(std::move(r));
  }
  selector.Sort();
  return selector;
}

LabelSelector LabelSelector::FromMap(Value map) {
  LabelSelector selector;
  selector.nothing_ = map.empty();
  for (const Member& m : map.members())
    selector.requirements_.push_back({std::string(m.key), Operator::kIn, {std::string(m.value.AsString())}, "="});
  selector.Sort();
  return selector;
}

void LabelSelector::Sort() {
  std::ranges::stable_sort(requirements_, {}, &Requirement::key);
  for (Requirement& r : requirements_) std::ranges::sort(r.values);
}

bool LabelSelector::Matches(Value labels) const {
  if (nothing_) return false;
  return std::ranges::all_of(requirements_, [&](const Requirement& r) {
    const Value* found = labels.Find(r.key);
    const std::string_view value = found ? found->AsString() : std::string_view();
    switch (r.op) {
      case Operator::kExists: return found != nullptr;
      case Operator::kDoesNotExist: return found == nullptr;
      case Operator::kIn: return found && std::ranges::find(r.values, value) != r.values.end();
      case Operator::kNotIn: return !found || std::ranges::find(r.values, value) == r.values.end();
      case Operator::kGreater:
      case Operator::kLess: {
        const auto have = found ? Integer(value) : std::nullopt;
        if (!have) return false;
        return r.op == Operator::kGreater ? *have > *Integer(r.values[0]) : *have < *Integer(r.values[0]);
      }
    }
    return false;
  });
}

std::string LabelSelector::ToString() const {
  std::vector<std::string> parts;
  for (const Requirement& r : requirements_) {
    switch (r.op) {
      case Operator::kExists: parts.push_back(r.key); break;
      case Operator::kDoesNotExist: parts.push_back("!" + r.key); break;
      default:
        if (r.symbol == "in" || r.symbol == "notin") parts.push_back(fmt::format("{} {} ({})", r.key, r.symbol, Join(r.values, ",")));
        else parts.push_back(r.key + (r.symbol == "==" ? "==" : r.symbol) + r.values[0]);
    }
  }
  return Join(parts, ",");
}

Result<FieldSelector> FieldSelector::Parse(std::string_view text) {
  FieldSelector selector;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    const std::string_view term = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    if (term.empty()) continue;
    const size_t at = term.find('=');
    if (at == std::string_view::npos || at == 0)
      return Invalid(fmt::format("invalid selector: '{}'; can't understand '{}'", term, term));
    const bool negated = term[at - 1] == '!';
    std::string_view value = term.substr(at + 1);
    if (!negated && value.starts_with('=')) value.remove_prefix(1);
    selector.terms_.push_back({std::string(term.substr(0, negated ? at - 1 : at)), std::string(value), !negated});
  }
  return selector;
}

bool FieldSelector::Matches(Value object) const {
  return std::ranges::all_of(terms_, [&](const Term& term) {
    Value at = object;
    std::string_view rest = term.field;
    while (!rest.empty()) {
      const size_t dot = rest.find('.');
      at = at.Get(rest.substr(0, dot));
      rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
    }
    const std::string_view have = at.is_bool() ? (at.AsBool() ? "true" : "false") : at.AsString();
    return (have == term.value) == term.equal;
  });
}

}  // namespace plumb::sandbox
