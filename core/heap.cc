#include "core/heap.h"

#include <malloc.h>
#include <pthread.h>

#include <algorithm>

namespace plumb {

using SteadyClock = std::chrono::steady_clock;

void LimitHeapArenas() { mallopt(M_ARENA_MAX, static_cast<int>(std::max(1u, std::thread::hardware_concurrency()))); }

HeapTrimmer::HeapTrimmer(std::chrono::milliseconds quiet, std::chrono::milliseconds at_most, std::function<void()> trim)
    : quiet_(quiet), at_most_(at_most), trim_(std::move(trim)), thread_([this](const std::stop_token& stop) { Run(stop); }) {}

HeapTrimmer::~HeapTrimmer() {
  thread_.request_stop();
  thread_.join();
}

void HeapTrimmer::Touch() {
  MutexLock lock(mu_);
  touched_ = true;
  changed_.notify_one();
}

void HeapTrimmer::ReturnFreeMemory() { malloc_trim(0); }

void HeapTrimmer::Run(const std::stop_token& stop) NO_THREAD_SAFETY_ANALYSIS {
  pthread_setname_np(pthread_self(), "heap-trimmer");
  std::unique_lock lock(mu_);
  const auto touched = [this]() NO_THREAD_SAFETY_ANALYSIS { return touched_; };
  while (changed_.wait(lock, stop, touched)) {
    const auto latest = SteadyClock::now() + at_most_;
    while (touched_ && SteadyClock::now() < latest && !stop.stop_requested()) {
      touched_ = false;
      changed_.wait_until(lock, stop, std::min(latest, SteadyClock::now() + quiet_), touched);
    }
    touched_ = false;
    lock.unlock();
    if (!stop.stop_requested()) trim_();
    lock.lock();
  }
}

}  // namespace plumb
