#include "core/hash.h"

#include <array>

#include <fmt/core.h>
#include <openssl/sha.h>

namespace plumb {
namespace {

std::string Encode(std::string_view bytes, std::string_view alphabet, bool pad) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t n = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < n ? static_cast<uint8_t>(bytes[i + k]) : 0u);
    for (size_t k = 0; k < 4; ++k) {
      if (k <= n) out += alphabet[group >> (18 - 6 * k) & 63];
      else if (pad) out += '=';
    }
  }
  return out;
}

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr auto kDigits = [] {
  std::array<int8_t, 256> table{};
  table.fill(-1);
  for (int i = 0; i < 64; ++i) table[static_cast<uint8_t>(kStandard[i])] = static_cast<int8_t>(i);
  return table;
}();

}  // namespace

std::string Sha256(std::string_view bytes) {
  std::string out(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

std::string Sha256Hex(std::string_view bytes) {
  std::string out;
  for (char c : Sha256(bytes)) out += fmt::format("{:02x}", static_cast<uint8_t>(c));
  return out;
}

std::string Base64(std::string_view bytes) { return Encode(bytes, kStandard, true); }
std::string Base64Url(std::string_view bytes) { return Encode(bytes, kUrl, false); }

Result<std::string> DecodeBase64(std::string_view text) {
  std::string out;
  out.reserve(text.size() / 4 * 3);
  uint32_t group = 0;
  int digits = 0, padding = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n' || c == '\r') continue;
    if (c == '=') {
      if (digits < 2 || ++padding + digits > 4) return Invalid(fmt::format("base64: unexpected '=' at byte {}", i));
      continue;
    }
    const int digit = kDigits[static_cast<uint8_t>(c)];
    if (digit < 0 || padding > 0) return Invalid(fmt::format("base64: unexpected character at byte {}", i));
    group = group << 6 | static_cast<uint32_t>(digit);
    if (++digits < 4) continue;
    for (int shift : {16, 8, 0}) out += static_cast<char>(group >> shift & 0xff);
    group = 0;
    digits = 0;
  }
  if (digits == 0 && padding == 0) return out;
  if (digits + padding != 4) return Invalid("base64: the text ends in the middle of a group; is the padding missing?");
  group <<= 6 * padding;
  out += static_cast<char>(group >> 16 & 0xff);
  if (digits == 3) out += static_cast<char>(group >> 8 & 0xff);
  return out;
}

}  // namespace plumb
