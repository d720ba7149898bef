#include "core/yaml_scalar.h"

#include <fmt/core.h>

#include <charconv>
#include <optional>

#include "core/yaml_time.h"

namespace plumb {

namespace {

using Type = YamlScalar::Type;

YamlScalar Of(Type type) {
  YamlScalar s;
  s.type = type;
  return s;
}
YamlScalar OfBool(bool b) {
  YamlScalar s = Of(Type::kBool);
  s.boolean = b;
  return s;
}
YamlScalar OfInt(int64_t i) {
  YamlScalar s = Of(Type::kInt);
  s.integer = i;
  return s;
}
YamlScalar OfUint(uint64_t u) {
  YamlScalar s = Of(Type::kUint);
  s.unsigned_integer = u;
  return s;
}
YamlScalar OfFloat(double d) {
  YamlScalar s = Of(Type::kFloat);
  s.number = d;
  return s;
}

struct Word {
  std::string_view text;
  YamlScalar value;
  bool v2_only = false;
};

const Word kWords[] = {
    {"true", OfBool(true)},    {"True", OfBool(true)},    {"TRUE", OfBool(true)},
    {"false", OfBool(false)},  {"False", OfBool(false)},  {"FALSE", OfBool(false)},
    {"~", Of(Type::kNull)},    {"null", Of(Type::kNull)}, {"Null", Of(Type::kNull)}, {"NULL", Of(Type::kNull)},
    {"y", OfBool(true), true},   {"Y", OfBool(true), true},
    {"yes", OfBool(true), true}, {"Yes", OfBool(true), true}, {"YES", OfBool(true), true},
    {"on", OfBool(true), true},  {"On", OfBool(true), true},  {"ON", OfBool(true), true},
    {"n", OfBool(false), true},  {"N", OfBool(false), true},
    {"no", OfBool(false), true}, {"No", OfBool(false), true}, {"NO", OfBool(false), true},
    {"off", OfBool(false), true}, {"Off", OfBool(false), true}, {"OFF", OfBool(false), true},
};

// The words for which no number can be mistaken; all are at most five letters.
YamlScalar ResolveWord(std::string_view text, YamlDialect dialect) {
  if (text.size() <= 5)
    for (const Word& word : kWords)
      if (word.text == text && !(word.v2_only && dialect == YamlDialect::kKyaml)) return word.value;
  return Of(Type::kString);
}

std::optional<YamlScalar> ResolveSpecialFloat(std::string_view text) {
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  const bool sign = negative || rest.starts_with('+');
  if (sign) rest.remove_prefix(1);
  if (rest == ".inf" || rest == ".Inf" || rest == ".INF") {
    const double infinity = std::numeric_limits<double>::infinity();
    return OfFloat(negative ? -infinity : infinity);
  }
  if (!sign && (rest == ".nan" || rest == ".NaN" || rest == ".NAN")) return OfFloat(std::numeric_limits<double>::quiet_NaN());
  return std::nullopt;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool LooksLikeFloat(std::string_view text) {
  size_t i = 0;
  auto digits = [&] {
    const size_t first = i;
    while (i < text.size() && IsDigit(text[i])) ++i;
    return i - first;
  };
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  if (digits() > 0) {
    if (i < text.size() && text[i] == '.') {
      ++i;
      digits();
    }
  } else {
    if (i >= text.size() || text[i++] != '.') return false;
    if (digits() == 0) return false;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (digits() == 0) return false;
  }
  return i == text.size();
}

// A float in Go's sense: too large is no float (it stays a string), too small is zero.
std::optional<YamlScalar> ResolveFloat(std::string_view text) {
  if (!LooksLikeFloat(text)) return std::nullopt;
  if (text[0] == '+') text.remove_prefix(1);
  double d = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), d);
  if (status == std::errc::result_out_of_range) {
    // from_chars does not say which end of the range was left; strtod does.
    d = std::strtod(std::string(text).c_str(), nullptr);
    if (d > 1 || d < -1) return std::nullopt;
    return OfFloat(d);
  }
  if (status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return OfFloat(d);
}

// The text without underscores; Go's number parsers differ in where they allow them, which is for the caller to check.
std::string WithoutUnderscores(std::string_view text) {
  std::string without;
  without.reserve(text.size());
  for (char c : text)
    if (c != '_') without.push_back(c);
  return without;
}

// Does every underscore stand between two digits?
bool UnderscoresSeparateDigits(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '_' && (i == 0 || !IsDigit(text[i - 1]) || i + 1 == text.size() || !IsDigit(text[i + 1]))) return false;
  return true;
}

// Digits of one base, no sign: the value, or nothing where they are not digits or beyond uint64.
std::optional<uint64_t> Digits(std::string_view text, int base) {
  uint64_t u = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), u, base);
  if (status != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return u;
}

std::optional<YamlScalar> Signed(bool negative, uint64_t magnitude) {
  constexpr uint64_t kMax = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (!negative && magnitude <= kMax) return OfInt(static_cast<int64_t>(magnitude));
  if (negative && magnitude <= kMax + 1) return OfInt(static_cast<int64_t>(-magnitude));
  return std::nullopt;
}

// strconv.ParseInt, then ParseUint, of the text without underscores, base by prefix: 0x, 0b, 0o, or 0 for octal.
std::optional<YamlScalar> ResolveInt(std::string_view text, YamlDialect dialect) {
  std::string_view rest = text;
  const bool sign = rest.starts_with('-') || rest.starts_with('+');
  const bool negative = sign && rest[0] == '-';
  if (sign) rest.remove_prefix(1);
  int base = 10;
  if (rest.size() > 1 && rest[0] == '0') {
    const char prefix = static_cast<char>(rest[1] | 0x20);
    base = prefix == 'x' ? 16 : prefix == 'b' ? 2 : 8;
    rest.remove_prefix(prefix == 'x' || prefix == 'b' || prefix == 'o' ? 2 : 1);
  }
  if (const auto magnitude = Digits(rest, base)) {
    if (auto value = Signed(negative, *magnitude)) return value;
    if (!sign) return OfUint(*magnitude);
    return std::nullopt;
  }
  // go-yaml tries "0b" (and v3 "0o") once more by hand, and so takes a sign after the prefix: 0b-11 is -3.
  const bool binary = text.starts_with("0b"), octal = text.starts_with("0o") && dialect == YamlDialect::kKyaml;
  if ((binary || octal) && text.size() > 3 && (text[2] == '-' || text[2] == '+'))
    if (const auto magnitude = Digits(text.substr(3), binary ? 2 : 8)) return Signed(text[2] == '-', *magnitude);
  return std::nullopt;
}

YamlScalar ResolveNumber(std::string_view text, YamlDialect dialect, bool timestamps) {
  if (text.size() > 1 && text[0] >= '1' && text.find_first_not_of("0123456789") == std::string_view::npos && text.size() < 19) {
    int64_t i = 0;
    std::from_chars(text.data(), text.data() + text.size(), i);
    return OfInt(i);
  }
  if (const auto special = ResolveSpecialFloat(text)) return *special;
  if (timestamps && ParseYamlTime(text)) return Of(Type::kTimestamp);
  std::string without;
  if (text.find('_') != std::string_view::npos) {
    without = WithoutUnderscores(text);
    text = without;
  }
  if (const auto i = ResolveInt(text, dialect)) return *i;
  if (const auto d = ResolveFloat(text)) return *d;
  return Of(Type::kString);
}

YamlScalar Resolve(std::string_view text, YamlDialect dialect, bool timestamps) {
  if (text.empty()) return Of(Type::kNull);
  switch (text[0]) {
    case 'y': case 'Y': case 'n': case 'N': case 't': case 'T': case 'f': case 'F': case 'o': case 'O': case '~':
      return ResolveWord(text, dialect);
    case '.': {
      if (const auto special = ResolveSpecialFloat(text)) return *special;
      if (!UnderscoresSeparateDigits(text)) return Of(Type::kString);
      return ResolveFloat(WithoutUnderscores(text)).value_or(Of(Type::kString));
    }
    case '+': case '-':
    case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
      return ResolveNumber(text, dialect, timestamps);
    default: return Of(Type::kString);
  }
}

// "!!int" of a type, as go-yaml's messages name it.
std::string_view TypeName(Type type) {
  switch (type) {
    case Type::kNull: return "null";
    case Type::kBool: return "bool";
    case Type::kInt:
    case Type::kUint: return "int";
    case Type::kFloat: return "float";
    case Type::kTimestamp: return "timestamp";
    case Type::kString: return "str";
  }
  return "str";
}

// ^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$
bool IsBase60(std::string_view text) {
  size_t i = 0;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  if (i >= text.size() || !IsDigit(text[i])) return false;
  while (i < text.size() && (IsDigit(text[i]) || text[i] == '_')) ++i;
  size_t groups = 0;
  while (i < text.size() && text[i] == ':') {
    ++i;
    const size_t first = i;
    while (i < text.size() && IsDigit(text[i])) ++i;
    if (i == first || i - first > 2 || (i - first == 2 && text[first] > '5')) return false;
    ++groups;
  }
  if (groups == 0) return false;
  if (i < text.size() && text[i] == '.') {
    ++i;
    while (i < text.size() && (IsDigit(text[i]) || text[i] == '_')) ++i;
  }
  return i == text.size();
}

}  // namespace

YamlScalar ResolveYamlScalar(std::string_view text, YamlDialect dialect) { return Resolve(text, dialect, true); }

Result<YamlScalar> ResolveTaggedYamlScalar(std::string_view tag, std::string_view text, YamlDialect dialect) {
  constexpr std::string_view kPrefix = "tag:yaml.org,2002:";
  if (!tag.starts_with(kPrefix)) return Of(Type::kString);
  const std::string_view name = tag.substr(kPrefix.size());
  if (name != "bool" && name != "int" && name != "float" && name != "null" && name != "timestamp") return Of(Type::kString);
  const YamlScalar found = Resolve(text, dialect, name == "timestamp");
  if (TypeName(found.type) == name) return found;
  if (name == "float" && found.type == Type::kInt) return OfFloat(static_cast<double>(found.integer));
  return Invalid(fmt::format("'{}' is tagged !!{} but reads as !!{}", text, name, TypeName(found.type)));
}

std::string CanonicalTimestamp(std::string_view text) {
  const auto time = ParseYamlTime(text);
  return time ? FormatYamlTime(*time) : std::string(text);
}

bool YamlStringNeedsQuotes(std::string_view text) {
  return Resolve(text, YamlDialect::kKubernetes, true).type != Type::kString || IsBase60(text);
}

}  // namespace plumb
