// A thread that says it waits, and who hears of it.
#include "core/blocking.h"

#include <gtest/gtest.h>

#include <thread>

namespace plumb {
namespace {

struct Counter final : BlockingListener {
  void BlockingBegins() override { ++begun; }
  void BlockingEnds() override { ++ended; }
  int begun = 0, ended = 0;
};

TEST(Blocking, IsToldOncePerOutermostWaitAndOnItsOwnThreadAlone) {
  Counter counter;
  BlockingListener::OfThisThread(&counter);
  {
    const Blocking outer;
    {
      const Blocking inner;
      EXPECT_EQ(counter.begun, 1);
    }
    EXPECT_EQ(counter.ended, 0) << "the outer one goes on";
    std::thread([] { const Blocking elsewhere; }).join();
    EXPECT_EQ(counter.begun, 1);
  }
  EXPECT_EQ(counter.ended, 1);
  BlockingListener::OfThisThread(nullptr);
  { const Blocking unheard; }
  EXPECT_EQ(counter.begun, 1);
}

}  // namespace
}  // namespace plumb
