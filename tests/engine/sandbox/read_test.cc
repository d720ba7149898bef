// Lists, selectors, pages, tables, discovery and watches.
#include "engine/sandbox/selector.h"
#include "engine/sandbox/table.h"
#include "tests/engine/sandbox/harness.h"

namespace plumb::sandbox {
namespace {

class Read : public SandboxTest {
 protected:
  std::vector<std::string> NamesOf(const Reply& list) {
    std::vector<std::string> out;
    for (Value item : list.body->Get("items").items()) out.emplace_back(GetAt(item, {"metadata", "name"}).AsString());
    return out;
  }
};

using Names = std::vector<std::string>;

TEST_F(Read, ListsSelectByLabelAndField) {
  Post(kConfigMaps, ConfigMap("a", "{}", R"({"env":"prod"})"));
  Post(kConfigMaps, ConfigMap("b", "{}", R"({"env":"dev"})"));
  Post(kConfigMaps, ConfigMap("c"));
  EXPECT_EQ(NamesOf(Get(kConfigMaps)), (Names{"a", "b", "c"}));
  EXPECT_EQ(NamesOf(Get(kConfigMaps + "?labelSelector=env%3Dprod")), (Names{"a"}));
  EXPECT_EQ(NamesOf(Get(kConfigMaps + "?labelSelector=env!%3Dprod")), (Names{"b", "c"})) << "!= matches what has no such label";
  EXPECT_EQ(NamesOf(Get("/api/v1/configmaps?fieldSelector=metadata.name%3Db")), (Names{"b"}));
}

TEST_F(Read, BuiltInListsSayTheKindOnce) {
  Post(kConfigMaps, ConfigMap("a"));
  const Reply list = Get(kConfigMaps);
  EXPECT_EQ(list.body->GetString("kind"), "ConfigMapList");
  EXPECT_FALSE(list.body->Get("items")[0].Has("kind"));
}

TEST_F(Read, PagesGoOnWhereTheyStopped) {
  for (const char* name : {"a", "b", "c", "d", "e"}) Post(kConfigMaps, ConfigMap(name));
  Names all;
  std::string token;
  std::string revision;
  do {
    const Reply page = Get(kConfigMaps + "?limit=2" + (token.empty() ? "" : "&continue=" + token));
    ASSERT_EQ(page.status, 200) << page.text;
    for (auto& name : NamesOf(page)) all.push_back(name);
    if (revision.empty()) revision = page.Str({"metadata", "resourceVersion"});
    EXPECT_EQ(page.Str({"metadata", "resourceVersion"}), revision) << "all pages are of the first one's revision";
    token = page.Str({"metadata", "continue"});
    Post(kConfigMaps, ConfigMap("z" + std::to_string(all.size())));
    if (all.size() > 20) break;
  } while (!token.empty());
  EXPECT_EQ(Names(all.begin(), all.begin() + 5), (Names{"a", "b", "c", "d", "e"}));
  EXPECT_EQ(Get(kConfigMaps + "?limit=2&continue=abc").status, 400);
}

TEST_F(Read, WatchFollowsChangesOfItsSelection) {
  Post(kConfigMaps, ConfigMap("a", "{}", R"({"env":"prod"})"));
  auto all = Watch("/api/v1/configmaps?watch=1");
  auto prod = Watch(kConfigMaps + "?watch=true&labelSelector=env%3Dprod");
  EXPECT_EQ(all->status, 200);
  EXPECT_EQ(all->Take(), (Names{"ADDED a"}));
  EXPECT_EQ(prod->Take(), (Names{"ADDED a"}));
  Post(kConfigMaps, ConfigMap("b"));
  Merge(kConfigMaps + "/b", R"({"metadata":{"labels":{"env":"prod"}}})");
  Merge(kConfigMaps + "/a", R"({"metadata":{"labels":{"env":"dev"}}})");
  Do("DELETE", kConfigMaps + "/b");
  Settle();
  EXPECT_EQ(all->Take(), (Names{"ADDED b", "MODIFIED b", "MODIFIED a", "DELETED b"}));
  EXPECT_EQ(prod->Take(), (Names{"ADDED b", "DELETED a", "DELETED b"}));
}

TEST_F(Read, WatchFromARevisionMissesNothing) {
  const std::string revision(Post(kConfigMaps, ConfigMap("a")).Str({"metadata", "resourceVersion"}));
  Post(kConfigMaps, ConfigMap("b"));
  auto watch = Watch(kConfigMaps + "?watch=1&resourceVersion=" + revision);
  EXPECT_EQ(watch->Take(), (Names{"ADDED b"}));
}

TEST_F(Read, WatchThatIsTooOldEndsWith410) {
  for (int i = 0; i < 20'100; ++i) Merge("/api/v1/namespaces/default", R"({"metadata":{"labels":{"n":")" + std::to_string(i) + R"("}}})");
  auto watch = Watch(kConfigMaps + "?watch=1&resourceVersion=2");
  EXPECT_EQ(watch->status, 200);
  EXPECT_EQ(watch->Take(), (Names{"ERROR Expired"}));
  EXPECT_TRUE(watch->ended);
}

TEST_F(Read, WatchSendsBookmarksAndEndsInTime) {
  auto watch = Watch(kConfigMaps + "?watch=1&allowWatchBookmarks=true&timeoutSeconds=150");
  Advance(std::chrono::seconds(61));
  EXPECT_EQ(watch->Take(), (Names{"BOOKMARK "}));
  EXPECT_FALSE(watch->ended);
  Advance(std::chrono::seconds(100));
  EXPECT_TRUE(watch->ended);
}

TEST_F(Read, InitialEventsEndWithAMarkedBookmark) {
  Post(kConfigMaps, ConfigMap("a"));
  auto watch = Watch(kConfigMaps + "?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan");
  EXPECT_NE(watch->data.find("k8s.io/initial-events-end"), std::string::npos);
  EXPECT_EQ(watch->Take(), (Names{"ADDED a", "BOOKMARK "}));
}

TEST_F(Read, TablesHaveColumnsAndMetadata) {
  Post(kDeployments, Deployment("web", 3));
  const Reply r = Do("GET", kDeployments, "", "", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
  ASSERT_EQ(r.body->GetString("kind"), "Table") << r.text;
  EXPECT_EQ(r.body->Get("columnDefinitions")[1].GetString("name"), "Ready");
  const Value row = r.body->Get("rows")[0];
  EXPECT_EQ(row.Get("cells")[0].AsString(), "web");
  EXPECT_EQ(row.Get("cells")[1].AsString(), "0/3");
  EXPECT_EQ(row.Get("object").GetString("kind"), "PartialObjectMetadata");
}

TEST_F(Read, AgesAreForPeople) {
  const struct { int64_t s; const char* want; } kCases[] = {{0, "0s"}, {119, "119s"}, {120, "2m"}, {200, "3m20s"}, {3600, "60m"},
                                                           {4 * 3600 + 60, "4h1m"}, {40 * 3600, "40h"}, {49 * 3600, "2d1h"}, {86400 * 30, "30d"}, {86400 * 800, "2y70d"}};
  for (const auto& c : kCases) EXPECT_EQ(HumanDuration(std::chrono::seconds(c.s)), c.want);
}

TEST_F(Read, DiscoveryInBothForms) {
  const std::string accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
  const Reply aggregated = Do("GET", "/apis?timeout=32s", "", "", accept);
  EXPECT_EQ(http::Find(aggregated.headers, "Content-Type"), "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  EXPECT_EQ(aggregated.body->GetString("kind"), "APIGroupDiscoveryList");
  EXPECT_EQ(Get("/apis").body->GetString("kind"), "APIGroupList");
  EXPECT_EQ(Get("/api").body->GetString("kind"), "APIVersions");
  const Reply apps = Get("/apis/apps/v1");
  bool scale = false;
  for (Value r : apps.body->Get("resources").items()) scale |= r.GetString("name") == "deployments/scale" && r.GetString("kind") == "Scale";
  EXPECT_TRUE(scale) << apps.text;
  EXPECT_EQ(Get("/apis/none.example/v1").status, 404);
  EXPECT_EQ(Get("/readyz").text, "ok");
}

TEST_F(Read, OpenApiNamesPatchParametersAndMergeKeys) {
  const Reply index = Get("/openapi/v3");
  const std::string url(index.Str({"paths", "apis/apps/v1", "serverRelativeURL"}));
  const Reply doc = Get(url);
  ASSERT_EQ(doc.status, 200);
  const Value patch = GetAt(*doc.body, {"paths", "/apis/apps/v1/namespaces/{namespace}/deployments/{name}", "patch"});
  EXPECT_EQ(GetAt(patch, {"x-kubernetes-group-version-kind", "kind"}).AsString(), "Deployment");
  bool validation = false;
  for (Value p : patch.Get("parameters").items()) validation |= p.GetString("name") == "fieldValidation";
  EXPECT_TRUE(validation);
  EXPECT_EQ(GetAt(*doc.body, {"components", "schemas", "io.k8s.api.core.v1.PodSpec", "properties", "containers", "x-kubernetes-patch-merge-key"}).AsString(), "name");
}

}  // namespace
}  // namespace plumb::sandbox
