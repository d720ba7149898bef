#include "engine/loop/time_zone.h"

#include <date/tz.h>
#include <fmt/core.h>

namespace plumb {

Result<TimeZone> TimeZone::Load(const std::string& name) {
  TimeZone zone;
  if (name.empty()) return zone;
  if (name.front() == '/' || name.find("..") != std::string::npos || name.size() > 100)
    return Invalid(fmt::format("'{}' is no time zone; names are like 'Europe/Berlin'", name));
  try {
    zone.zone_ = date::locate_zone(name);
  } catch (const std::exception&) {
    return NotFound(fmt::format("time zone '{}' is not known to this system; names are like 'Europe/Berlin' (package tzdata)", name));
  }
  return zone;
}

int64_t TimeZone::OffsetAt(WallTime time) const {
  if (!zone_) return 0;
  auto moment = std::chrono::floor<std::chrono::seconds>(time);
  // The library reads a zone's table, which ends in 2037, and not the rule behind it. The calendar repeats every 28 years
  // (until 2100), and with it what that rule says.
  constexpr date::sys_seconds kTableEnd = date::sys_days(date::year(2037) / 1 / 1);
  while (moment >= kTableEnd) moment -= date::days(28 * 365 + 7);
  return zone_->get_info(moment).offset.count();
}

}  // namespace plumb
