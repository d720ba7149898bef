#include "engine/loop/cron.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace plumb {

namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;

constexpr std::string_view kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view kDays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr int kSearchedDays = 4 * 366 + 1;  // 29 February comes within these

struct Field {
  std::string_view name;
  int least, most;
  std::span<const std::string_view> names;
  int first_name;  // what the first of the names stands for
};
constexpr Field kFields[] = {{"minute", 0, 59, {}, 0}, {"hour", 0, 23, {}, 0}, {"day of the month", 1, 31, {}, 0}, {"month", 1, 12, kMonths, 1}, {"day of the week", 0, 7, kDays, 0}};

std::vector<std::string_view> Split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<int> Number(const Field& field, std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (size_t i = 0; i < field.names.size(); ++i)
    if (lower == field.names[i]) return field.first_name + static_cast<int>(i);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < field.least || value > field.most) return std::nullopt;
  return value;
}

// The values that one field names.
Result<std::vector<int>> Values(const Field& field, std::string_view text) {
  std::vector<int> values;
  for (std::string_view part : Split(text, ',')) {
    const Error wrong = Invalid(fmt::format("{} '{}': expected '*' or numbers from {} to {}, as in '1,3', '2-5', '*/2'", field.name, text, field.least, field.most));
    const auto stepped = Split(part, '/');
    int step = 1;
    if (stepped.size() > 2) return wrong;
    if (stepped.size() == 2) {
      const auto [end, error] = std::from_chars(stepped[1].data(), stepped[1].data() + stepped[1].size(), step);
      if (error != std::errc() || end != stepped[1].data() + stepped[1].size() || step < 1) return wrong;
    }
    int from = field.least, to = field.most;
    if (stepped[0] != "*") {
      const auto ends = Split(stepped[0], '-');
      const auto first = Number(field, ends[0]), last = ends.size() == 2 ? Number(field, ends[1]) : first;
      if (ends.size() > 2 || !first || !last || *first > *last) return wrong;
      from = *first;
      to = ends.size() == 2 || stepped.size() == 1 ? *last : field.most;  // "5/10" is 5, 15, 25, ...
    }
    for (int value = from; value <= to; value += step) values.push_back(value);
  }
  return values;
}

seconds LocalSeconds(WallTime time, const TimeZone& zone) {
  return std::chrono::floor<seconds>(time.time_since_epoch()) + seconds(zone.OffsetAt(time));
}

// The moment that a zone's clock shows `local`. Where it shows it twice, the first; where never, nothing.
std::optional<WallTime> FromLocal(seconds local, const TimeZone& zone) {
  std::optional<WallTime> found;
  for (const int64_t around : {-86400, 86400}) {  // the offsets of the day before and after are all that there can be
    const WallTime near(local + seconds(around));
    const WallTime time(local - seconds(zone.OffsetAt(near)));
    if (LocalSeconds(time, zone) == local && (!found || time < *found)) found = time;
  }
  return found;
}

}  // namespace

Result<Cron> Cron::Parse(std::string_view text) {
  constexpr std::pair<std::string_view, std::string_view> kShort[] = {
      {"@hourly", "0 * * * *"}, {"@daily", "0 0 * * *"}, {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"}, {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}};
  for (const auto& [name, means] : kShort)
    if (text == name) text = means;
  std::vector<std::string_view> parts = Split(text, ' ');
  std::erase(parts, std::string_view());
  if (parts.size() != 5) return Invalid(fmt::format("'{}' is no cron expression: expected 5 fields (minute hour day month weekday), found {}", text, parts.size()));
  Cron cron;
  for (size_t i = 0; i < 5; ++i) {
    PLUMB_TRY(values, Values(kFields[i], parts[i]), fmt::format("cron expression '{}'", text));
    for (const int value : values) {
      const auto at = static_cast<size_t>(value);
      if (i == 0) cron.minutes_.set(at);
      if (i == 1) cron.hours_.set(at);
      if (i == 2) cron.days_.set(at);
      if (i == 3) cron.months_.set(at);
      if (i == 4) cron.weekdays_.set(at % 7);  // 7 is Sunday too
    }
  }
  cron.any_day_ = parts[2].starts_with('*');
  cron.any_weekday_ = parts[4].starts_with('*');
  return cron;
}

bool Cron::DayFits(sys_days day) const {
  const std::chrono::year_month_day date(day);
  if (!months_.test(static_cast<unsigned>(date.month()))) return false;
  const bool by_day = days_.test(static_cast<unsigned>(date.day())), by_weekday = weekdays_.test(std::chrono::weekday(day).c_encoding());
  return any_day_ || any_weekday_ ? by_day && by_weekday : by_day || by_weekday;
}

WallTime Cron::LastBefore(WallTime time, const TimeZone& zone, Duration within) const {
  const seconds local = LocalSeconds(time, zone);
  const WallTime least = time - within;
  for (sys_days day = std::chrono::floor<days>(std::chrono::sys_seconds(local)); WallTime(day.time_since_epoch()) + days(2) >= least; day -= days(1)) {
    if (!DayFits(day)) continue;
    for (int minute = 24 * 60 - 1; minute >= 0; --minute) {
      if (!hours_.test(static_cast<size_t>(minute / 60)) || !minutes_.test(static_cast<size_t>(minute % 60))) continue;
      const auto found = FromLocal(day.time_since_epoch() + minutes(minute), zone);
      if (found && *found <= time) return *found >= least ? *found : WallTime::min();
    }
  }
  return WallTime::min();
}

WallTime Cron::NextAfter(WallTime time, const TimeZone& zone) const {
  const sys_days today = std::chrono::floor<days>(std::chrono::sys_seconds(LocalSeconds(time, zone)));
  for (int ahead = 0; ahead <= kSearchedDays; ++ahead) {
    const sys_days day = today + days(ahead);
    if (!DayFits(day)) continue;
    for (int minute = 0; minute < 24 * 60; ++minute) {
      if (!hours_.test(static_cast<size_t>(minute / 60)) || !minutes_.test(static_cast<size_t>(minute % 60))) continue;
      const auto found = FromLocal(day.time_since_epoch() + minutes(minute), zone);
      if (found && *found > time) return *found;
    }
  }
  return WallTime::max();
}

}  // namespace plumb
