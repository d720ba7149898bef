// SHA-256 and base64 against the vectors of FIPS 180-2 and RFC 4648.
#include "core/hash.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

TEST(Hash, Sha256OfKnownTexts) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Hash, Base64RoundTrips) {
  const struct { std::string_view plain, coded; } kCases[] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(Base64(c.plain), c.coded);
    auto decoded = DecodeBase64(c.coded);
    ASSERT_TRUE(decoded.ok()) << c.coded;
    EXPECT_EQ(*decoded, c.plain);
  }
  EXPECT_EQ(Base64Url("\xfb\xff"), "-_8");
  EXPECT_EQ(*DecodeBase64("Zm9v\r\nYg==\n"), "foob") << "line breaks are skipped, as in Go";
}

TEST(Hash, Base64RefusesWhatGoRefuses) {
  for (std::string_view bad : {"Z", "Zg", "Zg=", "Zg===", "Zm9v=", "=Zg=", "Z!==", "Zg==Zg=="}) EXPECT_FALSE(DecodeBase64(bad).ok()) << bad;
}

}  // namespace
}  // namespace plumb
