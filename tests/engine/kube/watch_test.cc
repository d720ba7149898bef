// Watches and the live cache against a scripted server and clock: expiry, silence, broken data, truth about completeness.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "core/edit.h"
#include "engine/kube/live_cache.h"
#include "tests/engine/kube/fake_transport.h"

namespace plumb::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using std::chrono::seconds;

const Resource& kConfigMaps = *BuiltIn("ConfigMap");

std::string Object(const std::string& name, int version, const std::string& more = "") {
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":")" + name + R"(","namespace":"shop","uid":"u-)" + name + R"(","resourceVersion":")" +
         std::to_string(version) + "\"" + more + "}}";
}
std::string Event(const std::string& type, const std::string& object) { return R"({"type":")" + type + R"(","object":)" + object + "}\n"; }
std::string Bookmark(int version) {
  return Event("BOOKMARK", R"({"kind":"ConfigMap","metadata":{"resourceVersion":")" + std::to_string(version) + "\"}}");
}
std::string Gone() { return R"({"kind":"Status","code":410,"reason":"Expired","message":"too old resource version"})"; }

std::string List(const std::vector<std::string>& objects, int version) {
  std::string items;
  for (const std::string& object : objects) items += (items.empty() ? "" : ",") + object;
  return R"({"kind":"ConfigMapList","metadata":{"resourceVersion":")" + std::to_string(version) + R"("},"items":[)" + items + "]}";
}

// A cache on a server that the test plays. `list` is what a list answers now.
struct Fixture {
  explicit Fixture(LiveCacheOptions options = {}) : cache(client, std::move(options), clock) {
    cache.AddListener([this](const CacheEvent& event) {
      static constexpr const char* kTypes[] = {"added", "modified", "deleted", "listed", "current", "trouble"};
      const bool object = event.type <= CacheEvent::Type::kDeleted;
      events.push_back(std::string(kTypes[static_cast<size_t>(event.type)]) + (object ? " " + event.id().name : ""));
    });
  }

  // Runs everything that is due now.
  void Settle() {
    for (int i = 0; i < 20 && cache.Step() <= clock.Now(); ++i) {}
    cache.Step();
  }
  void Advance(Duration by) {
    clock.Advance(by);
    Settle();
  }
  FakeTransport::OpenStream& stream() { return *transport->streams.back(); }
  // Followed, listed, watching.
  void Begin() {
    cache.Follow(kConfigMaps);
    Settle();
    stream().Head(200);
    Settle();
    events.clear();
  }
  std::string Names() {
    std::string names;
    for (const Document& object : cache.Objects(kConfigMaps.gvk)) names += GetAt(*object, {"metadata", "name"}).AsString();
    std::ranges::sort(names);
    return names;
  }
  bool complete() { return cache.State(kConfigMaps.gvk).complete; }
  std::string reason() { return cache.State(kConfigMaps.gvk).reason; }
  size_t lists() const {
    return static_cast<size_t>(std::ranges::count_if(transport->requests, [](const auto& r) { return r.target.find("limit=") != std::string::npos; }));
  }

  FakeClock clock;
  Result<http::Response> list = JsonResponse(200, List({Object("a", 1), Object("b", 2)}, 5));
  std::shared_ptr<FakeTransport> transport = std::make_shared<FakeTransport>([this](const http::Request&) { return list; });
  ClientOptions client_options = [] { ClientOptions o; o.attempts = 1; return o; }();
  Client client{transport, client_options, clock};
  LiveCache cache;
  std::vector<std::string> events;
};

TEST(LiveCache, ListsThenWatchesFromThere) {
  Fixture f;
  f.cache.Follow(kConfigMaps);
  EXPECT_FALSE(f.cache.Settled());
  EXPECT_EQ(f.cache.Get(kConfigMaps.gvk, "shop", "a").error().code(), Code::kUnavailable) << "nobody knows yet";
  f.Settle();
  f.stream().Head(200);
  f.Settle();
  EXPECT_THAT(f.events, ElementsAre("added a", "added b", "listed"));
  EXPECT_TRUE(f.complete());
  EXPECT_TRUE(f.cache.Settled());
  const http::Target target = http::ParseTarget(f.stream().request.target);
  EXPECT_EQ(target.Get("resourceVersion"), "5");
  EXPECT_EQ(target.Get("allowWatchBookmarks"), "true");
  EXPECT_TRUE(f.cache.Get(kConfigMaps.gvk, "shop", "a").ok());
  EXPECT_EQ(f.cache.Get(kConfigMaps.gvk, "shop", "c").error().code(), Code::kNotFound);
  EXPECT_EQ(f.cache.Get(kConfigMaps.gvk, "other", "a").error().code(), Code::kNotFound);
  EXPECT_EQ(f.cache.Get({"apps", "v1", "Deployment"}, "shop", "a").error().code(), Code::kUnavailable);
}

TEST(LiveCache, EventsArriveInAnyPieces) {
  Fixture f;
  f.Begin();
  const std::string text = Event("ADDED", Object("c", 6)) + "\n" + Event("MODIFIED", Object("a", 7)) + Event("DELETED", Object("b", 8));
  for (const char c : text) {
    f.stream().Data({&c, 1});
    f.Settle();
  }
  EXPECT_THAT(f.events, ElementsAre("added c", "modified a", "deleted b"));
  EXPECT_EQ(f.Names(), "ac");
}

TEST(LiveCache, AWatchThatTheServerEndsGoesOnFromTheLastBookmark) {
  Fixture f;
  f.Begin();
  f.stream().Data(Bookmark(42));
  f.Advance(seconds(60));
  f.stream().End();
  f.Settle();
  EXPECT_EQ(f.transport->streams.size(), 2u);
  EXPECT_EQ(http::ParseTarget(f.stream().request.target).Get("resourceVersion"), "42");
  EXPECT_EQ(f.lists(), 1u);
  EXPECT_TRUE(f.complete()) << "within the gap";
  EXPECT_EQ(f.reason(), "");
}

TEST(LiveCache, AnExpiredVersionListsAgainAndTellsTheDifferences) {
  for (const bool as_event : {true, false}) {
    Fixture f;
    f.Begin();
    f.list = JsonResponse(200, List({Object("a", 1), Object("c", 9)}, 10));
    if (as_event) {
      f.stream().Data(Event("ERROR", Gone()));
    } else {
      f.stream().End(Unavailable("connection reset"));
      f.Settle();
      f.stream().Head(410);
      f.stream().Data(Gone());
      f.stream().End();
    }
    f.Settle();
    f.Advance(seconds(1));
    f.stream().Head(200);
    f.Settle();
    EXPECT_EQ(f.lists(), 2u);
    EXPECT_TRUE(f.complete());
    EXPECT_EQ(f.Names(), "ac");
    std::erase(f.events, "trouble");
    EXPECT_THAT(f.events, ElementsAre("added c", "deleted b", "listed")) << "a did not change";
  }
}

TEST(LiveCache, AnObjectMadeAgainUnseenIsDeletedAndAdded) {
  Fixture f;
  f.Begin();
  std::string reborn = Object("a", 9);
  reborn.replace(reborn.find("u-a"), 3, "u-z");
  f.list = JsonResponse(200, List({reborn, Object("b", 2)}, 10));
  f.stream().Data(Event("ERROR", Gone()));
  f.Settle();
  std::erase(f.events, "trouble");
  EXPECT_THAT(f.events, ElementsAre("deleted a", "added a", "listed"));
}

TEST(LiveCache, WhatCannotBeReadIsNeverSkipped) {
  for (const std::string& broken : {std::string("{\"type\":\"ADDED\",\"obj\n"), Event("FANCY", Object("x", 1)), Event("ADDED", "{}"), std::string("<html>\n")}) {
    Fixture f;
    f.Begin();
    f.stream().Data(broken + Event("ADDED", Object("c", 6)));
    f.Settle();
    EXPECT_EQ(f.lists(), 2u) << "the event may have been anything: list again: " << broken;
    EXPECT_EQ(f.Names(), "ab") << "nothing after it counts";
  }
}

TEST(LiveCache, EventsAboveTheBoundListAgain) {
  LiveCacheOptions options;
  options.watch.line_bytes = 300;
  Fixture f(options);
  f.Begin();
  for (int i = 0; i < 4; ++i) f.stream().Data(std::string(100, 'x'));
  f.Settle();
  EXPECT_EQ(f.lists(), 2u);
}

TEST(LiveCache, TooMuchUnreadDataListsAgain) {
  LiveCacheOptions options;
  options.watch.inbox_bytes = 1000;
  Fixture f(options);
  f.Begin();
  for (int i = 0; i < 100; ++i) f.stream().Data(Event("MODIFIED", Object("a", 6 + i)));
  f.Settle();
  EXPECT_EQ(f.lists(), 2u);
}

TEST(LiveCache, ADeadServerMakesTheKindUnknownAfterTheGap) {
  Fixture f;
  f.Begin();
  f.list = Unavailable("connection refused");
  f.stream().End(Unavailable("connection reset"));
  f.Settle();
  f.stream().End(Unavailable("connection refused"));
  f.Settle();
  EXPECT_TRUE(f.complete()) << "a restart of the server is not the end of the world";
  f.Advance(seconds(11));
  EXPECT_FALSE(f.complete());
  EXPECT_THAT(f.reason(), HasSubstr("connection refused"));
  EXPECT_THAT(f.events, ElementsAre("trouble"));
  EXPECT_EQ(f.cache.Get(kConfigMaps.gvk, "shop", "a").error().code(), Code::kUnavailable);
  EXPECT_EQ(f.cache.Get(kConfigMaps.gvk, "shop", "c").error().code(), Code::kUnavailable) << "unknown is not absent";
  std::string why;
  EXPECT_FALSE(f.cache.Complete(&why));
  EXPECT_THAT(why, HasSubstr("connection refused"));
  EXPECT_EQ(f.Names(), "ab") << "the last that was seen stays";

  f.stream().Head(200);
  f.Settle();
  EXPECT_TRUE(f.complete()) << "the watch went on from the version it had: nothing was missed";
  EXPECT_THAT(f.events, ElementsAre("trouble", "current")) << "who found it unknown looks again";
  EXPECT_EQ(f.lists(), 1u);
}

TEST(LiveCache, AttemptsOnADeadServerBackOff) {
  Fixture f;
  f.list = Unavailable("connection refused");
  f.cache.Follow(kConfigMaps);
  f.Settle();
  EXPECT_TRUE(f.cache.Settled()) << "known to fail";
  for (int i = 0; i < 600; ++i) f.Advance(seconds(1));
  EXPECT_GE(f.lists(), 600u / 45);
  EXPECT_LE(f.lists(), 600u / 30 + 10) << "200 ms doubling to 30 s";
}

// A balancer that cuts every connection, or a server that is started again and again.
TEST(LiveCache, AWatchThatBreaksOffAgainAndAgainIsBackSoon) {
  Fixture f;
  f.Begin();
  for (int i = 0; i < 30; ++i) {
    const size_t before = f.transport->streams.size();
    f.stream().End(Unavailable("connection reset"));
    f.Settle();
    for (int tenths = 0; tenths < 30 && f.transport->streams.size() == before; ++tenths) f.Advance(std::chrono::milliseconds(100));
    ASSERT_EQ(f.transport->streams.size(), before + 1) << "within three seconds, the " << i << "th time";
    f.stream().Head(200);
    f.Settle();
  }
}

// A server that was away for a while and comes back without its history: the wait that grew meanwhile is over with its first answer.
TEST(LiveCache, AnExpiredVersionIsListedAtOnceAlsoAfterManyFailures) {
  Fixture f;
  f.Begin();
  for (int i = 0; i < 60; ++i) {
    if (f.stream().handler.on_end && !f.stream().closed) f.stream().End(Unavailable("connection refused"));
    f.Advance(seconds(1));
  }
  EXPECT_EQ(f.lists(), 1u);
  f.list = JsonResponse(200, List({Object("a", 1), Object("c", 9)}, 10));
  f.Advance(seconds(46));  // the longest wait
  f.stream().Head(410);
  f.stream().Data(Gone());
  f.stream().End();
  f.Settle();
  EXPECT_EQ(f.lists(), 2u) << "without waiting";
  f.stream().Head(200);
  f.Settle();
  EXPECT_TRUE(f.complete());
  EXPECT_EQ(f.Names(), "ac");
}

TEST(LiveCache, AServerThatRefusesWhatItHasJustListedIsNotAskedInATightLoop) {
  Fixture f;
  f.Begin();
  for (int i = 0; i < 1000; ++i) {
    if (!f.stream().closed && f.stream().handler.on_end) {
      f.stream().Head(200);
      f.stream().Data(Event("ERROR", Gone()));
    }
    f.Advance(std::chrono::milliseconds(10));
  }
  EXPECT_LE(f.lists(), 12u) << "ten seconds of 200 ms doubling";
}

TEST(LiveCache, AForbiddenKindSaysWhy) {
  Fixture f;
  f.list = JsonResponse(403, R"({"kind":"Status","code":403,"reason":"Forbidden","message":"configmaps is forbidden"})");
  f.cache.Follow(kConfigMaps);
  f.Settle();
  EXPECT_EQ(f.reason(), "list configmaps: 403: configmaps is forbidden");
  EXPECT_EQ(f.cache.State(kConfigMaps.gvk).code, Code::kDenied);
  EXPECT_FALSE(f.cache.State(kConfigMaps.gvk).listed);
}

TEST(LiveCache, AKindThatIsGoneIsListedAgainAndSaysSo) {
  Fixture f;
  f.Begin();
  f.list = JsonResponse(404, "404 page not found");
  f.Advance(seconds(60));
  f.stream().End();
  f.Settle();
  f.stream().Head(404);
  f.stream().Data("404 page not found");
  f.stream().End();
  f.Advance(seconds(1));
  EXPECT_FALSE(f.complete());
  EXPECT_EQ(f.cache.State(kConfigMaps.gvk).code, Code::kNotFound);
}

TEST(LiveCache, SilenceIsNoticed) {
  Fixture with_bookmarks;
  with_bookmarks.Begin();
  with_bookmarks.stream().Data(Bookmark(6));
  with_bookmarks.Settle();
  with_bookmarks.Advance(seconds(140));
  EXPECT_EQ(with_bookmarks.transport->streams.size(), 1u);
  with_bookmarks.Advance(seconds(11));
  EXPECT_EQ(with_bookmarks.transport->streams.size(), 2u) << "a bookmark comes every minute";

  Fixture without;
  without.Begin();
  without.Advance(seconds(290));
  EXPECT_EQ(without.transport->streams.size(), 1u) << "servers without bookmarks may be silent until their timeout";
  without.Advance(seconds(100));
  EXPECT_EQ(without.transport->streams.size(), 2u);

  Fixture no_head;
  no_head.cache.Follow(kConfigMaps);
  no_head.Settle();
  no_head.Advance(seconds(31));
  EXPECT_EQ(no_head.transport->streams.size(), 2u);
}

TEST(LiveCache, AServerThatEndsEveryWatchAtOnceIsNotAskedInATightLoop) {
  Fixture f;
  f.Begin();
  for (int i = 0; i < 1000; ++i) {
    if (!f.stream().closed && f.stream().handler.on_end) {
      f.stream().Head(200);
      f.stream().End();
    }
    f.Advance(std::chrono::milliseconds(10));
  }
  EXPECT_LE(f.transport->streams.size(), 12u) << "ten seconds of 200 ms doubling";
}

TEST(LiveCache, FindsByOwnerAndByLabel) {
  Fixture f;
  f.list = JsonResponse(200, List({Object("a", 1, R"(,"ownerReferences":[{"uid":"o1"}],"labels":{"applyset.kubernetes.io/part-of":"set"})"), Object("b", 2)}, 5));
  f.Begin();
  EXPECT_EQ(f.cache.OwnedBy("o1").size(), 1u);
  EXPECT_EQ(f.cache.Labelled("set").size(), 1u);
  f.stream().Data(Event("MODIFIED", Object("a", 6)) + Event("MODIFIED", Object("b", 7, R"(,"ownerReferences":[{"uid":"o1"},{"uid":"o2"}])")));
  f.Settle();
  EXPECT_EQ(f.cache.Labelled("set").size(), 0u);
  ASSERT_EQ(f.cache.OwnedBy("o1").size(), 1u);
  EXPECT_EQ(IdOf(*f.cache.OwnedBy("o1")[0]).name, "b");
  f.stream().Data(Event("DELETED", Object("b", 8)));
  f.Settle();
  EXPECT_TRUE(f.cache.OwnedBy("o2").empty());
}

TEST(LiveCache, UnfollowForgetsAndClosesTheWatch) {
  Fixture f;
  f.Begin();
  f.cache.Unfollow(kConfigMaps.gvk);
  f.Settle();
  EXPECT_TRUE(f.stream().closed);
  EXPECT_EQ(f.cache.size(), 0u);
  EXPECT_FALSE(f.cache.State(kConfigMaps.gvk).followed);
  f.Begin();
  EXPECT_EQ(f.Names(), "ab");
}

TEST(LiveCache, NamespacesAreWatchedEachAndMustAllBeComplete) {
  LiveCacheOptions options;
  options.namespaces = {"shop", "bank"};
  Fixture f(options);
  f.cache.Follow(kConfigMaps);
  f.Settle();
  ASSERT_EQ(f.transport->streams.size(), 2u);
  EXPECT_EQ(f.cache.Get(kConfigMaps.gvk, "elsewhere", "a").error().code(), Code::kUnavailable) << "not watched is not absent";
  f.transport->streams[0]->Head(200);
  f.Settle();
  f.Advance(seconds(11));
  EXPECT_FALSE(f.complete());
}

TEST(LiveCache, ManagedFieldsCanBeLeftOut) {
  LiveCacheOptions options;
  options.managed_fields = false;
  Fixture f(options);
  f.list = JsonResponse(200, List({Object("a", 1, R"(,"managedFields":[{"manager":"x"}])")}, 5));
  f.Begin();
  EXPECT_EQ(FindAt(f.cache.Get(kConfigMaps.gvk, "shop", "a")->root(), {"metadata", "managedFields"}), nullptr);
}

TEST(LiveCache, TooManyObjectsAreUnknownRatherThanSome) {
  LiveCacheOptions options;
  options.objects = 1;
  Fixture f(options);
  f.Begin();
  EXPECT_FALSE(f.complete());
  EXPECT_THAT(f.reason(), HasSubstr("the bound is 'objects'"));
}

}  // namespace
}  // namespace plumb::kube
