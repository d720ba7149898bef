#include "diff/quantity.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

namespace plumb {

namespace {

constexpr size_t kLongestText = 4096;  // digits; arithmetic on longer ones would not be O(1) for any real purpose

struct Suffix {
  std::string_view text;
  int power;  // of ten, or of two for binary suffixes
  bool binary;
};

constexpr Suffix kSuffixes[] = {
    {"n", -9, false}, {"u", -6, false}, {"m", -3, false}, {"", 0, false},   {"k", 3, false},  {"M", 6, false},  {"G", 9, false},
    {"T", 12, false}, {"P", 15, false}, {"E", 18, false}, {"Ki", 10, true}, {"Mi", 20, true}, {"Gi", 30, true}, {"Ti", 40, true},
    {"Pi", 50, true}, {"Ei", 60, true},
};

constexpr std::string_view kLargest = "9223372036854775807";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// A quantity cut into its parts, as the server's scanner cuts it.
struct Parts {
  bool negative = false;
  std::string_view whole, fraction;  // digits; `whole` without leading zeros
  Quantity::Format format = Quantity::Format::kDecimalSi;
  int64_t power = 0;  // of ten, or of two for kBinarySi
};

bool Scan(std::string_view text, Parts& out) {
  if (text.empty() || text.size() > kLongestText) return false;
  size_t at = 0;
  if (text[0] == '-' || text[0] == '+') out.negative = text[at++] == '-';
  while (at < text.size() && text[at] == '0') ++at;
  const size_t whole = at;
  while (at < text.size() && IsDigit(text[at])) ++at;
  out.whole = text.substr(whole, at - whole);
  if (at < text.size() && text[at] == '.') {
    const size_t fraction = ++at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    out.fraction = text.substr(fraction, at - fraction);
  }
  const std::string_view suffix = text.substr(at);
  for (const Suffix& s : kSuffixes) {
    if (s.text != suffix) continue;
    out.format = s.binary ? Quantity::Format::kBinarySi : Quantity::Format::kDecimalSi;
    out.power = s.power;
    return true;
  }
  if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E')) return false;
  out.format = Quantity::Format::kDecimalExponent;
  const char* first = suffix.data() + 1 + (suffix[1] == '+' ? 1 : 0);
  const char* last = suffix.data() + suffix.size();
  int32_t power = 0;  // the server keeps 32 bits of it
  const auto [end, error] = std::from_chars(first, last, power);
  if (error != std::errc() || end != last || (suffix[1] == '+' && *first == '-')) return false;
  out.power = power;
  return true;
}

// digits * 2^power, in decimal.
std::string TimesTwoTo(std::string digits, int power) {
  for (; power > 0; power -= 10) {
    unsigned carry = 0;
    for (size_t i = digits.size(); i-- > 0;) {
      const unsigned n = static_cast<unsigned>(digits[i] - '0') * 1024 + carry;
      digits[i] = static_cast<char>('0' + n % 10);
      carry = n / 10;
    }
    std::string front = carry ? std::to_string(carry) : "";
    digits.insert(0, front);
  }
  return digits;
}

}  // namespace

void Quantity::Trim() {
  digits_.erase(0, std::min(digits_.find_first_not_of('0'), digits_.size()));
  while (digits_.ends_with('0')) {
    digits_.pop_back();
    ++exponent_;
  }
  if (digits_.empty()) {
    exponent_ = 0;
    negative_ = false;
  }
}

Result<Quantity> Quantity::Parse(std::string_view text) {
  Parts parts;
  if (!Scan(text, parts))
    return Invalid(fmt::format("\"{}\" is no quantity; write it as \"500m\", \"1.5\" or \"2Gi\"", text.substr(0, 64)));
  Quantity q;
  q.negative_ = parts.negative;
  q.format_ = parts.format;
  q.digits_ = std::string(parts.whole) + std::string(parts.fraction);
  q.exponent_ = -static_cast<int64_t>(parts.fraction.size());
  if (parts.format == Format::kBinarySi) q.digits_ = TimesTwoTo(std::move(q.digits_), static_cast<int>(parts.power));
  else q.exponent_ += parts.power;
  q.Trim();
  q = q.RoundUp(-9);
  if (q.format_ == Format::kBinarySi) {
    const int64_t length = static_cast<int64_t>(q.digits_.size()) + q.exponent_;  // digits before the point
    std::string whole = q.digits_;
    if (length == static_cast<int64_t>(kLargest.size())) whole.resize(kLargest.size(), '0');
    if (length > static_cast<int64_t>(kLargest.size()) || (length == static_cast<int64_t>(kLargest.size()) && whole > kLargest)) {
      q.digits_ = kLargest;
      q.exponent_ = 0;
    }
    if (length <= 0) q.format_ = Format::kDecimalSi;  // below one there is nothing binary to say
  }
  return q;
}

Quantity Quantity::RoundUp(int64_t exponent) const {
  Quantity q = *this;
  if (q.IsZero() || q.exponent_ >= exponent) return q;
  const int64_t cut = exponent - q.exponent_;
  if (cut >= static_cast<int64_t>(q.digits_.size())) {
    q.digits_ = "1";  // anything that is not nothing is at least one
  } else {
    q.digits_.resize(q.digits_.size() - static_cast<size_t>(cut));
    size_t i = q.digits_.size();
    while (i > 0 && q.digits_[i - 1] == '9') q.digits_[--i] = '0';
    if (i > 0) ++q.digits_[i - 1];
    else q.digits_.insert(0, "1");
  }
  q.exponent_ = exponent;
  q.Trim();
  return q;
}

std::strong_ordering Quantity::operator<=>(const Quantity& other) const {
  const auto sign = [](const Quantity& q) { return q.IsZero() ? 0 : q.negative_ ? -1 : 1; };
  if (sign(*this) != sign(other) || IsZero()) return sign(*this) <=> sign(other);
  const int64_t mine = static_cast<int64_t>(digits_.size()) + exponent_;
  const int64_t theirs = static_cast<int64_t>(other.digits_.size()) + other.exponent_;
  std::strong_ordering order = mine <=> theirs;
  // Digits without trailing zeros, aligned at the first, compare as text does.
  if (order == 0) order = digits_.compare(other.digits_) <=> 0;
  return negative_ ? 0 <=> order : order;
}

std::string Quantity::ToString() const {
  if (IsZero()) return "0";
  const std::string sign = negative_ ? "-" : "";
  Format format = format_;
  if (format == Format::kBinarySi) {
    // Small and fractional values are said in decimals, so that nothing is rounded.
    Quantity magnitude = *this, kibi;
    magnitude.negative_ = false;
    kibi.digits_ = "1024";
    if (exponent_ < 0 || magnitude < kibi) format = Format::kDecimalSi;
  }
  if (format == Format::kBinarySi) {
    std::string text = digits_;
    text.resize(digits_.size() + static_cast<size_t>(exponent_), '0');
    uint64_t value = 0;  // at most 2^63-1: Parse caps it
    std::from_chars(text.data(), text.data() + text.size(), value);
    int power = 0;
    while (power < 60 && value % 1024 == 0) {
      value /= 1024;
      power += 10;
    }
    std::string_view suffix;
    for (const Suffix& s : kSuffixes)
      if (s.power == power && (s.binary || power == 0)) suffix = s.text;
    return fmt::format("{}{}{}", sign, value, suffix);
  }
  int64_t power = exponent_;
  std::string text = digits_;
  for (; power % 3 != 0; --power) text += '0';
  if (format == Format::kDecimalExponent) return power == 0 ? sign + text : fmt::format("{}{}e{}", sign, text, power);
  for (const Suffix& s : kSuffixes)
    if (!s.binary && s.power == power) return sign + text + std::string(s.text);
  return sign + text;  // above 10^18 there is no suffix, and the server prints none: a known flaw of its printer
}

std::string CanonicalQuantity(std::string_view text) {
  auto parsed = Quantity::Parse(text);
  if (!parsed.ok()) return std::string(text);
  Parts parts;
  Scan(text, parts);
  const std::string_view whole = parts.whole.empty() ? "0" : parts.whole;
  const size_t digits = whole.size() + parts.fraction.size();
  if (parts.format == Quantity::Format::kBinarySi) {
    uint64_t value = 0;
    const bool fits = digits + static_cast<size_t>(parts.power) * 3 / 10 + 1 <= 15 && parts.fraction.empty() &&
                      std::from_chars(whole.data(), whole.data() + whole.size(), value).ec == std::errc();
    if (fits && value % 8 != 0) return std::string(text);
  } else {
    const int64_t scale = parts.power - static_cast<int64_t>(parts.fraction.size());
    const std::string all = std::string(whole) + std::string(parts.fraction);
    if (digits <= 18 && scale >= -9 && scale % 3 == 0 && !all.ends_with("000") && all[0] != '0') return std::string(text);
  }
  return parsed->ToString();
}

}  // namespace plumb
