// Headers, percent-encoding and request targets.
#include "engine/http/message.h"

#include <gtest/gtest.h>

namespace plumb::http {
namespace {

TEST(Headers, NamesMatchWithoutRegardToCaseAndTheFirstWins) {
  const Headers headers = {{"Content-Type", "application/json"}, {"warning", "a"}, {"Warning", "b"}};
  EXPECT_EQ(Find(headers, "content-type"), "application/json");
  EXPECT_EQ(Find(headers, "WARNING"), "a");
  EXPECT_EQ(Find(headers, "Accept"), "");
}

TEST(Percent, EncodesEverythingButUnreserved) {
  EXPECT_EQ(PercentEncode("aZ9-._~"), "aZ9-._~");
  EXPECT_EQ(PercentEncode("a b/c=d&e+f%"), "a%20b%2Fc%3Dd%26e%2Bf%25");
  EXPECT_EQ(PercentEncode("\xc3\xa9"), "%C3%A9");
}

TEST(Percent, DecodeIsTheInverseAndKeepsBrokenEscapes) {
  std::string every;
  for (int i = 0; i < 256; ++i) every += static_cast<char>(i);
  EXPECT_EQ(PercentDecode(PercentEncode(every)), every);
  const struct { std::string_view text, want; } kCases[] = {
      {"a+b", "a b"}, {"%41%5a", "AZ"}, {"100%", "100%"}, {"%4", "%4"}, {"%zz", "%zz"}, {"%%41", "%A"}};
  for (const auto& c : kCases) EXPECT_EQ(PercentDecode(c.text), c.want) << c.text;
}

TEST(Target, SplitsPathAndQueryInOrder) {
  const Target target = ParseTarget("/api/v1/a%2Fb+c?watch&labelSelector=a%3Db&limit=5&limit=6&&x=1=2");
  EXPECT_EQ(target.path, "/api/v1/a/b+c") << "a plus sign is a space in a query only";
  EXPECT_EQ(target.query.size(), 5u);
  EXPECT_TRUE(target.Has("watch"));
  EXPECT_EQ(target.Get("watch"), "");
  EXPECT_EQ(target.Get("labelSelector"), "a=b");
  EXPECT_EQ(target.Get("limit"), "5") << "the first value";
  EXPECT_EQ(target.Get("x"), "1=2");
  EXPECT_FALSE(target.Has("continue"));
}

}  // namespace
}  // namespace plumb::http
