// Any bytes behind an envelope decode to JSON that is read back as the same tree, or are refused.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/json.h"
#include "engine/sandbox/protobuf.h"

using namespace plumb;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  (void)sandbox::DecodeProtobuf(bytes);
  // A Pod around the bytes: most messages are reached from it.
  std::string body("k8s\0\x0a\x09\x0a\x02v1\x12\x03Pod\x12", 16);
  for (size_t n = size; true; n >>= 7) {
    body += static_cast<char>((n & 0x7f) | (n > 0x7f ? 0x80 : 0));
    if (n <= 0x7f) break;
  }
  const auto decoded = sandbox::DecodeProtobuf(body + bytes);
  if (!decoded.ok()) return 0;
  const auto again = ParseJson(WriteJson(**decoded));
  if (again.ok() && !(**again == **decoded)) std::abort();
  return 0;
}
