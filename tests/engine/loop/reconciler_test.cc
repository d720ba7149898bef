// One application's passes: what is carried out when, what waits, what is told. A sandbox stands for the cluster.
#include "engine/loop/reconciler.h"

#include <gmock/gmock.h>

#include "core/edit.h"
#include "tests/engine/loop/rig.h"

namespace plumb {
namespace {

using namespace plumb::testing;  // NOLINT: the helpers of these tests
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using std::chrono::seconds;

const ObjectId kA = {"", "ConfigMap", "default", "a"}, kB = {"", "ConfigMap", "default", "b"};

std::string Value(Rig& rig, const std::string& name) { return std::string(rig.Get("ConfigMap", "default", name)->Get("data").GetString("value")); }

TEST(Reconciler, FirstPassAppliesAndSaysSo) {
  Rig rig;
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(Value(rig, "a"), "1");
  const ApplicationStatus status = rig.status();
  EXPECT_EQ(status.summary, "Synced");
  EXPECT_EQ(status.revision, "1111");
  EXPECT_TRUE(status.synced && status.healthy && !status.failing());
  ASSERT_EQ(status.history.size(), 1u);
  EXPECT_EQ(status.history[0].by, "auto");
  EXPECT_EQ(status.history[0].digest, status.plan_digest);
  EXPECT_THAT(rig.log.Take(), ElementsAre("revision: 1111 commit 1111", "plan: 1 to create", "apply: create ConfigMap default/a", "synced: 1 to create", "healthy: all 1 objects of 1111"));
}

std::string RecordedUid(Rig& rig, const ObjectId& id) {
  auto record = Inventory::Parse(rig.Get("ConfigMap", "default", "plumb-inventory-shop").root());
  EXPECT_TRUE(record.ok() && record->Find(id));
  return record.ok() && record->Find(id) ? record->Find(id)->uid : "no record";
}

TEST(Reconciler, UidsOfWhatWasMadeAreRecordedASecondLaterOrBeforeTheNextWrite) {
  Rig rig;
  const auto uid = [&](const std::string& name) { return std::string(rig.Get("ConfigMap", "default", name)->Get("metadata").GetString("uid")); };
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(rig.gateway->writes, ElementsAre(HasSubstr("/configmaps/plumb-inventory-shop"), HasSubstr("/configmaps/a")));
  EXPECT_EQ(RecordedUid(rig, kA), "");
  EXPECT_EQ(rig.reconciler->next_look(), rig.clock.Now() + seconds(1));
  rig.Settle();
  EXPECT_THAT(rig.gateway->writes, ElementsAre(HasSubstr("/configmaps/plumb-inventory-shop")));
  EXPECT_EQ(RecordedUid(rig, kA), uid("a"));
  EXPECT_EQ(rig.reconciler->next_look(), TimePoint::max());

  rig.Push("2222", {{"a.yaml", ConfigMap("a")}, {"b.yaml", ConfigMap("b")}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(RecordedUid(rig, kB), "");
  rig.Push("3333", {{"a.yaml", ConfigMap("a", "2")}, {"b.yaml", ConfigMap("b")}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(rig.gateway->writes, ElementsAre(HasSubstr("/configmaps/plumb-inventory-shop"), HasSubstr("/configmaps/a")));
  EXPECT_EQ(RecordedUid(rig, kB), uid("b"));
}

// Another process begins with what the cluster says: what this one had put off is made up for by its first pass.
TEST(Reconciler, UidsThatWereNeverRecordedAreRecordedAfterARestart) {
  Rig rig;
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  rig.Make("");
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(RecordedUid(rig, kA), rig.Get("ConfigMap", "default", "a")->Get("metadata").GetString("uid"));
}

TEST(Reconciler, SecondPassSendsNothing) {
  Rig rig;
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  rig.Settle();
  rig.reconciler->MarkAllDirty();
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(rig.gateway->writes, IsEmpty());
  EXPECT_EQ(rig.status().history.size(), 1u);
}

TEST(Reconciler, NothingKnownOfTheSourceIsNotEmpty) {
  Rig rig;
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(rig.status().summary, "Waiting: for its source");
  EXPECT_THAT(rig.gateway->writes, IsEmpty());
}

TEST(Reconciler, LiveEventReplansOneObject) {
  Rig rig;
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}, {"b.yaml", ConfigMap("b")}});
  ASSERT_TRUE(rig.Pass().ok());
  rig.log.Take();
  rig.Edit("ConfigMap", "default", "a", R"({"data":{"value":"7"}})");
  rig.Edit("ConfigMap", "default", "b", R"({"data":{"value":"8"}})");
  rig.reconciler->MarkDirty(kA);
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(Value(rig, "a"), "1");
  EXPECT_EQ(Value(rig, "b"), "8") << "nobody told of it yet";
  EXPECT_THAT(rig.log.Take(), ElementsAre("drift: ConfigMap default/a", "healed: ConfigMap default/a"));
  EXPECT_EQ(rig.status().history.size(), 1u) << "putting something back is no new revision";
}

// A watch that begins anew lists objects that are as they were: no event tells that they are known again.
TEST(Reconciler, WhatWasUnknownWhenItWasLookedAtIsLookedAtAgainOnceItIsListed) {
  Rig rig;
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  rig.Settle();
  EXPECT_TRUE(rig.status().healthy);
  EXPECT_FALSE(rig.reconciler->MarkListed()) << "it waits for nothing";
  rig.live.unknown["ConfigMap"] = "watch configmaps: 410: too old";
  rig.reconciler->MarkDirty(kA);
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_FALSE(rig.status().healthy);
  rig.live.unknown.clear();
  EXPECT_TRUE(rig.reconciler->MarkListed());
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_TRUE(rig.status().healthy);
  EXPECT_THAT(rig.gateway->writes, IsEmpty());
}

// The target namespace may be another application's: it is made where it is absent, and otherwise nobody's business.
TEST(Reconciler, ANamespaceThatIsOnlyNeededNeitherDriftsNorIsTaken) {
  Rig rig("  target: {namespace: team}\n");
  const auto make = [&] {
    const auto ns = ParseJson(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"team","labels":{"applyset.kubernetes.io/part-of":"applyset-of-another"}}})");
    ASSERT_TRUE(rig.client.Create(*kube::BuiltIn("Namespace"), "", ns->root()).object.ok());
  };
  make();
  const ObjectId id = {"", "Namespace", "", "team"};
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  rig.Settle();
  rig.Edit("Namespace", "", "team", R"({"metadata":{"annotations":{"by":"hand"}}})");
  for (const bool missed : {false, true}) {
    if (missed) rig.live.missed.insert(id);  // the first list of namespaces is on its way
    rig.reconciler->MarkDirty(id);
    ASSERT_TRUE(rig.Pass().ok());
    EXPECT_THAT(rig.gateway->writes, IsEmpty());
    EXPECT_EQ(rig.status().summary, "Synced");
    EXPECT_EQ(rig.status().history.size(), 1u);
  }
}

// A sync of two objects, one of which the server refuses.
class Failing : public ::testing::Test {
 protected:
  Failing() {
    rig.gateway->intercept = [this](const http::Request& request) -> std::optional<Result<http::Response>> {
      if (!refuse || request.method != "PATCH" || request.target.find("/configmaps/b") == std::string::npos) return std::nullopt;
      return Refusal(422, "Invalid", "b is refused");
    };
    rig.Push("1111", {{"a.yaml", ConfigMap("a")}, {"b.yaml", ConfigMap("b")}});
    EXPECT_FALSE(rig.Pass().ok());
  }
  Rig rig;
  bool refuse = true;
};

TEST_F(Failing, RestIsAppliedAndTheStatusSaysWhy) {
  EXPECT_EQ(Value(rig, "a"), "1");
  EXPECT_THAT(rig.status().summary, HasSubstr("Failed: apply: 1 of 2 failed: ConfigMap default/b: "));
  EXPECT_EQ(rig.status().revision, "") << "it is not applied whole";
  EXPECT_EQ(rig.status().history.front().result, HistoryEntry::Result::kFailed);
}

TEST_F(Failing, LiveEventsDoNotTryAgainBeforeTheBackoff) {
  for (const ObjectId& id : {kA, kB}) {
    rig.reconciler->MarkDirty(id);
    EXPECT_TRUE(rig.Pass().ok());
    EXPECT_THAT(rig.gateway->writes, IsEmpty());
  }
  EXPECT_EQ(rig.reconciler->next_look(), rig.clock.Now() + seconds(1)) << "the first retry";
  EXPECT_THAT(rig.status().summary, HasSubstr("Failed: ")) << "a look at one object does not end a failure";
}

TEST_F(Failing, TriesAgainAfterTheBackoffWhichGrows) {
  Duration waited{};
  for (const int pause : {1, 2, 4}) {
    EXPECT_EQ(rig.reconciler->next_look(), rig.clock.Now() + seconds(pause));
    rig.clock.Advance(seconds(pause));
    EXPECT_FALSE(rig.Pass().ok());
    EXPECT_THAT(rig.gateway->writes, Contains(HasSubstr("configmaps/b")));
  }
  EXPECT_EQ(rig.status().history.size(), 1u) << "one entry for a revision, however often it is tried";
  EXPECT_EQ(rig.status().history.front().attempts, 4u);
  refuse = false;
  rig.clock.Advance(seconds(8));
  EXPECT_TRUE(rig.Pass().ok());
  EXPECT_EQ(rig.status().summary, "Synced");
  EXPECT_EQ(rig.status().history.front().result, HistoryEntry::Result::kSucceeded);
}

TEST_F(Failing, SaysItOnceAndNotAtEveryRetry) {
  EXPECT_THAT(rig.log.Take(), Contains(HasSubstr("failed: ")));
  rig.clock.Advance(seconds(1));
  EXPECT_FALSE(rig.Pass().ok());
  EXPECT_THAT(rig.log.Take(), Not(Contains(HasSubstr("failed: "))));
}

TEST_F(Failing, NewerCommitDoesNotWaitForTheBackoff) {
  EXPECT_TRUE(rig.Push("2222", {{"a.yaml", ConfigMap("a", "2")}}));
  EXPECT_TRUE(rig.Pass().ok());
  EXPECT_EQ(Value(rig, "a"), "2");
  EXPECT_EQ(rig.status().summary, "Synced");
  EXPECT_EQ(rig.status().history.front().revision, "2222");
}

TEST(Reconciler, RetriesEndAtTheirLimit) {
  Rig rig("  sync: {retry: {limit: 2}}\n");
  rig.gateway->intercept = [](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (request.target.find("/configmaps/a") == std::string::npos || request.method == "GET") return std::nullopt;
    return Refusal(422, "Invalid", "no");
  };
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}});
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(rig.Pass().ok());
    EXPECT_EQ(rig.status().stalled, i == 2);
    rig.clock.Advance(seconds(10));
  }
  EXPECT_EQ(rig.reconciler->next_look(), TimePoint::max()) << "two retries, then it waits for a change";
  rig.reconciler->Request({"1", "ann"});
  EXPECT_FALSE(rig.Pass().ok());
  EXPECT_THAT(rig.gateway->writes, Not(IsEmpty())) << "a person may try all the same";
}

TEST(Reconciler, NewerCommitEndsARunningSync) {
  Rig rig;
  // While the first object is written, the source moves on.
  bool moved = false;
  rig.gateway->before = [&](const http::Request& request) {
    if (moved || request.method != "PATCH" || request.target.find("/configmaps/a") == std::string::npos) return;
    moved = true;
    rig.Push("2222", {{"z.yaml", ConfigMap("z")}});
  };
  // "b" comes after "a": a sync that goes on would write it.
  rig.Push("1111", {{"a.yaml", ConfigMap("a")},
                    {"b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: b\n  annotations: {config.kubernetes.io/depends-on: /namespaces/default/ConfigMap/a}\n"}});
  ASSERT_TRUE(rig.Pass().ok()) << "being overtaken is no failure";
  EXPECT_THAT(rig.gateway->writes, Not(Contains(HasSubstr("configmaps/b"))));
  EXPECT_EQ(rig.reconciler->next_look(), rig.clock.Now()) << "and at once";
  EXPECT_EQ(rig.status().history.front().result, HistoryEntry::Result::kSuperseded);
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(rig.status().revision, "2222");
  EXPECT_EQ(Value(rig, "z"), "1");
  EXPECT_TRUE(rig.Get("ConfigMap", "default", "a")->is_null()) << "what the ended sync made is known, and pruned";
}

TEST(Reconciler, CommitThatTouchesOtherFilesIsNeitherReadNorSent) {
  Rig rig;
  rig.reconciler.reset();
  rig.Make("");
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  rig.log.Take();
  EXPECT_FALSE(rig.Push("2222", {{"a.yaml", ConfigMap("a")}}));
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(rig.gateway->requests, 0u);
  EXPECT_EQ(rig.status().revision, "2222") << "the cluster is as this commit says";
  EXPECT_THAT(rig.log.Take(), ElementsAre("synced: 2222 does not touch it"));
}

TEST(Reconciler, SourceThatFailsKeepsHealingAndDeletesNothing) {
  Rig rig;
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  rig.view.error = Unavailable("git.example: connection refused");
  rig.reconciler->SourceChanged();
  rig.Edit("ConfigMap", "default", "a", R"({"data":{"value":"7"}})");
  rig.reconciler->MarkDirty(kA);
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(Value(rig, "a"), "1");
  EXPECT_EQ(rig.status().summary, "Failed: source: git.example: connection refused");
  EXPECT_FALSE(rig.status().stalled) << "the source is asked again";
}

TEST(Reconciler, RenderThatFailsChangesNothingAndIsNotTriedAgainUntilTheFilesChange) {
  Rig rig;
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  rig.Settle();
  rig.Push("2222", {{"a.yaml", "kind: [\n"}});
  EXPECT_TRUE(rig.Pass().ok()) << "trying again would not help";
  EXPECT_THAT(rig.status().summary, HasSubstr("Failed: render: a.yaml:"));
  EXPECT_TRUE(rig.status().stalled);
  EXPECT_EQ(rig.status().revision, "1111");
  EXPECT_THAT(rig.gateway->writes, IsEmpty());
  EXPECT_EQ(rig.reconciler->next_look(), TimePoint::max());
  rig.Push("3333", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(rig.status().summary, "Synced");
  EXPECT_EQ(rig.status().revision, "3333");
}

TEST(Reconciler, WaitsForTheFirstListsOfItsKinds) {
  Rig rig;
  rig.live.settled = false;
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(rig.gateway->writes, IsEmpty());
  EXPECT_EQ(rig.status().summary, "Waiting: for the first list of its kinds");
  rig.live.settled = true;
  EXPECT_TRUE(rig.reconciler->MarkListed());
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(rig.status().summary, "Synced");
  EXPECT_FALSE(rig.reconciler->MarkListed()) << "a list is no news for who waits for none";
}

TEST(Reconciler, KindThatCannotBeReadStopsOnlyWhatIsOfIt) {
  Rig rig;
  rig.live.unknown["Secret"] = "list secrets: 403 forbidden";
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}, {"s.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"}});
  EXPECT_FALSE(rig.Pass().ok());
  EXPECT_EQ(Value(rig, "a"), "1");
  EXPECT_THAT(rig.status().summary, HasSubstr("list secrets: 403 forbidden"));
  rig.live.unknown.clear();
  EXPECT_TRUE(rig.reconciler->MarkListed()) << "the list that was missing brings the next pass";
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(rig.status().summary, "Synced");
}

TEST(Reconciler, AutoOffWaitsForAPersonWhoIsRemembered) {
  Rig rig("  sync: {auto: false}\n");
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(rig.gateway->writes, IsEmpty());
  EXPECT_EQ(rig.status().summary, "Held: sync.auto is off; 'plumb sync shop' carries the plan out");
  rig.reconciler->Request({"request-1", "ann"});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(rig.status().summary, "Synced");
  EXPECT_EQ(rig.status().history.front().by, "ann");
  EXPECT_EQ(rig.status().sync_handled, "request-1");
}

TEST(Reconciler, SelfHealOffShowsTheDriftAndLeavesIt) {
  Rig rig("  sync: {selfHeal: false}\n");
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  rig.Edit("ConfigMap", "default", "a", R"({"data":{"value":"7"}})");
  rig.reconciler->MarkDirty(kA);
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(Value(rig, "a"), "7");
  EXPECT_THAT(rig.status().summary, HasSubstr("Held: sync.selfHeal is off"));
  EXPECT_EQ(rig.status().drift.size(), 1u);
  rig.reconciler->Request({"1", "ann"});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(Value(rig, "a"), "1");
  EXPECT_EQ(rig.status().summary, "Synced");
}

TEST(Reconciler, ApprovalOfADigestLiftsItsHoldAndNoOther) {
  Rig rig("  budget: {deletes: 0}\n");
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}, {"b.yaml", ConfigMap("b")}});
  ASSERT_TRUE(rig.Pass().ok());
  rig.Push("2222", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(Value(rig, "b"), "1");
  EXPECT_THAT(rig.status().summary, HasSubstr("Held: "));
  EXPECT_EQ(rig.status().revision, "1111");
  const std::string digest = rig.status().approval;
  rig.reconciler->Approve(std::string(64, 'f'), "mallory");
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(Value(rig, "b"), "1") << "another plan's digest";
  rig.reconciler->Approve(digest, "bob");
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_TRUE(rig.Get("ConfigMap", "default", "b")->is_null());
  EXPECT_EQ(rig.status().summary, "Synced");
  EXPECT_EQ(rig.status().history.front().by, "bob");
}

TEST(Reconciler, HealthRulesOfTheApplicationGoBeforeThoseOfTheSource) {
  Rig rig("  health: [{kinds: [ConfigMap], rules: [{is: degraded, when: {field: data.value, equals: '1'}, message: 'is {data.value}'}, {is: healthy}]}]\n");
  const std::string healthy = "- {kinds: [ConfigMap], rules: [{is: healthy}]}\n- {kinds: [Secret], rules: [{is: progressing, message: 'is new'}]}\n";
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}, {".plumb/health.yaml", healthy}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(rig.status().summary, "Progressing: 0 of 1 ready, waiting for ConfigMap default/a: is 1");
  rig.Push("2222", {{"a.yaml", ConfigMap("a", "2")}, {"s.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"}, {".plumb/health.yaml", healthy}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(rig.status().summary, "Progressing: 1 of 2 ready, waiting for Secret default/s: is new") << "the source's own still count where the Application has none";
}

TEST(Reconciler, ClosedWindowHoldsAndTheNextPassIsAtItsOpening) {
  Rig rig("  sync: {windows: [{schedule: '0 12 * * *', duration: 1h}]}\n");  // the fake clock starts at midnight
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(rig.gateway->writes, IsEmpty());
  EXPECT_THAT(rig.status().summary, HasSubstr("Held: no sync window is open; the next opens at "));
  const Duration until = rig.reconciler->next_look() - rig.clock.Now();
  EXPECT_GT(until, Duration::zero());
  rig.clock.Advance(until);
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(rig.status().summary, "Synced") << "though nothing else happened";
}

TEST(Reconciler, SuspendedDoesNothing) {
  Rig rig("  suspend: true\n");
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(rig.gateway->requests, 0u);
  EXPECT_EQ(rig.status().summary, "Suspended");
}

TEST(Reconciler, WaitsForAnotherApplicationBeforeANewRevisionAndHealsMeanwhile) {
  Rig rig;
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}});
  rig.waits_for = "for application 'base' to be healthy";
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(rig.gateway->writes, IsEmpty());
  EXPECT_EQ(rig.status().summary, "Waiting: for application 'base' to be healthy");
  EXPECT_TRUE(rig.status().holds.empty()) << "nobody has to lift it";
  rig.waits_for = "";
  rig.reconciler->MarkAllDirty();
  ASSERT_TRUE(rig.Pass().ok());
  rig.waits_for = "for application 'base' to be healthy";
  rig.Edit("ConfigMap", "default", "a", R"({"data":{"value":"7"}})");
  rig.reconciler->MarkDirty(kA);
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(Value(rig, "a"), "1");
}

TEST(Reconciler, AnotherClusterUnderTheSameNameIsNotWrittenTo) {
  ApplicationStatus before;
  before.cluster_identity = "uid-of-production";
  Rig rig("", before);
  rig.state.identity = "uid-of-something-else";
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(rig.gateway->writes, IsEmpty());
  EXPECT_THAT(rig.status().summary, HasSubstr("is another one than before"));
}

TEST(Reconciler, TheInventoryKnowsItsCluster) {
  Rig rig;
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(GetAt(rig.Get("ConfigMap", "default", "plumb-inventory-shop").root(), {"metadata", "annotations", "plumb.dev/cluster"}).AsString(), "uid-of-kube-system");
  rig.state.identity = "uid-of-a-restored-copy";
  rig.Make("");  // a new process, without a status
  rig.Push("2222", {{"a.yaml", ConfigMap("a", "2")}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(rig.gateway->writes, IsEmpty());
  EXPECT_THAT(rig.status().summary, HasSubstr("the cluster that its inventory was written in has uid-of-kube-system"));
  rig.Make("  target: {identity: uid-of-a-restored-copy}\n");
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(rig.status().summary, "Synced") << "a person said so";
  EXPECT_EQ(Value(rig, "a"), "2");
}

TEST(Reconciler, HealsWhileADeletionIsHeld) {
  Rig rig("  budget: {deletes: 0}\n");
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}, {"b.yaml", ConfigMap("b")}});
  ASSERT_TRUE(rig.Pass().ok());
  rig.Push("2222", {{"a.yaml", ConfigMap("a", "2")}});
  ASSERT_TRUE(rig.Pass().ok());
  const std::string held = rig.status().approval;
  rig.Edit("ConfigMap", "default", "a", R"({"data":{"value":"7"}})");
  rig.reconciler->MarkDirty(kA);
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(Value(rig, "a"), "2");
  EXPECT_EQ(rig.status().holds.at(0).id, "budget") << "the hold is still there";
  EXPECT_EQ(rig.status().approval, held) << "and the digest that lifts it";
  EXPECT_EQ(Value(rig, "b"), "1");
}

TEST(Reconciler, DeletionsOfTheLastMinutesCountForTheBudget) {
  Rig rig("  budget: {deletes: 1, window: 10m}\n");
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}, {"b.yaml", ConfigMap("b")}, {"c.yaml", ConfigMap("c")}});
  ASSERT_TRUE(rig.Pass().ok());
  rig.Push("2222", {{"a.yaml", ConfigMap("a")}, {"b.yaml", ConfigMap("b")}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(rig.status().summary, "Synced");
  rig.clock.Advance(std::chrono::minutes(1));
  rig.Push("3333", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(rig.status().holds.at(0).reason, "1 object would be deleted or replaced, after 1 within budget.window, of 2: more than the budget (1 object)");
  rig.clock.Advance(rig.reconciler->next_look() - rig.clock.Now());
  ASSERT_TRUE(rig.Pass().ok());
  rig.clock.Advance(std::chrono::seconds(1));
  rig.reconciler->MarkAllDirty();
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_TRUE(rig.Get("ConfigMap", "default", "b")->is_null()) << "the window has passed";
}

TEST(Reconciler, FreezeStopsDeletionsUntilItIsTakenAway) {
  Rig rig;
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}, {"b.yaml", ConfigMap("b")}});
  ASSERT_TRUE(rig.Pass().ok());
  rig.state.frozen = "incident 42";
  rig.Push("2222", {{"a.yaml", ConfigMap("a", "2")}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(Value(rig, "a"), "2") << "a fix can be deployed";
  EXPECT_EQ(rig.status().holds.at(0).id, "frozen");
  rig.reconciler->Approve(rig.status().plan_digest, "ann");
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(Value(rig, "b"), "1") << "no approval lifts it";
  rig.state.frozen.clear();
  rig.clock.Advance(rig.reconciler->next_look() - rig.clock.Now());
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_TRUE(rig.Get("ConfigMap", "default", "b")->is_null());
  EXPECT_EQ(rig.status().summary, "Synced");
}

TEST(Reconciler, KubeSystemSaysWhichClusterAndWhetherItIsFrozen) {
  Rig rig;
  ClusterProbe probe(rig.client, rig.clock);
  rig.target->state = [&](Duration max_age) { return probe.Ask(max_age); };
  auto state = probe.Ask(Duration::zero());
  ASSERT_TRUE(state.ok()) << state.error().message();
  EXPECT_EQ(state->identity, rig.Get("Namespace", "", "kube-system")->Get("metadata").GetString("uid"));
  EXPECT_EQ(state->frozen, "");
  rig.Edit("Namespace", "", "kube-system", R"({"metadata":{"annotations":{"plumb.dev/freeze":"incident 42"}}})");
  rig.clock.Advance(seconds(1));
  EXPECT_EQ(probe.Ask(seconds(2))->frozen, "") << "as of a second ago";
  EXPECT_EQ(probe.Ask(Duration::zero())->frozen, "the namespace 'kube-system' has the annotation 'plumb.dev/freeze': incident 42");
  rig.gateway->intercept = [](const http::Request&) { return std::optional<Result<http::Response>>(Refusal(403, "Forbidden", "no")); };
  EXPECT_EQ(probe.Ask(Duration::zero())->identity, "") << "who may not ask does not know";
  rig.gateway->intercept = [](const http::Request&) { return std::optional<Result<http::Response>>(Refusal(500, "InternalError", "no")); };
  EXPECT_FALSE(probe.Ask(Duration::zero()).ok());
}

TEST(Reconciler, WhoAsksAboutTheClusterWhileAnotherDoesTakesItsAnswer) {
  Rig rig;
  ClusterProbe probe(rig.client);
  std::atomic<int> called = 0, asked = 0;
  rig.gateway->intercept = [&](const http::Request&) {
    ++asked;
    while (called < 8) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));  // now the others wait for it
    return std::optional<Result<http::Response>>(Refusal(500, "InternalError", "no"));
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&] {
        ++called;
        EXPECT_FALSE(probe.Ask(Duration::zero()).ok());
      });
  }
  EXPECT_EQ(asked, 1);
}

TEST(Reconciler, NamespaceWithObjectsOfOthersStaysUntilTheyAreGone) {
  Rig rig;
  const std::string ns = "apiVersion: v1\nkind: Namespace\nmetadata: {name: team, annotations: {plumb.dev/prune: allowed}}\n";
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}, {"n.yaml", ns}});
  ASSERT_TRUE(rig.Pass().ok());
  const auto secret = ParseJson(R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"theirs"}})");
  ASSERT_TRUE(rig.client.Create(*kube::BuiltIn("Secret"), "team", secret->root()).object.ok());
  rig.Push("2222", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(rig.gateway->writes, Not(Contains(HasSubstr("DELETE"))));
  EXPECT_THAT(rig.status().summary, HasSubstr("Held: Namespace team is not deleted: Secret team/theirs is in it"));
  ASSERT_TRUE(rig.client.Delete({*kube::BuiltIn("Secret"), "team", "theirs", ""}).object.ok());
  rig.clock.Advance(rig.reconciler->next_look() - rig.clock.Now());
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(rig.gateway->writes, Contains("DELETE /api/v1/namespaces/team"));
}

TEST(Reconciler, GoesOnFromTheStatusOfBeforeARestart) {
  Rig rig;
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}});
  ASSERT_TRUE(rig.Pass().ok());
  const ApplicationStatus before = rig.status();
  rig.Edit("ConfigMap", "default", "a", R"({"data":{"value":"7"}})");
  rig.log.Take();
  rig.Make("", before);
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(Value(rig, "a"), "1");
  EXPECT_THAT(rig.log.Take(), Contains("drift: ConfigMap default/a")) << "an edit while nobody looked is drift, not news";
  EXPECT_EQ(rig.status().history.size(), 1u);
}

TEST(Reconciler, ErrorOfOneInventoryReadIsRetriedAndDeletesNothing) {
  Rig rig;
  rig.gateway->intercept = [](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (request.target.find("plumb-inventory") == std::string::npos) return std::nullopt;
    return Refusal(500, "InternalError", "etcd is away");
  };
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}});
  EXPECT_FALSE(rig.Pass().ok());
  EXPECT_THAT(rig.status().summary, HasSubstr("Failed: inventory: "));
  rig.gateway->intercept = nullptr;
  rig.clock.Advance(seconds(1));
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(rig.status().summary, "Synced");
}

}  // namespace
}  // namespace plumb
