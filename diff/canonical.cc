#include "diff/canonical.h"

#include <arpa/inet.h>

#include <algorithm>
#include <chrono>

#include "core/clock.h"
#include "core/hash.h"
#include "core/json.h"
#include "diff/quantity.h"

namespace plumb {

namespace {

// A quantity may be written as a number.
std::string QuantityText(Value v) { return v.is_string() ? std::string(v.AsString()) : v.is_number() ? WriteJson(v) : ""; }

bool EquivalentQuantity(Value a, Value b) {
  const auto left = Quantity::Parse(QuantityText(a)), right = Quantity::Parse(QuantityText(b));
  return left.ok() && right.ok() && *left == *right;
}

template <typename Unit>
bool EquivalentTime(std::string_view a, std::string_view b) {
  const auto left = ParseTime(a), right = ParseTime(b);
  return left.ok() && right.ok() && std::chrono::floor<Unit>(*left) == std::chrono::floor<Unit>(*right);
}

bool EquivalentDuration(std::string_view a, std::string_view b) {
  const auto left = ParseDuration(a), right = ParseDuration(b);
  return left.ok() && right.ok() && *left == *right;
}

bool EquivalentBytes(std::string_view a, std::string_view b) {
  const auto left = DecodeBase64(a), right = DecodeBase64(b);
  return left.ok() && right.ok() && *left == *right;
}

}  // namespace

bool EquivalentScalar(Value a, Value b, Format format) {
  if (a == b) return true;
  if (format == Format::kQuantity) return EquivalentQuantity(a, b);
  if (!a.is_string() || !b.is_string()) return false;
  switch (format) {
    case Format::kTime: return EquivalentTime<std::chrono::seconds>(a.AsString(), b.AsString());
    case Format::kMicroTime: return EquivalentTime<std::chrono::microseconds>(a.AsString(), b.AsString());
    case Format::kDuration: return EquivalentDuration(a.AsString(), b.AsString());
    case Format::kByte: return EquivalentBytes(a.AsString(), b.AsString());
    default: return false;
  }
}

std::optional<std::string> CanonicalScalar(Value v, Format format) {
  std::string out;
  if (format == Format::kQuantity && (v.is_string() || v.is_number())) {
    out = CanonicalQuantity(QuantityText(v));
    if (v.is_number() && Quantity::Parse(out).ok()) return out;
  } else if (v.is_string() && (format == Format::kTime || format == Format::kMicroTime)) {
    const auto time = ParseTime(v.AsString());
    if (!time.ok()) return std::nullopt;
    out = format == Format::kTime ? FormatTime(*time) : FormatMicroTime(*time);
  } else if (v.is_string() && format == Format::kByte) {
    const auto bytes = DecodeBase64(v.AsString());
    if (!bytes.ok()) return std::nullopt;
    out = Base64(*bytes);
  } else {
    return std::nullopt;
  }
  if (out == v.AsString()) return std::nullopt;
  return out;
}

std::optional<std::string> CanonicalIp(std::string_view text) {
  const size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  const std::string prefix(slash == std::string_view::npos ? std::string_view() : text.substr(slash));
  if (prefix.size() > 4 || !std::all_of(prefix.begin() + (prefix.empty() ? 0 : 1), prefix.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return std::nullopt;
  unsigned char bytes[16];
  char printed[INET6_ADDRSTRLEN];
  for (const int family : {AF_INET, AF_INET6})
    if (inet_pton(family, address.c_str(), bytes) == 1 && inet_ntop(family, bytes, printed, sizeof(printed)))
      return printed + prefix;
  return std::nullopt;
}

}  // namespace plumb
