// Quantities of resources ("500m", "1.5Gi", "1e3"): exact value, comparison and canonical spelling.
//
// Every value that the API server accepts is held exactly, of any size. Rounding and bounds are the server's: finer than
// nano is rounded away from zero, binary quantities stop at 2^63-1. Source: apimachinery pkg/api/resource, v0.36.
//
// Plain value, as thread-safe as a std::string.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace plumb {

class Quantity {
 public:
  enum class Format : uint8_t { kDecimalSi, kBinarySi, kDecimalExponent };

  // Errors: kInvalid, naming the text. Surrounding white space is not part of a quantity here.
  static Result<Quantity> Parse(std::string_view text);

  Format format() const { return format_; }
  bool IsZero() const { return digits_.empty(); }

  // The canonical form: no digits after a point, the largest suffix that loses nothing. 1.5 is "1500m", 1024Ki is "1Mi".
  std::string ToString() const;

  // By value: "1" == "1000m" == "1e0". The spelling does not count.
  std::strong_ordering operator<=>(const Quantity& other) const;
  bool operator==(const Quantity& other) const { return (*this <=> other) == 0; }

  // The value rounded up (away from zero) to a multiple of 10^exponent; RoundUp(-3) to milli.
  Quantity RoundUp(int64_t exponent) const;

 private:
  void Trim();

  bool negative_ = false;
  Format format_ = Format::kDecimalSi;
  std::string digits_;    // without leading or trailing zeros; "" is zero
  int64_t exponent_ = 0;  // value = digits * 10^exponent
};

// The spelling that the API server answers with for `text`. It is Quantity::ToString but for spellings that the server
// takes for canonical already and keeps: "1.500" stays, "1.50" becomes 1500m. `text` itself where it is no quantity.
std::string CanonicalQuantity(std::string_view text);

}  // namespace plumb
