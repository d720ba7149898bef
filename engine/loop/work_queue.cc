#include "engine/loop/work_queue.h"

#include <algorithm>

namespace plumb {

void WorkQueue::AddLocked(const std::string& key) {
  due_.erase(key);  // a timer that still fires for it finds nothing due
  if (running_.contains(key)) {
    again_.insert(key);
    return;
  }
  if (!waiting_.insert(key).second) return;
  order_.push_back({key, clock_.Now()});
}

void WorkQueue::Add(const std::string& key) {
  MutexLock lock(mu_);
  AddLocked(key);
  changed_.notify_one();
}

void WorkQueue::AddAfter(const std::string& key, Duration delay) {
  MutexLock lock(mu_);
  const TimePoint at = clock_.Now() + delay;
  auto [entry, added] = due_.emplace(key, at);
  if (!added) {
    if (entry->second <= at) return;
    entry->second = at;  // the later timer stays in timers_ and is ignored when it fires
  }
  timers_.emplace(at, key);
  changed_.notify_one();
}

void WorkQueue::FireTimers() {
  const TimePoint now = clock_.Now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const auto [at, key] = *timers_.begin();
    timers_.erase(timers_.begin());
    auto due = due_.find(key);
    if (due != due_.end() && due->second == at) AddLocked(key);
  }
}

std::optional<std::string> WorkQueue::TakeLocked(Duration* waited) {
  FireTimers();
  if (shutdown_ || order_.empty()) return std::nullopt;
  std::string key = std::move(order_.front().key);
  if (waited) *waited = clock_.Now() - order_.front().since;
  order_.pop_front();
  waiting_.erase(key);
  running_.insert(key);
  return key;
}

std::optional<std::string> WorkQueue::TryTake(Duration* waited) {
  MutexLock lock(mu_);
  return TakeLocked(waited);
}

std::optional<std::string> WorkQueue::Take(Duration* waited) {
  MutexLock lock(mu_);
  while (true) {
    if (auto key = TakeLocked(waited)) return key;
    if (shutdown_) return std::nullopt;
    if (timers_.empty()) changed_.wait(mu_);
    else changed_.wait_for(mu_, std::max<Duration>(timers_.begin()->first - clock_.Now(), Duration(1)));
  }
}

void WorkQueue::Done(const std::string& key) {
  MutexLock lock(mu_);
  running_.erase(key);
  if (again_.erase(key) > 0) {
    AddLocked(key);
    changed_.notify_one();
  }
}

void WorkQueue::Shutdown() {
  MutexLock lock(mu_);
  shutdown_ = true;
  changed_.notify_all();
}

bool WorkQueue::Running(const std::string& key) const {
  MutexLock lock(mu_);
  return running_.contains(key);
}

size_t WorkQueue::depth() const {
  MutexLock lock(mu_);
  return order_.size();
}

}  // namespace plumb
