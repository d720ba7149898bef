// What the kernel says of this process (/proc/self), for the process_* metrics.
#pragma once

namespace plumb {

struct ProcessStats {
  double start_seconds = 0;  // since 1970
  double cpu_seconds = 0;    // user and system
  double resident_bytes = 0;
  double open_fds = 0;
};

// Thread-safe. What cannot be read is 0.
ProcessStats ReadProcessStats();

}  // namespace plumb
