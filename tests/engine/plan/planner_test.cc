// Plans: which step every object gets, what is never deleted, what is held, and what a digest depends on.
#include "engine/plan/planner.h"

#include <gmock/gmock.h>

#include "core/edit.h"
#include "diff/object_diff.h"
#include "engine/plan/format.h"
#include "tests/engine/plan/objects.h"

namespace plumb {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace plumb::testing;  // NOLINT: the helpers of these tests

const std::string kOurs = Inventory("shop", "plumb-system").ApplySetId();

// As the object would be in the cluster: with a UID and the label of its application.
Document Live(const Document& object, std::string_view uid, std::string_view part_of = kOurs) {
  return BuildDocument([&](Arena& a) {
    Value v = WithAt(a, a.Adopt(object), {"metadata", "uid"}, a.String(uid));
    return part_of.empty() ? v : WithAt(a, v, {"metadata", "labels", kPartOfLabel}, a.String(part_of));
  });
}

class Planning : public ::testing::Test {
 protected:
  Planning() {
    input.application = "shop";
    input.inventory = Inventory("shop", "plumb-system");
    input.source.complete = input.live.complete = true;
  }

  DesiredObject& Want(const Document& object, LiveObject live = LiveObject::Absent(), std::string file = "all.yaml") {
    DesiredObject desired;
    desired.manifest = Stamp(At(object, std::move(file)), kOurs);
    desired.live = std::move(live);
    DiffInput diff;
    diff.manifest = desired.manifest;
    diff.live = desired.live.object;
    if (desired.live.state != LiveObject::State::kUnknown) desired.diff = std::make_shared<ObjectDiff>(DiffObject(diff));
    input.desired.push_back(std::move(desired));
    return input.desired.back();
  }

  // An object on record with UID "u" that the source does not have.
  void Orphan(const Document& object, std::string_view live_uid = "u", std::string_view part_of = kOurs) {
    const ObjectId id = IdOf(object.root());
    input.inventory.Set({id, GvkOf(object.root()).version, "u"});
    input.orphans[id] = LiveObject::Present(Live(object, live_uid, part_of));
    if (HasContents(id)) input.contents[id].known.complete = true;
  }

  Plan Make() {
    auto plan = MakePlan(input);
    EXPECT_TRUE(plan.ok()) << plan.error().message();
    return plan.ok() ? *plan : Plan();
  }
  static std::vector<std::string> Actions(const Plan& plan) {
    std::vector<std::string> out;
    for (const Step& step : plan.steps) out.push_back(std::string(ActionName(step.action)) + " " + step.id.ToString());
    return out;
  }
  static std::string Why(const Plan& plan) { return plan.steps.empty() ? "" : plan.steps.front().why; }

  PlanInput input;
};

TEST_F(Planning, EveryObjectGetsTheStepItNeeds) {
  Want(Config("shop/new"));
  Want(Config("shop/same"), LiveObject::Present(Live(Config("shop/same"), "1")));
  Want(Object("v1", "ConfigMap", "shop/changed", R"("data":{"a":"2"})"),
       LiveObject::Present(Live(Object("v1", "ConfigMap", "shop/changed", R"("data":{"a":"1"})"), "2")));
  Want(Config("shop/unreadable"), LiveObject::Unknown("list configmaps: 403 forbidden"));
  Orphan(Config("shop/gone"));
  const Plan plan = Make();
  EXPECT_THAT(Actions(plan), ElementsAre("patch ConfigMap shop/changed", "create ConfigMap shop/new", "none ConfigMap shop/same",
                                         "blocked ConfigMap shop/unreadable", "delete ConfigMap shop/gone"));
  EXPECT_EQ(plan.summary, (PlanSummary{.none = 1, .create = 1, .patch = 1, .remove = 1, .blocked = 1}));
  EXPECT_THAT(plan.steps[3].why, HasSubstr("403 forbidden"));
  EXPECT_EQ(plan.steps[4].uid, "u");
}

TEST_F(Planning, TwoManifestsOfOneObjectAreAnErrorThatNamesBothFiles) {
  Want(Config("shop/a"), LiveObject::Absent(), "x.yaml");
  Want(Config("shop/a"), LiveObject::Absent(), "y.yaml");
  auto plan = MakePlan(input);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().message(), "ConfigMap shop/a is declared twice: in x.yaml:1 and in y.yaml:1; remove one");
}

TEST_F(Planning, GenerateNameCannotBeKeptInSync) {
  Want(Json(R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"generateName":"j-","namespace":"shop"}})"));
  auto plan = MakePlan(input);
  ASSERT_FALSE(plan.ok());
  EXPECT_THAT(plan.error().message(), HasSubstr("generateName"));
}

TEST_F(Planning, WhatIsNotWhollyKnownDeletesNothing) {
  const struct { std::string_view name; std::function<void(PlanInput&)> change; std::string_view why; std::string_view hold; } kCases[] = {
      {"pruning off", [](PlanInput& i) { i.options.prune = false; }, "pruning is off", ""},
      {"stale source", [](PlanInput& i) { i.source = {false, "fetch: connection refused"}; }, "the source is not complete: fetch: connection refused", "source"},
      {"partial view", [](PlanInput& i) { i.live = {false, "list widgets: 503"}; }, "the view of the cluster is not complete: list widgets: 503", "live"},
      {"unknown live", [](PlanInput& i) { i.orphans.begin()->second = LiveObject::Unknown("403"); }, "its state in the cluster is not known: 403", ""},
      {"nothing read", [](PlanInput& i) { i.orphans.clear(); }, "nothing was read", ""},
      {"absent, but the view is partial", [](PlanInput& i) { i.orphans.begin()->second = LiveObject::Absent(); i.live = {false, "503"}; }, "503", "live"},
  };
  Orphan(Config("shop/gone"));
  const PlanInput base = input;
  for (const auto& c : kCases) {
    input = base;
    c.change(input);
    const Plan plan = Make();
    EXPECT_THAT(Actions(plan), ElementsAre("keep ConfigMap shop/gone")) << c.name;
    EXPECT_THAT(Why(plan), HasSubstr(std::string(c.why))) << c.name;
    EXPECT_EQ(plan.holds.empty() ? "" : plan.holds[0].id, c.hold) << c.name;
    EXPECT_TRUE(plan.empty()) << "what is kept is no change";
  }
}

TEST_F(Planning, WhatStaysAndWhy) {
  const auto annotated = [](std::string_view key, std::string_view value) {
    return Config("shop/a", "\"annotations\":{\"" + std::string(key) + "\":\"" + std::string(value) + "\"}");
  };
  const struct { Document live; std::string_view uid, part_of, why; } kCases[] = {
      {annotated("plumb.dev/prune", "disabled"), "u", kOurs, "annotation 'plumb.dev/prune: disabled'"},
      {annotated("helm.sh/resource-policy", "keep"), "u", kOurs, "helm.sh/resource-policy"},
      {annotated("argocd.argoproj.io/sync-options", "ServerSideApply=true, Prune=false"), "u", kOurs, "Prune=false"},
      {Config("shop/a"), "another", "", "made anew by someone else"},
      {Config("shop/a"), "another", kOurs, ""},  // a restored backup: the label and the record together prove it
      {Config("shop/a"), "u", "applyset-other-v1", "part of another application"},
      {Config("shop/a", R"("deletionTimestamp":"t","finalizers":["x/y"])"), "u", kOurs, "waits for the finalizers 'x/y'"},
      {Namespace("kube-system"), "u", kOurs, "belongs to the cluster"},
  };
  for (const auto& c : kCases) {
    input.inventory = Inventory("shop", "plumb-system");
    Want(Config("other/wanted"));
    Orphan(c.live, c.uid, c.part_of);
    const Plan plan = Make();
    EXPECT_EQ(plan.steps.back().action, c.why.empty() ? Action::kDelete : Action::kKeep) << c.why;
    EXPECT_THAT(plan.steps.back().why, HasSubstr(std::string(c.why)));
    input.desired.clear();
    input.orphans.clear();
  }
}

TEST_F(Planning, AnEntryWithoutUidIsDeletedOnlyWithOurLabelOnTheObject) {
  Want(Config("shop/wanted"));
  Orphan(Config("shop/a"), "new");
  input.inventory.Set({{"", "ConfigMap", "shop", "a"}, "v1", ""});
  EXPECT_EQ(Make().summary.remove, 1u) << "a crash between create and record";
  input.orphans.clear();
  Orphan(Config("shop/a"), "new", "");
  input.inventory.Set({{"", "ConfigMap", "shop", "a"}, "v1", ""});
  EXPECT_THAT(Make().steps.back().why, HasSubstr("nothing proves"));
}

TEST_F(Planning, WhatWouldTakeWantedObjectsAlongStays) {
  Want(Config("shop/wanted"));
  Want(Object("x.io/v1", "Widget", "other/w"));
  Orphan(Namespace("shop", R"("annotations":{"plumb.dev/prune":"allowed"})"));
  Orphan(Object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "widgets.x.io", R"("spec":{"group":"x.io","names":{"kind":"Widget"}})"));
  const Plan plan = Make();
  EXPECT_EQ(plan.summary.keep, 2u);
  EXPECT_THAT(plan.steps[2].why + plan.steps[3].why, HasSubstr("ConfigMap shop/wanted is still wanted, and would be deleted with it"));
}

TEST_F(Planning, WhatAKeptObjectNeedsIsKeptToo) {
  Want(Config("other/wanted"));
  Orphan(Namespace("shop", R"("annotations":{"plumb.dev/prune":"allowed"})"));
  Orphan(Config("shop/a", R"("annotations":{"plumb.dev/prune":"disabled"})"));
  const Plan plan = Make();
  EXPECT_EQ(plan.steps.back().why, "ConfigMap shop/a stays and needs it");
  EXPECT_EQ(plan.summary.remove, 0u);
}

TEST_F(Planning, ObjectThatMovedToAnotherGroupIsNotDeleted) {
  const Document now = Object("networking.k8s.io/v1", "Ingress", "shop/i");
  Want(now, LiveObject::Present(Live(now, "u")));
  Orphan(Object("extensions/v1beta1", "Ingress", "shop/i"));
  EXPECT_THAT(Actions(Make()), ElementsAre("none Ingress shop/i"));
}

TEST_F(Planning, ProtectedKindsNeedAWord) {
  Want(Config("other/wanted"));
  Orphan(Namespace("shop"));
  Orphan(Object("v1", "PersistentVolumeClaim", "db/data", "", R"("annotations":{"plumb.dev/prune":"allowed"})"));
  const Plan plan = Make();
  EXPECT_EQ(plan.summary.held, 1u);
  EXPECT_EQ(plan.summary.remove, 1u);
  ASSERT_EQ(plan.holds.size(), 1u);
  EXPECT_EQ(plan.holds[0].id, "protected");
  EXPECT_THAT(plan.holds[0].reason, HasSubstr("Namespace shop"));
  EXPECT_THAT(plan.holds[0].lift, HasSubstr(plan.approval.substr(0, 12)));
}

TEST_F(Planning, MoreDeletesThanTheBudgetAreHeldAndCreatesGoOn) {
  Want(Config("shop/new"));
  for (int i = 0; i < 11; ++i) Orphan(Config("shop/old" + std::to_string(i)));
  Plan plan = Make();
  EXPECT_EQ(plan.summary.held, 11u);
  EXPECT_EQ(plan.summary.create, 1u);
  EXPECT_EQ(plan.holds.at(0).reason, "11 objects would be deleted or replaced, of 11: more than the budget (10 objects and 20 %)");
  input.options.budget_deletes = 11;
  plan = Make();
  EXPECT_TRUE(plan.holds.empty());
}

TEST_F(Planning, BudgetCountsTheNumberAndTheShareAndWhatWasRemovedBefore) {
  const struct { size_t deletes, percent, inventory, recent, removals; bool held; } kCases[] = {
      {10, 20, 0, 0, 10, false},    // the number
      {10, 20, 200, 0, 30, false},  // many, but few of many
      {10, 20, 200, 0, 41, true},
      {10, 20, 200, 20, 21, true},  // together with those of the last minutes
      {10, 20, 200, 20, 20, false},
      {0, 0, 200, 0, 1, true},      // nothing without a word
      {0, 20, 200, 0, 40, false},   // a share alone
      {0, 20, 200, 0, 41, true},
      {5, 0, 200, 0, 6, true},      // a number alone
      {10, 20, 200, 50, 0, false},  // nothing to hold
  };
  for (const auto& c : kCases) {
    input = {};
    input.inventory = Inventory("shop", "plumb-system");
    input.source.complete = input.live.complete = true;
    input.options.budget_deletes = c.deletes, input.options.budget_percent = c.percent;
    input.inventory_size = c.inventory, input.removed_recently = c.recent;
    Want(Config("shop/wanted"));
    for (size_t i = 0; i < c.removals; ++i) Orphan(Config("shop/old" + std::to_string(i)));
    EXPECT_EQ(Make().holds.size(), c.held ? 1u : 0u) << c.deletes << " " << c.percent << " " << c.inventory << " " << c.recent << " " << c.removals;
  }
}

TEST_F(Planning, KindsWithDataOrRightsAreProtected) {
  Want(Config("other/wanted"));
  Orphan(Object("apps/v1", "StatefulSet", "shop/db"));
  Orphan(Object("rbac.authorization.k8s.io/v1", "ClusterRole", "view"));
  Orphan(Object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "view"));
  Orphan(Object("v1", "PersistentVolume", "pv"));
  Orphan(Object("rbac.authorization.k8s.io/v1", "Role", "shop/view"));
  const Plan plan = Make();
  EXPECT_EQ(plan.summary.held, 4u);
  EXPECT_EQ(plan.summary.remove, 1u) << "a Role is one of its namespace";
}

TEST_F(Planning, ReplacingAProtectedKindNeedsTheWordForThat) {
  const auto plan_of = [&](std::string_view metadata) {
    input.desired.clear();
    const auto set = [&](std::string_view name) { return Object("apps/v1", "StatefulSet", "shop/db", R"("spec":{"serviceName":")" + std::string(name) + "\"}", metadata); };
    Want(set("new"), LiveObject::Present(Live(set("old"), "1")));
    auto diff = std::make_shared<ObjectDiff>(*input.desired[0].diff);
    for (FieldChange& change : diff->changes) change.immutable = true;
    input.desired[0].diff = diff;
    return Make();
  };
  EXPECT_EQ(plan_of("").summary.blocked, 1u) << "never implicit";
  EXPECT_EQ(plan_of(R"("annotations":{"plumb.dev/replace":"allowed"})").summary.replace, 1u);
  input.options.replace = true;
  EXPECT_THAT(plan_of("").holds.at(0).reason, HasSubstr("replaces StatefulSet shop/db, of a protected kind, without the annotation 'plumb.dev/replace: allowed'"));
}

TEST_F(Planning, NamespaceWithObjectsOfOthersStays) {
  Want(Config("other/wanted"));
  const Document ns = Namespace("shop", R"("annotations":{"plumb.dev/prune":"allowed"})");
  Orphan(ns);
  Orphan(Object("apps/v1", "Deployment", "shop/web"));
  Contents& contents = input.contents[IdOf(ns.root())];
  const auto add = [&](std::string kind, std::string name, std::string uid, std::vector<std::string> owners = {}, std::string part_of = "") {
    contents.objects.push_back({{"", std::move(kind), "shop", std::move(name)}, std::move(uid), std::move(part_of), std::move(owners)});
  };
  input.inventory.Set({{"apps", "Deployment", "shop", "web"}, "v1", "web-uid"});
  input.orphans[{"apps", "Deployment", "shop", "web"}] = LiveObject::Present(Live(Object("apps/v1", "Deployment", "shop/web"), "web-uid"));
  add("Deployment", "web", "web-uid");
  contents.objects.back().id.group = "apps";
  add("ReplicaSet", "web-1", "rs", {"web-uid"});
  add("Pod", "web-1-a", "pod", {"rs"});
  add("ConfigMap", "kube-root-ca.crt", "c");
  add("ServiceAccount", "default", "sa");
  Plan plan = Make();
  EXPECT_EQ(plan.summary.remove, 2u) << FormatPlan(plan);
  EXPECT_THAT(FormatPlan(plan), HasSubstr("takes along 3 objects in it: "));
  EXPECT_THAT(WriteJson(PlanToJson(plan).root()), HasSubstr("takesAlong"));

  add("PersistentVolumeClaim", "data-db-0", "pvc");
  add("Secret", "copied", "s", {}, kOurs);  // a label proves nothing
  plan = Make();
  EXPECT_EQ(plan.steps.back().action, Action::kKeep);
  EXPECT_EQ(plan.steps.back().why, "PersistentVolumeClaim shop/data-db-0, Secret shop/copied are in it, and this application does not own them");
  ASSERT_EQ(plan.holds.size(), 1u);
  EXPECT_EQ(plan.holds[0].id, "in-use");
  EXPECT_TRUE(plan.holds[0].steps.empty()) << "no approval lifts it";
  EXPECT_EQ(plan.summary.remove, 1u) << "the rest goes";

  contents.known = {false, "list widgets.x.io: 503"};
  EXPECT_THAT(Make().steps.back().why, HasSubstr("what is in it is not known: list widgets.x.io: 503"));
  input.contents.clear();
  EXPECT_THAT(Make().steps.back().why, HasSubstr("nobody looked"));
}

TEST_F(Planning, CustomResourceDefinitionWithInstancesOfOthersStays) {
  Want(Config("other/wanted"));
  const Document crd = Object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "widgets.x.io", R"("spec":{"group":"x.io","names":{"kind":"Widget"}})",
                              R"("annotations":{"plumb.dev/prune":"allowed"})");
  Orphan(crd);
  input.contents[IdOf(crd.root())].objects.push_back({{"x.io", "Widget", "theirs", "w"}, "w", "", {}});
  EXPECT_THAT(Make().steps.back().why, HasSubstr("Widget.x.io theirs/w is in it, and this application does not own it"));
}

TEST_F(Planning, AFreezeStopsDeletesAndReplacesAndNoApprovalLiftsIt) {
  Want(Config("shop/new"));
  Orphan(Config("shop/old"));
  const auto job = [](int n) { return Object("batch/v1", "Job", "shop/j", R"("spec":{"completions":)" + std::to_string(n) + "}", R"("annotations":{"plumb.dev/replace":"allowed"})"); };
  Want(job(2), LiveObject::Present(Live(job(1), "1")));
  auto diff = std::make_shared<ObjectDiff>(*input.desired[1].diff);
  for (FieldChange& change : diff->changes) change.immutable = true;
  input.desired[1].diff = diff;
  EXPECT_EQ(Make().summary, (PlanSummary{.create = 1, .replace = 1, .remove = 1}));
  input.frozen = "incident 42";
  const Plan plan = Make();
  EXPECT_EQ(plan.summary, (PlanSummary{.create = 1, .keep = 1, .blocked = 1}));
  for (const Step& step : plan.steps) EXPECT_FALSE(step.replaceable) << "nor where the server asks for it";
  EXPECT_EQ(plan.holds.at(0).id, "frozen");
  EXPECT_EQ(plan.holds.at(0).reason, "2 objects would be deleted or replaced, but destructive operations are frozen: incident 42");
  EXPECT_TRUE(plan.holds.at(0).steps.empty());
}

TEST_F(Planning, PlumbDoesNotDeleteItsOwnGround) {
  Want(Config("other/wanted"));
  input.options.own_namespaces = {"plumb-system"};
  Orphan(Namespace("plumb-system", R"("annotations":{"plumb.dev/prune":"allowed"})"));
  Orphan(Object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "applications.plumb.dev", "", R"("annotations":{"plumb.dev/prune":"allowed"})"));
  EXPECT_EQ(Make().summary.keep, 2u);
}

TEST_F(Planning, ApplicationWhoseFinalizerDeletesWhatItMadeIsProtected) {
  Want(Config("other/wanted"));
  Orphan(Object("plumb.dev/v1alpha1", "Application", "plumb-system/orphans"));
  Orphan(Object("plumb.dev/v1alpha1", "Application", "plumb-system/cascades", "", R"("finalizers":["plumb.dev/delete"])"));
  const Plan plan = Make();
  EXPECT_EQ(plan.summary.remove, 1u);
  EXPECT_EQ(plan.summary.held, 1u);
  EXPECT_THAT(FormatPlan(plan), HasSubstr("takes along everything that application 'cascades' made"));
}

TEST_F(Planning, AnEmptySourceIsHeldHoweverSmall) {
  Orphan(Config("shop/only"));
  const Plan plan = Make();
  EXPECT_EQ(plan.holds.at(0).id, "empty");
  EXPECT_EQ(plan.summary.held, 1u);
}

// The target namespace of one application, declared by another with labels and annotations of its own.
TEST_F(Planning, WhatIsOnlyNeededToBeThereIsNotWritten) {
  const Document ns = Object("v1", "Namespace", "team");
  Want(ns, LiveObject::Present(Live(ns, "1", "applyset-other-v1"))).owned = false;
  const Plan plan = Make();
  EXPECT_THAT(Actions(plan), ElementsAre("none Namespace team"));
  EXPECT_TRUE(plan.empty());
}

TEST_F(Planning, ObjectOfAnotherApplicationIsBlockedUnlessAdopted) {
  const Document object = Config("shop/a");
  Want(object, LiveObject::Present(Live(object, "1", "applyset-other-v1")));
  EXPECT_THAT(Why(Make()), HasSubstr("part of another application (applyset-other-v1)"));
  PlanInput before = input;
  input.options.adopt = true;
  EXPECT_EQ(Make().summary.patch, 1u);
  input = before;
  input.options.adopt_from = {"applyset-other-v1"};
  EXPECT_EQ(Make().summary.patch, 1u) << "of an application that was renamed";
  input = before;
  input.others["applyset-other-v1"] = {"default/first", {IdOf(object.root())}};
  EXPECT_THAT(Why(Make()), HasSubstr("is part of application 'default/first', and 'shop' declares it too"));
  input.others["applyset-other-v1"].owned.clear();
  EXPECT_EQ(Make().summary.patch, 1u) << "it let it go";
}

TEST_F(Planning, WhatAnotherApplicationTookOverLeavesTheRecord) {
  Want(Config("shop/wanted"));
  Orphan(Config("shop/a"), "u", "applyset-other-v1");
  input.others["applyset-other-v1"] = {"default/other", {IdOf(Config("shop/a").root())}};
  const Plan plan = Make();
  EXPECT_EQ(plan.gone, std::vector<ObjectId>{IdOf(Config("shop/a").root())});
  EXPECT_EQ(plan.summary.remove + plan.summary.keep, 0u);
}

TEST_F(Planning, WhatWaitsForAClaimIsKeptAndMarked) {
  Want(Config("shop/wanted"));
  Orphan(Config("shop/a"));
  input.waits[IdOf(Config("shop/a").root())] = "left the source a moment ago";
  const Plan plan = Make();
  EXPECT_EQ(plan.summary.keep, 1u);
  EXPECT_EQ(plan.pending, std::vector<ObjectId>{IdOf(Config("shop/a").root())});
}

TEST_F(Planning, AnotherSourceThanBeforeDeletesNothingWithoutAWord) {
  Want(Config("shop/wanted"));
  Orphan(Config("shop/a"));
  input.moved = "https://b; before: https://a";
  const Plan plan = Make();
  EXPECT_EQ(plan.holds.at(0).id, "moved");
  EXPECT_EQ(plan.summary.held, 1u);
  EXPECT_EQ(plan.summary.create, 1u);
}

TEST_F(Planning, ObjectThatIsBeingDeletedIsWaitedFor) {
  Want(Config("shop/a"), LiveObject::Present(Live(Config("shop/a", R"("deletionTimestamp":"2026-01-01T00:00:00Z")"), "1")));
  EXPECT_THAT(Why(Make()), HasSubstr("is being deleted since 2026"));
}

TEST_F(Planning, WhatTheServerDidNotAnswerIsNeverUnchanged) {
  Want(Config("shop/a"), LiveObject::Present(Live(Config("shop/a"), "1")));
  EXPECT_TRUE(Make().summary.in_sync());
  auto diff = std::make_shared<ObjectDiff>(*input.desired[0].diff);
  diff->unanswered = "the server could not be asked: connection refused";
  input.desired[0].diff = diff;
  const Plan plan = Make();
  EXPECT_EQ(plan.summary.blocked, 1u);
  EXPECT_THAT(Why(plan), HasSubstr("whether it is in sync is not known: the server could not be asked"));
}

TEST_F(Planning, ImmutableFieldsBlockOrReplace) {
  const auto job = [](int revision, std::string_view metadata) {
    return Object("batch/v1", "Job", "shop/j", R"("spec":{"completions":)" + std::to_string(revision) + "}", metadata);
  };
  const auto plan_of = [&](std::string_view metadata) {
    input.desired.clear();
    Want(job(2, metadata), LiveObject::Present(Live(job(1, metadata), "1")));
    auto diff = std::make_shared<ObjectDiff>(*input.desired[0].diff);
    for (FieldChange& change : diff->changes) change.immutable = true;
    input.desired[0].diff = diff;
    return Make();
  };
  EXPECT_THAT(Why(plan_of("")), HasSubstr("'spec.completions' cannot be changed in place; annotate"));
  const Plan allowed = plan_of(R"("annotations":{"plumb.dev/replace":"allowed"})");
  EXPECT_EQ(allowed.summary.replace, 1u);
  EXPECT_TRUE(allowed.steps[0].replaceable);
}

TEST_F(Planning, DigestBindsToChangesAndNothingElse) {
  const auto digest = [&] { return Make().digest; };
  Want(Object("v1", "Secret", "shop/s", R"("data":{"password":"aHVudGVyMg=="})"));
  Orphan(Config("shop/old"));
  const std::string first = digest();
  Want(Config("shop/same"), LiveObject::Present(Live(Config("shop/same"), "1")));
  EXPECT_EQ(digest(), first) << "unchanged objects do not count";
  std::swap(input.desired[0], input.desired[1]);
  EXPECT_EQ(digest(), first) << "nor does the order of files";
  input.orphans.begin()->second = LiveObject::Present(Live(Config("shop/old", R"("resourceVersion":"7")"), "u"));
  EXPECT_EQ(digest(), first) << "nor do writes that change nothing of ours";
  input.orphans.begin()->second = LiveObject::Present(Live(Config("shop/old"), "v"));
  EXPECT_NE(digest(), first) << "another object would be deleted";
  input.orphans.begin()->second = LiveObject::Present(Live(Config("shop/old"), "u"));
  input.desired.pop_back();
  Want(Object("v1", "Secret", "shop/s", R"("data":{"password":"b3RoZXI="})"));
  EXPECT_NE(digest(), first) << "a secret's value counts";
}

// Whoever read the plan approved what would be lost, not what else came in since.
TEST_F(Planning, ApprovalBindsToWhatIsHeldAndNothingElse) {
  input.options.budget_deletes = 0;
  input.options.budget_percent = 0;
  Want(Config("shop/kept"), LiveObject::Present(Live(Config("shop/kept"), "1")));
  Orphan(Config("shop/old"));
  const Plan first = Make();
  ASSERT_EQ(first.approval.size(), 64u);
  EXPECT_EQ(first.holds.at(0).lift, "approve " + first.approval.substr(0, 12));
  EXPECT_TRUE(first.ApprovedBy(first.approval));
  EXPECT_FALSE(first.ApprovedBy(first.digest));

  Want(Config("shop/new"));
  EXPECT_EQ(Make().approval, first.approval) << "another object to create";
  EXPECT_NE(Make().digest, first.digest);
  input.removed_recently = 3;
  EXPECT_EQ(Make().approval, first.approval) << "what the reason counts";
  input.moved = "https://git.example/a.git; before: https://git.example/b.git";
  EXPECT_NE(Make().approval, first.approval) << "another hold holds it too";
  const std::string moved = Make().approval;
  input.moved = "https://git.example/c.git; before: https://git.example/b.git";
  EXPECT_NE(Make().approval, moved) << "another move";
  input.moved.clear();
  input.application = "other";
  EXPECT_NE(Make().approval, first.approval) << "another application";
  input.application = first.application;
  input.orphans.begin()->second = LiveObject::Present(Live(Config("shop/old"), "v"));
  EXPECT_NE(Make().approval, first.approval) << "another object of the name";
  input.orphans.begin()->second = LiveObject::Present(Live(Config("shop/old"), "u"));
  EXPECT_EQ(Make().approval, first.approval);
  Orphan(Config("shop/second"));
  EXPECT_NE(Make().approval, first.approval) << "one more";
  input.options.budget_deletes = 10;
  EXPECT_EQ(Make().approval, "") << "nothing is held";
  EXPECT_FALSE(Make().ApprovedBy("")) << "no approval is none";
}

TEST_F(Planning, ApprovalOfAReplaceBindsToWhatComesInItsPlace) {
  input.options.budget_deletes = 0;
  input.options.budget_percent = 0;
  const auto approval_of = [&](int completions) {
    const auto job = [](int n) {
      return Object("batch/v1", "Job", "shop/j", R"("spec":{"completions":)" + std::to_string(n) + "}", R"("annotations":{"plumb.dev/replace":"allowed"})");
    };
    input.desired.clear();
    Want(job(completions), LiveObject::Present(Live(job(1), "1")));
    auto diff = std::make_shared<ObjectDiff>(*input.desired[0].diff);
    for (FieldChange& change : diff->changes) change.immutable = true;
    input.desired[0].diff = diff;
    return Make().approval;
  };
  ASSERT_EQ(approval_of(2).size(), 64u);
  EXPECT_EQ(approval_of(2), approval_of(2));
  EXPECT_NE(approval_of(2), approval_of(3));
}

TEST_F(Planning, TextAndJsonSayItAllAndNoSecret) {
  Want(Object("v1", "Secret", "shop/s", R"("data":{"password":"c2VjcmV0MQ=="})"),
       LiveObject::Present(Live(Object("v1", "Secret", "shop/s", R"("data":{"password":"c2VjcmV0Mg=="})"), "1")));
  Want(Object("apps/v1", "Deployment", "shop/web", R"("spec":{"replicas":3})"),
       LiveObject::Present(Live(Object("apps/v1", "Deployment", "shop/web", R"("spec":{"replicas":2})"), "2")));
  Want(Config("shop/new"));
  Orphan(Namespace("old"));
  const Plan plan = Make();
  const std::string text = FormatPlan(plan);
  EXPECT_THAT(text, HasSubstr("+ create   ConfigMap shop/new   (all.yaml:1)\n"));
  EXPECT_THAT(text, HasSubstr("      spec.replicas: 2 -> 3  ("));
  EXPECT_THAT(text, HasSubstr("data.password: \"(masked "));
  EXPECT_THAT(text, HasSubstr("- delete   Namespace old        held: protected\n"));
  EXPECT_THAT(text, HasSubstr("held: deletes Namespace old, of a protected kind"));
  EXPECT_THAT(text, HasSubstr("1 to create, 2 to change, 1 held\nplan " + plan.digest.substr(0, 12) + "\n"));
  EXPECT_THAT(FormatPlan(plan, {.colour = true}), HasSubstr("\x1b[32m+ create"));
  const std::string json = WriteJson(PlanToJson(plan).root());
  EXPECT_THAT(json, HasSubstr(R"("path":"spec.replicas")"));
  EXPECT_THAT(json, HasSubstr(R"("hold":"protected")"));
  for (const std::string& output : {text, json})
    for (std::string_view secret : {"c2VjcmV0MQ", "c2VjcmV0Mg", "secret1", "secret2"}) EXPECT_THAT(output, ::testing::Not(HasSubstr(std::string(secret))));
}

TEST_F(Planning, SummaryLineOfAnInSyncPlan) {
  Want(Config("shop/same"), LiveObject::Present(Live(Config("shop/same"), "1")));
  EXPECT_EQ(SummaryLine(Make()), "in sync: 1 object");
  EXPECT_EQ(FormatPlan(Make()), "in sync: 1 object\n");
  EXPECT_EQ(SummaryLine(Plan()), "in sync: nothing to do");
}

}  // namespace
}  // namespace plumb
