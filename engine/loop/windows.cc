#include "engine/loop/windows.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/loop/map_reader.h"

namespace plumb {

namespace {

constexpr Duration kLongest = std::chrono::hours(24 * 31);  // a window that is open longer is no window

}  // namespace

Result<SyncWindows> SyncWindows::Parse(Value list, const std::string& path) {
  std::vector<SyncWindow> windows;
  for (size_t i = 0; i < list.size(); ++i) {
    MapReader fields(list[i], fmt::format("{}[{}]", path, i));
    SyncWindow window;
    const std::string kind = fields.String("kind", "allow");
    if (kind != "allow" && kind != "deny") fields.Fail("kind", fmt::format("expected 'allow' or 'deny', found '{}'", kind));
    window.allow = kind == "allow";
    window.schedule_text = fields.Required("schedule");
    window.duration = fields.Duration("duration", std::chrono::hours(1));
    if (!fields.Has("duration")) fields.Fail("duration", "is missing");
    if (window.duration > kLongest) fields.Fail("duration", fmt::format("is longer than {}", FormatDuration(kLongest)));
    window.zone_name = fields.String("timeZone", "UTC");
    window.manual = fields.Bool("manual", true);
    PLUMB_OK(fields.Finish());
    PLUMB_TRY(schedule, Cron::Parse(window.schedule_text), fields.At("schedule"));
    window.schedule = schedule;
    PLUMB_TRY(zone, TimeZone::Load(window.zone_name), fields.At("timeZone"));
    window.zone = std::move(zone);
    windows.push_back(std::move(window));
  }
  return SyncWindows(std::move(windows));
}

WindowVerdict SyncWindows::At(WallTime now) const {
  WindowVerdict verdict;
  if (windows_.empty()) return verdict;
  bool any_allow = false, allowed = false, allow_manual = true;
  const SyncWindow* denied_by = nullptr;
  WallTime next = WallTime::max(), opens = WallTime::max(), denied_until = WallTime::min();
  for (const SyncWindow& window : windows_) {
    const WallTime opened = window.schedule.LastBefore(now, window.zone, window.duration);
    const bool open = opened != WallTime::min() && now < opened + window.duration;
    const WallTime change = open ? opened + window.duration : window.schedule.NextAfter(now, window.zone);
    next = std::min(next, change);
    if (window.allow) {
      any_allow = true;
      allowed |= open;
      allow_manual &= window.manual;
      if (!open) opens = std::min(opens, change);
    } else if (open) {
      if (!denied_by || !window.manual) denied_by = &window;
      denied_until = std::max(denied_until, change);
    }
  }
  if (next != WallTime::max()) verdict.changes_in = next - now;
  if (denied_by) {
    verdict.open = false;
    verdict.manual = denied_by->manual;
    verdict.reason = fmt::format("a deny window ({} {}) is open until {}", denied_by->schedule_text, denied_by->zone_name, FormatTime(denied_until));
  } else if (any_allow && !allowed) {
    verdict.open = false;
    verdict.manual = allow_manual;
    verdict.reason = opens == WallTime::max() ? "no sync window is open, and none will be" : fmt::format("no sync window is open; the next opens at {}", FormatTime(opens));
  }
  return verdict;
}

}  // namespace plumb
