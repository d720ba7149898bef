#include "engine/loop/time_zone.h"

#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace plumb {

namespace {

constexpr size_t kHeader = 44;
constexpr size_t kMostBytes = 1u << 20;  // of a zoneinfo file; the largest are 4 KB

using std::chrono::days;
using std::chrono::sys_days;

int64_t BigEndian(std::string_view bytes, size_t at, size_t width) {
  uint64_t value = 0;
  for (size_t i = 0; i < width; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  if (width == 4) return static_cast<int32_t>(value);
  return static_cast<int64_t>(value);
}

struct Counts {
  size_t isut, isstd, leap, times, types, chars;
  size_t Size(size_t width) const { return times * width + times + types * 6 + chars + leap * (width + 4) + isstd + isut; }
};

Result<Counts> ReadHeader(std::string_view bytes, size_t at) {
  if (bytes.size() < at + kHeader || bytes.substr(at, 4) != "TZif") return Invalid("is no zoneinfo file");
  const auto count = [&](size_t i) { return static_cast<size_t>(BigEndian(bytes, at + 20 + i * 4, 4)) & 0xFFFFF; };
  return Counts{count(0), count(1), count(2), count(3), count(4), count(5)};
}

// A part of a POSIX TZ string, read from the left.
class Footer {
 public:
  explicit Footer(std::string_view text) : text_(text) {}
  bool empty() const { return text_.empty(); }
  bool Skip(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool Name() {  // "CET" or "<+03>"
    if (Skip('<')) {
      const size_t end = text_.find('>');
      if (end == std::string_view::npos) return false;
      text_.remove_prefix(end + 1);
      return true;
    }
    size_t n = 0;
    while (n < text_.size() && std::isalpha(static_cast<unsigned char>(text_[n]))) ++n;
    text_.remove_prefix(n);
    return n >= 3;
  }
  bool Int(int64_t& value) {
    size_t n = 0;
    for (value = 0; n < text_.size() && n < 4 && std::isdigit(static_cast<unsigned char>(text_[n])); ++n) value = value * 10 + (text_[n] - '0');
    text_.remove_prefix(n);
    return n > 0;
  }
  bool Time(int64_t& seconds) {  // [-]h[:m[:s]]
    const bool negative = Skip('-');
    if (!negative) Skip('+');
    int64_t h = 0, m = 0, s = 0;
    if (!Int(h) || (Skip(':') && !Int(m)) || (Skip(':') && !Int(s))) return false;
    seconds = (h * 3600 + m * 60 + s) * (negative ? -1 : 1);
    return true;
  }

 private:
  std::string_view text_;
};

// The day of a year on which a rule's change comes.
sys_days DayOf(int year, int month, int week, int day) {
  using namespace std::chrono;  // NOLINT: calendar words
  const auto y = std::chrono::year(year);
  const auto m = std::chrono::month(static_cast<unsigned>(month));
  if (week == 5) return sys_days(y / m / weekday(static_cast<unsigned>(day))[last]);
  return sys_days(y / m / weekday(static_cast<unsigned>(day))[static_cast<unsigned>(week)]);
}

int64_t SecondsOf(sys_days day) { return std::chrono::duration_cast<std::chrono::seconds>(day.time_since_epoch()).count(); }

}  // namespace

Result<TimeZone> TimeZone::Load(const std::string& name, const std::string& directory) {
  if (name.empty() || name == "UTC") return TimeZone();
  const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || c == '/' || c == '_' || c == '-' || c == '+'; });
  if (!plain || name.starts_with('/')) return Invalid(fmt::format("'{}' is no time zone; they are named like 'Europe/Berlin'", name));
  std::ifstream in(directory + "/" + name, std::ios::binary);
  std::string bytes(kMostBytes, '\0');
  if (!in.read(bytes.data(), static_cast<std::streamsize>(bytes.size())) && in.gcount() == 0)
    return NotFound(fmt::format("time zone '{}' is not in '{}'; install the package 'tzdata', or see 'timedatectl list-timezones'", name, directory));
  bytes.resize(static_cast<size_t>(in.gcount()));
  auto zone = Parse(bytes);
  if (!zone.ok()) return std::move(zone).error().Wrap(fmt::format("time zone '{}'", name));
  return zone;
}

Result<TimeZone> TimeZone::Parse(std::string_view bytes) {
  PLUMB_TRY(old, ReadHeader(bytes, 0));
  if (bytes[4] < '2') return Invalid("is a zoneinfo file of version 1");
  const size_t at = kHeader + old.Size(4);
  PLUMB_TRY(counts, ReadHeader(bytes, at));
  const size_t data = at + kHeader, footer = data + counts.Size(8);
  if (bytes.size() < footer || counts.types == 0) return Invalid("is cut short");
  const size_t indices = data + counts.times * 8, types = indices + counts.times;
  TimeZone zone;
  zone.first_ = BigEndian(bytes, types, 4);
  for (size_t i = 0; i < counts.times; ++i) {
    const auto type = static_cast<unsigned char>(bytes[indices + i]);
    if (type >= counts.types) return Invalid("names a type that it does not have");
    zone.changes_.emplace_back(BigEndian(bytes, data + i * 8, 8), BigEndian(bytes, types + type * 6u, 4));
  }
  std::string_view rule = bytes.substr(footer);
  while (!rule.empty() && rule.back() == '\n') rule.remove_suffix(1);
  while (!rule.empty() && rule.front() == '\n') rule.remove_prefix(1);
  if (rule.empty()) return zone;
  return ParseFooter(std::move(zone), rule);
}

Result<TimeZone> TimeZone::ParseFooter(TimeZone zone, std::string_view text) {
  Footer footer(text);
  int64_t west = 0;
  const Error wrong = Invalid(fmt::format("its rule '{}' is not understood", text));
  if (!footer.Name() || !footer.Time(west)) return wrong;
  zone.ruled_ = true;
  zone.standard_ = -west;
  if (footer.empty()) return zone;
  zone.has_summer_ = true;
  zone.summer_ = zone.standard_ + 3600;
  if (!footer.Name()) return wrong;
  if (!footer.Skip(',')) {
    if (!footer.Time(west) || !footer.Skip(',')) return wrong;
    zone.summer_ = -west;
  }
  for (Rule* rule : {&zone.start_, &zone.end_}) {
    int64_t month = 0, week = 0, day = 0;
    if (!footer.Skip('M') || !footer.Int(month) || !footer.Skip('.') || !footer.Int(week) || !footer.Skip('.') || !footer.Int(day)) return wrong;
    if (month < 1 || month > 12 || week < 1 || week > 5 || day > 6) return wrong;
    *rule = {static_cast<int>(month), static_cast<int>(week), static_cast<int>(day), 7200};
    if (footer.Skip('/') && !footer.Time(rule->at)) return wrong;
    if (rule == &zone.start_ && !footer.Skip(',')) return wrong;
  }
  return zone;
}

int64_t TimeZone::OffsetAt(WallTime time) const {
  const int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  const auto after = std::upper_bound(changes_.begin(), changes_.end(), seconds, [](int64_t t, const auto& change) { return t < change.first; });
  if (after != changes_.end() || !ruled_) return after == changes_.begin() ? first_ : std::prev(after)->second;
  if (!has_summer_) return standard_;
  const std::chrono::year_month_day date(std::chrono::floor<days>(time + std::chrono::seconds(standard_)));
  const int year = static_cast<int>(date.year());
  const int64_t start = SecondsOf(DayOf(year, start_.month, start_.week, start_.day)) + start_.at - standard_;
  const int64_t end = SecondsOf(DayOf(year, end_.month, end_.week, end_.day)) + end_.at - summer_;
  const bool summer = start < end ? seconds >= start && seconds < end : seconds >= start || seconds < end;
  return summer ? summer_ : standard_;
}

}  // namespace plumb
