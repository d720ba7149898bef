// Threads that wait make room for others, and no more than that.
#include "engine/loop/workforce.h"

#include <gtest/gtest.h>

#include <deque>

namespace plumb {
namespace {

using std::chrono::milliseconds;

// A queue of jobs, and doors that jobs wait at.
class WorkforceTest : public ::testing::Test {
 protected:
  Workforce::Job Next() {
    MutexLock lock(mu_);
    while (jobs_.empty() && !over_) changed_.wait(mu_);
    if (jobs_.empty()) return nullptr;
    Workforce::Job job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
  }
  void Add(Workforce::Job job) {
    MutexLock lock(mu_);
    jobs_.push_back(std::move(job));
    changed_.notify_one();
  }
  Workforce::Job WaitsAtTheDoor() {
    return [this] {
      const Blocking blocking;
      MutexLock lock(mu_);
      ++at_the_door_;
      changed_.notify_all();
      while (!open_) changed_.wait(mu_);
    };
  }
  Workforce::Job Works() {
    return [this] {
      MutexLock lock(mu_);
      ++done_;
      changed_.notify_all();
    };
  }
  void Open() {
    MutexLock lock(mu_);
    open_ = true;
    changed_.notify_all();
  }
  template <typename F>
  bool Until(F&& condition, Duration most = std::chrono::seconds(20)) {
    const TimePoint end = Clock::Real().Now() + most;
    MutexLock lock(mu_);
    while (!condition() && Clock::Real().Now() < end) changed_.wait_for(mu_, milliseconds(10));
    return condition();
  }
  std::unique_ptr<Workforce> Start(WorkforceOptions options) {
    auto force = std::make_unique<Workforce>(options, "test", [this] { return Next(); });
    force->Start();
    return force;
  }
  void End(Workforce& force) {
    {
      MutexLock lock(mu_);
      over_ = open_ = true;
      changed_.notify_all();
    }
    force.Join();
  }

  Mutex mu_;
  CondVar changed_;
  std::deque<Workforce::Job> jobs_;
  bool over_ = false, open_ = false;
  int at_the_door_ = 0, done_ = 0;
};

TEST_F(WorkforceTest, WhoOnlyWaitsKeepsNobodyFromWorking) {
  const auto force = Start({.active = 2, .waiting = 10, .grace = milliseconds(20)});
  for (int i = 0; i < 8; ++i) Add(WaitsAtTheDoor());
  Add(Works());
  EXPECT_TRUE(Until([&] { return done_ == 1; }));
  EXPECT_EQ(at_the_door_, 8);
  EXPECT_TRUE(Until([&] { return force->waiting() == 8; }));
  EXPECT_EQ(force->threads(), 10u);
  Open();
  EXPECT_TRUE(Until([&] { return force->waiting() == 0; }));
  // Those who are too many go home after their next job.
  for (int i = 0; i < 100; ++i) Add(Works());
  EXPECT_TRUE(Until([&] { return done_ == 101; }));
  EXPECT_LE(force->threads(), 10u);
  End(*force);
}

TEST_F(WorkforceTest, NoMoreThanTheBoundWait) {
  const auto force = Start({.active = 2, .waiting = 3, .grace = milliseconds(10)});
  for (int i = 0; i < 20; ++i) Add(WaitsAtTheDoor());
  EXPECT_TRUE(Until([&] { return at_the_door_ == 5; }));
  EXPECT_FALSE(Until([&] { return at_the_door_ > 5; }, milliseconds(200)));
  EXPECT_EQ(force->threads(), 5u);
  Open();
  EXPECT_TRUE(Until([&] { return at_the_door_ == 20; }));
  End(*force);
}

TEST_F(WorkforceTest, AShortWaitAddsNobody) {
  const auto force = Start({.active = 2, .waiting = 10, .grace = std::chrono::seconds(60)});
  Add(WaitsAtTheDoor());
  Add(WaitsAtTheDoor());
  EXPECT_TRUE(Until([&] { return at_the_door_ == 2; }));
  EXPECT_FALSE(Until([&] { return force->threads() > 2; }, milliseconds(100)));
  End(*force);
}

TEST_F(WorkforceTest, NestedWaitsCountOnce) {
  const auto force = Start({.active = 1, .waiting = 10, .grace = milliseconds(10)});
  Add([this] {
    const Blocking outer;
    { const Blocking inner; }
    WaitsAtTheDoor()();
  });
  Add(Works());
  EXPECT_TRUE(Until([&] { return done_ == 1; })) << "the outer wait goes on when the inner one ends";
  EXPECT_EQ(force->waiting(), 1u);
  End(*force);
}

}  // namespace
}  // namespace plumb
