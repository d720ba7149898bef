// When free memory is given back: after a pause, or after long work without one.
#include "core/heap.h"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>

namespace plumb {
namespace {

using namespace std::chrono_literals;

TEST(HeapTrimmer, TrimsOnceAfterAPauseAndNotAgainWhileNothingHappens) {
  std::counting_semaphore<10> trims(0);
  HeapTrimmer trimmer(5ms, 10s, [&] { trims.release(); });
  EXPECT_FALSE(trims.try_acquire_for(30ms)) << "nothing was done yet";
  for (int i = 0; i < 100; ++i) trimmer.Touch();
  EXPECT_TRUE(trims.try_acquire_for(10s));
  EXPECT_FALSE(trims.try_acquire_for(30ms));
  trimmer.Touch();
  EXPECT_TRUE(trims.try_acquire_for(10s));
}

TEST(HeapTrimmer, TrimsDuringWorkThatNeverPauses) {
  std::atomic<int> trims = 0;
  HeapTrimmer trimmer(10s, 20ms, [&] { ++trims; });
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (trims < 2 && std::chrono::steady_clock::now() < end) {
    trimmer.Touch();
    std::this_thread::yield();
  }
  EXPECT_GE(trims, 2);
}

TEST(HeapTrimmer, EndsAtOnceInTheMiddleOfItsWait) {
  const auto start = std::chrono::steady_clock::now();
  {
    HeapTrimmer trimmer(60s, 60s, [] { ADD_FAILURE() << "no pause was seen"; });
    trimmer.Touch();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
}

}  // namespace
}  // namespace plumb
