// Application objects in a cluster: followed, answered in their status, deleted as they ask for, and kept apart.
#include "engine/controller/controller.h"

#include <gmock/gmock.h>

#include <fstream>

#include "core/hash.h"
#include "tests/engine/controller/rig.h"

namespace plumb {
namespace {

using namespace plumb::testing;  // NOLINT: the helpers of these tests
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ControllerTest : public ::testing::Test {
 protected:
  ControllerTest() {
    site.repositories["https://git.example/shop.git"] = {"1111222233334444", {{"c.yaml", ConfigMap("one")}, {"d.yaml", ConfigMap("two")}}};
    site.repositories["https://git.example/other.git"] = {"5555", {{"c.yaml", ConfigMap("three")}}};
    plumb = std::make_unique<Controlled>(site);
  }
  // Pushes, and lets the poll see it.
  void Push(const std::string& name, const std::string& revision, std::map<std::string, std::string> files) {
    site.repositories["https://git.example/" + name + ".git"] = {revision, std::move(files)};
    plumb->controller->loop().Push([](const ApplicationSource&) { return true; });
    plumb->RunFor(std::chrono::seconds(2));
  }

  ControlledSite site;
  std::unique_ptr<Controlled> plumb;
};

TEST_F(ControllerTest, AnApplicationIsCarriedOutAndItsStatusSaysSo) {
  site.ApplyApp("shop");
  plumb->Run();
  plumb->RunFor(std::chrono::seconds(2));
  EXPECT_FALSE(site.Get("ConfigMap", "default", "one")->is_null());
  const Document object = site.Application("shop");
  const Value status = object->Get("status");
  EXPECT_EQ(status.GetString("summary"), "Synced");
  EXPECT_EQ(status.GetString("revision"), "1111222233334444");
  EXPECT_EQ(status.GetString("shortRevision"), "1111222233");
  EXPECT_EQ(status.Get("observedGeneration").AsInt(), 1);
  EXPECT_EQ(status.Get("conditions")[0].GetString("type"), "Ready");
  EXPECT_EQ(status.Get("conditions")[0].GetString("status"), "True");
  EXPECT_EQ(status.Get("history")[0].GetString("by"), "auto");
  EXPECT_EQ(status.Get("resources").size(), 2u);
}

TEST_F(ControllerTest, NothingIsWrittenWhileNothingChanges) {
  site.ApplyApp("shop");
  plumb->Run();
  plumb->RunFor(std::chrono::seconds(2));
  site.gateway->writes.clear();
  plumb->RunFor(std::chrono::minutes(10));  // three polls
  EXPECT_THAT(site.gateway->writes, ::testing::IsEmpty());
}

TEST_F(ControllerTest, StatusWritesAreBoundedByTheirInterval) {
  site.ApplyApp("shop");
  plumb->Run();
  plumb->RunFor(std::chrono::seconds(2));
  site.gateway->writes.clear();
  for (int i = 0; i < 20; ++i) {
    site.repositories["https://git.example/shop.git"] = {fmt::format("r{}", i), {{"c.yaml", ConfigMap("one", std::to_string(i))}}};
    plumb->controller->loop().Push([](const ApplicationSource&) { return true; });
    plumb->RunFor(std::chrono::milliseconds(100));
  }
  const auto writes = std::count(site.gateway->writes.begin(), site.gateway->writes.end(), "PUT /apis/plumb.dev/v1alpha1/namespaces/default/applications/shop/status");
  EXPECT_LE(writes, 3) << "20 revisions in two seconds";
  EXPECT_GE(writes, 1);
}

TEST_F(ControllerTest, ABrokenApplicationSaysSoAndTouchesNoOther) {
  site.ApplyApp("shop");
  site.ApplyApp("other", ", sync: {windows: [{schedule: 'every day', duration: 1h}]}");
  plumb->Run();
  plumb->RunFor(std::chrono::seconds(2));
  const Document object = site.Application("other");
  const Value status = object->Get("status");
  EXPECT_THAT(std::string(status.GetString("summary")), StartsWith("Failed: spec.sync.windows[0].schedule:"));
  EXPECT_EQ(status.Get("conditions")[1].GetString("type"), "Stalled");
  EXPECT_EQ(status.Get("conditions")[0].GetString("status"), "False");
  EXPECT_EQ(site.Summary("shop"), "Synced");
  EXPECT_TRUE(site.Get("ConfigMap", "default", "three")->is_null());
  EXPECT_FALSE(site.Event("other", "Failed")->is_null());
  // Mended, it goes on.
  site.ApplyApp("other");
  plumb->RunFor(std::chrono::seconds(2));
  plumb->RunFor(std::chrono::seconds(2));
  EXPECT_EQ(site.Summary("other"), "Synced");
}

TEST_F(ControllerTest, DeletionOrphansByDefault) {
  site.ApplyApp("shop");
  plumb->Run();
  plumb->RunFor(std::chrono::seconds(2));
  ASSERT_TRUE(site.client.Delete({ApplicationResource(), "default", "shop", ""}).object.ok());
  plumb->RunFor(std::chrono::seconds(2));
  EXPECT_FALSE(site.Get("ConfigMap", "default", "one")->is_null());
  EXPECT_FALSE(plumb->controller->loop().status("default/shop"));
}

TEST_F(ControllerTest, WithItsFinalizerDeletionDeletesWhatItMade) {
  site.ApplyApp("shop", ", budget: {deletes: 1}", ", finalizers: [plumb.dev/delete]");
  plumb->Run();
  plumb->RunFor(std::chrono::seconds(2));
  ASSERT_FALSE(site.Get("ConfigMap", "default", "one")->is_null());
  site.repositories.clear();  // the source is not needed to delete
  ASSERT_TRUE(site.client.Delete({ApplicationResource(), "default", "shop", ""}).object.ok());
  plumb->RunFor(std::chrono::seconds(2));
  plumb->RunFor(std::chrono::seconds(2));
  EXPECT_TRUE(site.Get("ConfigMap", "default", "one")->is_null());
  EXPECT_TRUE(site.Get("ConfigMap", "default", "two")->is_null());
  EXPECT_TRUE(site.Get("ConfigMap", "default", "plumb-inventory-shop")->is_null()) << "the record goes too";
  EXPECT_TRUE(site.Application("shop")->is_null());
}

TEST_F(ControllerTest, ProtectedKindsHoldADeletionUntilItIsApproved) {
  site.repositories["https://git.example/shop.git"].second["n.yaml"] = "apiVersion: v1\nkind: Namespace\nmetadata: {name: precious}\n";
  site.ApplyApp("shop", "", ", finalizers: [plumb.dev/delete]");
  plumb->Run();
  plumb->RunFor(std::chrono::seconds(2));
  ASSERT_TRUE(site.client.Delete({ApplicationResource(), "default", "shop", ""}).object.ok());
  plumb->RunFor(std::chrono::seconds(2));
  plumb->RunFor(std::chrono::seconds(2));
  EXPECT_FALSE(site.Get("Namespace", "", "precious")->is_null());
  EXPECT_THAT(site.Summary("shop"), StartsWith("Held: deletes Namespace precious, of a protected kind"));
  const std::string digest(site.Application("shop")->Get("status").Get("plan").GetString("approval"));
  site.Apply(fmt::format("apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {{name: shop, namespace: default, annotations: {{plumb.dev/approve: '{} by ann'}}, finalizers: "
                         "[plumb.dev/delete]}}\nspec: {{sources: [{{git: {{url: 'https://git.example/shop.git'}}}}]}}\n", digest));
  plumb->RunFor(std::chrono::seconds(2));
  plumb->RunFor(std::chrono::seconds(2));
  EXPECT_TRUE(site.Get("Namespace", "", "precious")->Get("metadata").GetString("name").empty() ||
              !site.Get("Namespace", "", "precious")->Get("metadata").Get("deletionTimestamp").is_null());
}

TEST_F(ControllerTest, AProjectRefusesBeforeAnyWrite) {
  site.Apply("apiVersion: plumb.dev/v1alpha1\nkind: Project\nmetadata: {name: narrow}\nspec: {repositories: ['https://git.example/*'], targets: [{namespaces: [default]}], kinds: {namespaced: [Secret]}}\n");
  site.ApplyApp("shop", ", project: narrow");
  site.ApplyApp("other", ", project: narow");
  site.gateway->writes.clear();
  plumb->Run();
  plumb->RunFor(std::chrono::seconds(2));
  EXPECT_THAT(site.Summary("shop"), HasSubstr("ConfigMap default/one: project 'narrow' does not allow it: kind 'ConfigMap' is not in spec.kinds.namespaced (Secret); and 1 more"));
  EXPECT_EQ(site.Summary("other"), "Failed: spec.project: there is no Project 'narow' in namespace 'default', did you mean 'narrow'?");
  for (const std::string& write : site.gateway->writes)
    EXPECT_TRUE(write.ends_with("/status") || write.ends_with("/events")) << write << ": refused means that nothing is written";
  // The project changes: its applications go on.
  site.Apply("apiVersion: plumb.dev/v1alpha1\nkind: Project\nmetadata: {name: narrow}\nspec: {repositories: ['https://git.example/*'], targets: [{namespaces: [default]}]}\n");
  plumb->RunFor(std::chrono::seconds(2));
  plumb->RunFor(std::chrono::seconds(2));
  EXPECT_EQ(site.Summary("shop"), "Synced");
}

TEST_F(ControllerTest, AnApplicationElsewhereNeedsAProject) {
  site.Apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n");
  site.Apply("apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {name: shop, namespace: team}\nspec: {sources: [{git: {url: 'https://git.example/shop.git'}}]}\n");
  plumb->Run();
  plumb->RunFor(std::chrono::seconds(2));
  EXPECT_THAT(site.Summary("shop", "team"), StartsWith("Failed: spec.project: an Application outside of namespace 'default' has to name a project"));
  EXPECT_TRUE(site.Get("ConfigMap", "default", "one")->is_null());
}

TEST_F(ControllerTest, StepsAreCarriedOutAsTheProjectsServiceAccount) {
  std::vector<std::string> as_account, as_plumb;
  site.gateway->before = [&](const http::Request& request) {
    if (request.method == "GET") return;
    const std::string who(http::Find(request.headers, "Impersonate-User"));
    (who.empty() ? as_plumb : as_account).push_back(request.target.substr(0, request.target.find('?')));
    if (!who.empty()) {
      EXPECT_EQ(who, "system:serviceaccount:shop:deployer");
    }
  };
  site.Apply("apiVersion: plumb.dev/v1alpha1\nkind: Project\nmetadata: {name: shop}\nspec: {repositories: ['*'], targets: [{namespaces: ['*']}], serviceAccount: {namespace: shop, name: deployer}}\n");
  site.ApplyApp("shop", ", project: shop");
  plumb->Run();
  EXPECT_THAT(as_account, Contains("/api/v1/namespaces/default/configmaps/one"));
  EXPECT_THAT(as_account, Contains("/api/v1/namespaces/default/configmaps/two"));
  EXPECT_EQ(as_account.size(), 2u) << "the inventory and the status are Plumb's own";
  EXPECT_THAT(as_plumb, Contains("/api/v1/namespaces/default/configmaps/plumb-inventory-shop"));
}

TEST_F(ControllerTest, CredentialsComeFromTheNamedSecretAndFollowIt) {
  site.repositories["https://git.example/private.git"] = {"77", {{"c.yaml", ConfigMap("four")}}};
  const std::string application = "apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {name: private, namespace: default}\nspec: {sources: [{git: {url: 'https://git.example/private.git', credentials: {secret: git}}}]}\n";
  site.Apply(application);
  plumb->Run();
  plumb->RunFor(std::chrono::seconds(2));
  EXPECT_EQ(site.Summary("private"), "Failed: spec.sources[0].git.credentials.secret: Secret 'git' does not exist in namespace 'default'");
  const auto secret = [&](const std::string& password) {
    site.Apply(fmt::format("apiVersion: v1\nkind: Secret\nmetadata: {{name: git, namespace: default}}\ndata: {{username: {}, password: {}, ssh-privatekey: {}}}\n", Base64("ann"), Base64(password),
                           Base64("KEY")));
    plumb->RunFor(std::chrono::seconds(2));
    plumb->RunFor(std::chrono::seconds(2));
  };
  secret("hunter2\n");
  EXPECT_EQ(site.Summary("private"), "Synced");
  const GitCredentials& given = plumb->last_source.git.credentials;
  EXPECT_EQ(given.username, "ann");
  EXPECT_EQ(given.password.value, "hunter2");
  std::ifstream key(given.ssh_key_file);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(key), {}), "KEY\n");
  secret("other");
  EXPECT_EQ(plumb->last_source.git.credentials.password.value, "other") << "a rotated Secret needs no restart";
  for (const Document& object : {site.Application("private")}) EXPECT_EQ(WriteJson(*object).find("hunter2"), std::string::npos);
}

TEST_F(ControllerTest, ApplicationsRenderedByApplicationsAreFollowed) {
  site.repositories["https://git.example/all.git"] = {"1", {{"shop.yaml", "apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {name: shop}\nspec: {sources: [{git: {url: 'https://git.example/shop.git'}}]}\n"}}};
  site.ApplyApp("all");
  plumb->Run();
  plumb->RunFor(std::chrono::seconds(2));
  plumb->RunFor(std::chrono::seconds(2));
  EXPECT_EQ(site.Summary("shop"), "Synced");
  EXPECT_FALSE(site.Get("ConfigMap", "default", "one")->is_null());
  // What left the parent is deleted as an object; what that one made stays.
  Push("all", "2", {{"c.yaml", ConfigMap("left")}});
  plumb->RunFor(std::chrono::seconds(2));
  EXPECT_FALSE(site.Application("shop")->is_null()) << "another application may claim it yet";
  plumb->RunFor(LoopOptions().prune_grace);
  EXPECT_TRUE(site.Application("shop")->is_null());
  EXPECT_FALSE(site.Get("ConfigMap", "default", "one")->is_null());
}

TEST_F(ControllerTest, ASyncThatIsAskedForByAnnotationIsCarriedOutOnceAndRemembersWho) {
  site.ApplyApp("shop", ", sync: {auto: false}");
  plumb->Run();
  plumb->RunFor(std::chrono::seconds(2));
  EXPECT_THAT(site.Summary("shop"), StartsWith("Held: sync.auto is off"));
  site.ApplyApp("shop", ", sync: {auto: false}", ", annotations: {plumb.dev/sync: '2026-01-01T00:00:00Z by ann'}");
  plumb->RunFor(std::chrono::seconds(2));
  plumb->RunFor(std::chrono::seconds(2));
  EXPECT_EQ(site.Summary("shop"), "Synced");
  EXPECT_EQ(site.Application("shop")->Get("status").Get("history")[0].GetString("by"), "ann");
  EXPECT_EQ(site.Application("shop")->Get("status").GetString("handledSync"), "2026-01-01T00:00:00Z by ann");
  // Another controller takes over: the request was answered.
  Push("shop", "2", {{"c.yaml", ConfigMap("one", "2")}});
  plumb = std::make_unique<Controlled>(site);
  plumb->Run();
  plumb->RunFor(std::chrono::seconds(6));
  EXPECT_THAT(site.Summary("shop"), StartsWith("Held: sync.auto is off"));
}

TEST_F(ControllerTest, ARestartWritesNothingThatIsTrueAlready) {
  site.ApplyApp("shop");
  plumb->Run();
  plumb->RunFor(std::chrono::seconds(2));
  const std::string before(site.Application("shop")->Get("metadata").GetString("resourceVersion"));
  site.gateway->writes.clear();
  plumb.reset();
  plumb = std::make_unique<Controlled>(site);
  plumb->Run();
  plumb->RunFor(std::chrono::seconds(6));
  for (const std::string& write : site.gateway->writes) EXPECT_THAT(write, ::testing::EndsWith("/events")) << "but for an event";
  EXPECT_EQ(site.Application("shop")->Get("metadata").GetString("resourceVersion"), before);
}

}  // namespace
}  // namespace plumb
