// The work queue and its backoff.
#include "engine/loop/work_queue.h"

#include <gtest/gtest.h>

#include <thread>

#include "engine/loop/backoff.h"

namespace plumb {
namespace {

using namespace std::chrono_literals;

TEST(WorkQueue, KeyAddedWhileRunningRunsOnceMore) {
  FakeClock clock;
  WorkQueue queue(clock);
  queue.Add("apps/web");
  ASSERT_EQ(queue.TryTake(), "apps/web");

  queue.Add("apps/web");
  queue.Add("apps/web");
  EXPECT_EQ(queue.TryTake(), std::nullopt) << "a running key must not run twice at a time";

  queue.Done("apps/web");
  EXPECT_EQ(queue.TryTake(), "apps/web");
  queue.Done("apps/web");
  EXPECT_EQ(queue.TryTake(), std::nullopt) << "two adds are one run";
}

TEST(WorkQueue, TimersFireInOrderAndTheEarliestOfAKeyCounts) {
  FakeClock clock;
  WorkQueue queue(clock);
  queue.AddAfter("late", 10s);
  queue.AddAfter("soon", 5s);
  queue.AddAfter("late", 20s);
  EXPECT_EQ(queue.TryTake(), std::nullopt);
  clock.Advance(5s);
  EXPECT_EQ(queue.TryTake(), "soon");
  EXPECT_EQ(queue.TryTake(), std::nullopt);
  clock.Advance(5s);
  EXPECT_EQ(queue.TryTake(), "late");
  queue.Done("late");
  clock.Advance(60s);
  EXPECT_EQ(queue.TryTake(), std::nullopt) << "the later timer of the same key is dropped";
}

TEST(WorkQueue, AddNowDropsTheTimer) {
  FakeClock clock;
  WorkQueue queue(clock);
  queue.AddAfter("web", 10s);
  queue.Add("web");
  EXPECT_EQ(queue.TryTake(), "web");
  queue.Done("web");
  clock.Advance(10s);
  EXPECT_EQ(queue.TryTake(), std::nullopt);
}

TEST(WorkQueue, ATimerThatMovesEarlierFiresOnce) {
  FakeClock clock;
  WorkQueue queue(clock);
  queue.AddAfter("web", 10s);
  queue.AddAfter("web", 2s);
  clock.Advance(2s);
  EXPECT_EQ(queue.TryTake(), "web");
  queue.Done("web");
  clock.Advance(8s);
  EXPECT_EQ(queue.TryTake(), std::nullopt);
}

TEST(WorkQueue, DepthAndWaitAreOfReadyKeys) {
  FakeClock clock;
  WorkQueue queue(clock);
  queue.Add("a");
  clock.Advance(3s);
  queue.Add("b");
  EXPECT_EQ(queue.depth(), 2u);
  Duration waited{};
  EXPECT_EQ(queue.TryTake(&waited), "a");
  EXPECT_EQ(waited, 3s);
}

TEST(WorkQueue, ShutdownWakesTheWaiting) {
  WorkQueue queue(Clock::Real());
  std::jthread waiter([&] { EXPECT_EQ(queue.Take(), std::nullopt); });
  queue.Shutdown();
}

TEST(Backoff, DoublesToItsBound) {
  const struct {
    int failures;
    Duration want;
  } kCases[] = {{1, 1s}, {2, 2s}, {3, 4s}, {8, 128s}, {9, 256s}, {10, 300s}, {80, 300s}};
  for (const auto& c : kCases) {
    Backoff backoff;
    Duration wait{};
    for (int i = 0; i < c.failures; ++i) wait = backoff.Next("web");
    EXPECT_EQ(wait, c.want) << c.failures << " failures";
    EXPECT_EQ(backoff.failures("web"), c.failures);
    backoff.Reset("web");
    EXPECT_EQ(backoff.Next("web"), 1s) << "success forgets";
  }
}

}  // namespace
}  // namespace plumb
