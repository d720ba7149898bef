// Health by kind, as a table: live object -> status and message. The StatefulSet rule also runs over the recorded traces
// of the real controller.
#include "engine/health/health.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

#include "core/json.h"
#include "engine/health/rules.h"

namespace plumb {
namespace {

Document Json(const std::string& text) {
  auto parsed = ParseJson(text);
  EXPECT_TRUE(parsed.ok()) << parsed.error().message() << "\n" << text;
  return parsed.ok() ? *parsed : Document();
}

std::string Condition(std::string_view type, std::string_view status, std::string_view reason = "R", std::string_view message = "") {
  return R"({"type":")" + std::string(type) + R"(","status":")" + std::string(status) + R"(","reason":")" + std::string(reason) + R"(","message":")" +
         std::string(message) + "\"}";
}

struct Case {
  std::string api_version, kind, spec, status;
  HealthStatus want;
  std::string message;  // a part of it
};
constexpr HealthStatus kHealthy = HealthStatus::kHealthy, kProgressing = HealthStatus::kProgressing, kDegraded = HealthStatus::kDegraded,
                       kSuspended = HealthStatus::kSuspended;

const std::string kSeen = R"("observedGeneration":2,)";

TEST(Health, Table) {
  const Case kCases[] = {
      // Deployment
      {"apps/v1", "Deployment", R"("replicas":3)", "", kProgressing, "has not seen the last change"},
      {"apps/v1", "Deployment", R"("replicas":3)", R"("observedGeneration":1,"replicas":3,"updatedReplicas":3,"availableReplicas":3)", kProgressing, "has not seen"},
      {"apps/v1", "Deployment", R"("replicas":3)", kSeen + R"("replicas":3,"updatedReplicas":3,"availableReplicas":3)", kHealthy, ""},
      {"apps/v1", "Deployment", R"("replicas":3)", kSeen + R"("replicas":4,"updatedReplicas":1,"availableReplicas":3)", kProgressing, "1 of 3 replicas updated"},
      {"apps/v1", "Deployment", R"("replicas":3)", kSeen + R"("replicas":4,"updatedReplicas":3,"availableReplicas":4)", kProgressing, "1 old replica is still running"},
      {"apps/v1", "Deployment", R"("replicas":3)", kSeen + R"("replicas":3,"updatedReplicas":3,"availableReplicas":1)", kProgressing, "1 of 3 replicas available"},
      {"apps/v1", "Deployment", R"("replicas":0)", kSeen + R"("conditions":[])", kHealthy, "scaled to zero"},
      {"apps/v1", "Deployment", "", kSeen + R"("replicas":1,"updatedReplicas":1,"availableReplicas":1)", kHealthy, ""},
      {"apps/v1", "Deployment", R"("replicas":2,"paused":true)", kSeen + R"("replicas":2,"updatedReplicas":0,"availableReplicas":2)", kSuspended, "is paused"},
      {"apps/v1", "Deployment", R"("replicas":1)", kSeen + R"("conditions":[)" + Condition("Progressing", "False", "ProgressDeadlineExceeded", "timed out") + "]", kDegraded, "timed out"},
      {"apps/v1", "Deployment", R"("replicas":1)", kSeen + R"("conditions":[)" + Condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota") + "]", kDegraded, "cannot create pods: exceeded quota"},
      // StatefulSet
      {"apps/v1", "StatefulSet", R"("replicas":3)", kSeen + R"("replicas":3,"readyReplicas":3,"updatedReplicas":3,"currentRevision":"a","updateRevision":"a")", kHealthy, ""},
      {"apps/v1", "StatefulSet", R"("replicas":3)", kSeen + R"("replicas":2,"readyReplicas":1,"updatedReplicas":2,"currentRevision":"a","updateRevision":"a")", kProgressing, "2 of 3 pods created"},
      {"apps/v1", "StatefulSet", R"("replicas":3)", kSeen + R"("replicas":3,"readyReplicas":3,"updatedReplicas":1,"currentRevision":"a","updateRevision":"b")", kProgressing, "1 of 3 pods updated"},
      {"apps/v1", "StatefulSet", R"("replicas":3,"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":2}})", kSeen + R"("replicas":3,"readyReplicas":3,"updatedReplicas":1,"currentRevision":"a","updateRevision":"b")", kHealthy, "as its partition says"},
      {"apps/v1", "StatefulSet", R"("replicas":3,"updateStrategy":{"type":"OnDelete"})", kSeen + R"("replicas":3,"readyReplicas":3,"updatedReplicas":0,"currentRevision":"a","updateRevision":"b")", kHealthy, "when somebody deletes them"},
      {"apps/v1", "StatefulSet", R"("replicas":3,"updateStrategy":{"type":"OnDelete"})", kSeen + R"("replicas":3,"readyReplicas":1,"updatedReplicas":0)", kProgressing, "1 of 3 pods ready"},
      {"apps/v1", "StatefulSet", R"("replicas":3)", kSeen + R"("replicas":3,"readyReplicas":2,"updatedReplicas":2,"currentRevision":"a","updateRevision":"a")", kDegraded, "delete that pod"},
      // DaemonSet, ReplicaSet
      {"apps/v1", "DaemonSet", "", kSeen + R"("desiredNumberScheduled":2,"updatedNumberScheduled":1,"numberAvailable":2)", kProgressing, "1 of 2 pods updated"},
      {"apps/v1", "DaemonSet", R"("updateStrategy":{"type":"OnDelete"})", kSeen + R"("desiredNumberScheduled":2,"updatedNumberScheduled":1,"numberAvailable":2)", kHealthy, ""},
      {"apps/v1", "DaemonSet", "", kSeen + R"("desiredNumberScheduled":2,"updatedNumberScheduled":2,"numberAvailable":1)", kProgressing, "1 of 2 pods available"},
      {"apps/v1", "DaemonSet", "", kSeen + R"("desiredNumberScheduled":0)", kHealthy, "no node wants it"},
      {"apps/v1", "ReplicaSet", R"("replicas":2)", kSeen + R"("replicas":2,"availableReplicas":1)", kProgressing, "1 of 2"},
      {"apps/v1", "ReplicaSet", R"("replicas":2)", kSeen + R"("replicas":2,"availableReplicas":2)", kHealthy, ""},
      // Pod
      {"v1", "Pod", "", R"("phase":"Running","conditions":[)" + Condition("Ready", "True") + "]", kHealthy, ""},
      {"v1", "Pod", "", R"("phase":"Running","conditions":[)" + Condition("Ready", "False", "ContainersNotReady", "containers with unready status: [web]") + "]", kProgressing, "unready status: [web]"},
      {"v1", "Pod", "", R"("phase":"Running","containerStatuses":[{"name":"web","state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off 10s"}}}])", kDegraded, "container 'web': back-off 10s"},
      {"v1", "Pod", "", R"("phase":"Pending","containerStatuses":[{"name":"web","state":{"waiting":{"reason":"ImagePullBackOff"}}}])", kDegraded, "ImagePullBackOff"},
      {"v1", "Pod", "", R"("phase":"Pending","conditions":[)" + Condition("PodScheduled", "False", "Unschedulable", "0/3 nodes are available") + "]", kProgressing, "0/3 nodes"},
      {"v1", "Pod", R"("restartPolicy":"Never")", R"("phase":"Running")", kProgressing, "has not completed"},
      {"v1", "Pod", "", R"("phase":"Succeeded")", kHealthy, "has completed"},
      {"v1", "Pod", "", R"("phase":"Failed","reason":"Evicted","message":"out of memory")", kDegraded, "out of memory"},
      // Job, CronJob
      {"batch/v1", "Job", "", "", kProgressing, "has not started"},
      {"batch/v1", "Job", R"("completions":3)", R"("startTime":"t","active":1,"succeeded":1,"failed":2)", kProgressing, "1 of 3 completions, 2 failed"},
      {"batch/v1", "Job", "", R"("conditions":[)" + Condition("Complete", "True") + "]", kHealthy, "has completed"},
      {"batch/v1", "Job", "", R"("conditions":[)" + Condition("Failed", "True", "BackoffLimitExceeded") + "]", kDegraded, "BackoffLimitExceeded"},
      {"batch/v1", "Job", R"("suspend":true)", "", kSuspended, "suspended"},
      {"batch/v1", "CronJob", R"("suspend":true)", "", kSuspended, "suspended"},
      {"batch/v1", "CronJob", "", "", kHealthy, ""},
      // cluster
      {"v1", "Namespace", "", R"("phase":"Active")", kHealthy, ""},
      {"v1", "Namespace", "", "", kProgressing, "not active"},
      {"apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "", kProgressing, "not served"},
      {"apiextensions.k8s.io/v1", "CustomResourceDefinition", "", R"("conditions":[)" + Condition("NamesAccepted", "True") + "," + Condition("Established", "True") + "]", kHealthy, ""},
      {"apiextensions.k8s.io/v1", "CustomResourceDefinition", "", R"("conditions":[)" + Condition("NamesAccepted", "False", "Conflict", "plural taken") + "]", kDegraded, "plural taken"},
      {"apiregistration.k8s.io/v1", "APIService", "", R"("conditions":[)" + Condition("Available", "False", "MissingEndpoints", "no endpoints") + "]", kProgressing, "no endpoints"},
      {"v1", "Service", R"("type":"LoadBalancer")", R"("loadBalancer":{})", kProgressing, "address"},
      {"v1", "Service", R"("type":"LoadBalancer")", R"("loadBalancer":{"ingress":[{"ip":"1.2.3.4"}]})", kHealthy, ""},
      {"v1", "Service", R"("type":"ClusterIP")", "", kHealthy, ""},
      {"networking.k8s.io/v1", "Ingress", "", "", kHealthy, "no address"},
      {"v1", "PersistentVolumeClaim", "", R"("phase":"Pending")", kProgressing, "not bound"},
      {"v1", "PersistentVolumeClaim", "", R"("phase":"Lost")", kDegraded, "lost"},
      {"v1", "PersistentVolumeClaim", "", R"("phase":"Bound")", kHealthy, ""},
      {"autoscaling/v2", "HorizontalPodAutoscaler", "", R"("conditions":[)" + Condition("ScalingActive", "False", "FailedGetResourceMetric", "no metrics") + "]", kDegraded, "no metrics"},
      {"autoscaling/v2", "HorizontalPodAutoscaler", "", R"("conditions":[)" + Condition("ScalingActive", "False", "ScalingDisabled") + "]", kSuspended, "no replicas"},
      {"policy/v1", "PodDisruptionBudget", "", kSeen + R"("currentHealthy":1,"desiredHealthy":2)", kHealthy, "1 of 2 pods healthy"},
      // anything else
      {"v1", "ConfigMap", "", "", kHealthy, ""},
      {"x.io/v1", "Widget", "", "", kHealthy, ""},
      {"x.io/v1", "Widget", "", R"("observedGeneration":1)", kProgressing, "has not seen"},
      {"x.io/v1", "Widget", "", R"("conditions":[)" + Condition("Ready", "False", "Waiting", "for the moon") + "]", kProgressing, "is not ready: for the moon"},
      {"x.io/v1", "Widget", "", R"("conditions":[)" + Condition("Ready", "True") + "]", kHealthy, ""},
      {"x.io/v1", "Widget", "", R"("conditions":[{"type":"Ready","status":"True","observedGeneration":1}])", kProgressing, "has not seen"},
      {"x.io/v1", "Widget", "", R"("conditions":[)" + Condition("Ready", "False") + "," + Condition("Stalled", "True", "BadSpec", "no such field") + "]", kDegraded, "is stalled: no such field"},
      {"x.io/v1", "Widget", "", R"("conditions":[)" + Condition("Reconciling", "True", "", "building") + "]", kProgressing, "building"},
  };
  for (const Case& c : kCases) {
    const std::string text = R"({"apiVersion":")" + c.api_version + R"(","kind":")" + c.kind + R"(","metadata":{"name":"x","generation":2},"spec":{)" + c.spec +
                             R"(},"status":{)" + (c.status.ends_with(",") ? c.status.substr(0, c.status.size() - 1) : c.status) + "}}";
    const Health health = Assess(Json(text).root());
    EXPECT_EQ(HealthStatusName(health.status), HealthStatusName(c.want)) << text << "\n" << health.message;
    EXPECT_THAT(health.message, ::testing::HasSubstr(c.message)) << text;
    if (c.want != kHealthy) { EXPECT_NE(health.message, "") << text; }
  }
}

TEST(Health, DeletionNamesWhatItWaitsFor) {
  const Health health = Assess(Json(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","deletionTimestamp":"2026-11-29T00:01:02Z","finalizers":["a/b"]}})").root());
  EXPECT_EQ(health.status, kProgressing);
  EXPECT_EQ(health.message, "is being deleted since 2026-11-29T00:01:02Z, and waits for the finalizers 'a/b'");
  const Health ns = Assess(Json(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"x","deletionTimestamp":"t"},"status":{"conditions":[)" +
                                Condition("NamespaceContentRemaining", "True", "R", "pods. has 2 resource instances") + "]}}").root());
  EXPECT_THAT(ns.message, ::testing::HasSubstr("pods. has 2 resource instances"));
}

TEST(Health, NothingIsMissing) {
  EXPECT_EQ(Assess(Value()).status, HealthStatus::kMissing);
  EXPECT_EQ(Assess(Arena::Int(1)).status, HealthStatus::kUnknown);
}

TEST(Health, MessagesAreOneLineOfBoundedLength) {
  const std::string long_text(10'000, 'x');
  const Health health = Assess(Json(R"({"apiVersion":"x.io/v1","kind":"W","metadata":{},"status":{"conditions":[)" + Condition("Ready", "False", "R", "a\\nb" + long_text) + "]}}").root());
  EXPECT_EQ(health.message, "is not ready: a");
  const Health cut = Assess(Json(R"({"apiVersion":"x.io/v1","kind":"W","metadata":{},"status":{"conditions":[)" + Condition("Ready", "False", "R", long_text) + "]}}").root());
  EXPECT_LT(cut.message.size(), 400u);
}

// The real controller's traces: a StatefulSet is called stuck where the trace ends with a pod that nobody replaces, and
// only there.
TEST(Health, StuckStatefulSetsOfTheRealControllerAreRecognised) {
  const char* folder = std::getenv("PLUMB_CONFORMANCE");
  std::ifstream file(std::string(folder ? folder : "../shared/conformance") + "/controllers/statefulset-rollouts.json");
  if (!file) GTEST_SKIP() << "no recorded controller traces: set PLUMB_CONFORMANCE";
  std::stringstream text;
  text << file.rdbuf();
  const Document scenarios = Json(text.str());
  for (Value scenario : scenarios->items()) {
    const auto trace = scenario.Get("trace").items();
    const Value status = trace.back().Get("status");
    const Document object = BuildDocument([&](Arena& a) {
      const Value live = a.Map({{"observedGeneration", Arena::Int(1)}, {"replicas", status.Get("replicas")}, {"readyReplicas", status.Get("ready")},
                                {"updatedReplicas", status.Get("updated")}, {"currentRevision", a.Copy(status.Get("currentRevision"))},
                                {"updateRevision", a.Copy(status.Get("updateRevision"))}});
      const Value spec = a.Map({{"replicas", status.Get("replicas")}, {"podManagementPolicy", a.Copy(scenario.Get("podManagementPolicy"))},
                                {"updateStrategy", a.Map({{"type", a.Copy(scenario.Get("updateStrategy"))}})}});
      return a.Map({{"apiVersion", a.String("apps/v1")}, {"kind", a.String("StatefulSet")}, {"metadata", a.Map({})}, {"spec", spec}, {"status", live}});
    });
    const bool stuck = Assess(object.root()).status == kDegraded;
    EXPECT_EQ(stuck, scenario.GetString("name") == "bad-image-stalls-OrderedReady") << scenario.GetString("name") << " " << WriteJson(status);
  }
}

// Every kind with a rule survives every shape of object.
TEST(Health, HostileObjectsAreNeverMoreThanUnhealthy) {
  std::mt19937 random(11);
  const std::string_view kShapes[] = {"null", "1", "-5", "true", R"("x")", "[]", "{}", "[1,null,{}]", R"([{"type":"Ready","status":1}])", R"({"a":[{}]})", "9223372036854775807"};
  const std::string_view kKeys[] = {"replicas", "conditions", "observedGeneration", "updatedReplicas", "phase", "containerStatuses", "loadBalancer", "updateStrategy", "readyReplicas", "currentRevision", "updateRevision", "desiredNumberScheduled"};
  const auto pick = [&](const auto& from) { return std::string(from[random() % std::size(from)]); };
  for (const auto rules : {health::WorkloadRules(), health::ClusterRules()})
    for (const health::KindRule& rule : rules)
      for (int round = 0; round < 200; ++round) {
        std::string part[2];
        for (std::string& p : part) {
          if (random() % 5 == 0) { p = pick(kShapes); continue; }
          for (std::string_view key : kKeys)
            if (random() % 2) p += (p.empty() ? "{\"" : ",\"") + std::string(key) + "\":" + pick(kShapes);
          p += p.empty() ? "{}" : "}";
        }
        const std::string api = (rule.group.empty() ? "" : std::string(rule.group) + "/") + "v1";
        Assess(Json(R"({"apiVersion":")" + api + R"(","kind":")" + std::string(rule.kind) + R"(","metadata":)" + (random() % 4 ? R"({"generation":1})" : pick(kShapes)) +
                    ",\"spec\":" + part[0] + ",\"status\":" + part[1] + "}").root());
      }
}

}  // namespace
}  // namespace plumb
