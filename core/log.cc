#include "core/log.h"

#include <unistd.h>

#include "core/clock.h"
#include "core/json.h"

namespace plumb::log {

namespace {

struct Config {
  Level least = Level::kInfo;
  Format format = Format::kText;
  bool colour = false;
};
Config config;  // written once, before threads start

constexpr std::string_view kNames[] = {"debug", "info", "warning", "error"};
constexpr std::string_view kColours[] = {"\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[31m"};

std::string Quote(std::string_view text) { return WriteJson(Arena::Borrow(text)); }

std::string TextLine(Level level, std::string_view message, Fields fields) {
  const auto i = static_cast<size_t>(level);
  std::string line = FormatTime(Clock::Real().Wall()) + " ";
  if (config.colour) line += kColours[i];
  line.append(kNames[i]);
  if (config.colour) line += "\x1b[0m";
  line.append(" ").append(message);
  for (const Field& f : fields) {
    const bool bare = !f.value.empty() && f.value.find_first_of(" \"=\n\t\\") == std::string::npos;
    line.append(" ").append(f.key).append("=").append(bare ? f.value : Quote(f.value));
  }
  return line + "\n";
}

std::string JsonLine(Level level, std::string_view message, Fields fields) {
  std::string line = "{\"time\":\"" + FormatMicroTime(Clock::Real().Wall()) + "\",\"level\":\"";
  line.append(kNames[static_cast<size_t>(level)]).append("\",\"message\":").append(Quote(message));
  for (const Field& f : fields) line.append(",").append(Quote(f.key)).append(":").append(Quote(f.value));
  return line + "}\n";
}

}  // namespace

void Configure(Level least, Format format, bool colour) { config = {least, format, colour}; }

void Write(Level level, std::string_view message, Fields fields) {
  if (level < config.least) return;
  const std::string line = config.format == Format::kJson ? JsonLine(level, message, fields) : TextLine(level, message, fields);
  // A log line that cannot be written has nowhere to be reported.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace plumb::log
