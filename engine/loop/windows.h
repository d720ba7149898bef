// Sync windows: when changes may be carried out without being asked for.
//
// Source of the rules: Argo CD's sync windows. Where windows of kind `allow` are given, changes wait for one of them;
// while one of kind `deny` is open, they wait for its end.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/value.h"
#include "engine/loop/cron.h"

namespace plumb {

struct SyncWindow {
  bool allow = true;
  Cron schedule;                 // when it opens
  std::string schedule_text;
  Duration duration{};           // how long it stays open
  TimeZone zone;
  std::string zone_name = "UTC";
  bool manual = true;            // `plumb sync` does not wait for it
};

// What the windows say at one moment.
struct WindowVerdict {
  bool open = true;
  bool manual = true;            // where not open: a person may sync all the same
  std::string reason;            // where not open: "no sync window is open; the next opens at 2026-11-21T22:00:00Z"
  Duration changes_in = Duration::max();  // until a window opens or closes
};

// Plain value; thread-safe to read.
class SyncWindows {
 public:
  SyncWindows() = default;
  explicit SyncWindows(std::vector<SyncWindow> windows) : windows_(std::move(windows)) {}
  // From a list as in `spec.sync.windows`. Errors: kInvalid, naming the field; kNotFound (a time zone).
  static Result<SyncWindows> Parse(Value list, const std::string& path);

  WindowVerdict At(WallTime now) const;
  const std::vector<SyncWindow>& windows() const { return windows_; }

 private:
  std::vector<SyncWindow> windows_;
};

}  // namespace plumb
