// The public incidents of docs/incidents.md that one application meets, played against its reconciler: in each, nothing destructive
// reaches the server and the status says why; and what the incident's guard must not stop does go through.
#include <thread>

#include "core/edit.h"
#include "tests/engine/loop/incidents.h"

namespace plumb {
namespace {

using namespace plumb::testing;  // NOLINT: the helpers of these tests
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using std::chrono::seconds;

// Skyscanner 2021: a change of a template made a valid but nearly empty estate, everywhere at once.
TEST_F(Incidents, N01TemplateChangeEmptiesTheEstate) {
  Sync("1111", Maps(0, 40));
  Sync("2222", Maps(0, 2));
  NothingDestroyed("budget", "Held: 38 objects would be deleted or replaced, of 40: more than the budget (10 objects and 20 %); approve ");
  ApprovedItGoes(38);
}

// A provider's outage deleted all applications.
TEST_F(Incidents, N03ProviderIsDown) {
  Sync("1111", Maps(0, 3));
  rig.view.error = Unavailable("git.example: 503");
  Sync("2222", Maps(0, 2));  // what a broken fetch may leave behind
  NothingDestroyed("source", "Failed: source: git.example: 503");
  rig.view.error.reset();
  rig.reconciler->SourceChanged();
  rig.reconciler->MarkAllDirty();
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(rig.gateway->deletes, SizeIs(1));
}

// An error while the list of applications was made counted as an empty list.
TEST_F(Incidents, N04GeneratorFails) {
  Sync("1111", Maps(0, 3));
  Files files = Maps(0, 2);
  files["broken.yaml"] = "kind: [\n";
  Sync("2222", files);
  NothingDestroyed("", "Failed: render: broken.yaml:");
  Sync("3333", Maps(0, 2));
  EXPECT_THAT(rig.gateway->deletes, SizeIs(1));
}

// The provider answered 200 with nothing in it.
TEST_F(Incidents, N05ProviderAnswersNothing) {
  Sync("1111", Maps(0, 3));
  rig.Push("2222", {});
  (void)rig.Pass();
  EXPECT_THAT(rig.gateway->deletes, IsEmpty());
  EXPECT_THAT(rig.status().summary, Not(HasSubstr("Synced")));
  Sync("3333", {{"none.yaml", "# nothing\n"}});
  NothingDestroyed("empty", "Held: the source declares no object at all, and the inventory has 3");
  ApprovedItGoes(3);
}

// A changed parameter made half of the applications go.
TEST_F(Incidents, N07ParameterChangeRemovesHalf) {
  Sync("1111", Maps(0, 30));
  Sync("2222", Maps(0, 15));
  NothingDestroyed("budget", "15 objects would be deleted or replaced, of 30");
  Sync("3333", Maps(0, 28));  // the parameter is put right, and two objects go as they should
  EXPECT_THAT(rig.gateway->deletes, SizeIs(2));
}

// A changed token re-scoped the application: it and all its namespaces were deleted.
TEST_F(Incidents, N08CredentialsChange) {
  Sync("1111", {{"a.yaml", ConfigMap("a")}, {"n.yaml", NamespaceYaml("team")}});
  rig.view.error = Denied("git.example: 401");
  Sync("2222", {{"a.yaml", ConfigMap("a")}});
  NothingDestroyed("source", "Failed: source: git.example: 401");
  rig.view.error.reset();
  rig.reconciler->SourceChanged();
  rig.reconciler->MarkAllDirty();
  ASSERT_TRUE(rig.Pass().ok());
  NothingDestroyed("protected", "Held: deletes Namespace team, of a protected kind");
  ApprovedItGoes(1);
}

// A partial cache of the cluster: what was not in it was pruned.
TEST_F(Incidents, N10CacheIsPartial) {
  Sync("1111", {{"a.yaml", ConfigMap("a")}, {"b.yaml", ConfigMap("b")}, {"s.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"}});
  rig.live.unknown["Secret"] = "list secrets: 503";
  Sync("2222", {{"a.yaml", ConfigMap("a")}});
  NothingDestroyed("live", "nothing is pruned: the view of the cluster is not complete: list secrets: 503");
  rig.live.unknown.clear();
  rig.reconciler->MarkAllDirty();
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(rig.gateway->deletes, SizeIs(2));
}

// A namespace that the tool itself made was deleted, or replaced, with what it was made for.
TEST_F(Incidents, N11NamespaceMadeByPlumbIsNotOwned) {
  rig.Make("  target: {namespace: team}\n");
  Sync("1111", {{"a.yaml", ConfigMap("a")}, {"b.yaml", ConfigMap("b")}});
  Sync("2222", {{"elsewhere.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: z, namespace: default}\n"}});
  EXPECT_THAT(rig.gateway->deletes, Each(HasSubstr("/configmaps/"))) << "what left git goes";
  EXPECT_THAT(rig.gateway->deletes, SizeIs(2));
  EXPECT_TRUE(There("Namespace", "", "team"));
  EXPECT_EQ(rig.status().summary, "Synced");
}

// A forced sync replaced a shared Namespace, though it said Prune=false.
TEST_F(Incidents, N12ForcedSyncOfASharedNamespace) {
  Sync("1111", {{"a.yaml", ConfigMap("a")}, {"b.yaml", ConfigMap("b")},
                {"n.yaml", NamespaceYaml("team", "'argocd.argoproj.io/sync-options': 'Prune=false', plumb.dev/replace: allowed, plumb.dev/prune: allowed")}});
  rig.Push("2222", {{"a.yaml", ConfigMap("a")}});
  rig.reconciler->Request({"1", "ann"});
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(rig.gateway->deletes, ElementsAre(HasSubstr("/configmaps/b"))) << "a person's sync prunes, and leaves the namespace";
  EXPECT_TRUE(There("Namespace", "", "team"));
}

// An application that was named like a Helm release deleted the release's objects.
TEST_F(Incidents, N14ApplicationNamedLikeARelease) {
  Make(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"data","labels":{"app.kubernetes.io/instance":"shop","app.kubernetes.io/managed-by":"Helm"}}})",
       "ConfigMap", "default");
  Sync("1111", Maps(0, 3));
  Sync("2222", Maps(0, 2));
  EXPECT_THAT(rig.gateway->deletes, ElementsAre(HasSubstr("/configmaps/c2"))) << "what it owns goes";
  EXPECT_TRUE(There("ConfigMap", "default", "data"));
}

// Two installations with the same application pruned each other's objects.
TEST_F(Incidents, N15TwoInstallationsOfOneName) {
  Sync("1111", Maps(0, 3));
  SourceView view;  // of the same namespace and name, by another process, from another repository
  view.state = Commit("9999", {{"x.yaml", ConfigMap("x")}});
  view.looked = true;
  EventLog log;
  ReconcilerContext context;
  context.target = [&]() -> Result<std::shared_ptr<Target>> { return rig.target; };
  context.source = [&](size_t) { return view; };
  context.events = log.Sink();
  context.clock = &rig.clock;
  auto made = Reconciler::Make(FromText("metadata: {name: shop}\nspec:\n  sources: [{git: {url: 'https://git.example/other.git'}}]\n"), context);
  ASSERT_TRUE(made.ok());
  Reconciler& second = **made;
  ASSERT_TRUE(second.Reconcile({}).ok());
  EXPECT_THAT(rig.gateway->deletes, IsEmpty());
  EXPECT_THAT(second.status().summary, HasSubstr("Held: the source is another one than before (https://git.example/other.git; before: https://git.example/shop.git), and 3 objects"));
  second.MarkAllDirty();
  ASSERT_TRUE(second.Reconcile({}).ok());
  EXPECT_THAT(rig.gateway->deletes, IsEmpty()) << "nor later";
  second.Approve(second.status().approval, "ann");  // it was meant: the repository moved
  ASSERT_TRUE(second.Reconcile({}).ok());
  EXPECT_THAT(rig.gateway->deletes, SizeIs(3));
}

// The application of applications deleted itself.
TEST_F(Incidents, N16ApplicationDeletesItsOwnGround) {
  Sync("1111", {{"a.yaml", ConfigMap("a")}, {"n.yaml", NamespaceYaml("plumb-home", "plumb.dev/prune: allowed")}, {"b.yaml", ConfigMap("b")}});
  rig.target->own_namespace = "plumb-home";
  Sync("2222", {{"a.yaml", ConfigMap("a")}});
  EXPECT_TRUE(There("Namespace", "", "plumb-home"));
  EXPECT_THAT(rig.gateway->deletes, ElementsAre(HasSubstr("/configmaps/b")));
}

// A cluster that did not answer in time counted as one without objects, and everything was deleted.
TEST_F(Incidents, N17ClusterDoesNotAnswer) {
  Sync("1111", Maps(0, 3));
  rig.Make("");
  rig.gateway->intercept = [](const http::Request&) { return std::optional<Result<http::Response>>(Unavailable("no answer within 30s")); };
  rig.Push("2222", Maps(0, 2));
  EXPECT_FALSE(rig.Pass().ok());
  NothingDestroyed("", "no answer within 30s");
  rig.gateway->intercept = nullptr;
  NextLook();
  EXPECT_THAT(rig.gateway->deletes, SizeIs(1));
}

// Deleting the place where the tool keeps its records destroyed what they spoke of.
TEST_F(Incidents, N18RecordIsDeleted) {
  Sync("1111", Maps(0, 3));
  Remove({*kube::BuiltIn("ConfigMap"), "default", "plumb-inventory-shop", ""});
  rig.Make("");
  Sync("2222", Maps(0, 2));
  NothingDestroyed("", "Synced");
  EXPECT_TRUE(There("ConfigMap", "default", "c2")) << "nothing says any more that it is ours";
  Sync("3333", Maps(0, 1));
  EXPECT_THAT(rig.gateway->deletes, SizeIs(1)) << "what it owns since then goes";
}

// The tool tried to delete kube-system, and namespaces that it never made.
TEST_F(Incidents, N19NamespacesOfTheCluster) {
  Sync("1111", {{"a.yaml", ConfigMap("a")}, {"b.yaml", ConfigMap("b")}, {"k.yaml", NamespaceYaml("kube-system", "plumb.dev/prune: allowed")},
                {"d.yaml", NamespaceYaml("default", "plumb.dev/prune: allowed")}});
  Sync("2222", {{"a.yaml", ConfigMap("a")}});
  EXPECT_THAT(rig.gateway->deletes, ElementsAre(HasSubstr("/configmaps/b")));
}

// An application was renamed, or an object moved from one to another: all of it was deleted and made anew.
TEST_F(Incidents, N20ObjectMovesToAnotherApplication) {
  Sync("1111", Maps(0, 2));
  const std::string uid(rig.Get("ConfigMap", "default", "c0")->Get("metadata").GetString("uid"));
  SourceView view;  // of the application under its new name
  view.state = Commit("2222", Maps(0, 2));
  view.looked = true;
  EventLog log;
  ReconcilerContext context;
  context.target = [&]() -> Result<std::shared_ptr<Target>> { return rig.target; };
  context.source = [&](size_t) { return view; };
  context.events = log.Sink();
  context.clock = &rig.clock;
  auto made = Reconciler::Make(FromText("metadata: {name: store}\nspec:\n  sources: [{git: {url: 'https://git.example/shop.git'}}]\n  takesOver: [shop]\n"), context);
  ASSERT_TRUE(made.ok());
  Reconciler& store = **made;
  ASSERT_TRUE(store.Reconcile({}).ok()) << store.status().summary;
  Sync("2222", {{"z.yaml", ConfigMap("z")}});  // the old one, if it still runs, has nothing of it any more
  EXPECT_THAT(rig.gateway->deletes, IsEmpty());
  EXPECT_EQ(rig.Get("ConfigMap", "default", "c0")->Get("metadata").GetString("uid"), uid) << "it is the same object";
  view.state = Commit("3333", Maps(1, 2));
  store.SourceChanged();
  ASSERT_TRUE(store.Reconcile({}).ok());
  EXPECT_THAT(rig.gateway->deletes, ElementsAre(HasSubstr("/configmaps/c0"))) << "its new owner prunes it";
}

// Deleting one object of the tool took all CustomResourceDefinitions along, and every object of their kinds.
TEST_F(Incidents, N21CustomResourceDefinitionWithObjectsOfOthers) {
  const std::string crd =
      "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.x.io, annotations: {plumb.dev/prune: allowed}}\nspec:\n  group: x.io\n  scope: Namespaced\n"
      "  names: {kind: Widget, plural: widgets, singular: widget, listKind: WidgetList}\n  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]\n";
  Sync("1111", {{"a.yaml", ConfigMap("a")}, {"crd.yaml", crd}});
  if (!rig.real()) rig.cluster().Step();
  for (int looks = 0; looks < 500; ++looks) {  // until the server serves the kind
    rig.discovery.Invalidate();
    if (rig.discovery.FindKind("x.io", "Widget").ok()) break;
    if (rig.real()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  const auto widget = ParseJson(R"({"apiVersion":"x.io/v1","kind":"Widget","metadata":{"name":"theirs"}})");
  const auto kind = rig.discovery.FindKind("x.io", "Widget");
  ASSERT_TRUE(kind.ok()) << kind.error().message();
  ASSERT_TRUE(rig.client.Create(*kind, "default", widget->root()).object.ok());
  Sync("2222", {{"a.yaml", ConfigMap("a")}});
  NothingDestroyed("in-use", "Held: CustomResourceDefinition widgets.x.io is not deleted: Widget.x.io default/theirs is in it");
  Remove({*kind, "default", "theirs", ""});
  NextLook();
  EXPECT_THAT(rig.gateway->deletes, ElementsAre(HasSubstr("/customresourcedefinitions/widgets.x.io")));
}

// An upgrade failed, and the remedy was to uninstall.
TEST_F(Incidents, N22FailedUpgradeUninstallsNothing) {
  Sync("1111", Maps(0, 3));
  rig.gateway->intercept = [](const http::Request& request) -> std::optional<Result<http::Response>> {
    if (request.method != "PATCH" || request.target.find("/configmaps/c0") == std::string::npos) return std::nullopt;
    return Refusal(422, "Invalid", "no");
  };
  Files files = Maps(0, 2);
  files["c0.yaml"] = ConfigMap("c0", "2");
  rig.Push("2222", files);
  for (int i = 0; i < 6; ++i) {
    EXPECT_FALSE(rig.Pass().ok());
    rig.clock.Advance(std::chrono::minutes(5));
  }
  NothingDestroyed("", "ConfigMap default/c0: ");
  rig.gateway->intercept = nullptr;
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(rig.gateway->deletes, SizeIs(1)) << "what left git goes once everything else is applied";
}

// Objects that an operator made, with labels copied from their parent, were pruned.
TEST_F(Incidents, N23LabelsAreCopied) {
  Sync("1111", Maps(0, 3));
  const std::string label(GetAt(rig.Get("ConfigMap", "default", "c0").root(), {"metadata", "labels"}).GetString(kPartOfLabel));
  ASSERT_FALSE(label.empty());
  Make(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"of-an-operator","labels":{"applyset.kubernetes.io/part-of":")" + label + R"("}}})", "ConfigMap", "default");
  Sync("2222", Maps(0, 2));
  EXPECT_THAT(rig.gateway->deletes, ElementsAre(HasSubstr("/configmaps/c2")));
  EXPECT_TRUE(There("ConfigMap", "default", "of-an-operator"));
}

// Healing fought an autoscaler, for ever.
TEST_F(Incidents, N24HealingFightsAController) {
  const ObjectId c0 = {"", "ConfigMap", "default", "c0"}, c1 = {"", "ConfigMap", "default", "c1"};
  Sync("1111", Maps(0, 2));
  const auto write = [&](const std::string& manager, const ObjectId& id, const std::string& data) {
    const auto patch = ParseJson(R"({"data":)" + data + "}");
    ASSERT_TRUE(rig.client.Patch({*kube::BuiltIn("ConfigMap"), id.ns, id.name, ""}, kube::PatchType::kMerge, patch->root(), {.field_manager = manager}).object.ok());
    rig.clock.Advance(seconds(1));
    rig.reconciler->MarkDirty(id);
    ASSERT_TRUE(rig.Pass().ok());
  };
  const auto value = [&](const char* name) { return std::string(rig.Get("ConfigMap", "default", name)->Get("data").GetString("value")); };
  for (int i = 0; i < 23; ++i) write("vpa-updater", c0, R"({"value":"8"})");
  EXPECT_EQ(value("c0"), "8") << "it is left alone";
  NothingDestroyed("fight", "Held: 'vpa-updater' changes data.value of ConfigMap default/c0 back after each of our writes (20 times)");
  EXPECT_THAT(rig.log.Take(), Contains(HasSubstr("held: 'vpa-updater' changes data.value")));
  // A person's edits are healed, ten in a row, as everything else is; and those of a script, whose name says nothing of a person.
  for (const char* manager : {"kubectl-edit", "somebody"})
    for (int i = 0; i < 10; ++i) {
      write(manager, c1, R"({"value":"7"})");
      EXPECT_EQ(value("c1"), "1") << manager << i;
    }
  Files files = Maps(0, 2);
  files["c0.yaml"] = ConfigMap("c0", "2");
  Sync("2222", files);
  EXPECT_EQ(value("c0"), "2") << "what git changes goes through";
  EXPECT_EQ(rig.status().summary, "Synced");
}

// A rollback was undone by the next automatic sync.
TEST_F(Incidents, N25RollbackIsUndone) {
  Sync("1111", Maps(0, 1));
  rig.Make("  suspend: true\n");  // what a person does before going back by hand
  rig.Edit("ConfigMap", "default", "c0", R"({"data":{"value":"before"}})");
  rig.reconciler->MarkDirty({"", "ConfigMap", "default", "c0"});
  Sync("2222", Maps(0, 1));
  NothingDestroyed("", "Suspended");
  EXPECT_EQ(rig.Get("ConfigMap", "default", "c0")->Get("data").GetString("value"), "before");
  rig.Make("");
  Sync("3333", Maps(0, 1));
  EXPECT_EQ(rig.Get("ConfigMap", "default", "c0")->Get("data").GetString("value"), "1");
}

// The wrong cluster: another context, or another cluster under the same address.
TEST_F(Incidents, N26WrongCluster) {
  Sync("1111", Maps(0, 3));
  const std::string here = std::exchange(rig.state.identity, "uid-of-another");
  Sync("2222", Maps(0, 2));
  EXPECT_THAT(rig.gateway->writes, IsEmpty()) << "nothing at all is written";
  NothingDestroyed("cluster", "is another one than before");
  NextLook();
  EXPECT_THAT(rig.gateway->writes, IsEmpty()) << "nor is what was put off";
  rig.state.identity = here;
  NextLook();
  EXPECT_THAT(rig.gateway->deletes, SizeIs(1));
}

// What was approved was not what was carried out.
TEST_F(Incidents, N27PlanChangesAfterItsApproval) {
  Sync("1111", Maps(0, 30));
  Sync("2222", Maps(0, 15));
  const std::string approved = rig.status().approval;
  rig.Push("3333", Maps(0, 10));
  rig.reconciler->Approve(approved, "ann");
  ASSERT_TRUE(rig.Pass().ok());
  NothingDestroyed("budget", "20 objects would be deleted or replaced, of 30");
  ApprovedItGoes(20);
}

// The other side of it: what was approved is carried out, though a colleague's change of something else came in between.
TEST_F(Incidents, ApprovalOutlivesChangesOfOtherThings) {
  Sync("1111", Maps(0, 30));
  Files fewer = Maps(0, 15);
  fewer["new.yaml"] = ConfigMap("new");
  Sync("2222", fewer);
  ASSERT_TRUE(There("ConfigMap", "default", "new")) << "what is not held goes on";
  const std::string approved = rig.status().approval;
  ASSERT_EQ(approved.size(), 64u);
  EXPECT_THAT(rig.status().summary, HasSubstr("; approve " + approved.substr(0, 12)));
  fewer["c0.yaml"] = ConfigMap("c0", "changed");
  fewer["newer.yaml"] = ConfigMap("newer");
  rig.Push("3333", fewer);
  rig.reconciler->Approve(approved, "ann");
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_THAT(rig.gateway->deletes, SizeIs(15));
  EXPECT_EQ(rig.status().summary, "Synced");
  EXPECT_EQ(rig.status().approval, "");
  EXPECT_EQ(rig.status().history.front().by, "ann");
}

// Pruning was off for safety, and what was removed kept running.
TEST_F(Incidents, N28RemovedTenantsGo) {
  Sync("1111", Maps(0, 12));
  Sync("2222", Maps(0, 10));
  EXPECT_THAT(rig.gateway->deletes, SizeIs(2)) << "without anybody's word";
  EXPECT_EQ(rig.status().summary, "Synced");
  EXPECT_TRUE(There("ConfigMap", "default", "c9"));
}

// A plan is never so fresh that the world could not be another one: the server compares the UID when it deletes.
TEST_F(Incidents, WhatIsMadeAnewBetweenPlanAndDeleteStays) {
  Sync("1111", Maps(0, 3));
  bool inside = false;
  rig.gateway->before = [&](const http::Request& request) {
    if (request.method != "DELETE" || request.target.find("/configmaps/c2") == std::string::npos || std::exchange(inside, true)) return;
    ASSERT_TRUE(rig.client.Delete({*kube::BuiltIn("ConfigMap"), "default", "c2", ""}).object.ok());
    Make(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c2"},"data":{"of":"somebody else"}})", "ConfigMap", "default");
  };
  rig.Push("2222", Maps(0, 2));
  (void)rig.Pass();
  EXPECT_TRUE(inside);
  EXPECT_EQ(rig.Get("ConfigMap", "default", "c2")->Get("data").GetString("of"), "somebody else");
  rig.gateway->before = nullptr;
  for (int passes = 0; passes < 3; ++passes) {
    rig.clock.Advance(std::chrono::minutes(6));
    rig.reconciler->MarkAllDirty();
    (void)rig.Pass();
  }
  EXPECT_EQ(rig.Get("ConfigMap", "default", "c2")->Get("data").GetString("of"), "somebody else") << "nor later: " << rig.status().summary;
  EXPECT_EQ(rig.status().summary, "Synced");
}

}  // namespace
}  // namespace plumb
