// The controllers on a fake clock: rollouts, readiness, endpoints, deletion in cascades.
#include "tests/engine/sandbox/harness.h"

namespace plumb::sandbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Controllers : public SandboxTest {
 protected:
  void SetUp() override {
    Open("", true);
    Settle();
  }
  int64_t Status(const std::string& target, const char* field) { return GetAt(*Get(target).body, {"status", field}).AsInt(); }
  size_t Count(const std::string& target) { return Get(target).body->Get("items").size(); }
  std::string Condition(const std::string& target, const std::string& type) {
    const Reply object = Get(target);
    for (Value c : GetAt(*object.body, {"status", "conditions"}).items())
      if (c.GetString("type") == type) return std::string(c.GetString("status")) + " " + std::string(c.GetString("reason"));
    return "";
  }
  std::string PodImages() {
    std::string out;
    const Reply pods = Get(kPods);
    for (Value pod : pods.body->Get("items").items())
      if (!pod.Get("metadata").Has("deletionTimestamp")) out += std::string(GetAt(pod, {"spec", "containers"})[0].GetString("image")) + " ";
    return out;
  }
  const std::string kPods = "/api/v1/namespaces/default/pods", kSets = "/apis/apps/v1/namespaces/default/replicasets",
                    kWeb = kDeployments + "/web";
};

TEST_F(Controllers, DeploymentBecomesAvailableAfterThePodsStart) {
  Post(kDeployments, Deployment("web", 3));
  Settle();
  EXPECT_EQ(Count(kPods), 3u);
  EXPECT_EQ(Status(kWeb, "readyReplicas"), 0);
  EXPECT_EQ(Condition(kWeb, "Available"), "False MinimumReplicasUnavailable");
  Advance(seconds(1));
  EXPECT_EQ(Status(kWeb, "readyReplicas"), 3);
  EXPECT_EQ(Status(kWeb, "availableReplicas"), 3);
  EXPECT_EQ(Status(kWeb, "updatedReplicas"), 3);
  EXPECT_EQ(Status(kWeb, "observedGeneration"), 1);
  EXPECT_EQ(Condition(kWeb, "Available"), "True MinimumReplicasAvailable");
  EXPECT_EQ(Condition(kWeb, "Progressing"), "True NewReplicaSetAvailable");
  EXPECT_EQ(GetAt(*Get(kWeb).body, {"metadata", "annotations", "deployment.kubernetes.io/revision"}).AsString(), "1");
  EXPECT_TRUE(GetAt(*Get(kWeb).body, {"status", "unavailableReplicas"}).is_null());
}

TEST_F(Controllers, RollingUpdateKeepsWithinSurgeAndUnavailable) {
  Post(kDeployments, Deployment("web", 4));
  Settle();
  Advance(seconds(1));
  Merge(kWeb, R"({"spec":{"template":{"spec":{"containers":[{"name":"c","image":"nginx:1.26"}]}}}})");
  for (int i = 0; i < 40; ++i) {
    size_t alive = 0, ready = 0;
    const Reply pods = Get(kPods);
    for (Value pod : pods.body->Get("items").items()) {
      if (pod.Get("metadata").Has("deletionTimestamp")) continue;
      ++alive;
      for (Value c : GetAt(pod, {"status", "conditions"}).items()) ready += c.GetString("type") == "Ready" && c.GetString("status") == "True";
    }
    EXPECT_LE(alive, 5u) << "surge is 25% of 4";
    EXPECT_GE(ready, 3u) << "unavailable is 25% of 4";
    Advance(milliseconds(100));
  }
  EXPECT_EQ(PodImages(), "nginx:1.26 nginx:1.26 nginx:1.26 nginx:1.26 ");
  EXPECT_EQ(Count(kSets), 2u);
  EXPECT_EQ(GetAt(*Get(kWeb).body, {"metadata", "annotations", "deployment.kubernetes.io/revision"}).AsString(), "2");
}

TEST_F(Controllers, GoingBackUsesTheOldReplicaSetAgain) {
  Post(kDeployments, Deployment("web", 1));
  Advance(seconds(1));
  Merge(kWeb, R"({"spec":{"template":{"spec":{"containers":[{"name":"c","image":"nginx:1.26"}]}}}})");
  for (int i = 0; i < 10; ++i) Advance(milliseconds(500));
  Merge(kWeb, R"({"spec":{"template":{"spec":{"containers":[{"name":"c","image":"nginx:1.25"}]}}}})");
  for (int i = 0; i < 10; ++i) Advance(milliseconds(500));
  EXPECT_EQ(Count(kSets), 2u);
  EXPECT_EQ(PodImages(), "nginx:1.25 ");
  EXPECT_EQ(GetAt(*Get(kWeb).body, {"metadata", "annotations", "deployment.kubernetes.io/revision"}).AsString(), "3");
}

TEST_F(Controllers, BrokenImageStallsAndPassesTheDeadline) {
  Post(kDeployments, Deployment("web", 2));
  Advance(seconds(1));
  Merge(kWeb, R"({"spec":{"progressDeadlineSeconds":60,"template":{"spec":{"containers":[{"name":"c","image":"nginx:broken"}]}}}})");
  for (int i = 0; i < 5; ++i) Advance(seconds(1));
  EXPECT_EQ(Status(kWeb, "readyReplicas"), 2) << "the old pods stay while the new one is not ready";
  EXPECT_EQ(Condition(kWeb, "Progressing"), "True ReplicaSetUpdated");
  for (int i = 0; i < 5; ++i) Advance(seconds(20));
  EXPECT_EQ(Condition(kWeb, "Progressing"), "False ProgressDeadlineExceeded");
  EXPECT_EQ(Condition(kWeb, "Available"), "True MinimumReplicasAvailable");
}

TEST_F(Controllers, RecreateEndsAllOldPodsFirst) {
  std::string recreate = Deployment("web", 2);
  recreate.replace(recreate.find(R"("replicas")"), 0, R"("strategy":{"type":"Recreate"},)");
  ASSERT_EQ(Post(kDeployments, recreate).status, 201);
  Advance(seconds(1));
  Merge(kWeb, R"({"spec":{"template":{"spec":{"containers":[{"name":"c","image":"nginx:1.26"}]}}}})");
  Settle();
  EXPECT_EQ(PodImages(), "") << "all are going, none is made yet";
  for (int i = 0; i < 5; ++i) Advance(seconds(1));
  EXPECT_EQ(PodImages(), "nginx:1.26 nginx:1.26 ");
}

TEST_F(Controllers, ScalingDownEndsPodsWithGrace) {
  Post(kDeployments, Deployment("web", 3));
  Advance(seconds(1));
  Merge(kWeb + "/scale", R"({"spec":{"replicas":1}})");
  Settle();
  EXPECT_EQ(Count(kPods), 3u) << "two are terminating";
  Advance(seconds(1));
  EXPECT_EQ(Count(kPods), 1u);
  EXPECT_EQ(Status(kWeb, "replicas"), 1);
}

TEST_F(Controllers, ServicesFollowTheirReadyPods) {
  Post(kDeployments, Deployment("web", 2));
  Post("/api/v1/namespaces/default/services", R"({"metadata":{"name":"web"},"spec":{"selector":{"app":"web"},"ports":[{"port":80}]}})");
  Settle();
  const std::string endpoints = "/api/v1/namespaces/default/endpoints/web";
  EXPECT_EQ(Get(endpoints).status, 200);
  Advance(seconds(1));
  const Reply followed = Get(endpoints);
  EXPECT_EQ(followed.body->Get("subsets")[0].Get("addresses").size(), 2u);
  const std::string slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name%3Dweb";
  ASSERT_EQ(Count(slices), 1u);
  EXPECT_EQ(Get(slices).body->Get("items")[0].Get("endpoints").size(), 2u);
  Do("DELETE", "/api/v1/namespaces/default/services/web");
  Settle();
  EXPECT_EQ(Get(endpoints).status, 404);
  EXPECT_EQ(Count(slices), 0u);
}

TEST_F(Controllers, DeletingAnOwnerTakesItsObjectsAlong) {
  Post(kDeployments, Deployment("web", 2));
  Advance(seconds(1));
  Do("DELETE", kWeb, R"({"propagationPolicy":"Background"})");
  EXPECT_EQ(Get(kWeb).status, 404);
  Advance(seconds(1));
  Advance(seconds(1));
  EXPECT_EQ(Count(kSets), 0u);
  EXPECT_EQ(Count(kPods), 0u);
}

TEST_F(Controllers, ForegroundDeletionWaitsForThePods) {
  Post(kDeployments, Deployment("web", 2));
  Advance(seconds(1));
  Do("DELETE", kWeb, R"({"propagationPolicy":"Foreground"})");
  Settle();
  EXPECT_EQ(Get(kWeb).status, 200) << "its pods are still terminating";
  Advance(seconds(1));
  Advance(seconds(1));
  EXPECT_EQ(Count(kPods), 0u);
  EXPECT_EQ(Get(kWeb).status, 404);
}

TEST_F(Controllers, OrphansStayWithoutTheirOwner) {
  Post(kDeployments, Deployment("web", 2));
  Advance(seconds(1));
  Do("DELETE", kWeb, R"({"propagationPolicy":"Orphan"})");
  Settle();
  EXPECT_EQ(Get(kWeb).status, 404);
  ASSERT_EQ(Count(kSets), 1u);
  const Reply sets = Get(kSets);
  EXPECT_TRUE(GetAt(sets.body->Get("items")[0], {"metadata", "ownerReferences"}).is_null());
  EXPECT_EQ(Count(kPods), 2u);
}

TEST_F(Controllers, NamespacesHaveTheirAccountAndGoWithTheirContent) {
  Post("/api/v1/namespaces", R"({"metadata":{"name":"shop"}})");
  Settle();
  EXPECT_EQ(Get("/api/v1/namespaces/shop/serviceaccounts/default").status, 200);
  EXPECT_EQ(Get("/api/v1/namespaces/shop/configmaps/kube-root-ca.crt").status, 200);
  Post("/apis/apps/v1/namespaces/shop/deployments", Deployment("web"));
  Advance(seconds(1));
  EXPECT_EQ(Do("DELETE", "/api/v1/namespaces/shop").Str({"status", "phase"}), "Terminating");
  const Reply refused = Post("/api/v1/namespaces/shop/configmaps", ConfigMap("late"));
  EXPECT_EQ(refused.status, 403);
  EXPECT_NE(refused.message().find("because it is being terminated"), std::string_view::npos);
  for (int i = 0; i < 4; ++i) Advance(seconds(1));
  EXPECT_EQ(Get("/api/v1/namespaces/shop").status, 404) << Get("/api/v1/namespaces/shop").text << Get("/api/v1/namespaces/shop/pods").text;
}

TEST_F(Controllers, StatefulSetsGoUpInOrderWithTheirClaims) {
  Post("/apis/apps/v1/namespaces/default/statefulsets",
       R"({"metadata":{"name":"db"},"spec":{"replicas":2,"serviceName":"db","selector":{"matchLabels":{"app":"db"}},
           "template":{"metadata":{"labels":{"app":"db"}},"spec":{"containers":[{"name":"c","image":"pg:16"}]}},
           "volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}}}]}})");
  Settle();
  EXPECT_EQ(Count(kPods), 1u) << "the second waits for the first to be ready";
  for (int i = 0; i < 4; ++i) Advance(seconds(1));
  EXPECT_EQ(Status("/apis/apps/v1/namespaces/default/statefulsets/db", "readyReplicas"), 2);
  EXPECT_EQ(Get("/api/v1/namespaces/default/persistentvolumeclaims/data-db-1").Str({"status", "phase"}), "Bound");
  Merge("/apis/apps/v1/namespaces/default/statefulsets/db", R"({"spec":{"template":{"spec":{"containers":[{"name":"c","image":"pg:17"}]}}}})");
  for (int i = 0; i < 12; ++i) Advance(seconds(1));
  EXPECT_EQ(PodImages(), "pg:17 pg:17 ");
  const Reply set = Get("/apis/apps/v1/namespaces/default/statefulsets/db");
  EXPECT_EQ(set.Str({"status", "currentRevision"}), set.Str({"status", "updateRevision"}));
}

TEST_F(Controllers, JobsCompleteAndDaemonSetsRunOnTheNode) {
  Post("/apis/batch/v1/namespaces/default/jobs",
       R"({"metadata":{"name":"once"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"a:1"}]}}}})");
  Post("/apis/apps/v1/namespaces/default/daemonsets",
       R"({"metadata":{"name":"agent"},"spec":{"selector":{"matchLabels":{"app":"agent"}},"template":{"metadata":{"labels":{"app":"agent"}},
           "spec":{"containers":[{"name":"c","image":"a:1"}]}}}})");
  for (int i = 0; i < 4; ++i) Advance(seconds(1));
  EXPECT_EQ(Condition("/apis/batch/v1/namespaces/default/jobs/once", "Complete"), "True CompletionsReached");
  EXPECT_EQ(Status("/apis/apps/v1/namespaces/default/daemonsets/agent", "numberReady"), 1);
  Merge("/apis/apps/v1/namespaces/default/daemonsets/agent", R"({"spec":{"template":{"spec":{"containers":[{"name":"c","image":"a:2"}]}}}})");
  for (int i = 0; i < 4; ++i) Advance(seconds(1));
  EXPECT_EQ(Status("/apis/apps/v1/namespaces/default/daemonsets/agent", "updatedNumberScheduled"), 1);
  EXPECT_NE(PodImages().find("a:2"), std::string::npos);
}

const char* const kWidgets = R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"widgets.example.com"},"spec":{
  "group":"example.com","scope":"Namespaced","names":{"plural":"widgets","kind":"Widget","shortNames":["wd"]},
  "versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{},"scale":{"specReplicasPath":".spec.size","statusReplicasPath":".status.size"}},
    "additionalPrinterColumns":[{"name":"Size","type":"integer","jsonPath":".spec.size"}],
    "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","required":["size"],"properties":{
      "size":{"type":"integer","minimum":1},"colour":{"type":"string","enum":["red","blue"],"default":"red"}}},
      "status":{"type":"object","properties":{"size":{"type":"integer"}}}}}}}]}})";

TEST_F(Controllers, CustomKindsAreServedValidatedAndGoWithTheirDefinition) {
  const Reply crd = Post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", kWidgets);
  ASSERT_EQ(crd.status, 201) << crd.text;
  EXPECT_EQ(Condition("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com", "Established"), "True InitialNamesAccepted");
  const std::string widgets = "/apis/example.com/v1/namespaces/default/widgets";
  EXPECT_EQ(Get("/apis/example.com/v1").body->Get("resources")[0].GetString("kind"), "Widget");
  const Reply made = Post(widgets, R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"size":2,"shape":"round"}})");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.Str({"spec", "colour"}), "red");
  EXPECT_FALSE(made.body->Get("spec").Has("shape")) << "unknown fields are pruned";
  EXPECT_EQ(GetAt(*made.body, {"metadata", "generation"}).AsInt(), 1);
  const struct { std::string spec, message; } kBad[] = {
      {R"({"colour":"red"})", "spec.size: Required value"},
      {R"({"size":0})", "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1"},
      {R"({"size":"big"})", R"(spec.size: Invalid value: "string": spec.size in body must be of type integer: "string")"},
      {R"({"size":1,"colour":"green"})", R"(spec.colour: Unsupported value: "green": supported values: "red", "blue")"},
  };
  for (const auto& bad : kBad) {
    const Reply r = Post(widgets, R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"x"},"spec":)" + bad.spec + "}");
    EXPECT_EQ(r.status, 422) << r.text;
    EXPECT_NE(r.message().find(bad.message), std::string_view::npos) << r.message();
  }
  EXPECT_EQ(Do("PATCH", widgets + "/w", "{}", "application/strategic-merge-patch+json").status, 415);
  EXPECT_EQ(Merge(widgets + "/w/scale", R"({"spec":{"replicas":5}})").status, 200);
  EXPECT_EQ(GetAt(*Get(widgets + "/w").body, {"spec", "size"}).AsInt(), 5);
  const Reply table = Do("GET", widgets, "", "", "application/json;as=Table;v=v1;g=meta.k8s.io");
  EXPECT_EQ(table.body->Get("rows")[0].Get("cells")[1].AsInt(), 5);
  const Reply applied = Apply(widgets + "/w2?fieldManager=m", R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w2"},"spec":{"size":1}})");
  EXPECT_EQ(applied.status, 201) << applied.text;
  EXPECT_EQ(Do("PUT", widgets + "/w", R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w"},"spec":{"size":1}})").status, 422)
      << "a PUT of a custom kind needs the resourceVersion";
  Do("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com");
  Settle();
  EXPECT_EQ(Get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com").status, 404);
  EXPECT_EQ(Get(widgets).status, 404);
}

TEST_F(Controllers, ContainersMergeByNameInStrategicPatches) {
  Post(kDeployments, Deployment("web"));
  const Reply r = Do("PATCH", kWeb, R"({"spec":{"template":{"spec":{"containers":[{"name":"c","image":"nginx:2"},{"name":"d","image":"x:1"}]}}}})",
                     "application/strategic-merge-patch+json");
  ASSERT_EQ(r.status, 200) << r.text;
  EXPECT_EQ(GetAt(*r.body, {"spec", "template", "spec", "containers"}).size(), 2u);
}

TEST_F(Controllers, ManyStepsLeaveNothingToDo) {
  Post(kDeployments, Deployment("web", 3));
  for (int i = 0; i < 5; ++i) Advance(seconds(1));
  const std::string before(Get(kPods).Str({"metadata", "resourceVersion"}));
  for (int i = 0; i < 10; ++i) Advance(std::chrono::minutes(1));
  EXPECT_EQ(Get(kPods).Str({"metadata", "resourceVersion"}), before) << "a quiet cluster writes nothing";
}

}  // namespace
}  // namespace plumb::sandbox
