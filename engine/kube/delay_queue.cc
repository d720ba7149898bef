#include "engine/kube/delay_queue.h"

#include <vector>

namespace plumb::kube {

void DelayQueue::Add(Duration delay, Task task) {
  {
    MutexLock lock(mu_);
    if (!closed_) {
      tasks_.emplace(clock_.Now() + delay, std::move(task));
      if (&clock_ == &Clock::Real() && !thread_.joinable()) thread_ = std::thread([this] { Run(); });
      changed_.notify_all();
      return;
    }
  }
  task(true);
}

size_t DelayQueue::RunDue() {
  std::vector<Task> due;
  {
    MutexLock lock(mu_);
    const auto end = tasks_.upper_bound(clock_.Now());
    for (auto task = tasks_.begin(); task != end; ++task) due.push_back(std::move(task->second));
    tasks_.erase(tasks_.begin(), end);
  }
  for (const Task& task : due) task(false);
  return due.size();
}

void DelayQueue::Close() {
  std::multimap<TimePoint, Task> left;
  std::thread thread;
  {
    MutexLock lock(mu_);
    closed_ = true;
    left.swap(tasks_);
    thread.swap(thread_);
    changed_.notify_all();
  }
  if (thread.joinable()) thread.join();
  for (const auto& [due, task] : left) task(true);
}

void DelayQueue::Run() {
  while (true) {
    RunDue();
    MutexLock lock(mu_);
    if (closed_) return;
    if (tasks_.empty()) {
      changed_.wait(mu_);
    } else if (const TimePoint next = tasks_.begin()->first; next > clock_.Now()) {
      changed_.wait_until(mu_, next);
    }
  }
}

}  // namespace plumb::kube
