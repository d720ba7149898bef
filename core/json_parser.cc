#include "core/json_parser.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <unordered_set>
#include <vector>

#include "core/map_keys.h"
#include "core/utf8.h"

namespace plumb {

namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

class Parser {
 public:
  Parser(std::string_view text, const JsonLimits& limits, Arena& arena) : text_(text), limits_(limits), arena_(arena) {}

  Result<Value> Parse() {
    SkipSpace();
    if (AtEnd()) return Bad("the text is empty; expected a JSON value");
    PLUMB_TRY(value, ParseValue());
    SkipSpace();
    if (!AtEnd()) return Bad(fmt::format("expected the end of the text after one JSON value, found {}", Found()));
    return value;
  }

 private:
  bool AtEnd() const { return at_ == text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  bool Take(char c) {
    if (AtEnd() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void SkipSpace() { at_ = std::min(text_.size(), text_.find_first_not_of(" \t\r\n", at_)); }

  Error At(size_t offset, Code code, std::string_view message) const {
    const std::string_view before = text_.substr(0, offset);
    const size_t newline = before.rfind('\n');
    const std::string_view line = before.substr(newline == std::string_view::npos ? 0 : newline + 1);
    const auto column = std::count_if(line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
    return {code, fmt::format("{}:{}: {}", std::count(before.begin(), before.end(), '\n') + 1, column + 1, message)};
  }
  Error Bad(std::string_view message) const { return At(at_, Code::kInvalid, message); }

  // What stands at the cursor, for messages.
  std::string Found() const {
    if (AtEnd()) return "the end of the text";
    const size_t length = Utf8Length(text_.substr(at_));
    const auto c = static_cast<unsigned char>(text_[at_]);
    if (length == 0 || c < 0x20) return fmt::format("byte 0x{:02X}", c);
    return fmt::format("'{}'", text_.substr(at_, length));
  }

  Result<Value> ParseValue() {
    switch (Peek()) {
      case '{': return ParseMap();
      case '[': return ParseList();
      case '"': {
        PLUMB_TRY(text, ParseString());
        return arena_.String(text);
      }
      case 't': return ParseWord("true", Arena::Bool(true));
      case 'f': return ParseWord("false", Arena::Bool(false));
      case 'n': return ParseWord("null", Value());
      default:
        if (Peek() == '-' || IsDigit(Peek())) return ParseNumber();
        return Bad(fmt::format("expected a JSON value, found {}", Found()));
    }
  }

  Result<Value> ParseWord(std::string_view word, Value value) {
    if (text_.substr(at_, word.size()) != word) return Bad(fmt::format("expected '{}', found {}", word, Found()));
    at_ += word.size();
    return value;
  }

  Status Enter() {
    if (depth_ == limits_.depth) return At(at_, Code::kLimit, fmt::format("nested more than {} deep", limits_.depth));
    ++depth_;
    ++at_;
    SkipSpace();
    return Ok();
  }

  Result<Value> ParseList() {
    PLUMB_OK(Enter());
    const size_t first = values_.size();
    if (!Take(']')) {
      for (;;) {
        PLUMB_TRY(item, ParseValue());
        values_.push_back(item);
        SkipSpace();
        if (Take(']')) break;
        if (!Take(',')) return Bad(fmt::format("expected ',' or ']' after a list's item, found {}", Found()));
        SkipSpace();
      }
    }
    const Value list = arena_.List(std::span(values_).subspan(first));
    values_.resize(first);
    --depth_;
    return list;
  }

  Result<Value> ParseMap() {
    PLUMB_OK(Enter());
    const size_t first = members_.size();
    if (!Take('}')) {
      for (;;) {
        if (Peek() != '"') return Bad(fmt::format("expected a key in double quotes, found {}", Found()));
        const size_t place = at_;
        PLUMB_TRY(name, ParseString());
        const std::string_view key = arena_.Key(name);
        SkipSpace();
        if (!Take(':')) return Bad(fmt::format("expected ':' after the key '{}', found {}", key, Found()));
        SkipSpace();
        PLUMB_TRY(value, ParseValue());
        members_.push_back({key, value});
        places_.push_back(place);
        SkipSpace();
        if (Take('}')) break;
        if (!Take(',')) return Bad(fmt::format("expected ',' or '}}' after a map's member, found {}", Found()));
        SkipSpace();
      }
    }
    std::span<Member> members = std::span(members_).subspan(first);
    if (HasRepeatedKeys(members)) {
      if (limits_.refuse_repeated_keys) return Repeated(first);
      members = KeepLastOfRepeatedKeys(members);
    }
    const Value map = arena_.Map(members);
    members_.resize(first);
    places_.resize(first);
    --depth_;
    return map;
  }

  // Names the first key of members_ from `first` on that is there already.
  Error Repeated(size_t first) const {
    std::unordered_set<std::string_view> seen;
    size_t i = first;
    while (seen.insert(members_[i].key).second) ++i;
    return At(places_[i], Code::kInvalid, fmt::format("key '{}' given twice", members_[i].key));
  }

  // RFC 8259, section 6: no leading zeros, digits on both sides of a point.
  Result<Value> ParseNumber() {
    const size_t first = at_;
    bool integer = true;
    const auto digits = [&] {
      const size_t from = at_;
      while (IsDigit(Peek())) ++at_;
      return at_ > from;
    };
    Take('-');
    if (!Take('0') && !digits()) return Bad(fmt::format("expected a digit, found {}", Found()));
    if (Take('.')) {
      integer = false;
      if (!digits()) return Bad(fmt::format("expected a digit after the point, found {}", Found()));
    }
    if (Peek() == 'e' || Peek() == 'E') {
      integer = false;
      ++at_;
      if (!Take('+')) Take('-');
      if (!digits()) return Bad(fmt::format("expected a digit of the exponent, found {}", Found()));
    }
    const std::string_view token = text_.substr(first, at_ - first);
    int64_t i = 0;
    if (integer && std::from_chars(token.data(), token.data() + token.size(), i).ec == std::errc()) return Arena::Int(i);
    const double d = std::strtod(std::string(token).c_str(), nullptr);
    if (d - d != 0) return At(first, Code::kInvalid, fmt::format("the number '{}' is too large", token.substr(0, 40)));
    return arena_.Float(d, token);
  }

  // The string at the cursor; valid until the next call.
  Result<std::string_view> ParseString() {
    const size_t open = at_++;
    string_.clear();
    for (;;) {
      const size_t special = text_.find_first_of(kSpecial, at_);
      if (special == std::string_view::npos) return At(open, Code::kInvalid, "the closing quote of this string is missing");
      const std::string_view run = text_.substr(at_, special - at_);
      if (const size_t bad = FindInvalidUtf8(run); bad != std::string_view::npos) {
        at_ += bad;
        return Bad(fmt::format("not UTF-8 text: {}", Found()));
      }
      string_.append(run);
      at_ = special;
      if (Take('"')) return std::string_view(string_);
      if (!Take('\\')) return Bad(fmt::format("found a control character ({}) in a string; write it as an escape", Found()));
      PLUMB_OK(ParseEscape());
    }
  }

  Status ParseEscape() {
    static constexpr std::string_view kNames = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    if (Take('u')) return ParseUnicodeEscape();
    const size_t i = kNames.find(Peek());
    if (AtEnd() || i == std::string_view::npos) return Bad(fmt::format("no such escape: '\\' before {}", Found()));
    string_.push_back(kMeanings[i]);
    ++at_;
    return Ok();
  }

  // After "\u". A pair of surrogates is one character; half of a pair is U+FFFD, as in Go.
  Status ParseUnicodeEscape() {
    PLUMB_TRY(unit, ParseHex());
    char32_t c = unit;
    if (c >= 0xD800 && c <= 0xDBFF && text_.substr(at_, 2) == "\\u") {
      const size_t back = at_;
      at_ += 2;
      PLUMB_TRY(low, ParseHex());
      if (low >= 0xDC00 && low <= 0xDFFF) c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
      else at_ = back;
    }
    AppendUtf8(string_, c >= 0xD800 && c <= 0xDFFF ? 0xFFFD : c);
    return Ok();
  }

  Result<char32_t> ParseHex() {
    uint32_t unit = 0;
    const std::string_view digits = text_.substr(at_, 4);
    const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), unit, 16);
    if (status != std::errc() || end != digits.data() + 4) return Bad("expected four hexadecimal digits after '\\u'");
    at_ += 4;
    return static_cast<char32_t>(unit);
  }

  // What ends a run of ordinary characters: the quote, the backslash and the control characters.
  static constexpr std::string_view kSpecial{
      "\"\\\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b"
      "\x1c\x1d\x1e\x1f",
      34};

  std::string_view text_;
  const JsonLimits& limits_;
  Arena& arena_;
  size_t at_ = 0;
  size_t depth_ = 0;
  std::vector<Value> values_;
  std::vector<Member> members_;
  std::vector<size_t> places_;  // offsets of the keys of members_
  std::string string_;
};

}  // namespace

Result<Document> ParseJsonExactly(std::string_view text, const JsonLimits& limits) {
  auto arena = std::make_shared<Arena>();
  PLUMB_TRY(value, Parser(text, limits, *arena).Parse());
  arena->Seal();
  return Document(std::move(arena), value);
}

}  // namespace plumb
