#include "core/yaml_time.h"

#include <fmt/core.h>

namespace plumb {

namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Reads `text` from the front; each function says whether it found what it names.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool AtEnd() const { return text_.empty(); }
  bool Is(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  // Exactly `least` to `most` digits.
  bool Number(size_t least, size_t most, int& value) {
    size_t n = 0;
    value = 0;
    while (n < most && n < text_.size() && IsDigit(text_[n])) value = value * 10 + (text_[n++] - '0');
    text_.remove_prefix(n);
    return n >= least;
  }
  // '.' or ',' and digits, of which nine count. Without a digit nothing is taken, which is no error here.
  void Fraction(int& nanosecond) {
    if (text_.size() < 2 || (text_[0] != '.' && text_[0] != ',') || !IsDigit(text_[1])) return;
    text_.remove_prefix(1);
    for (int unit = 100'000'000; !text_.empty() && IsDigit(text_[0]); text_.remove_prefix(1), unit /= 10)
      nanosecond += (text_[0] - '0') * unit;
  }
  void Spaces() {
    while (Is(' ')) continue;
  }
  std::string_view rest() const { return text_; }

 private:
  std::string_view text_;
};

int DaysIn(int month, int year) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

// "Z" or "+01:00". Go takes offsets of 24 hours and 60 minutes, "as some people do write them".
bool Zone(Cursor& cursor, int& offset_minutes) {
  if (cursor.Is('Z')) return true;
  const bool east = cursor.rest().starts_with('+');
  if (!cursor.Is('+') && !cursor.Is('-')) return false;
  int hours = 0, minutes = 0;
  if (!cursor.Number(2, 2, hours) || !cursor.Is(':') || !cursor.Number(2, 2, minutes)) return false;
  if (hours > 24 || minutes > 60) return false;
  offset_minutes = (east ? 1 : -1) * (hours * 60 + minutes);
  return true;
}

}  // namespace

std::optional<YamlTime> ParseYamlTime(std::string_view text) {
  YamlTime t;
  Cursor cursor(text);
  if (!cursor.Number(4, 4, t.year) || !cursor.Is('-')) return std::nullopt;
  if (!cursor.Number(1, 2, t.month) || !cursor.Is('-') || !cursor.Number(1, 2, t.day)) return std::nullopt;
  if (t.month < 1 || t.month > 12 || t.day < 1 || t.day > DaysIn(t.month, t.year)) return std::nullopt;
  if (cursor.AtEnd()) return t;
  const bool zoned = cursor.Is('T') || cursor.Is('t');
  if (!zoned) {
    if (!cursor.Is(' ')) return std::nullopt;
    cursor.Spaces();
  }
  if (!cursor.Number(1, 2, t.hour) || !cursor.Is(':') || !cursor.Number(1, 2, t.minute) || !cursor.Is(':') ||
      !cursor.Number(1, 2, t.second) || t.hour > 23 || t.minute > 59 || t.second > 59)
    return std::nullopt;
  cursor.Fraction(t.nanosecond);
  if (zoned && !Zone(cursor, t.offset_minutes)) return std::nullopt;
  if (!cursor.AtEnd()) return std::nullopt;
  return t;
}

std::string FormatYamlTime(const YamlTime& t) {
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", t.year, t.month, t.day, t.hour, t.minute, t.second);
  if (t.nanosecond != 0) {
    std::string fraction = fmt::format(".{:09}", t.nanosecond);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text += fraction;
  }
  if (t.offset_minutes == 0) return text + "Z";
  const int minutes = t.offset_minutes < 0 ? -t.offset_minutes : t.offset_minutes;
  return text + fmt::format("{}{:02}:{:02}", t.offset_minutes < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

}  // namespace plumb
