#include "plugins/kustomize/envsubst.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <vector>

#include "core/suggest.h"

namespace plumb::kustomize {
namespace {

bool IsNameChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

std::string InCase(std::string text, bool upper, bool whole) {
  for (size_t i = 0; i < text.size() && (whole || i == 0); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    text[i] = static_cast<char>(upper ? std::toupper(c) : std::tolower(c));
  }
  return text;
}

std::optional<int64_t> Number(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// One element of a pattern against one character; `p` is moved behind the element.
bool MatchesOne(std::string_view pattern, size_t& p, char c) {
  if (pattern[p] == '?') return ++p, true;
  if (pattern[p] == '\\' && p + 1 < pattern.size()) return ++p, pattern[p++] == c;
  const size_t close = pattern[p] == '[' ? pattern.find(']', p + 2) : std::string_view::npos;
  if (close == std::string_view::npos) return pattern[p++] == c;
  std::string_view set = pattern.substr(p + 1, close - p - 1);
  p = close + 1;
  const bool negated = set.starts_with('^');
  if (negated) set.remove_prefix(1);
  bool in = false;
  for (size_t i = 0; i < set.size(); ++i) {
    const bool range = i + 2 < set.size() && set[i + 1] == '-';
    in = in || (range ? set[i] <= c && c <= set[i + 2] : set[i] == c);
    if (range) i += 2;
  }
  return in != negated;
}

// '*' matches anything, '/' too. Goes back to the last '*' alone: time is of the order of text * pattern.
bool Matches(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    size_t next = p;
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && MatchesOne(pattern, next, text[t])) {
      p = next;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// The text without the shortest or longest non-empty part at one end that the pattern matches.
std::string Trim(const std::string& text, const std::string& pattern, bool front, bool longest) {
  for (size_t i = 1; i <= text.size(); ++i) {
    const size_t size = longest ? text.size() - i + 1 : i;
    const std::string_view part = front ? std::string_view(text).substr(0, size) : std::string_view(text).substr(text.size() - size);
    if (Matches(pattern, part)) return front ? text.substr(size) : text.substr(0, text.size() - size);
  }
  return text;
}

std::string Part(const std::string& text, const std::vector<std::string>& args) {
  const auto from = Number(args[0]);
  if (!from) return text;
  const auto size = static_cast<int64_t>(text.size());
  const int64_t start = std::clamp<int64_t>(*from < 0 ? size + *from : *from, 0, size);
  if (args.size() == 1) return text.substr(static_cast<size_t>(start));
  const auto length = Number(args[1]);
  if (!length) return text;
  return text.substr(static_cast<size_t>(start), static_cast<size_t>(std::clamp<int64_t>(*length, 0, size - start)));
}

std::string Replaced(const std::string& text, char how, const std::string& from, const std::string& to, bool has_to) {
  if (how == '#') return has_to && text.starts_with(from) ? to + text.substr(from.size()) : text;
  if (how == '%') return has_to && text.ends_with(from) ? text.substr(0, text.size() - from.size()) + to : text;
  if (from.empty()) return how == '/' ? text : to + text;
  std::string result;
  size_t at = 0;
  for (size_t found; (found = text.find(from, at)) != std::string::npos;) {
    result.append(text, at, found - at).append(to);
    at = found + from.size();
    if (how != '/') break;
  }
  return result.append(text, at);
}

class Expander {
 public:
  Expander(std::string_view text, const std::map<std::string, std::string>& variables, const EnvsubstOptions& options)
      : text_(text), variables_(variables), options_(options) {}

  Result<std::string> Run() {
    std::string out;
    while (at_ < text_.size()) {
      PLUMB_OK(Step(out));
      if (out.size() > options_.bytes) return LimitExceeded("the text grows above " + std::to_string(options_.bytes) + " bytes");
    }
    return out;
  }

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool AtVariable() const { return Peek() == '$' && Peek(1) == '{'; }
  bool Take(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }
  bool AtEscape() const { return (Peek() == '$' && Peek(1) == '$') || (Peek() == '\\' && (Peek(1) == '/' || Peek(1) == '\\')); }

  // One character, escape or variable of plain text.
  Status Step(std::string& out) {
    if (AtVariable()) {
      PLUMB_TRY(value, Variable());
      out += value;
      return Ok();
    }
    if (AtEscape()) ++at_;
    out += text_[at_++];
    return Ok();
  }

  Error Malformed(size_t begin) const {
    const size_t end = std::min({text_.find('}', begin), text_.find('\n', begin), begin + 60});
    return Invalid("bad substitution '" + std::string(text_.substr(begin, end == std::string_view::npos ? end : end - begin + 1)) +
                   "': write '$${' for a '${' that is meant as it stands");
  }

  // An argument: one variable, or text up to a character of `ends`.
  Result<std::string> Argument(std::string_view ends, bool escapes) {
    if (AtVariable()) return Variable();
    std::string argument;
    while (at_ < text_.size() && ends.find(Peek()) == std::string_view::npos && !AtVariable()) {
      if (escapes && AtEscape()) ++at_;
      argument += text_[at_++];
    }
    return argument;
  }

  Result<std::string> Variable() {
    const size_t begin = at_;
    if (++depth_ > options_.depth) return LimitExceeded("substitutions are nested more than " + std::to_string(options_.depth) + " deep");
    at_ += 2;
    const bool length = Take('#');
    const size_t name_begin = at_;
    while (IsNameChar(Peek())) ++at_;
    const std::string name(text_.substr(name_begin, at_ - name_begin));
    if (name.empty()) return Malformed(begin);
    PLUMB_TRY(value, length ? Length(name) : Operation(name, begin));
    if (!Take('}')) return Malformed(begin);
    --depth_;
    return std::move(value);
  }

  std::string ValueOf(const std::string& name) const {
    const auto found = variables_.find(name);
    return found == variables_.end() ? "" : found->second;
  }
  Result<std::string> Length(const std::string& name) { return std::to_string(ValueOf(name).size()); }

  Result<std::string> Operation(const std::string& name, size_t begin) {
    const std::string value = ValueOf(name);
    switch (Peek()) {
      case '}': return Plain(name, value);
      case '=':
      case '-': return ++at_, Default(value);
      case ':':
        ++at_;
        // ":-" begins a default; a negative offset is written with a space, as in bash.
        if (Peek() == '=' || Peek() == '-' || Peek() == '?' || Peek() == '+') return ++at_, Default(value);
        return Substring(value);
      case '^':
      case ',': {
        const char op = Peek();
        ++at_;
        return InCase(value, op == '^', Take(op));
      }
      case '#':
      case '%': {
        const char op = Peek();
        ++at_;
        const bool longest = Take(op);
        PLUMB_TRY(pattern, Argument("}", false));
        return Trim(value, pattern, op == '#', longest);
      }
      case '/': return Replace(value, begin);
      default: return Malformed(begin);
    }
  }

  Result<std::string> Plain(const std::string& name, const std::string& value) {
    if (!options_.strict || variables_.contains(name)) return value;
    std::vector<std::string> known;
    for (const auto& [key, unused] : variables_) known.push_back(key);
    return Invalid("variable '" + name + "' is not set" + DidYouMean(name, known));
  }

  Result<std::string> Default(const std::string& value) {
    std::string word;
    while (at_ < text_.size() && Peek() != '}') {
      PLUMB_TRY(part, Argument("}", false));
      word += part;
    }
    return value.empty() ? word : value;
  }

  Result<std::string> Substring(const std::string& value) {
    std::vector<std::string> args;
    PLUMB_TRY(from, Argument(":}", false));
    args.push_back(from.substr(std::min(from.size(), from.find_first_not_of(' '))));
    if (Take(':')) {
      PLUMB_TRY(length, Argument("}", false));
      args.push_back(length);
    }
    return Part(value, args);
  }

  Result<std::string> Replace(const std::string& value, size_t begin) {
    ++at_;
    const char how = Peek() == '/' || Peek() == '#' || Peek() == '%' ? text_[at_++] : '\0';
    PLUMB_TRY(from, Argument("/", true));
    if (!Take('/')) return Malformed(begin);
    const bool has_to = Peek() != '}';
    PLUMB_TRY(to, has_to ? Argument("}", true) : Result<std::string>(std::string()));
    return Replaced(value, how, from, to, has_to);
  }

  const std::string_view text_;
  const std::map<std::string, std::string>& variables_;
  const EnvsubstOptions& options_;
  size_t at_ = 0, depth_ = 0;
};

}  // namespace

Result<std::string> Envsubst(std::string_view text, const std::map<std::string, std::string>& variables, const EnvsubstOptions& options) {
  return Expander(text, variables, options).Run();
}

}  // namespace plumb::kustomize
