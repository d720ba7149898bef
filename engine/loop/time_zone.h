// Time zones by name, from the system's zoneinfo files: what an hour of a sync window is in Berlin.
//
// Source of the format: RFC 8536 (TZif version 2), with the rule in the footer for times after the last transition
// (POSIX TZ strings, "CET-1CEST,M3.5.0,M10.5.0/3"). libstdc++ 12 has no zones of its own.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace plumb {

// Plain value; thread-safe to read.
class TimeZone {
 public:
  TimeZone() = default;  // UTC

  // "Europe/Berlin", "UTC"; "" is UTC. Errors: kInvalid (a name that is no zone), kNotFound (the system has no such file).
  static Result<TimeZone> Load(const std::string& name, const std::string& directory = "/usr/share/zoneinfo");
  // The bytes of a zoneinfo file. Errors: kInvalid.
  static Result<TimeZone> Parse(std::string_view bytes);

  // Seconds east of Greenwich at that moment.
  int64_t OffsetAt(WallTime time) const;

 private:
  struct Rule {  // one change of a year: the `week`-th (5 the last) `day` (0 Sunday) of `month`, so many seconds after midnight
    int month = 0, week = 0, day = 0;
    int64_t at = 7200;
  };
  static Result<TimeZone> ParseFooter(TimeZone zone, std::string_view text);

  std::vector<std::pair<int64_t, int64_t>> changes_;  // from this second since 1970 on, this offset; sorted
  int64_t first_ = 0;                                 // before the first change
  int64_t standard_ = 0, summer_ = 0;                 // after the last, by the rules
  bool ruled_ = false, has_summer_ = false;
  Rule start_, end_;
};

}  // namespace plumb
