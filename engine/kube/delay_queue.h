// Functions to call later: the pause between two attempts of a request.
#pragma once

#include <functional>
#include <map>
#include <thread>

#include "core/clock.h"
#include "core/mutex.h"

namespace plumb::kube {

// Thread-safe. With the real clock a thread of its own runs what is due, started at the first Add; with any other clock
// nothing runs until RunDue() is called.
class DelayQueue {
 public:
  using Task = std::function<void(bool cancelled)>;  // called exactly once

  explicit DelayQueue(Clock& clock) : clock_(clock) {}
  ~DelayQueue() { Close(); }

  void Add(Duration delay, Task task);  // after Close: calls it at once, cancelled
  size_t RunDue();                      // how many ran
  void Close();                         // cancels what waits and joins the thread

 private:
  void Run();

  Clock& clock_;
  Mutex mu_;
  CondVar changed_;
  std::multimap<TimePoint, Task> tasks_ GUARDED_BY(mu_);
  bool closed_ GUARDED_BY(mu_) = false;
  std::thread thread_ GUARDED_BY(mu_);
};

}  // namespace plumb::kube
