// Replicas share the Applications: each is one's alone at every moment, whoever comes, goes, stands still or loses its Lease.
#include "engine/controller/members.h"

#include <gmock/gmock.h>

#include <random>

#include "engine/kube/fenced.h"
#include "tests/engine/controller/rig.h"

namespace plumb {
namespace {

using namespace plumb::testing;  // NOLINT: the helpers of these tests

constexpr int kApplications = 12;

struct Replica {
  Replica(ControlledSite& site, const std::string& name, Duration lease)
      : client(site.gateway, {.attempts = 1}, site.clock), members(client, {.identity = name, .lease = lease}, site.clock) {
    ControllerOptions options;
    options.members = &members;
    plumb = std::make_unique<Controlled>(site, options, std::make_shared<kube::FencedTransport>(site.gateway, [this] { return members.alive(); }));
  }
  std::set<std::string> Follows() const {
    std::set<std::string> keys;
    for (const ApplicationStatus& status : plumb->controller->loop().status()) keys.insert(status.ns + "/" + status.name);
    return keys;
  }
  kube::Client client;
  Members members;
  std::unique_ptr<Controlled> plumb;
  bool paused = false;
};

class SharingTest : public ::testing::Test {
 protected:
  SharingTest() {
    for (int i = 0; i < kApplications; ++i) {
      const std::string name = fmt::format("app-{}", i);
      site.repositories[fmt::format("https://git.example/{}.git", name)] = {"1", {{"c.yaml", ConfigMap(name)}}};
      site.ApplyApp(name);
    }
  }
  Replica& Join(const std::string& name, Duration lease = std::chrono::seconds(15)) { return *(replicas[name] = std::make_unique<Replica>(site, name, lease)); }
  // A tenth of a second at a time, every replica steps; at every moment no Application is two live ones'.
  void RunFor(Duration time) {
    for (Duration at{}; at < time; at += std::chrono::milliseconds(100)) {
      site.clock.Advance(std::chrono::milliseconds(100));
      for (auto& [name, replica] : replicas) {
        if (!replica->paused) replica->plumb->StepOnce();
        Check();
      }
    }
  }
  void Check() {
    std::map<std::string, std::string> owner;
    for (const auto& [name, replica] : replicas) {
      if (!replica->members.alive()) continue;  // its writes are refused, whatever it believes
      for (const std::string& key : replica->Follows()) {
        const auto [at, fresh] = owner.emplace(key, name);
        ASSERT_TRUE(fresh) << key << " is followed by " << at->second << " and " << name;
      }
    }
  }
  size_t Followed() {
    std::set<std::string> all;
    for (const auto& [name, replica] : replicas)
      if (replica->members.alive() && !replica->paused) all.merge(replica->Follows());
    return all.size();
  }
  // How long until every Application is followed again.
  Duration UntilAll() {
    Duration taken{};
    while (Followed() < kApplications && taken < std::chrono::minutes(2)) {
      RunFor(std::chrono::milliseconds(100));
      taken += std::chrono::milliseconds(100);
    }
    return taken;
  }

  ControlledSite site;
  std::map<std::string, std::unique_ptr<Replica>> replicas;
  std::vector<std::unique_ptr<Replica>> graves;
};

TEST(Rendezvous, AMemberThatLeavesMovesOnlyItsOwn) {
  const std::set<std::string> three = {"a", "b", "c"}, two = {"a", "c"};
  std::map<std::string, int> counts;
  for (int i = 0; i < 900; ++i) {
    const std::string key = fmt::format("ns/app-{}", i), owner = OwnerOf(three, key);
    ++counts[owner];
    if (owner != "b") {
      EXPECT_EQ(OwnerOf(two, key), owner);
    }
  }
  for (const auto& [member, count] : counts) EXPECT_NEAR(count, 300, 60) << member;
}

TEST_F(SharingTest, OneAloneFollowsAllAtOnce) {
  Join("a");
  EXPECT_LE(UntilAll(), std::chrono::seconds(1));
}

TEST_F(SharingTest, ASecondTakesItsShareAfterTheFirstLetGo) {
  Join("a");
  UntilAll();
  Join("b");
  RunFor(std::chrono::seconds(8));
  EXPECT_EQ(Followed(), static_cast<size_t>(kApplications));
  EXPECT_FALSE(replicas["a"]->Follows().empty());
  EXPECT_FALSE(replicas["b"]->Follows().empty());
  for (const char* name : {"a", "b"}) EXPECT_EQ(replicas[name]->plumb->controller->members(), 2u) << name << ": what the metric says";
}

TEST_F(SharingTest, WhatAVanishedOneHadIsTakenOverAfterItsLease) {
  for (const char* name : {"a", "b", "c"}) Join(name);
  RunFor(std::chrono::seconds(10));
  ASSERT_EQ(Followed(), static_cast<size_t>(kApplications));
  replicas["b"]->paused = true;
  const Duration taken = UntilAll();
  RecordProperty("seconds", std::to_string(std::chrono::duration<double>(taken).count()));
  EXPECT_GE(taken, std::chrono::seconds(10)) << "not before it stopped by itself";
  EXPECT_LE(taken, std::chrono::seconds(24));
  // It wakes up: it writes nothing with what it believed, and comes back as another member.
  site.gateway->writes.clear();
  replicas["b"]->paused = false;
  RunFor(std::chrono::seconds(10));
  EXPECT_EQ(Followed(), static_cast<size_t>(kApplications));
  EXPECT_FALSE(replicas["b"]->Follows().empty());
}

TEST_F(SharingTest, AShorterLeaseHandsOverSoonerAndWaitsForThoseOfOthers) {
  const auto fill = [&] {
    RunFor(std::chrono::seconds(10));
    ASSERT_EQ(Followed(), static_cast<size_t>(kApplications));
  };
  Join("a", std::chrono::seconds(3));
  Join("b", std::chrono::seconds(3));
  fill();
  replicas["b"]->paused = true;
  EXPECT_LE(UntilAll(), std::chrono::seconds(6));
  replicas["b"]->paused = false;
  // As in an upgrade that changes the flag: one may act for as long as its own Lease lets it.
  Join("c", std::chrono::seconds(15));
  fill();
  replicas["c"]->paused = true;
  EXPECT_GE(UntilAll(), std::chrono::seconds(10));
}

TEST_F(SharingTest, OneThatStopsCleanlyIsNotWaitedFor) {
  Join("a");
  Join("b");
  RunFor(std::chrono::seconds(10));
  ASSERT_EQ(Followed(), static_cast<size_t>(kApplications));
  replicas["b"]->plumb->controller->Stop();
  replicas.erase("b");
  EXPECT_LE(UntilAll(), std::chrono::seconds(5));
}

TEST_F(SharingTest, WithoutItsLeaseAMemberWritesNothing) {
  Replica& a = Join("a");
  UntilAll();
  site.gateway->intercept = [](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (request.target.find("/leases/") == std::string::npos) return std::nullopt;
    return Result<http::Response>(Unavailable("cut off"));
  };
  RunFor(std::chrono::seconds(11));
  EXPECT_FALSE(a.members.alive());
  EXPECT_TRUE(a.Follows().empty());
  site.gateway->writes.clear();
  RunFor(std::chrono::minutes(5));
  for (const std::string& write : site.gateway->writes) EXPECT_NE(write.find("/leases/"), std::string::npos) << write;
  site.gateway->intercept = nullptr;
  EXPECT_LE(UntilAll(), std::chrono::seconds(5));
}

// Joins, clean and hard ends, stand-stills and cut-offs in any order: Check() holds at every step, and in the end all are followed.
TEST_F(SharingTest, NoOrderOfComingAndGoingHasTwoForOne) {
  std::minstd_rand random(20261128);
  int born = 0;
  for (int round = 0; round < 40; ++round) {
    std::vector<std::string> names;
    for (const auto& [name, replica] : replicas) names.push_back(name);
    const std::string any = names.empty() ? "" : names[random() % names.size()];
    switch (random() % 5) {
      case 0:
      case 1:
        if (replicas.size() < 3) Join(fmt::format("m{}", born++));
        break;
      case 2:
        if (!any.empty() && random() % 2 == 0) {
          replicas[any]->plumb->controller->Stop();
          replicas.erase(any);
        }
        break;
      case 3:
        if (!any.empty()) replicas[any]->paused = !replicas[any]->paused;
        break;
      case 4:
        if (!any.empty()) graves.push_back(std::move(replicas.extract(any).mapped()));  // as kill -9: its Lease stays
        break;
    }
    RunFor(std::chrono::milliseconds(100 * (1 + random() % 120)));
    if (HasFatalFailure()) return;
  }
  for (auto& [name, replica] : replicas) replica->paused = false;
  if (replicas.empty()) Join("last");
  EXPECT_LE(UntilAll(), std::chrono::seconds(40));
}

}  // namespace
}  // namespace plumb
