// Discovery in its three forms, with parts of it broken; schemas by their hash.
#include "engine/kube/discovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <latch>
#include <map>
#include <thread>

#include "core/json.h"
#include "engine/kube/schema_cache.h"
#include "tests/engine/kube/fake_transport.h"

namespace plumb::kube {
namespace {

using testing::HasSubstr;

// A server of fixed documents by target; anything else is 404.
struct Server {
  FakeClock clock;
  std::map<std::string, http::Response> documents;
  std::shared_ptr<FakeTransport> transport = std::make_shared<FakeTransport>([this](const http::Request& request) -> Result<http::Response> {
    if (down) return Unavailable("connection refused");
    const auto found = documents.find(request.target);
    return found == documents.end() ? JsonResponse(404, "{}") : found->second;
  });
  ClientOptions options = [] { ClientOptions o; o.attempts = 1; return o; }();
  Client client{transport, options, clock};
  bool down = false;

  size_t Asked(std::string_view target) const {
    return static_cast<size_t>(std::ranges::count(transport->requests, target, &http::Request::target));
  }
};

http::Response Aggregated(std::string items, std::string_view version = "v2") {
  return {200, {{"Content-Type", "application/json;g=apidiscovery.k8s.io;v=" + std::string(version) + ";as=APIGroupDiscoveryList"}},
          R"({"kind":"APIGroupDiscoveryList","items":[)" + items + "]}"};
}

std::string Item(const std::string& plural, const std::string& kind, const std::string& scope, const std::string& more = "") {
  return R"({"resource":")" + plural + R"(","responseKind":{"group":"","version":"","kind":")" + kind + R"("},"scope":")" + scope +
         R"(","verbs":["get","list","watch"])" + more + "}";
}

std::string Group(const std::string& name, const std::string& versions) { return R"({"metadata":{"name":")" + name + R"("},"versions":[)" + versions + "]}"; }
std::string Version(const std::string& name, const std::string& items, const std::string& freshness = "Current") {
  return R"({"version":")" + name + R"(","freshness":")" + freshness + R"(","resources":[)" + items + "]}";
}

void Fill(Server& server, std::string_view version = "v2") {
  server.documents["/api"] = Aggregated(Group("", Version("v1", Item("pods", "Pod", "Namespaced", R"(,"shortNames":["po"],"singularResource":"pod","subresources":[{"subresource":"status"}])") +
                                                                    "," + Item("nodes", "Node", "Cluster"))), version);
  server.documents["/apis"] = Aggregated(
      Group("apps", Version("v1", Item("deployments", "Deployment", "Namespaced", R"(,"shortNames":["deploy"],"singularResource":"deployment","categories":["all"])"))) + "," +
          Group("autoscaling", Version("v2", Item("horizontalpodautoscalers", "HorizontalPodAutoscaler", "Namespaced", R"(,"shortNames":["hpa"])")) + "," +
                                   Version("v1", Item("horizontalpodautoscalers", "HorizontalPodAutoscaler", "Namespaced"))) + "," +
          Group("metrics.k8s.io", Version("v1beta1", "", "Stale")) + "," +
          Group("stable.example", Version("v1", Item("deployments", "Deployment", "Namespaced"))), version);
}

void FillLegacy(Server& server) {
  server.documents["/api"] = JsonResponse(200, R"({"kind":"APIVersions","versions":["v1"]})");
  server.documents["/api/v1"] = JsonResponse(200, R"({"kind":"APIResourceList","resources":[{"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get"],"shortNames":["po"]},
      {"name":"pods/status","kind":"Pod","namespaced":true,"verbs":["get"]},{"name":"nodes","kind":"Node","namespaced":false,"verbs":["get"]}]})");
  server.documents["/apis"] = JsonResponse(200, R"({"kind":"APIGroupList","groups":[
      {"name":"apps","versions":[{"version":"v1"}],"preferredVersion":{"version":"v1"}},
      {"name":"autoscaling","versions":[{"version":"v1"},{"version":"v2"}],"preferredVersion":{"version":"v2"}},
      {"name":"metrics.k8s.io","versions":[{"version":"v1beta1"}],"preferredVersion":{"version":"v1beta1"}},
      {"name":"stable.example","versions":[{"version":"v1"}],"preferredVersion":{"version":"v1"}}]})");
  const auto list = [](const std::string& plural, const std::string& kind, const std::string& names) {
    return JsonResponse(200, R"({"kind":"APIResourceList","resources":[{"name":")" + plural + R"(","kind":")" + kind + R"(","singularName":"","namespaced":true,"verbs":["list"],"shortNames":)" + names + "}]}");
  };
  server.documents["/apis/apps/v1"] = list("deployments", "Deployment", R"(["deploy"])");
  server.documents["/apis/autoscaling/v1"] = list("horizontalpodautoscalers", "HorizontalPodAutoscaler", "[]");
  server.documents["/apis/autoscaling/v2"] = list("horizontalpodautoscalers", "HorizontalPodAutoscaler", R"(["hpa"])");
  server.documents["/apis/metrics.k8s.io/v1beta1"] = JsonResponse(503, "service unavailable");
  server.documents["/apis/stable.example/v1"] = list("deployments", "Deployment", "[]");
}

// The same questions to a server of any age.
void CheckAnswers(Server& server) {
  Discovery discovery(server.client, {}, server.clock);
  const auto pod = discovery.Find({"", "v1", "Pod"});
  ASSERT_TRUE(pod.ok()) << pod.error().message();
  EXPECT_EQ(pod->plural, "pods");
  EXPECT_TRUE(pod->namespaced);
  EXPECT_THAT(pod->subresources, testing::ElementsAre("status"));
  EXPECT_FALSE(discovery.Find({"", "v1", "Node"})->namespaced);
  EXPECT_EQ(discovery.Find({"autoscaling", "v1", "HorizontalPodAutoscaler"})->gvk.version, "v1");
  EXPECT_EQ(discovery.FindKind("autoscaling", "HorizontalPodAutoscaler")->gvk.version, "v2") << "the preferred version";

  const struct { std::string name, api_version, kind; } kNames[] = {
      {"po", "v1", "Pod"}, {"Pods", "v1", "Pod"}, {"pod", "v1", "Pod"}, {"deploy", "apps/v1", "Deployment"}, {"deployments", "apps/v1", "Deployment"},
      {"deployments.stable.example", "stable.example/v1", "Deployment"}, {"hpa", "autoscaling/v2", "HorizontalPodAutoscaler"},
      {"HorizontalPodAutoscaler.v1.autoscaling", "autoscaling/v1", "HorizontalPodAutoscaler"},
  };
  for (const auto& c : kNames) {
    const auto found = discovery.FindByName(c.name);
    ASSERT_TRUE(found.ok()) << c.name << ": " << found.error().message();
    EXPECT_EQ(found->gvk, MakeGvk(c.api_version, c.kind)) << c.name;
  }

  const auto misspelt = discovery.Find({"apps", "v1", "Deploymnet"});
  EXPECT_EQ(misspelt.error().code(), Code::kNotFound);
  EXPECT_THAT(misspelt.error().message(), HasSubstr("did you mean 'Deployment'?"));
  EXPECT_THAT(discovery.Find({"extensions", "v1beta1", "Deployment"}).error().message(), HasSubstr("it has 'apps/v1'"));

  EXPECT_EQ(discovery.Find({"metrics.k8s.io", "v1beta1", "PodMetrics"}).error().code(), Code::kUnavailable) << "a broken API service is no absence";
  EXPECT_EQ(discovery.FindKind("metrics.k8s.io", "PodMetrics").error().code(), Code::kUnavailable);
  EXPECT_EQ(discovery.FindByName("podmetrics").error().code(), Code::kUnavailable);
  EXPECT_FALSE((*discovery.Map())->complete());
}

TEST(Discovery, Aggregated) {
  for (const std::string_view version : {"v2", "v2beta1"}) {
    Server server;
    Fill(server, version);
    CheckAnswers(server);
  }
}

TEST(Discovery, Legacy) {
  Server server;
  FillLegacy(server);
  CheckAnswers(server);
}

TEST(Discovery, ManyWhoAskAtOnceAreOneQuestion) {
  Server server;
  Fill(server);
  std::latch all(8);
  const auto transport = std::make_shared<FakeTransport>([&](const http::Request& request) -> Result<http::Response> {
    all.wait();  // the first question is answered once everybody has come to ask
    return server.documents.at(request.target);
  });
  Client client(transport, server.options, server.clock);
  Discovery discovery(client, {}, server.clock);
  std::vector<std::jthread> askers;
  for (int i = 0; i < 8; ++i)
    askers.emplace_back([&] {
      all.count_down();
      EXPECT_TRUE(discovery.Map().ok());
    });
  askers.clear();
  EXPECT_EQ(std::ranges::count(transport->requests, "/api", &http::Request::target), 1);
}

TEST(Discovery, AMissAsksAgainButNotAllTheTime) {
  Server server;
  Fill(server);
  Discovery discovery(server.client, {}, server.clock);
  const Gvk widget = {"example.com", "v1", "Widget"};
  EXPECT_FALSE(discovery.Find(widget).ok());
  EXPECT_FALSE(discovery.Find(widget).ok());
  EXPECT_EQ(server.Asked("/apis"), 1u) << "it was asked a moment ago";
  server.documents["/apis"] = Aggregated(Group("example.com", Version("v1", Item("widgets", "Widget", "Cluster"))));
  server.clock.Advance(std::chrono::seconds(1));
  EXPECT_TRUE(discovery.Find(widget).ok());
  server.documents["/apis"] = Aggregated("");
  EXPECT_TRUE(discovery.Find(widget).ok()) << "found kinds are not asked for again";
  discovery.Invalidate();
  EXPECT_FALSE(discovery.Find(widget).ok());
}

TEST(Discovery, AServerThatIsDownIsNoEmptyCluster) {
  Server server;
  server.down = true;
  Discovery discovery(server.client, {}, server.clock);
  EXPECT_EQ(discovery.Map().error().code(), Code::kUnavailable);
  EXPECT_EQ(discovery.Find({"", "v1", "Pod"}).error().code(), Code::kUnavailable);
  server.down = false;
  Fill(server);
  ASSERT_TRUE(discovery.Map().ok());
  server.down = true;
  server.clock.Advance(std::chrono::hours(1));
  discovery.Invalidate();
  EXPECT_TRUE(discovery.Find({"", "v1", "Pod"}).ok()) << "what it said before still holds";
  EXPECT_EQ(discovery.Find({"apps", "v1", "New"}).error().code(), Code::kUnavailable) << "but an old no is no answer";
}

TEST(Discovery, SomethingElseThanKubernetesIsAnError) {
  Server server;
  server.documents["/api"] = server.documents["/apis"] = JsonResponse(200, R"({"hello":"world"})");
  EXPECT_THAT(Discovery(server.client).Map().error().message(), HasSubstr("does not answer like a Kubernetes API"));
}

// An OpenAPI v3 document of one kind with one field.
std::string OpenApi(const std::string& group, const std::string& kind, const std::string& field) {
  return R"({"openapi":"3.0.0","paths":{"/x":{}},"components":{"schemas":{")" + kind + R"(":{"type":"object","properties":{")" + field +
         R"(":{"type":"string"}},"x-kubernetes-group-version-kind":[{"group":")" + group + R"(","kind":")" + kind + R"(","version":"v1"}]}}}})";
}

struct SchemaServer : Server {
  SchemaServer() {
    documents["/version"] = JsonResponse(200, R"({"major":"1","minor":"36"})");
    Index("1");
    documents["/openapi/v3/apis/apps/v1?hash=A"] = JsonResponse(200, OpenApi("apps", "Deployment", "spec"));
    documents["/openapi/v3/apis/example.com/v1?hash=1"] = JsonResponse(200, OpenApi("example.com", "Widget", "one"));
    documents["/openapi/v3/apis/example.com/v1?hash=2"] = JsonResponse(200, OpenApi("example.com", "Widget", "two"));
  }
  void Index(const std::string& hash) {
    documents["/openapi/v3"] = JsonResponse(200, R"({"paths":{"apis/apps/v1":{"serverRelativeURL":"/openapi/v3/apis/apps/v1?hash=A"},
        "apis/example.com/v1":{"serverRelativeURL":"/openapi/v3/apis/example.com/v1?hash=)" + hash + R"("}}})");
  }
};

const Gvk kWidget = {"example.com", "v1", "Widget"}, kDeployment = {"apps", "v1", "Deployment"};

TEST(SchemaCache, LoadsOnlyTheGroupVersionThatIsAskedForAndOnce) {
  SchemaServer server;
  SchemaCache cache(server.client, {}, server.clock);
  for (int i = 0; i < 3; ++i) {
    const auto schema = cache.ForKind(kWidget);
    ASSERT_TRUE(schema.ok()) << schema.error().message();
    ASSERT_NE((*schema)->Find(kWidget), nullptr);
    EXPECT_NE((*schema)->Find(kWidget)->FindField("one"), nullptr);
  }
  EXPECT_EQ(server.Asked("/openapi/v3/apis/example.com/v1?hash=1"), 1u);
  EXPECT_EQ(server.Asked("/openapi/v3/apis/apps/v1?hash=A"), 0u);
  EXPECT_EQ(cache.ForKind({"nobody", "v1", "X"}).error().code(), Code::kNotFound);
}

TEST(SchemaCache, AChangedHashIsReadAgainAndTheOthersAreKept) {
  SchemaServer server;
  SchemaCache cache(server.client, {}, server.clock);
  ASSERT_TRUE(cache.ForKind(kWidget).ok());
  ASSERT_TRUE(cache.ForKind(kDeployment).ok());
  server.Index("2");
  EXPECT_NE((*cache.ForKind(kWidget))->Find(kWidget)->FindField("one"), nullptr) << "nobody said that it changed";
  cache.Invalidate();
  EXPECT_NE((*cache.ForKind(kWidget))->Find(kWidget)->FindField("two"), nullptr);
  ASSERT_TRUE(cache.ForKind(kDeployment).ok());
  EXPECT_EQ(server.Asked("/openapi/v3/apis/apps/v1?hash=A"), 1u);
}

TEST(SchemaCache, AServerThatFailsLeavesWhatItSaidBefore) {
  SchemaServer server;
  SchemaCache cache(server.client, {}, server.clock);
  ASSERT_TRUE(cache.ForKind(kWidget).ok());
  server.down = true;
  cache.Invalidate();
  EXPECT_TRUE(cache.ForKind(kWidget).ok());
  EXPECT_EQ(cache.ForKind(kDeployment).error().code(), Code::kUnavailable);
}

TEST(SchemaCache, DocumentsAreKeptOnDiskByTheirHash) {
  std::string folder = (std::filesystem::temp_directory_path() / "plumb-schemas-XXXXXX").string();
  ASSERT_TRUE(mkdtemp(folder.data()));
  SchemaServer first, second;
  ASSERT_TRUE(SchemaCache(first.client, {.folder = folder}, first.clock).ForKind(kWidget).ok());
  ASSERT_TRUE(SchemaCache(second.client, {.folder = folder}, second.clock).ForKind(kWidget).ok());
  EXPECT_EQ(second.Asked("/openapi/v3/apis/example.com/v1?hash=1"), 0u);
  for (const auto& file : std::filesystem::directory_iterator(folder)) std::filesystem::resize_file(file.path(), 10);
  SchemaServer third;
  EXPECT_TRUE(SchemaCache(third.client, {.folder = folder}, third.clock).ForKind(kWidget).ok()) << "a broken file is read again";
  std::filesystem::remove_all(folder);
}

TEST(SchemaCache, OldServersHaveOneDocumentForAll) {
  Server server;
  server.documents["/version"] = JsonResponse(200, R"({"major":"1","minor":"20+"})");
  server.documents["/openapi/v2"] = JsonResponse(200, R"({"swagger":"2.0","definitions":{"W":{"type":"object","properties":{"one":{"type":"string"}},
      "x-kubernetes-group-version-kind":[{"group":"example.com","kind":"Widget","version":"v1"}]}}})");
  SchemaCache cache(server.client, {}, server.clock);
  const auto schema = cache.ForKind(kWidget);
  ASSERT_TRUE(schema.ok()) << schema.error().message();
  EXPECT_NE((*schema)->Find(kWidget), nullptr);
  ASSERT_TRUE(cache.ForKind(kDeployment).ok());
  EXPECT_EQ(server.Asked("/openapi/v2"), 1u);
}

}  // namespace
}  // namespace plumb::kube
