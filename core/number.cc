#include "core/number.h"

#include <charconv>
#include <cmath>

namespace plumb {

std::string FormatDouble(double d) {
  if (!std::isfinite(d)) return "null";
  const double magnitude = std::fabs(d);
  const bool scientific = magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21);
  char buffer[400];  // the largest plain decimal has 21 digits before the point; the shortest fraction 17 after zeros
  auto end = std::to_chars(buffer, buffer + sizeof(buffer), d,
                           scientific ? std::chars_format::scientific : std::chars_format::fixed).ptr;
  std::string text(buffer, end);
  if (scientific) {  // Go writes e-7, C++ writes e-07
    const size_t e = text.find('e');
    if (text.size() - e == 4 && text[e + 2] == '0') text.erase(e + 2, 1);
  }
  return text;
}

}  // namespace plumb
