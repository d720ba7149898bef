#include "core/number.h"

#include <charconv>
#include <cmath>
#include <string_view>

namespace plumb {

namespace {

template <typename Float>
std::string Shortest(Float f) {
  if (std::isnan(f)) return ".nan";
  if (std::isinf(f)) return f > 0 ? ".inf" : "-.inf";
  char buffer[128];
  auto end = std::to_chars(buffer, buffer + sizeof(buffer), f, std::chars_format::scientific).ptr;
  const std::string_view scientific(buffer, static_cast<size_t>(end - buffer));
  const std::string_view digits = scientific.substr(scientific.find('e') + 1);
  int exponent = 0;
  std::from_chars(digits.data() + (digits[0] == '+'), end, exponent);
  if (exponent < -4 || exponent >= 6) return std::string(scientific);
  end = std::to_chars(buffer, buffer + sizeof(buffer), f, std::chars_format::fixed).ptr;
  return {buffer, end};
}

}  // namespace

std::string FormatShortest(double d) { return Shortest(d); }
std::string FormatShortest(float f) { return Shortest(f); }

std::string FormatDouble(double d) {
  if (!std::isfinite(d)) return "null";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), d, std::chars_format::scientific).ptr;
  std::string text(buffer, end);
  const double magnitude = std::fabs(d);
  const size_t e = text.find('e');
  if (magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21)) {
    if (text.size() - e == 4 && text[e + 2] == '0') text.erase(e + 2, 1);  // Go writes e-7, C++ writes e-07
    return text;
  }
  // Laid out by hand: to_chars would print every digit of the binary value, where Go fills up with zeros after the
  // shortest ones (2^64 is 18446744073709552000).
  int exponent = 0;
  std::from_chars(text.data() + e + 1 + (text[e + 1] == '+'), text.data() + text.size(), exponent);
  const std::string sign = text[0] == '-' ? "-" : "";
  std::string digits;
  for (char c : std::string_view(text).substr(sign.size(), e - sign.size()))
    if (c != '.') digits.push_back(c);
  if (exponent < 0) return sign + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  const size_t whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= whole) return sign + digits + std::string(whole - digits.size(), '0');
  return sign + digits.insert(whole, ".");
}

}  // namespace plumb
