// Timestamps of YAML, as go-yaml recognises them: Go's time.Parse with four layouts, short months and days included.
//
// Source: go.yaml.in/yaml resolve.go, allowedTimestampFormats; Go 1.26 time/format.go.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace plumb {

struct YamlTime {
  int year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0;
  int nanosecond = 0;
  int offset_minutes = 0;  // east of UTC
};

// "2001-12-14", "2001-1-2T3:4:5.6+01:00", "2001-12-14 21:59:43.10"; nothing for any other text.
std::optional<YamlTime> ParseYamlTime(std::string_view text);

// RFC 3339 with as many digits of a second as are needed, as Go prints a time into JSON.
std::string FormatYamlTime(const YamlTime& time);

}  // namespace plumb
