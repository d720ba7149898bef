// Quantities: value, order and spelling as the API server has them.
#include "diff/quantity.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

TEST(Quantity, CanonicalForm) {
  const struct { const char *text, *want; } cases[] = {
      {"0", "0"}, {"0Ki", "0"}, {"-0", "0"}, {"0.000m", "0"}, {"1.5", "1500m"}, {"0.5Gi", "512Mi"}, {"1024Ki", "1Mi"}, {"1000m", "1"},
      {"0.1", "100m"}, {"3072Mi", "3Gi"}, {"100e3", "100e3"}, {"1e3", "1e3"}, {"1E3", "1e3"}, {"1000e0", "1e3"}, {"1e+2", "100"},
      {"12e-3", "12e-3"}, {"10e-2", "100e-3"}, {"1k", "1k"}, {"1000k", "1M"}, {"1100000", "1100k"}, {"1024", "1024"}, {"1000", "1k"},
      {"1023Ki", "1023Ki"}, {"0.1Ki", "102400m"}, {"1.1Ki", "1126400m"}, {"0.9Ki", "921600m"}, {"512", "512"}, {"0.5Ki", "512"},
      {"-1.5", "-1500m"}, {"-1024Ki", "-1Mi"}, {"+5", "5"}, {".5", "500m"}, {"5.", "5"}, {"005", "5"},
      {"0.0000000001", "1n"}, {"0.1n", "1n"}, {"-0.1n", "-1n"}, {"1.00000000011", "1000000001n"}, {"999.9999999999", "1k"},
      {"9223372036854775807", "9223372036854775807"}, {"8Ei", "9223372036854775807"}, {"1000Ei", "9223372036854775807"},
      {"7Ei", "7Ei"}, {"123456789012345678901234567890", "123456789012345678901234567890"}, {"1E", "1E"}, {"1e", nullptr},
  };
  for (const auto& c : cases) {
    const auto q = Quantity::Parse(c.text);
    ASSERT_EQ(q.ok(), c.want != nullptr) << c.text;
    if (!q.ok()) continue;
    EXPECT_EQ(q->ToString(), c.want) << c.text;
  }
}

TEST(Quantity, ValueCountsAndSpellingDoesNot) {
  const char* equal[][2] = {{"1", "1000m"}, {"1", "1e0"}, {"0.5", "500m"}, {"1Gi", "1073741824"}, {"1Gi", "1024Mi"},
                            {"0", "0Gi"}, {"2.0", "2"}, {"100e3", "100k"}, {"1.5Gi", "1536Mi"}, {"1e1000", "10e999"}};
  for (const auto& [a, b] : equal) EXPECT_EQ(*Quantity::Parse(a), *Quantity::Parse(b)) << a << " " << b;
  const char* rising[] = {"-1e99", "-2Ki", "-1", "-1n", "0", "1n", "1u", "1m", "0.5", "1", "999", "1k", "1Ki", "1M", "1Mi", "1e99"};
  for (size_t i = 0; i + 1 < std::size(rising); ++i) {
    EXPECT_LT(*Quantity::Parse(rising[i]), *Quantity::Parse(rising[i + 1])) << rising[i];
    EXPECT_GT(*Quantity::Parse(rising[i + 1]), *Quantity::Parse(rising[i])) << rising[i];
  }
}

TEST(Quantity, NotQuantities) {
  for (const char* text : {"", "a", "1x", "1.5.5", "1 ", " 1", "1KI", "1ki", "1e1.5", "1e--5", "1e+-5", "--1", "1K", "1mi", "0x10", "1e99999999999"})
    EXPECT_FALSE(Quantity::Parse(text).ok()) << "'" << text << "'";
}

TEST(Quantity, TheServerKeepsSpellingsItTakesForCanonical) {
  const struct { const char *text, *want; } cases[] = {
      {"1.500", "1.500"}, {"1.50", "1500m"}, {"+5", "+5"}, {"005", "005"}, {"1000m", "1"}, {"1000", "1k"}, {"3072Mi", "3Gi"},
      {"1025Ki", "1025Ki"}, {"0.5", "500m"}, {"1E3", "1E3"}, {"1e1", "10"}, {"nonsense", "nonsense"},
  };
  for (const auto& c : cases) EXPECT_EQ(CanonicalQuantity(c.text), c.want) << c.text;
}

TEST(Quantity, RoundUpIsAwayFromZero) {
  const struct { const char* text; int64_t to; const char* want; } cases[] = {
      {"0.00001", -3, "1m"}, {"-0.00001", -3, "-1m"}, {"1.0001", -3, "1001m"}, {"0.9999", -3, "1"}, {"9.5", 0, "10"}, {"-9", 1, "-10"}, {"1", -3, "1"},
  };
  for (const auto& c : cases) EXPECT_EQ(Quantity::Parse(c.text)->RoundUp(c.to).ToString(), c.want) << c.text;
}

}  // namespace
}  // namespace plumb
