// Cron expressions of five fields: when something begins.
//
// Minute, hour, day of the month, month, day of the week; `*`, lists, ranges, steps, names of months and days, and
// @hourly, @daily, @weekly, @monthly, @yearly. Where both days are given, either of them counts, as in cron(8).
#pragma once

#include <array>
#include <bitset>
#include <string_view>

#include "core/clock.h"
#include "core/result.h"
#include "engine/loop/time_zone.h"

namespace plumb {

// Plain value; thread-safe to read.
class Cron {
 public:
  // Errors: kInvalid, naming the field.
  static Result<Cron> Parse(std::string_view text);

  // The last moment at or before `time` that it names in `zone`, not earlier than `time - within`; WallTime::min() where
  // there is none. A minute that the clocks skip is not there; one that comes twice counts the first time only where the
  // hour is named, as any other.
  WallTime LastBefore(WallTime time, const TimeZone& zone, Duration within) const;
  // The first moment after `time`, within a little over four years; WallTime::max() where there is none (30 February).
  WallTime NextAfter(WallTime time, const TimeZone& zone) const;

 private:
  bool DayFits(std::chrono::sys_days day) const;

  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<7> weekdays_;
  bool any_day_ = false, any_weekday_ = false;
};

}  // namespace plumb
