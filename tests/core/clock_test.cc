// Times and durations as Kubernetes and Go spell them.
#include "core/clock.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

using namespace std::chrono_literals;

TEST(Duration, ParsesAsGoDoes) {
  const struct {
    std::string_view text;
    Duration want;
  } kCases[] = {
      {"0", 0ns}, {"10s", 10s}, {"5m", 5min}, {"1h30m", 90min}, {"250ms", 250ms}, {"1.5h", 90min}, {".5s", 500ms}, {"1.s", 1s}, {"-3s", -3s}, {"+3s", 3s},
      {"3us", 3us}, {"3µs", 3us}, {"3\u03bcs", 3us}, {"7ns", 7ns}, {"1m1ms", 60001ms}, {"0s", 0ns},
  };
  for (const auto& c : kCases) {
    const auto parsed = ParseDuration(c.text);
    ASSERT_TRUE(parsed.ok()) << c.text;
    EXPECT_EQ(parsed->count(), c.want.count()) << c.text;
  }
}

TEST(Duration, RefusesWhatIsNone) {
  for (std::string_view text : {"", "5", "s", "-", "1 s", "1d", "h1", "1h-5m", "nans", "infs", "1e3s", "1..5s", "300000h300000h300000h300000h300000h300000h300000h300000h300000h", "5mm"})
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
  EXPECT_EQ(ParseDuration("5").error().message(), "'5' is not a duration; expected for example 30s, 5m, 1h30m or 250ms");
}

TEST(Duration, FormatsForPeople) {
  const struct {
    Duration d;
    std::string_view want;
  } kCases[] = {{0ns, "0us"}, {12us, "12us"}, {340ms, "340ms"}, {1200ms, "1.2s"}, {60s, "1m"}, {61s, "1m1s"}, {2h + 5min, "2h5m"}, {48h, "48h"}};
  for (const auto& c : kCases) EXPECT_EQ(FormatDuration(c.d), c.want);
}

TEST(Time, ParsesAndFormats) {
  const struct {
    std::string_view text, want;
  } kCases[] = {
      {"2030-01-31T09:30:00Z", "2030-01-31T09:30:00.000000Z"}, {"2030-01-31T09:30:00.1234567891Z", "2030-01-31T09:30:00.123456Z"},
      {"2030-01-31T09:30:00+01:30", "2030-01-31T08:00:00.000000Z"}, {"2030-01-31t09:30:00z", "2030-01-31T09:30:00.000000Z"},
      {"2028-02-29 00:00:00-00:30", "2028-02-29T00:30:00.000000Z"}, {"1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500000Z"},
  };
  for (const auto& c : kCases) {
    const auto parsed = ParseTime(c.text);
    ASSERT_TRUE(parsed.ok()) << c.text;
    EXPECT_EQ(FormatMicroTime(*parsed), c.want) << c.text;
  }
  EXPECT_EQ(FormatTime(*ParseTime("2030-01-31T09:30:00.9Z")), "2030-01-31T09:30:00Z");
}

TEST(Time, TimesBeyondSixtyFourBitsAreClamped) {
  EXPECT_EQ(*ParseTime("0001-01-01T00:00:00Z"), WallTime::min()) << "Go's zero time";
  EXPECT_EQ(*ParseTime("9999-12-31T23:59:59Z"), WallTime::max());
}

TEST(Time, RefusesWhatIsNone) {
  for (std::string_view text : {"", "2030-01-31", "2030-13-01T00:00:00Z", "2030-02-30T00:00:00Z", "2030-01-31T24:00:00Z", "2030-01-31T09:30:00", "2030-01-31T09:30:00.Z",
                                "2030-01-31T09:30:00+25:00", "2030-01-31T09:30:00Zx", "30-01-31T09:30:00Z"})
    EXPECT_FALSE(ParseTime(text).ok()) << text;
}

TEST(FakeClock, MovesOnlyWhenTold) {
  FakeClock clock;
  const auto start = clock.Now();
  EXPECT_EQ(FormatTime(clock.Wall()), "2030-01-01T00:00:00Z");
  clock.Advance(90s);
  EXPECT_EQ(clock.Now() - start, 90s);
  EXPECT_EQ(FormatTime(clock.Wall()), "2030-01-01T00:01:30Z");
}

}  // namespace
}  // namespace plumb
