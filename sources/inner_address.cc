#include "sources/inner_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace plumb {
namespace {

bool IsInnerV4(uint32_t address) {  // in host order
  const uint32_t first = address >> 24;
  return first == 0 || first == 127 || first >= 224 || (address >> 16) == 0xa9fe;
}

uint32_t V4At(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

bool IsInnerV6(const in6_addr& address) {
  const uint8_t* b = address.s6_addr;
  const bool zeros = std::all_of(b, b + 10, [](uint8_t byte) { return byte == 0; });
  if (zeros && ((b[10] == 0xff && b[11] == 0xff) || (b[10] == 0 && b[11] == 0))) return IsInnerV4(V4At(b + 12));  // ::ffff:a.b.c.d, ::1, ::
  constexpr uint8_t kNat64[12] = {0x00, 0x64, 0xff, 0x9b};
  if (std::memcmp(b, kNat64, sizeof(kNat64)) == 0) return IsInnerV4(V4At(b + 12));
  if (b[0] == 0x20 && b[1] == 0x02) return IsInnerV4(V4At(b + 2));  // 6to4
  return b[0] == 0xff || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80);
}

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

}  // namespace

bool IsInnerAddress(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof(v4));
    return IsInnerV4(ntohl(v4.sin_addr.s_addr));
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof(v6));
    return IsInnerV6(v6.sin6_addr);
  }
  return true;
}

Result<std::vector<std::string>> ResolveOuter(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0)
    return Unavailable("host '" + host + "' cannot be resolved: " + gai_strerror(error));
  const std::unique_ptr<addrinfo, FreeAddresses> list(found);
  std::vector<std::string> addresses;
  for (const addrinfo* at = found; at; at = at->ai_next) {
    if (IsInnerAddress(at->ai_addr))
      return Denied("host '" + host + "' has a loopback or link-local address, which remote bases must not reach");
    char text[NI_MAXHOST];
    if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof(text), nullptr, 0, NI_NUMERICHOST) == 0) addresses.emplace_back(text);
  }
  if (addresses.empty()) return Unavailable("host '" + host + "' has no address");
  return addresses;
}

}  // namespace plumb
