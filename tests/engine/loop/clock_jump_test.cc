// A wall clock that jumps, as after a suspended machine or a first answer of NTP: waits go by the steady clock, so that nothing is
// done twice, nothing is forgotten, and what is told stays in order.
#include <gmock/gmock.h>

#include "engine/loop/reconciler.h"
#include "tests/engine/loop/rig.h"

namespace plumb {
namespace {

using namespace plumb::testing;  // NOLINT: the helpers of these tests
using ::testing::IsEmpty;
using ::testing::SizeIs;

class JumpingClock final : public Clock {
 public:
  TimePoint Now() const override { return steady.Now(); }
  WallTime Wall() const override { return steady.Wall() + jump; }

  FakeClock steady;
  Duration jump{};
};

TEST(ClockJump, NeitherRepeatsNorLosesWork) {
  JumpingClock clock;
  Rig rig("", {}, &clock);
  rig.Push("1111", {{"a.yaml", ConfigMap("a", "1")}});
  ASSERT_TRUE(rig.Pass().ok());
  clock.steady.Advance(std::chrono::seconds(1));
  ASSERT_TRUE(rig.Pass().ok());
  int revision = 1;
  for (const auto jump : {std::chrono::hours(24 * 365), std::chrono::hours(-24 * 365 * 20), std::chrono::hours(0)}) {
    clock.jump = jump;
    rig.reconciler->MarkAllDirty();
    ASSERT_TRUE(rig.Pass().ok());
    EXPECT_THAT(rig.gateway->writes, IsEmpty()) << "the jump itself is no reason to write";

    rig.Edit("ConfigMap", "default", "a", R"({"data":{"value":"by hand"}})");
    rig.reconciler->MarkDirty({"", "ConfigMap", "default", "a"});
    ASSERT_TRUE(rig.Pass().ok());
    EXPECT_THAT(rig.gateway->writes, SizeIs(1)) << "drift is healed at once";

    const std::string value = std::to_string(++revision);
    rig.Push(value, {{"a.yaml", ConfigMap("a", value)}});
    ASSERT_TRUE(rig.Pass().ok());
    EXPECT_EQ(rig.Get("ConfigMap", "default", "a")->Get("data").GetString("value"), value);
    EXPECT_EQ(rig.status().history.front().revision, value);
  }
}

TEST(ClockJump, DoesNotMoveTheNextTry) {
  JumpingClock clock;
  Rig rig("", {}, &clock);
  bool down = true;
  rig.gateway->intercept = [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (!down || request.method == "GET") return std::nullopt;
    return http::Response{403, {{"Content-Type", "application/json"}}, R"({"kind":"Status","status":"Failure","message":"no","reason":"Forbidden","code":403})"};
  };
  rig.Push("1111", {{"a.yaml", ConfigMap("a", "1")}});
  EXPECT_FALSE(rig.Pass().ok());
  const TimePoint next = rig.reconciler->next_look();
  ASSERT_NE(next, TimePoint::max());
  clock.jump = std::chrono::hours(-1000);
  down = false;
  clock.steady.Advance(next - clock.steady.Now());
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(rig.status().summary, "Synced") << "after the backoff, whatever the wall says";
}

}  // namespace
}  // namespace plumb
