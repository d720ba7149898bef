// A queue of keys to reconcile. A key is waiting at most once and running at most once; a key added while it runs
// is queued again when it is Done. Level-based: a key says *what* to look at, never what happened.
//
// Thread-safe. Time is the Clock's; Take blocks in real time, TryTake never does.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "core/clock.h"
#include "core/mutex.h"

namespace plumb {

class WorkQueue {
 public:
  explicit WorkQueue(const Clock& clock) : clock_(clock) {}

  // Makes `key` ready now; drops its timer.
  void Add(const std::string& key);
  // Makes `key` ready after `delay`; of several the earliest counts.
  void AddAfter(const std::string& key, Duration delay);

  // The next ready key, now running, or nothing. The caller must call Done with it. `waited`, where given, is set to how
  // long the key was ready.
  std::optional<std::string> TryTake(Duration* waited = nullptr);
  // Waits for one. Nothing only after Shutdown.
  std::optional<std::string> Take(Duration* waited = nullptr);
  void Done(const std::string& key);

  void Shutdown();

  size_t depth() const;  // ready keys
  bool Running(const std::string& key) const;

 private:
  struct Ready {
    std::string key;
    TimePoint since;
  };
  std::optional<std::string> TakeLocked(Duration* waited) REQUIRES(mu_);
  void AddLocked(const std::string& key) REQUIRES(mu_);
  void FireTimers() REQUIRES(mu_);

  const Clock& clock_;
  mutable Mutex mu_;
  CondVar changed_;
  std::deque<Ready> order_ GUARDED_BY(mu_);
  std::unordered_set<std::string> waiting_ GUARDED_BY(mu_);
  std::unordered_set<std::string> running_ GUARDED_BY(mu_);
  std::unordered_set<std::string> again_ GUARDED_BY(mu_);
  std::multimap<TimePoint, std::string> timers_ GUARDED_BY(mu_);
  std::unordered_map<std::string, TimePoint> due_ GUARDED_BY(mu_);
  bool shutdown_ GUARDED_BY(mu_) = false;
};

}  // namespace plumb
