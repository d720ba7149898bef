// How the process keeps its free memory.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "core/mutex.h"

namespace plumb {

// At most one malloc arena for each core (glibc: eight): each keeps free memory of its own. Call first in main().
void LimitHeapArenas();

// Gives memory that a burst of work left free back to the system, once the work pauses: glibc keeps it otherwise, and a
// controller would weigh for days what its first synchronisation needed for a second.
//
// Touch() may be called from any thread; it costs a lock. One thread of its own, which sleeps while nothing is touched.
class HeapTrimmer {
 public:
  // Trims after `quiet` without a Touch(), and after `at_most` of constant ones. `trim` is malloc_trim, except in tests.
  explicit HeapTrimmer(std::chrono::milliseconds quiet = std::chrono::seconds(2), std::chrono::milliseconds at_most = std::chrono::seconds(30),
                       std::function<void()> trim = ReturnFreeMemory);
  ~HeapTrimmer();

  void Touch();

 private:
  static void ReturnFreeMemory();
  void Run(const std::stop_token& stop);

  const std::chrono::milliseconds quiet_, at_most_;
  const std::function<void()> trim_;
  Mutex mu_;
  CondVar changed_;
  bool touched_ GUARDED_BY(mu_) = false;
  std::jthread thread_;
};

}  // namespace plumb
