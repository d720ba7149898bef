// Kubernetes Events: transitions, counted, bounded.
#include "engine/controller/events.h"

#include <gtest/gtest.h>

#include "tests/engine/controller/rig.h"

namespace plumb {
namespace {

using namespace plumb::testing;  // NOLINT: the helpers of these tests

class EventsTest : public ::testing::Test {
 protected:
  EventsTest() : recorder(site.client, [this](const std::string& key) { return site.Application(key.substr(8)); }, [] {}, site.clock) {
    site.ApplyApp("shop");
    site.gateway->writes.clear();
  }
  void Note(LoopEvent::Type type, const std::string& text, const std::string& application = "shop") {
    LoopEvent event;
    event.type = type;
    event.ns = "default";
    event.application = application;
    event.text = text;
    event.time = site.clock.Wall();
    recorder.Note(event);
    recorder.Step();
  }

  ControlledSite site;
  EventRecorder recorder;
};

TEST_F(EventsTest, ATransitionIsToldAtOnceAndOfTheObject) {
  Note(LoopEvent::Type::kFailed, "source: no such repository");
  const Document event = site.Event("shop", "Failed");
  EXPECT_EQ(event->GetString("type"), "Warning");
  EXPECT_EQ(event->GetString("message"), "source: no such repository");
  EXPECT_EQ(event->Get("involvedObject").GetString("uid"), site.Application("shop")->Get("metadata").GetString("uid"));
}

TEST_F(EventsTest, StepsAndPlansAreNoTransitions) {
  for (const auto type : {LoopEvent::Type::kStep, LoopEvent::Type::kPlan, LoopEvent::Type::kStarted, LoopEvent::Type::kRevision}) Note(type, "x");
  EXPECT_TRUE(site.All("Event").empty());
}

TEST_F(EventsTest, AFightOverAFieldIsOneRequestAMinute) {
  for (int i = 0; i < 600; ++i) {
    Note(LoopEvent::Type::kDrift, "ConfigMap default/one");
    site.clock.Advance(std::chrono::milliseconds(500));
  }
  EXPECT_LE(site.gateway->writes.size(), 6u) << "600 edits in five minutes";
  site.clock.Advance(std::chrono::minutes(1));
  recorder.Step();
  EXPECT_EQ(site.All("Event").size(), 1u);
  EXPECT_EQ(site.Event("shop", "Drifted")->Get("count").AsInt(), 600);
}

TEST_F(EventsTest, WhatTheServerForgotIsToldAsANewOne) {
  Note(LoopEvent::Type::kHeld, "first");
  const std::string name(site.Event("shop", "Held")->Get("metadata").GetString("name"));
  ASSERT_TRUE(site.client.Delete({*kube::BuiltIn("Event"), "default", name, ""}).object.ok());
  for (int i = 0; i < 2; ++i) {
    site.clock.Advance(std::chrono::minutes(2));
    Note(LoopEvent::Type::kHeld, "again");
    recorder.Step();
  }
  EXPECT_EQ(site.Event("shop", "Held")->GetString("message"), "again");
}

TEST_F(EventsTest, MoreReasonsThanTheBoundAreNotTold) {
  EventRecorder small(site.client, [this](const std::string&) { return site.Application("shop"); }, [] {}, site.clock, {.reasons = 2});
  for (int i = 0; i < 5; ++i) {
    LoopEvent event;
    event.type = LoopEvent::Type::kHeld;
    event.ns = "default";
    event.application = "app-" + std::to_string(i);
    small.Note(event);
  }
  small.Step();
  EXPECT_EQ(site.All("Event").size(), 2u);
}

TEST_F(EventsTest, ALongMessageIsCutWithinTheServersBound) {
  Note(LoopEvent::Type::kFailed, std::string(5000, 'x'));
  EXPECT_EQ(site.Event("shop", "Failed")->GetString("message").size(), 1000u);
}

}  // namespace
}  // namespace plumb
