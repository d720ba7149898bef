// `plumb controller` and the commands around it, as a user has them: on an embedded cluster, and on a real API server.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <regex>

#include "core/json.h"
#include "engine/controller/crd.h"
#include "engine/kube/client.h"
#include "engine/kube/curl_transport.h"
#include "engine/kube/kubeconfig.h"
#include "tests/e2e/harness.h"
#include "tests/sources/git_server.h"
#include "tests/sources/test_repo.h"

namespace plumb::e2e {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

// One control plane for all tests that want one: each works in a namespace of its own.
TestCluster* RealCluster(std::string* why_not) {
  static std::string why;
  static const std::unique_ptr<TestCluster> cluster = TestCluster::Real(&why);
  *why_not = why;
  return cluster.get();
}

class ControllerCommands : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::string why;
    const bool real = std::string(GetParam()) == "real";
    if (!real) sandbox_ = TestCluster::Sandbox(directory_);
    TestCluster* cluster = real ? RealCluster(&why) : sandbox_.get();
    if (!cluster) GTEST_SKIP() << why;
    kubeconfig_ = cluster->kubeconfig;
    WriteAll(directory_ / "crds.yaml", Plumb({"crds"}).out);
    Apply("crds", ReadAll(directory_ / "crds.yaml"));
  }
  void TearDown() override {
    if (!controller_) return;
    controller_->Signal(SIGTERM);
    EXPECT_EQ(controller_->Wait(std::chrono::seconds(10)), 0) << Log();
  }
  void StartController(const std::string& ns) {
    ns_ = ns;
    Apply("namespace-" + ns, "apiVersion: v1\nkind: Namespace\nmetadata: {name: " + ns + "}\n");
    controller_ = std::make_unique<Background>(std::vector<std::string>{PlumbProgram(), "controller", "--kubeconfig", kubeconfig_, "--namespace", ns, "--watch", ns, "--listen", "127.0.0.1:0",
                                                                        "--write-address", directory_ / "address", "--cache", directory_ / "cache"},
                                               directory_ / "events", directory_ / "log");
    ASSERT_TRUE(Eventually([&] { return !ReadAll(directory_ / "address").empty(); })) << Log();
    address_ = ReadAll(directory_ / "address");
    address_.pop_back();
  }
  Outcome Plumb(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), PlumbProgram());
    if (!ns_.empty()) arguments.insert(arguments.end(), {"--namespace", ns_});
    return Execute(arguments, {{"KUBECONFIG", kubeconfig_}, {"USER", "ann"}});
  }
  Document Json(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--output", "json"});
    const Outcome outcome = Plumb(arguments);
    const auto parsed = ParseJson(outcome.out);
    EXPECT_TRUE(parsed.ok()) << arguments[0] << ": " << outcome.out << outcome.err;
    return parsed.ok() ? *parsed : Document();
  }
  // By plumb itself: a test of the controller must not need kubectl.
  void Apply(const std::string& name, const std::string& yaml) {
    const std::string folder = directory_ / ("apply-" + name);
    WriteAll(folder + "/all.yaml", yaml);
    const Outcome applied = Execute({PlumbProgram(), "apply", folder, "--name", "setup-" + name, "--inventory-namespace", "default", "--namespace", ns_.empty() ? "default" : ns_},
                                    {{"KUBECONFIG", kubeconfig_}});
    ASSERT_EQ(applied.status, 0) << applied.out << applied.err;
  }
  std::string AppYaml(const std::string& name, const std::string& url, const std::string& more = "") {
    return fmt::format("apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {{name: {}, namespace: {}}}\nspec:\n  sources: [{{git: {{url: '{}'}}}}]\n  target: {{namespace: {}}}\n{}", name, ns_, url,
                       ns_, more);
  }
  bool Says(const std::string& app, const std::string& text) {
    return Eventually([&] { return Plumb({"get", app}).out.find(text) != std::string::npos; });
  }
  void Push(const std::string& url) { EXPECT_EQ(Execute({"curl", "-fsS", "-X", "POST", fmt::format("http://{}/webhook?url={}", address_, url)}).status, 0); }
  std::string Log() { return ReadAll(directory_ / "log") + ReadAll(directory_ / "events"); }
  std::unique_ptr<kube::Client> Client() {
    const auto connection = kube::LoadConnection({.kubeconfig = kubeconfig_}, {});
    EXPECT_TRUE(connection.ok());
    auto transport = kube::CurlTransport::Create(*connection);
    EXPECT_TRUE(transport.ok());
    return std::make_unique<kube::Client>(*std::move(transport));
  }

  TempDirectory directory_;
  std::unique_ptr<TestCluster> sandbox_;
  std::string kubeconfig_, ns_, address_;
  std::unique_ptr<Background> controller_;
};

std::string Maps(int from, int to) {
  std::string yaml;
  for (int i = from; i < to; ++i) yaml += fmt::format("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{}}}\n---\n", i);
  return yaml;
}

constexpr const char* kWeb =
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 0\n  selector: {matchLabels: {app: web}}\n"
    "  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: 'web:1'}]}\n";

TEST_P(ControllerCommands, TheyFollowAnApplicationThroughItsLife) {
  StartController("life");
  TestRepo repo;
  const GitServer git(fs::path(repo.path()).parent_path());
  const std::string url = git.Url(fs::path(repo.path()).filename());
  WriteFile(repo.path() + "/web.yaml", kWeb);
  const std::string first = repo.Commit("maps.yaml", Maps(0, 14));
  Apply("shop", AppYaml("shop", url));

  // Synced, and healthy.
  const Document waited = Json({"wait", "shop", "--for", "healthy", "--timeout", "60s"});
  EXPECT_TRUE(waited->Get("met").AsBool()) << Log();
  EXPECT_EQ(waited->GetString("revision"), first);
  EXPECT_EQ(Plumb({"wait", "shop", "--for", "synced"}).status, 0);
  EXPECT_THAT(Plumb({"get"}).out, HasSubstr("yes     yes      " + first.substr(0, 10)));
  EXPECT_EQ(Json({"get", "shop"})->Get("status").GetString("phase"), "Synced");

  // What came of what it made: the ReplicaSet is the controller manager's.
  ASSERT_TRUE(Eventually([&] { return Plumb({"tree", "shop"}).out.find("ReplicaSet") != std::string::npos; })) << Plumb({"tree", "shop"}).out;
  EXPECT_THAT(Plumb({"tree", "shop"}).out, ::testing::ContainsRegex("Deployment life/web  healthy.*\n.*ReplicaSet life/web-"));
  const Document tree = Json({"tree", "shop"});
  std::string child;
  for (const Value object : tree->Get("objects").items())
    if (object.GetString("kind") == "Deployment") child = object.Get("children")[0].GetString("kind");
  EXPECT_EQ(child, "ReplicaSet");

  EXPECT_THAT(Plumb({"history", "shop"}).out, HasSubstr(first.substr(0, 10) + "  succeeded  auto"));
  const Document history = Json({"history", "shop"});
  ASSERT_EQ(history->size(), 1u) << WriteJson(*history) << Log();
  for (const char* field : {"revision", "plan", "by", "result", "message", "started", "ended"}) EXPECT_FALSE((*history)[0].GetString(field).empty()) << field;

  // A big deletion waits for somebody's word; what comes in meanwhile does not make that word void.
  repo.Commit("maps.yaml", Maps(0, 2));
  Push(url);
  ASSERT_TRUE(Says("shop", "Held: 12 objects would be deleted or replaced, of 15: more than the budget (10 objects and 20 %); approve ")) << Plumb({"get", "shop"}).out << Log();
  const std::string approval(Json({"get", "shop"})->Get("status").Get("plan").GetString("approval"));
  ASSERT_EQ(approval.size(), 64u);
  const std::string second = repo.Commit("more.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n");
  Push(url);
  ASSERT_TRUE(Eventually([&] { return Json({"get", "shop"})->Get("status").GetString("sourceRevision") == second; })) << Log();
  EXPECT_EQ(Json({"get", "shop"})->Get("status").Get("plan").GetString("approval"), approval);
  const Document approved = Json({"approve", approval.substr(0, 12)});
  EXPECT_EQ(approved->GetString("action"), "approve");
  EXPECT_EQ(approved->GetString("application"), "life/shop");
  EXPECT_EQ(Plumb({"wait", "shop", "--timeout", "60s"}).status, 0) << Plumb({"get", "shop"}).out << Log();
  const Document after = Json({"history", "shop"});
  EXPECT_EQ((*after)[0].GetString("revision"), second);
  EXPECT_NE((*after)[0].GetString("by"), "auto") << "who approved is on record\n" << Log();
  const auto client = Client();
  EXPECT_EQ(client->Get({*kube::BuiltIn("ConfigMap"), "life", "c13", ""}).object.error().code(), Code::kNotFound);
  const Outcome late = Plumb({"approve", approval.substr(0, 12)});
  EXPECT_EQ(late.status, 3);
  EXPECT_THAT(late.err, HasSubstr("what would be deleted or replaced may be other objects since; nothing waits for approval"));

  // Suspended, a push does nothing; resumed, it is carried out.
  EXPECT_EQ(Json({"suspend", "shop"})->GetString("action"), "suspend");
  ASSERT_TRUE(Says("shop", "Suspended"));
  const std::string third = repo.Commit("more.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\ndata: {a: '1'}\n");
  Push(url);
  EXPECT_EQ(Plumb({"wait", "shop", "--for", "synced", "--timeout", "1s"}).status, 1);
  EXPECT_TRUE(client->Get({*kube::BuiltIn("ConfigMap"), "life", "more", ""}).object->root().Get("data").is_null());
  EXPECT_EQ(Plumb({"resume", "shop"}).status, 0);
  EXPECT_EQ(Plumb({"wait", "shop", "--timeout", "60s"}).status, 0) << Plumb({"get", "shop"}).out;
  EXPECT_EQ(Json({"get", "shop"})->Get("status").GetString("revision"), third);

  // Without sync.auto it waits for a person, who is named in the history.
  Apply("manual", AppYaml("manual", url, "  sync: {auto: false}\n  takesOver: [shop]\n"));
  ASSERT_TRUE(Says("manual", "Held: sync.auto is off")) << Plumb({"get", "manual"}).out;
  EXPECT_EQ(Json({"sync", "manual"})->GetString("action"), "sync");
  EXPECT_EQ(Plumb({"wait", "manual", "--for", "synced", "--timeout", "60s"}).status, 0) << Plumb({"get", "manual"}).out << Log();
  EXPECT_EQ((*Json({"history", "manual"}))[0].GetString("by"), (*after)[0].GetString("by"));

  // A name that is not there gets the nearest that is, from every command.
  for (const char* command : {"get", "tree", "history", "sync", "suspend", "resume", "wait"}) {
    const Outcome misspelt = Plumb({command, "shpo"});
    EXPECT_EQ(misspelt.status, 3) << command;
    EXPECT_THAT(misspelt.err, HasSubstr("there is no application 'shpo' in namespace 'life', did you mean 'shop'?")) << command;
  }
  EXPECT_EQ(Plumb({"get", "--output", "name"}).out, "manual\nshop\n");
  const Outcome offered = Execute({"bash", "-c", "source <(\"$PLUMB\" completion bash); COMP_WORDS=(plumb history --namespace life s); COMP_CWORD=4; _plumb; echo \"${COMPREPLY[*]}\""},
                                  {{"PLUMB", PlumbProgram()}, {"PATH", fs::path(PlumbProgram()).parent_path().string() + ":" + std::getenv("PATH")}, {"KUBECONFIG", kubeconfig_}});
  EXPECT_EQ(offered.out, "shop\n") << offered.err;
}

// examples/in-cluster as it stands, but for the address of the repository.
TEST_P(ControllerCommands, TheExamplesRunAndDeletingTheRootOrphans) {
  StartController("plumb-system");
  TestRepo repo;
  const GitServer git(fs::path(repo.path()).parent_path());
  const std::string url = git.Url(fs::path(repo.path()).filename());
  const auto here = [&](const std::string& text) {
    const std::string with_url = std::regex_replace(text, std::regex("https://git\\.example/examples\\.git"), url);
    return std::regex_replace(with_url, std::regex("https://git\\.example/"), url.substr(0, url.find('/', 8) + 1));
  };
  for (const auto& file : fs::recursive_directory_iterator("examples"))
    if (file.is_regular_file()) WriteFile(repo.path() + "/" + fs::relative(file.path(), "examples").string(), here(ReadAll(file.path())));
  repo.CommitAll();
  Apply("tenant", here(ReadAll("examples/in-cluster/tenant.yaml")));
  Apply("root", here(ReadAll("examples/in-cluster/root.yaml")));

  for (const char* app : {"apps", "guestbook", "canary", "bank"})
    ASSERT_TRUE(Eventually([&] { return Plumb({"wait", app, "--for", "synced", "--timeout", "5s"}).status == 0; })) << app << ": " << Plumb({"get", app}).out << Log();
  EXPECT_THAT(Plumb({"tree", "apps"}).out, HasSubstr("Application.plumb.dev plumb-system/guestbook"));
  const auto client = Client();
  kube::Resource deployments;
  deployments.gvk = {"apps", "v1", "Deployment"};
  deployments.plural = "deployments";
  deployments.namespaced = true;
  const auto there = [&](const char* ns, const char* name) { return client->Get({deployments, ns, name, ""}).object.ok(); };
  const auto followed = [&](const char* name) { return client->Get({ApplicationResource(), "plumb-system", name, ""}).object.ok(); };
  EXPECT_TRUE(there("guestbook", "web"));
  EXPECT_TRUE(there("guestbook", "canary-web"));
  EXPECT_TRUE(there("bank", "web"));

  // A child that leaves the source is deleted, and what it made stays.
  repo.Git({"rm", "-q", "in-cluster/apps/canary.yaml"});
  repo.CommitAll();
  Push(url);
  EXPECT_TRUE(Eventually([&] { return !followed("canary"); })) << Plumb({"get", "apps"}).out << Log();
  EXPECT_TRUE(there("guestbook", "canary-web"));

  // The root goes by itself: neither its children nor anything of theirs.
  ASSERT_TRUE(client->Delete({ApplicationResource(), "plumb-system", "apps", ""}).object.ok());
  repo.Commit("guestbook/web.yaml", std::regex_replace(ReadAll("examples/guestbook/web.yaml"), std::regex("greeting: hello"), "greeting: goodbye"));
  Push(url);
  EXPECT_TRUE(Eventually([&] {
    const kube::Answer map = client->Get({*kube::BuiltIn("ConfigMap"), "guestbook", "web", ""});
    return map.object.ok() && map.object->root().Get("data").GetString("greeting") == "goodbye";
  })) << "the child is followed on\n" << Log();
  EXPECT_TRUE(followed("guestbook"));
  EXPECT_TRUE(there("guestbook", "web"));
  EXPECT_FALSE(followed("apps"));
}

TEST_P(ControllerCommands, ABrokenSourceIsSaidByEveryCommandAndMistakesAreNamed) {
  StartController("broken");
  Apply("shop", AppYaml("shop", "https://127.0.0.1:1/shop.git"));
  ASSERT_TRUE(Says("shop", "Failed: source:")) << Log();
  EXPECT_THAT(Plumb({"get"}).out, HasSubstr("NAMESPACE  NAME  SYNCED  HEALTHY"));
  EXPECT_THAT(Plumb({"get", "-A", "--output", "json"}).out, HasSubstr("\"kind\": \"ApplicationList\""));
  EXPECT_EQ(Plumb({"wait", "shop", "--timeout", "500ms"}).status, 1);
  EXPECT_THAT(Plumb({"history", "shop"}).out, HasSubstr("nothing was carried out yet"));

  const Outcome unknown = Plumb({"approve", "0123456789"});
  EXPECT_EQ(unknown.status, 3);
  EXPECT_THAT(unknown.err, HasSubstr("no application holds '0123456789'"));
  EXPECT_EQ(Plumb({"approve", "01"}).status, 2);
  EXPECT_EQ(Plumb({"sync"}).status, 2);

  EXPECT_THAT(Plumb({"suspend", "shop"}).out, HasSubstr("broken/shop: suspended"));
  EXPECT_TRUE(Says("shop", "Suspended"));
  EXPECT_THAT(Plumb({"suspend", "shop"}).out, HasSubstr("is suspended already"));
  EXPECT_THAT(Plumb({"sync", "shop"}).out, HasSubstr("'plumb resume broken/shop'"));
  EXPECT_THAT(Plumb({"resume", "broken/shop", "--output", "json"}).out, HasSubstr("\"action\": \"resume\""));
  EXPECT_THAT(Plumb({"tree", "shop"}).out, HasSubstr("broken/shop"));
}

INSTANTIATE_TEST_SUITE_P(Clusters, ControllerCommands, ::testing::Values("sandbox", "real"), [](const auto& param) { return std::string(param.param); });

TEST(ControllerWithoutDefinitions, SaysWhatToDo) {
  TempDirectory directory;
  const auto bare = TestCluster::Sandbox(directory);
  const Outcome outcome = Execute({PlumbProgram(), "controller", "--kubeconfig", bare->kubeconfig});
  EXPECT_EQ(outcome.status, 3);
  EXPECT_THAT(outcome.err, HasSubstr("plumb crds | kubectl apply"));
}

}  // namespace
}  // namespace plumb::e2e
