// Time. Nothing but a Clock reads it, so that a test of a ten-minute backoff takes no time.
#pragma once

#include <chrono>
#include <string>

#include "core/mutex.h"
#include "core/result.h"

namespace plumb {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;      // for waits and deadlines
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;       // for timestamps in objects

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
  virtual WallTime Wall() const = 0;
  static Clock& Real();
};

// A clock that moves only when told to.
class FakeClock final : public Clock {
 public:
  TimePoint Now() const override;
  WallTime Wall() const override;
  void Advance(Duration by);

 private:
  mutable Mutex mu_;
  Duration elapsed_ GUARDED_BY(mu_){};
};

// "2026-11-21T12:17:35Z": RFC 3339 in UTC with whole seconds, as Kubernetes writes metav1.Time.
std::string FormatTime(WallTime time);
// The same with microseconds, as metav1.MicroTime (Leases).
std::string FormatMicroTime(WallTime time);
// RFC 3339 with any zone and fraction. Times before 1678 and after 2261 become the first and the last of WallTime.
// Errors: kInvalid.
Result<WallTime> ParseTime(std::string_view text);

// Durations as Go spells them: "1h30m", "250ms", "10s". Errors: kInvalid.
Result<Duration> ParseDuration(std::string_view text);
std::string FormatDuration(Duration d);  // for people: "1.2s", "340ms", "2h5m"

}  // namespace plumb
