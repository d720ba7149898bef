// The drift comparison: what counts as a difference, why it is there and who made it.
#include "diff/object_diff.h"

#include "diff/ignore.h"
#include "tests/diff/pairs.h"

namespace plumb {
namespace {

using testing::Compare;
using testing::Lines;
using testing::Yaml;

constexpr char kManifest[] = R"(
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  labels: {app: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: nginx:1.25
        ports: [{containerPort: 80}]
        resources: {limits: {cpu: 0.5, memory: 512Mi}}
)";

// The same in the cluster, with what the server and its controllers add.
constexpr char kLive[] = R"(
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  uid: 1-2-3
  resourceVersion: "77"
  generation: 1
  creationTimestamp: "2026-01-01T00:00:00Z"
  labels: {app: web}
  annotations: {deployment.kubernetes.io/revision: "1"}
  managedFields:
  - manager: plumb
    operation: Apply
    apiVersion: apps/v1
    time: "2026-01-01T00:00:00Z"
    fieldsType: FieldsV1
    fieldsV1:
      f:metadata: {f:labels: {f:app: {}}}
      f:spec:
        f:replicas: {}
        f:selector: {}
        f:template:
          f:metadata: {f:labels: {f:app: {}}}
          f:spec:
            f:containers:
              k:{"name":"web"}:
                .: {}
                f:name: {}
                f:image: {}
                f:ports: {'k:{"containerPort":80,"protocol":"TCP"}': {.: {}, f:containerPort: {}}}
                f:resources: {f:limits: {f:cpu: {}, f:memory: {}}}
  - manager: kube-controller-manager
    operation: Update
    subresource: status
    apiVersion: apps/v1
    time: "2026-01-01T00:00:05Z"
    fieldsType: FieldsV1
    fieldsV1: {f:metadata: {f:annotations: {.: {}, f:deployment.kubernetes.io/revision: {}}}, f:status: {f:replicas: {}}}
spec:
  progressDeadlineSeconds: 600
  replicas: 3
  revisionHistoryLimit: 10
  selector: {matchLabels: {app: web}}
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}}
  template:
    metadata: {creationTimestamp: null, labels: {app: web}}
    spec:
      containers:
      - image: nginx:1.25
        imagePullPolicy: IfNotPresent
        name: web
        ports: [{containerPort: 80, protocol: TCP}]
        resources: {limits: {cpu: 500m, memory: 512Mi}}
        terminationMessagePath: /dev/termination-log
        terminationMessagePolicy: File
      dnsPolicy: ClusterFirst
      restartPolicy: Always
      schedulerName: default-scheduler
      securityContext: {}
      terminationGracePeriodSeconds: 30
status: {replicas: 3}
)";

std::string Replaced(std::string text, std::string_view what, std::string_view with) {
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

// kLive with another entry in managedFields.
std::string WithManager(std::string live, const std::string& manager, const std::string& time, const std::string& fields, const std::string& operation = "Update") {
  return Replaced(std::move(live), "  - manager: kube-controller-manager",
                  "  - {manager: " + manager + ", operation: " + operation + ", time: \"" + time + "\", fieldsV1: " + fields + "}\n  - manager: kube-controller-manager");
}

TEST(ObjectDiff, ServerDefaultsAndStatusAreNoDifference) {
  const ObjectDiff diff = Compare(kManifest, kLive);
  EXPECT_EQ(Lines(diff.changes), "");
  EXPECT_EQ(diff.action, DiffAction::kNone);
  EXPECT_TRUE(diff.exact()) << diff.uncertain[0];
}

TEST(ObjectDiff, AbsentObjectIsCreated) {
  const ObjectDiff diff = Compare(Yaml(kManifest), Document());
  EXPECT_EQ(diff.action, DiffAction::kCreate);
  EXPECT_EQ(diff.id.ToString(), "Deployment shop/web");
}

TEST(ObjectDiff, ChangedInGit) {
  const ObjectDiff diff = Compare(Replaced(kManifest, "nginx:1.25", "nginx:1.26"), kLive);
  EXPECT_EQ(Lines(diff.changes), "spec.template.spec.containers[name=web].image: \"nginx:1.25\" -> \"nginx:1.26\" (changed in git)\n");
  EXPECT_EQ(diff.action, DiffAction::kPatch);
}

TEST(ObjectDiff, DriftNamesWhoWroteItAndWhen) {
  std::string live = Replaced(Replaced(kLive, "replicas: 3\n  revision", "replicas: 9\n  revision"), "        f:replicas: {}\n        f:selector", "        f:selector");
  live = WithManager(live, "kubectl-edit", "2026-01-02T00:00:00Z", "{f:spec: {f:replicas: {}}}");
  EXPECT_EQ(Lines(Compare(kManifest, live).changes), "spec.replicas: 9 -> 3 (drift: written by kubectl-edit at 2026-01-02T00:00:00Z)\n");
}

TEST(ObjectDiff, RemovedFromGit) {
  EXPECT_EQ(Lines(Compare(Replaced(kManifest, "  labels: {app: web}\nspec:\n  replicas: 3\n", "spec:\n"), kLive).changes),
            "metadata.labels.app: \"web\" -> (none) (removed from git)\nspec.replicas: 3 -> (none) (removed from git)\n");
  EXPECT_EQ(Lines(Compare(Replaced(kManifest, "        ports: [{containerPort: 80}]\n", ""), kLive).changes),
            "spec.template.spec.containers[name=web].ports[containerPort=80,protocol=TCP]: {\"containerPort\":80,\"protocol\":\"TCP\"} -> (none) (removed from git)\n");
}

TEST(ObjectDiff, RemovedFieldThatAnotherHasTooIsReleased) {
  const std::string live = WithManager(kLive, "hpa", "2026-01-02T00:00:00Z", "{f:spec: {f:replicas: {}}}");
  EXPECT_EQ(Lines(Compare(Replaced(kManifest, "  replicas: 3\n", ""), live).changes),
            "spec.replicas: 3 -> (none) (no longer declared: stays, hpa has it too)\n");
}

TEST(ObjectDiff, NewFieldIsChangedInGit) {
  EXPECT_EQ(Lines(Compare(Replaced(kManifest, "  replicas: 3\n", "  replicas: 3\n  minReadySeconds: 5\n"), kLive).changes),
            "spec.minReadySeconds: (none) -> 5 (changed in git)\n");
}

TEST(ObjectDiff, ObjectThatWasNeverOursIsNotDeclaredBefore) {
  const std::string live = Replaced(Replaced(kLive, "manager: plumb\n    operation: Apply", "manager: kubectl-create\n    operation: Update"), "nginx:1.25", "nginx:1.0");
  EXPECT_EQ(Lines(Compare(kManifest, live).changes),
            "spec.template.spec.containers[name=web].image: \"nginx:1.0\" -> \"nginx:1.25\" (not declared before: written by kubectl-create)\n");
}

TEST(ObjectDiff, FieldOfAnotherApplierIsAConflict) {
  const std::string live = WithManager(Replaced(kLive, "  progressDeadlineSeconds: 600", "  progressDeadlineSeconds: 60"), "argocd", "2025-12-31T00:00:00Z",
                                       "{f:spec: {f:progressDeadlineSeconds: {}}}", "Apply");
  EXPECT_EQ(Lines(Compare(Replaced(kManifest, "  replicas: 3\n", "  replicas: 3\n  progressDeadlineSeconds: 70\n"), live).changes),
            "spec.progressDeadlineSeconds: 60 -> 70 (ownership conflict with argocd)\n");
}

TEST(ObjectDiff, TheManifestOfLastTimeMakesCausesExact) {
  const Document manifest = Yaml(kManifest);
  const ObjectDiff rewritten = Compare(manifest, Yaml(Replaced(kLive, "nginx:1.25", "mirror/nginx:1.25")), nullptr, manifest);
  EXPECT_EQ(Lines(rewritten.changes), "spec.template.spec.containers[name=web].image: \"mirror/nginx:1.25\" -> \"nginx:1.25\" (rewritten by the server)\n");
  const std::string removed = Replaced(Replaced(kLive, "  labels: {app: web}\n  annotations", "  annotations"), "f:metadata: {f:labels: {f:app: {}}}\n      f:spec", "f:spec");
  EXPECT_EQ(Lines(Compare(manifest, Yaml(removed), nullptr, manifest).changes), "metadata.labels: (none) -> {\"app\":\"web\"} (drift)\n")
      << "a declared field that somebody deleted";
}

TEST(ObjectDiff, ImmutableChangesAreMarked) {
  const ObjectDiff diff = Compare(Replaced(kManifest, "selector: {matchLabels: {app: web}}", "selector: {matchLabels: {app: other}}"), kLive);
  EXPECT_EQ(Lines(diff.changes), "spec.selector.matchLabels.app: \"web\" -> \"other\" (changed in git; immutable: must be replaced)\n");
  EXPECT_TRUE(diff.must_replace());
}

TEST(ObjectDiff, AutoscaledReplicasAreLeftAlone) {
  std::string live = Replaced(Replaced(kLive, "replicas: 3\n  revision", "replicas: 9\n  revision"), "        f:replicas: {}\n        f:selector", "        f:selector");
  live = WithManager(live, "kube-controller-manager", "2026-01-02T00:00:00Z", "{f:spec: {f:replicas: {}}}, subresource: scale");
  const ObjectDiff diff = Compare(kManifest, live);
  EXPECT_EQ(diff.action, DiffAction::kNone);
  ASSERT_EQ(diff.ignored.size(), 1u);
  EXPECT_EQ(diff.ignored[0].note, "replicas are scaled by kube-controller-manager");
  EXPECT_FALSE(diff.desired->Get("spec").Has("replicas")) << "sending it would take it from the autoscaler";
}

TEST(ObjectDiff, IgnoredFieldThatOnlyWeHoldIsSentAsItIs) {
  const auto rules = IgnoreRules::Parse(*Yaml("[{kind: Deployment, fields: [spec.replicas]}, {kind: Pod, fields: [spec]}]"), "spec.ignore");
  ASSERT_TRUE(rules.ok());
  const ObjectDiff diff = Compare(Yaml(Replaced(kManifest, "replicas: 3", "replicas: 7")), Yaml(kLive), &*rules);
  EXPECT_EQ(diff.action, DiffAction::kNone);
  EXPECT_EQ(Lines(diff.ignored), "spec.replicas: 3 -> 7 (changed in git; ignored by rule spec.ignore[0])\n");
  EXPECT_EQ(diff.desired->Get("spec").Get("replicas").AsInt(), 3) << "left out, the server would reset it to 1";
  EXPECT_EQ(UnusedRules(*rules, std::span(&diff, 1)), std::vector<std::string>{"spec.ignore[1]"});
}

TEST(ObjectDiff, UnknownKindIsComparedByStructureAndSaysSo) {
  const ObjectDiff diff = Compare("{apiVersion: x.io/v1, kind: Widget, metadata: {name: a}, spec: {size: 2}}",
                                  "{apiVersion: x.io/v1, kind: Widget, metadata: {name: a, uid: u}, spec: {size: 1, color: red}}");
  EXPECT_EQ(Lines(diff.changes), "spec.size: 1 -> 2 (not declared before)\n");
  EXPECT_FALSE(diff.exact());
}

TEST(ObjectDiff, FieldThatTheSchemaHasNotIsAWarningAndNoDrift) {
  const ObjectDiff diff = Compare(Replaced(kManifest, "  replicas: 3\n", "  replicas: 3\n  replcas: 4\n"), kLive);
  EXPECT_EQ(Lines(diff.changes), "");
  ASSERT_EQ(diff.warnings.size(), 1u);
  EXPECT_NE(diff.warnings[0].find("spec.replcas is not in the schema of Deployment"), std::string::npos);
}

TEST(ObjectDiff, UnchangedManifestIsSentAsItIs) {
  const Document manifest = Yaml(kManifest);
  EXPECT_TRUE(Compare(manifest, Yaml(kLive)).desired->SameAs(*manifest));
}

// A port that leaves its protocol to the default, a Secret in plain text, and an entry of ours that went with its last field: what was
// declared before is found all the same.
TEST(Causes, WhatWasDeclaredBeforeIsFoundUnderDefaultKeysStringDataAndWithoutAnEntry) {
  const Document service = Yaml("{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: 80, targetPort: 81}]}}");
  const Document live_service = Yaml(
      "{apiVersion: v1, kind: Service, metadata: {name: s, managedFields: [{manager: plumb, operation: Apply, apiVersion: v1, time: '2026-01-02T00:00:00Z', fieldsV1: {'f:spec': {'f:ports': "
      "{'k:{\"port\":80,\"protocol\":\"TCP\"}': {'.': {}, 'f:port': {}}}}}}]}, spec: {ports: [{port: 80, protocol: TCP, targetPort: 82}]}}");
  EXPECT_EQ(Lines(Compare(service, live_service, nullptr, service).changes), "spec.ports[port=80,protocol=TCP].targetPort: 82 -> 81 (drift)\n");

  const Document secret = Yaml("{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {a: x}}");
  const Document live_secret = Yaml(
      "{apiVersion: v1, kind: Secret, metadata: {name: s, managedFields: [{manager: meddler, operation: Update, apiVersion: v1, time: '2026-01-02T00:00:00Z', fieldsV1: {'f:data': {'f:a': {}}}}]}, data: {a: "
      "eQ==}}");
  EXPECT_EQ(Lines(Compare(secret, live_secret, nullptr, secret).changes), "data.a: \"eQ==\" -> \"eA==\" (drift: written by meddler at 2026-01-02T00:00:00Z)\n");
}

// Where the schema says nothing a map is owned apart from its parts: "f:a": {} is all that is left of ours once the only part is taken.
TEST(ObjectDiff, TheOnlyPartOfAnUntypedMapIsWhoseItWasTaken) {
  const auto entry = [](const std::string& manager, const std::string& operation, const std::string& fields, const std::string& time) {
    return "{manager: " + manager + ", operation: " + operation + ", apiVersion: x.io/v1, time: '" + time + "', fieldsType: FieldsV1, fieldsV1: " + fields + "}";
  };
  DiffInput input;
  input.manifest.object = Yaml("{apiVersion: x.io/v1, kind: Thing, metadata: {name: t}, spec: {a: {b: true}}}");
  input.live = Yaml("{apiVersion: x.io/v1, kind: Thing, metadata: {name: t, managedFields: [" + entry("plumb", "Apply", "{f:spec: {f:a: {}}}", "2026-01-01T00:00:00Z") + ", " +
                    entry("meddler", "Update", "{f:spec: {f:a: {f:b: {}}}}", "2026-01-02T00:00:00Z") + "]}, spec: {a: {b: false}}}");
  input.schema = EmbeddedSchema();
  input.type = Schema::Deduced();
  for (const Document& before : {Document(), input.manifest.object}) {
    input.declared_before = before;
    EXPECT_EQ(Lines(DiffObject(input).changes), "spec.a.b: false -> true (drift: written by meddler at 2026-01-02T00:00:00Z)\n");
  }
}

}  // namespace
}  // namespace plumb
