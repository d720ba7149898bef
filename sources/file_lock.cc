#include "sources/file_lock.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include "core/blocking.h"

namespace plumb {

constexpr auto kAskAgain = std::chrono::milliseconds(20);  // flock has no bounded wait

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileLock::~FileLock() {
  if (fd_ >= 0) close(fd_);
}

Result<FileLock> FileLock::Take(const std::string& file, Duration wait, std::stop_token stop) {
  FileLock lock(open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  if (lock.fd_ < 0) {
    const std::string message = fmt::format("lock '{}': {}", file, std::strerror(errno));
    return errno == EACCES ? Denied(message) : Unavailable(message);
  }
  const TimePoint deadline = Clock::Real().Now() + wait;
  const Blocking blocking;
  while (flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return Unavailable(fmt::format("lock '{}': {}", file, std::strerror(errno)));
    if (stop.stop_requested()) return Cancelled(fmt::format("stopped while waiting for the lock '{}'", file));
    if (Clock::Real().Now() >= deadline) return Unavailable(fmt::format("lock '{}' is held by another process", file));
    std::this_thread::sleep_for(kAskAgain);
  }
  return lock;
}

}  // namespace plumb
