// Time zones by name, from the system's zoneinfo: what an hour of a sync window is in Berlin. By the date library, since
// libstdc++ 12 has no zones of its own.
#pragma once

#include <cstdint>
#include <string>

#include "core/clock.h"
#include "core/result.h"

namespace date {
class time_zone;
}

namespace plumb {

// Plain value; thread-safe to read.
class TimeZone {
 public:
  TimeZone() = default;  // UTC

  // "Europe/Berlin", "UTC"; "" is UTC. Errors: kInvalid (no form of a zone's name), kNotFound (the system has no such zone).
  static Result<TimeZone> Load(const std::string& name);

  // Seconds east of Greenwich at that moment.
  int64_t OffsetAt(WallTime time) const;

 private:
  const date::time_zone* zone_ = nullptr;  // the library's, for good
};

}  // namespace plumb
