// Which addresses a fetch on behalf of others must not reach.
#include "sources/inner_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

namespace plumb {
namespace {

bool IsInner(const std::string& text) {
  sockaddr_storage storage{};
  if (text.find(':') == std::string::npos) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
    v4->sin_family = AF_INET;
    EXPECT_EQ(inet_pton(AF_INET, text.c_str(), &v4->sin_addr), 1) << text;
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
    v6->sin6_family = AF_INET6;
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr), 1) << text;
  }
  return IsInnerAddress(reinterpret_cast<const sockaddr*>(&storage));
}

TEST(InnerAddress, LoopbackAndLinkLocalInEveryDress) {
  for (const char* inner : {"127.0.0.1", "127.8.9.10", "0.0.0.0", "169.254.169.254", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "febf::1", "ff02::1", "::ffff:127.0.0.1",
                            "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::169.254.169.254", "2002:7f00:1::"})
    EXPECT_TRUE(IsInner(inner)) << inner;
  for (const char* outer : {"1.1.1.1", "10.0.0.1", "192.168.1.1", "169.253.0.1", "128.0.0.1", "2001:db8::1", "fd00::1", "fec0::1", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::"})
    EXPECT_FALSE(IsInner(outer)) << outer;
}

TEST(InnerAddress, NamesAreLookedUp) {
  EXPECT_EQ(ResolveOuter("localhost").error().code(), Code::kDenied);
  EXPECT_EQ(ResolveOuter("169.254.169.254").error().code(), Code::kDenied);
  EXPECT_EQ(*ResolveOuter("192.0.2.1"), std::vector<std::string>{"192.0.2.1"});
  EXPECT_EQ(ResolveOuter("no-such-host.invalid").error().code(), Code::kUnavailable);
}

}  // namespace
}  // namespace plumb
