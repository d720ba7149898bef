// Cron expressions, time zones and sync windows.
#include "engine/loop/windows.h"

#include <gmock/gmock.h>

#include "core/yaml.h"

namespace plumb {
namespace {

using ::testing::HasSubstr;

TEST(Cron, LastAndNextMoments) {
  const struct {
    const char *cron, *zone, *now, *last, *next;
  } kCases[] = {
      {"0 22 * * *", "UTC", "2026-11-21T15:30:00Z", "2026-11-20T22:00:00Z", "2026-11-21T22:00:00Z"},
      {"0 22 * * *", "UTC", "2026-11-21T22:00:00Z", "2026-11-21T22:00:00Z", "2026-11-22T22:00:00Z"},
      {"*/15 * * * *", "UTC", "2026-11-21T15:31:00Z", "2026-11-21T15:30:00Z", "2026-11-21T15:45:00Z"},
      {"0 9 * * mon-fri", "UTC", "2026-11-21T15:30:00Z", "2026-11-20T09:00:00Z", "2026-11-23T09:00:00Z"},
      {"0 0 29 2 *", "UTC", "2026-11-21T15:30:00Z", "2024-02-29T00:00:00Z", "2028-02-29T00:00:00Z"},
      {"0 0 13 * 5", "UTC", "2026-11-15T00:00:00Z", "2026-11-13T00:00:00Z", "2026-11-20T00:00:00Z"},  // either day counts
      {"0 0 * * 7", "UTC", "2026-11-21T15:30:00Z", "2026-11-15T00:00:00Z", "2026-11-22T00:00:00Z"},
      {"@monthly", "UTC", "2026-11-21T15:30:00Z", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"},
      {"0 22 * * *", "Europe/Berlin", "2026-11-21T15:30:00Z", "2026-11-20T21:00:00Z", "2026-11-21T21:00:00Z"},
      {"0 22 * * *", "Europe/Berlin", "2026-07-01T15:30:00Z", "2026-06-30T20:00:00Z", "2026-07-01T20:00:00Z"},
      // 2:30 does not exist on 29 March 2026 in Berlin, and comes twice on 25 October.
      {"30 2 * * *", "Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"},
      {"30 2 * * *", "Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
      // Long after the last transition of the file: by its rule.
      {"0 12 * * *", "America/New_York", "2055-07-01T00:00:00Z", "2055-06-30T16:00:00Z", "2055-07-01T16:00:00Z"},
      {"0 12 * * *", "Australia/Sydney", "2055-01-10T12:00:00Z", "2055-01-10T01:00:00Z", "2055-01-11T01:00:00Z"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(std::string(c.cron) + " in " + c.zone + " at " + c.now);
    const auto cron = Cron::Parse(c.cron);
    ASSERT_TRUE(cron.ok()) << cron.error().message();
    const auto zone = TimeZone::Load(c.zone);
    if (!zone.ok() && zone.error().code() == Code::kNotFound) GTEST_SKIP() << zone.error().message();
    ASSERT_TRUE(zone.ok()) << zone.error().message();
    const WallTime now = *ParseTime(c.now);
    EXPECT_EQ(FormatTime(cron->LastBefore(now, *zone, std::chrono::hours(24 * 1000))), c.last);
    EXPECT_EQ(FormatTime(cron->NextAfter(now, *zone)), c.next);
  }
}

TEST(Cron, MistakesAreNamed) {
  for (const auto& [text, want] : std::vector<std::pair<std::string, std::string>>{
           {"* * * *", "expected 5 fields"}, {"60 * * * *", "minute '60'"}, {"* 24 * * *", "hour '24'"}, {"* * 0 * *", "day of the month '0'"},
           {"* * * 13 *", "month '13'"}, {"* * * * 8", "day of the week '8'"}, {"5-2 * * * *", "minute '5-2'"}, {"*/0 * * * *", "minute '*/0'"}, {"a * * * *", "minute 'a'"}, {"", "expected 5 fields"}}) {
    const auto cron = Cron::Parse(text);
    ASSERT_FALSE(cron.ok()) << text;
    EXPECT_THAT(cron.error().message(), HasSubstr(want));
  }
}

TEST(Cron, ThirtiethOfFebruaryNeverComes) {
  EXPECT_EQ(Cron::Parse("0 0 30 2 *")->NextAfter(*ParseTime("2026-11-21T00:00:00Z"), {}), WallTime::max());
}

TEST(TimeZone, BadNamesAreErrors) {
  EXPECT_EQ(TimeZone::Load("../../etc/passwd").error().code(), Code::kInvalid);
  EXPECT_EQ(TimeZone::Load("/etc/passwd").error().code(), Code::kInvalid);
  EXPECT_EQ(TimeZone::Load("Europe/Atlantis").error().code(), Code::kNotFound);
}

SyncWindows Windows(const std::string& yaml) {
  const auto document = ParseYamlOne(yaml);
  auto windows = SyncWindows::Parse(document->root(), "spec.sync.windows");
  EXPECT_TRUE(windows.ok()) << windows.error().message();
  return *windows;
}

TEST(SyncWindows, WhatIsOpenWhen) {
  const char* const kNight = "[{kind: allow, schedule: '0 22 * * *', duration: 8h}]";
  const char* const kLunch = "[{kind: deny, schedule: '0 12 * * *', duration: 1h, manual: false}]";
  const char* const kBoth = "[{schedule: '0 8 * * *', duration: 10h}, {kind: deny, schedule: '0 12 * * *', duration: 1h}]";
  const struct {
    const char *windows, *now;
    bool open, manual;
    int64_t changes_in_minutes;
  } kCases[] = {
      {"[]", "2026-11-21T15:00:00Z", true, true, -1},
      {kNight, "2026-11-21T15:00:00Z", false, true, 7 * 60},
      {kNight, "2026-11-21T22:00:00Z", true, true, 8 * 60},
      {kNight, "2026-11-22T05:59:00Z", true, true, 1},
      {kNight, "2026-11-22T06:00:00Z", false, true, 16 * 60},
      {kLunch, "2026-11-21T11:59:00Z", true, true, 1},
      {kLunch, "2026-11-21T12:00:00Z", false, false, 60},
      {kBoth, "2026-11-21T09:00:00Z", true, true, 3 * 60},
      {kBoth, "2026-11-21T12:30:00Z", false, true, 30},
      {kBoth, "2026-11-21T19:00:00Z", false, true, 13 * 60},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(std::string(c.windows) + " at " + c.now);
    const WindowVerdict verdict = Windows(c.windows).At(*ParseTime(c.now));
    EXPECT_EQ(verdict.open, c.open);
    EXPECT_TRUE(c.open || verdict.manual == c.manual);
    EXPECT_EQ(verdict.changes_in, c.changes_in_minutes < 0 ? Duration::max() : Duration(std::chrono::minutes(c.changes_in_minutes)));
    EXPECT_EQ(verdict.reason.empty(), c.open);
  }
}

TEST(SyncWindows, MistakesAreNamed) {
  for (const auto& [yaml, want] : std::vector<std::pair<std::string, std::string>>{
           {"[{schedule: '* * * * *'}]", "spec.sync.windows[0].duration: is missing"},
           {"[{kind: block, schedule: '* * * * *', duration: 1h}]", "expected 'allow' or 'deny'"},
           {"[{schedule: '* * *', duration: 1h}]", "spec.sync.windows[0].schedule: "},
           {"[{schedule: '* * * * *', duration: 1h, timeZone: Mars/Base}]", "spec.sync.windows[0].timeZone: "},
           {"[{schedule: '* * * * *', duration: 10000h}]", "is longer than"}}) {
    const auto document = ParseYamlOne(yaml);
    const auto windows = SyncWindows::Parse(document->root(), "spec.sync.windows");
    ASSERT_FALSE(windows.ok()) << yaml;
    EXPECT_THAT(windows.error().message(), HasSubstr(want));
  }
}

}  // namespace
}  // namespace plumb
