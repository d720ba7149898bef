// The write path, rule by rule, in the API server's words.
#include "tests/engine/sandbox/harness.h"

namespace plumb::sandbox {
namespace {

class Write : public SandboxTest {};

TEST_F(Write, CreateStampsMetadata) {
  const Reply r = Post(kConfigMaps, ConfigMap("a"));
  ASSERT_EQ(r.status, 201) << r.text;
  EXPECT_EQ(r.Str({"metadata", "namespace"}), "default");
  EXPECT_EQ(r.Str({"metadata", "creationTimestamp"}), "2030-01-01T00:00:00Z");
  EXPECT_EQ(r.Str({"metadata", "uid"}).size(), 36u);
  EXPECT_FALSE(r.Str({"metadata", "resourceVersion"}).empty());
  EXPECT_FALSE(r.body->Get("metadata").Has("generation")) << "config maps have no generation";
}

TEST_F(Write, RefusalsAreThoseOfTheApiServer) {
  ASSERT_EQ(Post(kConfigMaps, ConfigMap("a")).status, 201);
  const struct { std::string method, target, body; int status; std::string reason, message; } kCases[] = {
      {"GET", kConfigMaps + "/x", "", 404, "NotFound", R"(configmaps "x" not found)"},
      {"GET", "/api/v1/foo", "", 404, "NotFound", "the server could not find the requested resource"},
      {"POST", kConfigMaps, ConfigMap("a"), 409, "AlreadyExists", R"(configmaps "a" already exists)"},
      {"POST", "/api/v1/namespaces/nope/configmaps", ConfigMap("a"), 404, "NotFound", R"(namespaces "nope" not found)"},
      {"POST", kConfigMaps, ConfigMap("X_y"), 422, "Invalid", R"(ConfigMap "X_y" is invalid: metadata.name: Invalid value: "X_y": a lowercase RFC 1123 subdomain)"},
      {"POST", kConfigMaps, R"({"metadata":{}})", 422, "Invalid", R"(ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required)"},
      {"POST", kConfigMaps, R"({"metadata":{"name":"b","resourceVersion":"5"}})", 500, "", "resourceVersion should not be set on objects to be created"},
      {"POST", kConfigMaps, R"({"metadata":{"name":"b","namespace":"other"}})", 400, "BadRequest", "the namespace of the provided object does not match the namespace sent on the request"},
      {"POST", kConfigMaps, R"({"metadata":{"name":"b"},"data":{"a":1}})", 400, "BadRequest", R"(ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number)"},
      {"POST", kConfigMaps + "?fieldValidation=Strict", R"({"metadata":{"name":"b","foo":1},"bar":2})", 400, "BadRequest", R"(ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "metadata.foo", unknown field "bar")"},
      {"POST", kConfigMaps + "?dryRun=x", ConfigMap("b"), 422, "Invalid", R"(CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["x"]: supported values: "All")"},
      {"PUT", kConfigMaps + "/a", R"({"metadata":{"name":"a","resourceVersion":"1"}})", 409, "Conflict", R"(Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again)"},
      {"PUT", kConfigMaps + "/a", R"({"metadata":{"name":"b"}})", 400, "BadRequest", "the name of the object (b) does not match the name on the URL (a)"},
      {"PUT", kConfigMaps + "/zz", R"({"metadata":{"name":"zz"}})", 404, "NotFound", R"(configmaps "zz" not found)"},
      {"POST", kConfigMaps + "/a", "{}", 405, "MethodNotAllowed", "the server does not allow this method on the requested resource"},
      {"DELETE", kConfigMaps + "/a", R"({"preconditions":{"uid":"b"}})", 409, "Conflict", R"(Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (b) does not match the UID in record)"},
      {"DELETE", "/api/v1/namespaces/default", "", 403, "Forbidden", R"(namespaces "default" is forbidden: this namespace may not be deleted)"},
      {"GET", "/api/v1/configmaps?labelSelector=a%20b", "", 400, "BadRequest", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"},
      {"GET", "/api/v1/configmaps?fieldSelector=a%3Db", "", 400, "BadRequest", "\"a\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""},
      {"GET", "/api/v1/configmaps?resourceVersion=1000000", "", 504, "Timeout", "Timeout: Too large resource version: 1000000, current: "},
  };
  for (const auto& c : kCases) {
    const Reply r = Do(c.method, c.target, c.body);
    EXPECT_EQ(r.status, c.status) << c.method << " " << c.target << ": " << r.text;
    EXPECT_EQ(r.reason(), c.reason) << c.target;
    EXPECT_EQ(r.message().substr(0, c.message.size()), c.message) << c.target;
    EXPECT_EQ(r.body->Get("code").AsInt(), c.status);
  }
}

TEST_F(Write, BodiesInUnknownFormatsAreRefused) {
  EXPECT_EQ(Do("POST", kConfigMaps, "k8s", "application/cbor").status, 415);
  EXPECT_EQ(Do("POST", kConfigMaps, "k8s", "application/vnd.kubernetes.protobuf").status, 400) << "no protobuf in it";
}

TEST_F(Write, UnknownFieldsWarnAndAreLeftOut) {
  const Reply r = Post(kConfigMaps, R"({"metadata":{"name":"a"},"bar":2})");
  ASSERT_EQ(r.status, 201);
  EXPECT_EQ(http::Find(r.headers, "Warning"), R"(299 - "unknown field \"bar\"")");
  EXPECT_FALSE(r.body->Has("bar"));
}

TEST_F(Write, GenerateNameAddsFiveCharacters) {
  const Reply r = Post(kConfigMaps, R"({"metadata":{"generateName":"run-"}})");
  ASSERT_EQ(r.status, 201);
  EXPECT_EQ(r.Str({"metadata", "name"}).size(), 9u);
}

TEST_F(Write, DryRunAnswersFullyAndStoresNothing) {
  const Reply r = Post(kDeployments + "?dryRun=All", Deployment("web"));
  ASSERT_EQ(r.status, 201);
  EXPECT_EQ(r.Str({"spec", "strategy", "type"}), "RollingUpdate");
  EXPECT_EQ(Get(kDeployments + "/web").status, 404);
}

TEST_F(Write, GenerationCountsChangesOfTheSpecOnly) {
  ASSERT_EQ(Post(kDeployments, Deployment("web")).status, 201);
  auto generation = [&] { return GetAt(*Get(kDeployments + "/web").body, {"metadata", "generation"}).AsInt(); };
  EXPECT_EQ(generation(), 1);
  Merge(kDeployments + "/web", R"({"metadata":{"labels":{"x":"y"}}})");
  EXPECT_EQ(generation(), 1);
  Merge(kDeployments + "/web", R"({"spec":{"replicas":3}})");
  EXPECT_EQ(generation(), 2);
  Merge(kDeployments + "/web", R"({"metadata":{"annotations":{"x":"y"}}})");
  EXPECT_EQ(generation(), 3) << "a Deployment's annotations count, since ReplicaSets copy them";
  Merge(kDeployments + "/web/status", R"({"status":{"replicas":3}})");
  EXPECT_EQ(generation(), 3);
}

TEST_F(Write, MainResourceAndStatusKeepOutOfEachOther) {
  ASSERT_EQ(Post(kDeployments, Deployment("web")).status, 201);
  Merge(kDeployments + "/web", R"({"status":{"replicas":9}})");
  EXPECT_FALSE(Get(kDeployments + "/web").body->Get("status").Has("replicas"));
  Merge(kDeployments + "/web/status", R"({"spec":{"replicas":9},"metadata":{"labels":{"a":"b"}},"status":{"replicas":7}})");
  const Reply r = Get(kDeployments + "/web");
  EXPECT_EQ(GetAt(*r.body, {"spec", "replicas"}).AsInt(), 1);
  EXPECT_EQ(GetAt(*r.body, {"status", "replicas"}).AsInt(), 7);
  EXPECT_TRUE(GetAt(*r.body, {"metadata", "labels"}).is_null());
}

TEST_F(Write, WriteWithoutEffectKeepsTheRevision) {
  const std::string before(Post(kConfigMaps, ConfigMap("a")).Str({"metadata", "resourceVersion"}));
  EXPECT_EQ(Merge(kConfigMaps + "/a", R"({"data":{"a":"1"}})").Str({"metadata", "resourceVersion"}), before);
}

TEST_F(Write, ImmutableFieldsStay) {
  ASSERT_EQ(Post(kDeployments, Deployment("web")).status, 201);
  const Reply r = Merge(kDeployments + "/web", R"({"spec":{"selector":{"matchLabels":{"app":"web","x":"y"}},"template":{"metadata":{"labels":{"x":"y"}}}}})");
  EXPECT_EQ(r.status, 422);
  EXPECT_NE(r.message().find("field is immutable"), std::string_view::npos) << r.text;
  ASSERT_EQ(Post(kConfigMaps, R"({"metadata":{"name":"i"},"immutable":true,"data":{"a":"1"}})").status, 201);
  EXPECT_EQ(Merge(kConfigMaps + "/i", R"({"data":{"a":"2"}})").status, 422);
}

TEST_F(Write, SelectorMustMatchTheTemplate) {
  std::string bad = Deployment("web");
  bad.replace(bad.find(R"("labels":{"app":"web"})"), 22, R"("labels":{"app":"sea"})");
  const Reply r = Post(kDeployments, bad);
  EXPECT_EQ(r.status, 422);
  EXPECT_NE(r.message().find("`selector` does not match template `labels`"), std::string_view::npos) << r.text;
}

TEST_F(Write, FinalizersHoldADeletion) {
  ASSERT_EQ(Post(kConfigMaps, R"({"metadata":{"name":"f","finalizers":["example.com/hold"]}})").status, 201);
  const Reply deleted = Do("DELETE", kConfigMaps + "/f");
  EXPECT_EQ(deleted.status, 200);
  EXPECT_EQ(deleted.body->GetString("kind"), "ConfigMap") << "it is still there";
  EXPECT_FALSE(deleted.Str({"metadata", "deletionTimestamp"}).empty());
  EXPECT_EQ(Merge(kConfigMaps + "/f", R"({"metadata":{"finalizers":["example.com/hold","example.com/more"]}})").status, 422);
  EXPECT_EQ(Merge(kConfigMaps + "/f", R"({"metadata":{"finalizers":null}})").status, 200);
  EXPECT_EQ(Get(kConfigMaps + "/f").status, 404);
}

TEST_F(Write, DeleteAnswersWithAStatusThatNamesTheUid) {
  const Reply made = Post(kConfigMaps, ConfigMap("a"));
  const Reply r = Do("DELETE", kConfigMaps + "/a", R"({"preconditions":{"uid":")" + std::string(made.Str({"metadata", "uid"})) + R"("}})");
  EXPECT_EQ(r.status, 200) << r.text;
  EXPECT_EQ(r.body->GetString("status"), "Success");
  EXPECT_EQ(r.Str({"details", "uid"}), made.Str({"metadata", "uid"}));
}

TEST_F(Write, JsonPatchIsAllOrNothing) {
  ASSERT_EQ(Post(kConfigMaps, ConfigMap("a")).status, 201);
  auto patch = [&](const std::string& body) { return Do("PATCH", kConfigMaps + "/a", body, "application/json-patch+json"); };
  EXPECT_EQ(patch(R"([{"op":"add","path":"/data/b","value":"2"},{"op":"test","path":"/data/a","value":"9"}])").status, 422);
  EXPECT_FALSE(Get(kConfigMaps + "/a").body->Get("data").Has("b"));
  EXPECT_EQ(patch(R"([{"op":"add","path":"/data/b","value":"2"}])").Str({"data", "b"}), "2");
  EXPECT_EQ(patch("{}").status, 400);
}

TEST_F(Write, NullsAndEmptyOptionalValuesAreNotStored) {
  const Reply r = Post("/api/v1/namespaces/default/pods",
                       R"({"metadata":{"name":"p","labels":{},"creationTimestamp":null},"spec":{"volumes":[],"hostNetwork":false,
                           "containers":[{"name":"c","image":"a","env":[{"name":"E","value":""}],"args":[],"resources":{"limits":{"cpu":"1000m"}}}]}})");
  ASSERT_EQ(r.status, 201) << r.text;
  const Value c = GetAt(*r.body, {"spec", "containers"})[0];
  EXPECT_FALSE(c.Has("args"));
  EXPECT_FALSE(c.Get("env")[0].Has("value"));
  EXPECT_EQ(GetAt(c, {"resources", "limits", "cpu"}).AsString(), "1") << "quantities are written in their canonical form";
  EXPECT_EQ(GetAt(c, {"resources", "requests", "cpu"}).AsString(), "1") << "a pod's limits are its requests";
  EXPECT_EQ(c.GetString("imagePullPolicy"), "Always") << "no tag means latest";
  EXPECT_FALSE(r.body->Get("metadata").Has("labels"));
  EXPECT_FALSE(r.body->Get("spec").Has("hostNetwork"));
}

TEST_F(Write, ServicesGetAnAddressAndKeepIt) {
  const std::string services = "/api/v1/namespaces/default/services";
  const Reply made = Post(services, R"({"metadata":{"name":"s"},"spec":{"type":"NodePort","ports":[{"port":80}]}})");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_TRUE(made.Str({"spec", "clusterIP"}).starts_with("10.96."));
  EXPECT_EQ(GetAt(*made.body, {"spec", "ports"})[0].Get("targetPort").AsInt(), 80);
  EXPECT_EQ(GetAt(*made.body, {"spec", "ports"})[0].Get("nodePort").AsInt(), 30000);
  const Reply put = Do("PUT", services + "/s", R"({"metadata":{"name":"s"},"spec":{"type":"NodePort","ports":[{"port":80},{"port":81,"name":"b"}]}})");
  EXPECT_EQ(put.status, 422) << "two ports need names";
  const Reply again = Do("PUT", services + "/s", R"({"metadata":{"name":"s"},"spec":{"type":"NodePort","ports":[{"port":80}],"selector":{"a":"b"}}})");
  ASSERT_EQ(again.status, 200) << again.text;
  EXPECT_EQ(again.Str({"spec", "clusterIP"}), made.Str({"spec", "clusterIP"}));
  EXPECT_EQ(GetAt(*again.body, {"spec", "ports"})[0].Get("nodePort").AsInt(), 30000);
}

TEST_F(Write, JobInsideOfACronJobIsNotDefaultedYet) {
  const Reply r = Post("/apis/batch/v1/namespaces/default/cronjobs",
                       R"({"metadata":{"name":"j"},"spec":{"schedule":"* * * * *","jobTemplate":{"spec":{"template":{"spec":{
                           "restartPolicy":"Never","containers":[{"name":"c","image":"a:1"}]}}}}}})");
  ASSERT_EQ(r.status, 201) << r.text;
  EXPECT_FALSE(GetAt(*r.body, {"spec", "jobTemplate", "spec"}).Has("backoffLimit"));
  EXPECT_EQ(r.Str({"spec", "jobTemplate", "spec", "template", "spec", "dnsPolicy"}), "ClusterFirst");
}

TEST_F(Write, SecretStringsBecomeData) {
  const Reply r = Post("/api/v1/namespaces/default/secrets", R"({"metadata":{"name":"s"},"stringData":{"a":"hello"}})");
  ASSERT_EQ(r.status, 201);
  EXPECT_EQ(r.Str({"data", "a"}), "aGVsbG8=");
  EXPECT_EQ(r.body->GetString("type"), "Opaque");
  EXPECT_FALSE(r.body->Has("stringData"));
}

TEST_F(Write, ScaleReadsAndWritesReplicas) {
  ASSERT_EQ(Post(kDeployments, Deployment("web", 2)).status, 201);
  const Reply scale = Get(kDeployments + "/web/scale");
  EXPECT_EQ(scale.body->GetString("kind"), "Scale");
  EXPECT_EQ(scale.Str({"status", "selector"}), "app=web");
  EXPECT_EQ(Merge(kDeployments + "/web/scale", R"({"spec":{"replicas":4}})").status, 200);
  EXPECT_EQ(GetAt(*Get(kDeployments + "/web").body, {"spec", "replicas"}).AsInt(), 4);
  EXPECT_EQ(Merge(kDeployments + "/web/scale", R"({"spec":{"replicas":-1}})").status, 422);
}

TEST_F(Write, NamespacedPathsNeedANamespaceForWrites) {
  EXPECT_EQ(Post("/api/v1/configmaps", ConfigMap("a")).status, 405);
  EXPECT_EQ(Post("/api/v1/namespaces", R"({"metadata":{"name":"shop"}})").Str({"status", "phase"}), "Active");
  EXPECT_EQ(Post("/api/v1/namespaces/shop/configmaps", ConfigMap("a")).status, 201);
}

}  // namespace
}  // namespace plumb::sandbox
