#include "core/clock.h"

#include <fmt/core.h>

#include <charconv>
#include <cmath>
#include <ctime>

namespace plumb {

using namespace std::chrono;

namespace {

class RealClock final : public Clock {
 public:
  TimePoint Now() const override { return time_point_cast<Duration>(steady_clock::now()); }
  WallTime Wall() const override { return time_point_cast<Duration>(system_clock::now()); }
};

// A fake clock starts at a fixed instant, so that golden files with times in them are stable.
const WallTime kFakeEpoch{sys_days{year{2030} / 1 / 1}};

}  // namespace

Clock& Clock::Real() {
  static auto& clock = *new RealClock;  // never destroyed: destructors of other statics read it
  return clock;
}

TimePoint FakeClock::Now() const {
  MutexLock lock(mu_);
  return TimePoint(elapsed_);
}

WallTime FakeClock::Wall() const {
  MutexLock lock(mu_);
  return kFakeEpoch + elapsed_;
}

void FakeClock::Advance(Duration by) {
  MutexLock lock(mu_);
  elapsed_ += by;
}

namespace {
std::string FormatSeconds(WallTime time) {
  const auto days = floor<std::chrono::days>(time);
  const year_month_day date(days);
  const hh_mm_ss clock(floor<seconds>(time - days));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}
}  // namespace

std::string FormatTime(WallTime time) { return FormatSeconds(time) + "Z"; }

std::string FormatMicroTime(WallTime time) {
  const auto micros = floor<microseconds>(time - floor<seconds>(time)).count();
  return FormatSeconds(time) + fmt::format(".{:06}Z", micros);
}

Result<WallTime> ParseTime(std::string_view text) {
  const Error bad = Invalid(fmt::format("'{}' is not a time; expected RFC 3339 such as 2030-01-31T09:30:00Z", text));
  size_t at = 0;
  auto digits = [&](size_t n) -> int {
    if (at + n > text.size()) return -1;
    int v = 0;
    for (size_t i = 0; i < n; ++i, ++at) {
      if (text[at] < '0' || text[at] > '9') return -1;
      v = v * 10 + (text[at] - '0');
    }
    return v;
  };
  auto is = [&](std::string_view any) {
    if (at >= text.size() || any.find(text[at]) == std::string_view::npos) return false;
    ++at;
    return true;
  };
  const int y = digits(4);
  if (y < 0 || !is("-")) return bad;
  const int mo = digits(2);
  if (mo < 0 || !is("-")) return bad;
  const int d = digits(2);
  if (d < 0 || !is("Tt ")) return bad;
  const int h = digits(2);
  if (h < 0 || h > 23 || !is(":")) return bad;
  const int mi = digits(2);
  if (mi < 0 || mi > 59 || !is(":")) return bad;
  const int s = digits(2);
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
  if (s < 0 || s > 60 || !date.ok()) return bad;
  Duration fraction{};
  if (is(".")) {
    int64_t nanos = 0, unit = 100'000'000;
    const size_t first = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10) nanos += (text[at] - '0') * unit;
    if (at == first) return bad;
    fraction = nanoseconds(nanos);
  }
  minutes offset{0};
  if (!is("Zz")) {
    const bool east = at < text.size() && text[at] == '+';
    if (!is("+-")) return bad;
    const int oh = digits(2);
    if (oh < 0 || oh > 23 || !is(":")) return bad;
    const int om = digits(2);
    if (om < 0 || om > 59) return bad;
    offset = (east ? 1 : -1) * (hours(oh) + minutes(om));
  }
  if (at != text.size()) return bad;
  const seconds whole = sys_days(date).time_since_epoch() + hours(h) + minutes(mi) + seconds(s) - offset;
  // Nanoseconds in 64 bits reach 292 years from 1970; Go's zero time, year 1, lies outside.
  if (whole < duration_cast<seconds>(WallTime::min().time_since_epoch()) + seconds(1)) return WallTime::min();
  if (whole > duration_cast<seconds>(WallTime::max().time_since_epoch()) - seconds(1)) return WallTime::max();
  return WallTime(whole + fraction);
}

Result<Duration> ParseDuration(std::string_view text) {
  const Error bad = Invalid(fmt::format("'{}' is not a duration; expected for example 30s, 5m, 1h30m or 250ms", text));
  std::string_view rest = text;
  if (rest == "0") return Duration{};
  bool negative = false;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  if (rest.empty()) return bad;
  double total = 0;
  while (!rest.empty()) {
    double number = 0;
    const auto [end, status] = std::from_chars(rest.data(), rest.data() + rest.size(), number, std::chars_format::fixed);
    // from_chars knows signs, infinities and NaN; a duration has digits and a point.
    if (status != std::errc() || (rest[0] != '.' && (rest[0] < '0' || rest[0] > '9'))) return bad;
    rest.remove_prefix(static_cast<size_t>(end - rest.data()));
    static constexpr struct { std::string_view unit; double nanos; } kUnits[] = {
        {"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"μs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
    bool known = false;
    for (const auto& u : kUnits) {
      if (!rest.starts_with(u.unit) || (u.unit == "m" && rest.starts_with("ms"))) continue;
      rest.remove_prefix(u.unit.size());
      total += number * u.nanos;
      known = true;
      break;
    }
    if (!known) return bad;
  }
  if (total > 9.2e18) return bad;
  return Duration(static_cast<int64_t>(negative ? -total : total));
}

std::string FormatDuration(Duration d) {
  const double s = static_cast<double>(d.count()) / 1e9;
  if (std::fabs(s) < 1e-3) return fmt::format("{:.0f}us", s * 1e6);
  if (std::fabs(s) < 1) return fmt::format("{:.0f}ms", s * 1e3);
  if (std::fabs(s) < 60) return fmt::format("{:.1f}s", s);
  const int64_t whole = static_cast<int64_t>(s);
  if (whole < 3600) return whole % 60 ? fmt::format("{}m{}s", whole / 60, whole % 60) : fmt::format("{}m", whole / 60);
  return whole % 3600 / 60 ? fmt::format("{}h{}m", whole / 3600, whole % 3600 / 60) : fmt::format("{}h", whole / 3600);
}

}  // namespace plumb
