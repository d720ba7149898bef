// What stands under an Application's `status`: bounded, in kstatus' conventions, and read back as it was written.
#include "engine/loop/status_document.h"

#include <gtest/gtest.h>

#include "core/json.h"
#include "engine/health/health.h"
#include "engine/loop/summary.h"

namespace plumb {
namespace {

ApplicationStatus Sample(size_t objects = 3) {
  ApplicationStatus status;
  status.ns = "default";
  status.name = "shop";
  status.generation = 7;
  status.synced = status.healthy = true;
  status.objects = status.ready = objects;
  for (size_t i = 0; i < objects; ++i) status.states.push_back({{"", "ConfigMap", "shop", "c" + std::to_string(1000 + i)}, HealthStatus::kHealthy, ""});
  status.ready_since = status.changed = WallTime(std::chrono::seconds(1'700'000'000));
  Summarise(status, false, "");
  return status;
}

Document Written(const ApplicationStatus& status, const StatusLimits& limits = {}) {
  return BuildDocument([&](Arena& arena) { return StatusValue(arena, status, limits); });
}

TEST(StatusDocument, ListsAHundredObjectsAndThoseThatNeedALookFirst) {
  ApplicationStatus status = Sample(150);
  status.states[120].health = HealthStatus::kDegraded;
  status.states[120].message = "is broken";
  status.drift[status.states[130].id] = {status.changed, 2};
  const Document written = Written(status);
  const Value resources = written->Get("resources");
  ASSERT_EQ(resources.size(), 100u);
  EXPECT_EQ(written->Get("resourcesOmitted").AsInt(), 50);
  EXPECT_EQ(resources[0].GetString("name"), "c1120");
  EXPECT_EQ(resources[0].GetString("health"), "degraded");
  EXPECT_EQ(resources[1].GetString("name"), "c1130");
  EXPECT_EQ(resources[1].Get("driftedFields").AsInt(), 2);
  EXPECT_EQ(resources[2].GetString("name"), "c1000");
  EXPECT_EQ(written->Get("objects").Get("total").AsInt(), 150);
}

// The API server takes an object of 1.5 MiB; what people write into commits and errors must never come near it.
TEST(StatusDocument, IsBoundedWhateverIsSaid) {
  ApplicationStatus status = Sample(5000);
  const std::string letters(100'000, 'x');
  for (ObjectState& state : status.states) state.message = letters, state.health = HealthStatus::kDegraded;
  for (int i = 0; i < 1000; ++i) status.holds.push_back({"budget", letters, letters, status.changed});
  for (int i = 0; i < 100; ++i) status.history.push_back({letters, letters, letters, HistoryEntry::Result::kFailed, letters, status.changed, status.changed, 1});
  status.subject = status.failure = letters;
  Summarise(status, false, "");
  EXPECT_LT(WriteJson(*Written(status)).size(), 400u << 10);
  EXPECT_EQ(Written(status)->Get("holds").size(), 20u);
  EXPECT_LE(status.summary.size(), 400u);
}

TEST(StatusDocument, AMessageIsNotCutWithinACharacter) {
  ApplicationStatus status = Sample(1);
  status.states[0].message = "aaaa\xc3\xa9";  // é is of two bytes
  EXPECT_EQ(Written(status, {.message_bytes = 5})->Get("resources")[0].GetString("message"), "aaaa...");
}

// Any tool that knows kstatus understands an Application; Plumb's own rules are such a tool.
TEST(StatusDocument, ConditionsFollowKstatus) {
  const struct {
    const char* what;
    void (*make)(ApplicationStatus&);
    const char* types;
    HealthStatus want;
  } kCases[] = {
      {"synced", [](ApplicationStatus&) {}, "Ready=True ", HealthStatus::kHealthy},
      {"waiting for objects", [](ApplicationStatus& s) { s.healthy = false; }, "Ready=False Reconciling=True ", HealthStatus::kProgressing},
      {"a failure that is tried again", [](ApplicationStatus& s) { s.failure = "no answer"; }, "Ready=False Reconciling=True ", HealthStatus::kProgressing},
      {"one that waits for a change", [](ApplicationStatus& s) { s.failure = "bad"; s.stalled = true; }, "Ready=False Stalled=True ", HealthStatus::kDegraded},
      {"held", [](ApplicationStatus& s) { s.holds.push_back({"budget", "too many", "approve 1234", {}}); }, "Ready=False ", HealthStatus::kProgressing},
  };
  for (const auto& c : kCases) {
    ApplicationStatus status = Sample();
    c.make(status);
    Summarise(status, false, "");
    const Document object = BuildDocument([&](Arena& arena) {
      return arena.Map({{"apiVersion", Arena::Borrow("example.org/v1")}, {"kind", Arena::Borrow("Thing")}, {"metadata", arena.Map({{"generation", Arena::Int(7)}})}, {"status", StatusValue(arena, status)}});
    });
    std::string types;
    for (const Value condition : object->Get("status").Get("conditions").items()) {
      types += std::string(condition.GetString("type")) + "=" + std::string(condition.GetString("status")) + " ";
      EXPECT_EQ(condition.Get("observedGeneration").AsInt(), 7) << c.what;
      EXPECT_FALSE(condition.GetString("reason").empty()) << c.what;
      EXPECT_EQ(condition.GetString("message"), status.summary) << c.what;
      EXPECT_EQ(condition.GetString("lastTransitionTime"), "2023-11-14T22:13:20Z") << c.what;
    }
    EXPECT_EQ(types, c.types) << c.what;
    EXPECT_EQ(Assess(*object).status, c.want) << c.what;
  }
}

TEST(StatusDocument, WhatItSaysOfThePastIsReadBack) {
  ApplicationStatus status = Sample();
  status.revision = std::string(40, 'a');
  status.plan_digest = std::string(64, 'b');
  status.approval = std::string(64, 'c');
  status.plan.held = 3;
  status.cluster_identity = "uid";
  status.sync_handled = "now by ann";
  status.history.push_back({"r", "d", "ann", HistoryEntry::Result::kSuperseded, "a newer revision came", status.changed, status.changed, 4});
  const ApplicationStatus read = ReadStatus(*Written(status));
  EXPECT_EQ(read.revision, status.revision);
  EXPECT_EQ(read.plan_digest, status.plan_digest);
  EXPECT_EQ(read.approval, status.approval);
  EXPECT_EQ(read.plan, status.plan);
  EXPECT_EQ(read.cluster_identity, "uid");
  EXPECT_EQ(read.sync_handled, "now by ann");
  ASSERT_EQ(read.history.size(), 1u);
  EXPECT_EQ(read.history[0].by, "ann");
  EXPECT_EQ(read.history[0].result, HistoryEntry::Result::kSuperseded);
  EXPECT_EQ(read.history[0].attempts, 4u);
  EXPECT_TRUE(read.holds.empty() && read.states.empty()) << "the present is found out anew";
  for (const char* hostile : {"null", "7", R"({"history":"x","plan":[],"conditions":{},"observedGeneration":"many"})", R"({"history":[1,null,{"attempts":-9}]})"})
    ReadStatus(*ParseJson(hostile).value());
}

}  // namespace
}  // namespace plumb
