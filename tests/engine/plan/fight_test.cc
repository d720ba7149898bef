#include "engine/plan/fight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace plumb {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

const ObjectId kWeb{"apps", "Deployment", "shop", "web"};
constexpr char kField[] = "spec.template.spec.containers[name=web].resources";

class Ring : public ::testing::Test {
 protected:
  // We heal the field, and `after` that `manager` changes it again.
  std::optional<Fight> Round(std::string_view manager, Duration after = seconds(1)) {
    detector_.Wrote(kWeb, kField, clock_.Now());
    clock_.Advance(after);
    return detector_.Differs(kWeb, kField, manager, clock_.Now());
  }

  FakeClock clock_;
  FightDetector detector_{FightOptions{.rounds = 3}};
};

TEST_F(Ring, AManagerThatAnswersThriceIsReportedAndLeftAlone) {
  EXPECT_FALSE(Round("vpa"));
  EXPECT_FALSE(Round("vpa"));
  const auto fight = Round("vpa");
  ASSERT_TRUE(fight);
  EXPECT_EQ(fight->manager, "vpa");
  EXPECT_EQ(fight->rounds, 3u);
  EXPECT_THAT(fight->ToString(clock_.Now()), HasSubstr("'vpa' changes spec.template.spec.containers[name=web].resources of Deployment shop/web back"));
  clock_.Advance(minutes(5));
  EXPECT_TRUE(detector_.Differs(kWeb, kField, "vpa", clock_.Now())) << "a paused field stays paused";
  EXPECT_EQ(detector_.Paused(clock_.Now()).size(), 1u);
}

TEST_F(Ring, APersonIsHealedHoweverOften) {
  for (const char* tool : {"kubectl-edit", "kubectl", "kubectl-client-side-apply", "k9s"})
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(Round(tool)) << tool;
}

TEST_F(Ring, WhatComesLateIsNoAnswer) {
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(Round("nightly-job", minutes(2)));
}

TEST_F(Ring, RoundsCountWithinTheWindow) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(Round("slow"));
    clock_.Advance(minutes(6));
  }
}

TEST_F(Ring, RoundsOfTwoManagersAreNoFight) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(Round("one"));
    EXPECT_FALSE(Round("other"));
  }
}

TEST_F(Ring, ADifferenceThatWeDidNotWriteIsNoRound) {
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(detector_.Differs(kWeb, kField, "vpa", clock_.Now()));
  EXPECT_FALSE(Round("vpa"));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(detector_.Differs(kWeb, kField, "vpa", clock_.Now())) << "seen again, not written again";
}

TEST_F(Ring, AnUnnamedWriterIsHealed) {
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(Round(""));
}

TEST_F(Ring, ThePauseEndsAndCountsAnew) {
  for (int i = 0; i < 3; ++i) Round("vpa");
  clock_.Advance(hours(1));
  EXPECT_FALSE(detector_.Differs(kWeb, kField, "vpa", clock_.Now())) << "it is healed once more";
  EXPECT_TRUE(detector_.Paused(clock_.Now()).empty());
  EXPECT_FALSE(Round("vpa"));
  EXPECT_FALSE(Round("vpa"));
  EXPECT_TRUE(Round("vpa"));
}

TEST_F(Ring, ANewManifestIsWritten) {
  for (int i = 0; i < 3; ++i) Round("vpa");
  detector_.Forget(kWeb);
  EXPECT_EQ(detector_.size(), 0u);
  EXPECT_FALSE(detector_.Differs(kWeb, kField, "vpa", clock_.Now()));
}

TEST_F(Ring, FieldsAreApart) {
  for (int i = 0; i < 3; ++i) Round("vpa");
  detector_.Wrote(kWeb, "spec.replicas", clock_.Now());
  EXPECT_FALSE(detector_.Differs(kWeb, "spec.replicas", "hpa", clock_.Now()));
}

TEST(FightDetector, HoldsNoMoreFieldsThanItMay) {
  FakeClock clock;
  FightDetector detector(FightOptions{.rounds = 1, .max_fields = 2});
  for (const char* field : {"a", "b", "a", "c"}) detector.Wrote(kWeb, field, clock.Now());
  EXPECT_EQ(detector.size(), 2u);
  EXPECT_TRUE(detector.Differs(kWeb, "a", "x", clock.Now())) << "the quietest went: b";
  EXPECT_FALSE(detector.Differs(kWeb, "b", "x", clock.Now()));
}

}  // namespace
}  // namespace plumb
