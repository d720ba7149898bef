// A mutex that clang's thread-safety analysis understands (std::mutex of libstdc++ is not annotated), and its lock.
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define PLUMB_TSA(x) __attribute__((x))
#else
#define PLUMB_TSA(x)
#endif
#define CAPABILITY(x) PLUMB_TSA(capability(x))
#define SCOPED_CAPABILITY PLUMB_TSA(scoped_lockable)
#define GUARDED_BY(x) PLUMB_TSA(guarded_by(x))
#define REQUIRES(...) PLUMB_TSA(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) PLUMB_TSA(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) PLUMB_TSA(acquire_capability(__VA_ARGS__))
#define RELEASE(...) PLUMB_TSA(release_capability(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS PLUMB_TSA(no_thread_safety_analysis)

namespace plumb {

class CAPABILITY("mutex") Mutex {
 public:
  void lock() ACQUIRE() { mu_.lock(); }
  void unlock() RELEASE() { mu_.unlock(); }

 private:
  std::mutex mu_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mu) ACQUIRE(mu) : mu_(mu) { mu_.lock(); }
  ~MutexLock() RELEASE() { mu_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mu_;
};

// Waits take the Mutex itself; the caller holds it, and loops over its own condition:
//   while (queue_.empty()) changed_.wait(mu_);
using CondVar = std::condition_variable_any;

}  // namespace plumb
