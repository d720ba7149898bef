// Structured log lines on standard error: a message and fields, as text for people or one JSON object a line.
//
//   log::Info("application synced", {{"app", name}, {"revision", revision}});
//
// Thread-safe; one write(2) a line. Never pass a manifest's values: secrets stay out by not being handed in.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace plumb::log {

enum class Level { kDebug, kInfo, kWarning, kError };
enum class Format { kText, kJson };

struct Field {
  std::string_view key;
  std::string value;
};
using Fields = std::initializer_list<Field>;

// Process-wide; set once by main before any thread starts.
void Configure(Level least, Format format, bool colour);

void Write(Level level, std::string_view message, Fields fields);
inline void Debug(std::string_view message, Fields fields = {}) { Write(Level::kDebug, message, fields); }
inline void Info(std::string_view message, Fields fields = {}) { Write(Level::kInfo, message, fields); }
inline void Warning(std::string_view message, Fields fields = {}) { Write(Level::kWarning, message, fields); }
inline void Error(std::string_view message, Fields fields = {}) { Write(Level::kError, message, fields); }

}  // namespace plumb::log
