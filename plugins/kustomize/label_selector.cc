#include "plugins/kustomize/label_selector.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace plumb::kustomize {
namespace {

std::optional<int64_t> Number(std::string_view text) {
  int64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return n;
}

bool IsNameCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.'; }

// A label's value, or the name part of its key: letters and digits at both ends, at most 63 bytes.
bool IsName(std::string_view text) {
  return text.size() <= 63 && !text.empty() && std::all_of(text.begin(), text.end(), IsNameCharacter) &&
         std::isalnum(static_cast<unsigned char>(text.front())) && std::isalnum(static_cast<unsigned char>(text.back()));
}

bool IsKey(std::string_view key) {
  const size_t slash = key.find('/');
  if (slash == std::string_view::npos) return IsName(key);
  const std::string_view prefix = key.substr(0, slash);
  const bool domain = !prefix.empty() && prefix.size() <= 253 && std::all_of(prefix.begin(), prefix.end(), [](char c) {
    return std::islower(static_cast<unsigned char>(c)) || std::isdigit(static_cast<unsigned char>(c)) || c == '-' || c == '.';
  });
  return domain && IsName(key.substr(slash + 1));
}

}  // namespace

class LabelSelector::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::vector<Requirement>> Run() {
    std::vector<Requirement> requirements;
    if (Peek().empty()) return requirements;
    while (true) {
      PLUMB_TRY(requirement, OneRequirement());
      requirements.push_back(requirement);
      const std::string_view next = Next();
      if (next.empty()) return requirements;
      if (next != ",") return Bad("',' or the end", next);
      if (Peek().empty()) return Bad("a key", "");
    }
  }

 private:
  static bool IsSymbol(char c) { return c == '=' || c == '!' || c == '(' || c == ')' || c == ',' || c == '<' || c == '>'; }

  std::string_view Next() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    const size_t begin = at_;
    if (at_ == text_.size()) return {};
    if (IsSymbol(text_[at_])) {
      ++at_;
      const bool is_pair = at_ < text_.size() && text_[at_] == '=' && (text_[begin] == '=' || text_[begin] == '!');
      if (is_pair) ++at_;
      return text_.substr(begin, at_ - begin);
    }
    while (at_ < text_.size() && !IsSymbol(text_[at_]) && !std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  std::string_view Peek() {
    const size_t before = at_;
    const std::string_view token = Next();
    at_ = before;
    return token;
  }

  Error Bad(std::string_view wanted, std::string_view found) const {
    return Invalid("selector '" + std::string(text_) + "': " + std::string(wanted) + " was expected" +
                   (found.empty() ? " at the end" : ", found '" + std::string(found) + "'"));
  }

  Result<Requirement> OneRequirement() {
    std::string_view token = Next();
    const bool negated = token == "!";
    if (negated) token = Next();
    if (!IsKey(token)) return Bad("a label key", token);
    Requirement requirement{std::string(token), negated ? Operator::kNotExists : Operator::kExists, {}};
    const std::string_view next = Peek();
    if (negated || next.empty() || next == ",") return requirement;
    const std::string_view op = Next();
    if (op == "in" || op == "notin") {
      requirement.op = op == "in" ? Operator::kIn : Operator::kNotIn;
      PLUMB_OK(ReadSet(&requirement.values));
      return requirement;
    }
    if (op == "=" || op == "==" || op == "!=") {
      requirement.op = op == "!=" ? Operator::kNotIn : Operator::kIn;
    } else if (op == ">" || op == "<") {
      requirement.op = op == ">" ? Operator::kGreater : Operator::kLess;
    } else {
      return Bad("an operator (=, ==, !=, in, notin, <, >)", op);
    }
    const std::string_view value = Peek();
    const bool absent = value.empty() || value == ",";
    if (!absent) Next();
    requirement.values.emplace_back(absent ? std::string_view() : value);
    return CheckValues(requirement);
  }

  Status ReadSet(std::vector<std::string>* values) {
    if (const std::string_view open = Next(); open != "(") return Bad("'('", open);
    std::string_view value;  // "(a,)" holds "a" and ""
    while (true) {
      const std::string_view token = Next();
      if (token.empty()) return Bad("')'", "");
      if (token != "," && token != ")") {
        if (!value.empty() || !IsName(token)) return Bad("a value", token);
        value = token;
        continue;
      }
      values->emplace_back(value);
      value = {};
      if (token == ")") return Ok();
    }
  }

  Result<Requirement> CheckValues(Requirement requirement) const {
    for (const std::string& value : requirement.values) {
      if (!value.empty() && !IsName(value)) return Bad("a label value", value);
      const bool compares = requirement.op == Operator::kGreater || requirement.op == Operator::kLess;
      if (compares && !Number(value)) return Bad("an integer", value);
    }
    return requirement;
  }

  std::string_view text_;
  size_t at_ = 0;
};

Result<LabelSelector> LabelSelector::Parse(std::string_view text) {
  LabelSelector selector;
  PLUMB_TRY(requirements, Parser(text).Run());
  selector.requirements_ = requirements;
  return selector;
}

bool LabelSelector::Matches(const std::map<std::string, std::string>& labels) const {
  for (const Requirement& r : requirements_) {
    const auto found = labels.find(r.key);
    const bool has = found != labels.end();
    const bool listed = has && std::find(r.values.begin(), r.values.end(), found->second) != r.values.end();
    bool ok = false;
    switch (r.op) {
      case Operator::kIn: ok = listed; break;
      case Operator::kNotIn: ok = !listed; break;
      case Operator::kExists: ok = has; break;
      case Operator::kNotExists: ok = !has; break;
      case Operator::kGreater:
      case Operator::kLess: {
        const auto mine = has ? Number(found->second) : std::nullopt;
        const auto limit = Number(r.values[0]);
        ok = mine && limit && (r.op == Operator::kGreater ? *mine > *limit : *mine < *limit);
        break;
      }
    }
    if (!ok) return false;
  }
  return true;
}

}  // namespace plumb::kustomize
