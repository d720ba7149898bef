#include "core/mac.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

TEST(Mac, KnownVectors) {  // RFC 4231 case 2
  EXPECT_EQ(HmacSha256Hex("Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(HmacSha256Hex("", "").size(), 64u);
}

TEST(Mac, ConstantTimeComparisonIsEquality) {
  EXPECT_TRUE(EqualConstantTime("", ""));
  EXPECT_TRUE(EqualConstantTime("token", "token"));
  EXPECT_FALSE(EqualConstantTime("token", "tokem"));
  EXPECT_FALSE(EqualConstantTime("token", "token2"));
}

}  // namespace
}  // namespace plumb
