// Ignore rules: where they stand, how they name fields, and what the live state explains without one.
#include "diff/ignore.h"

#include <gmock/gmock.h>

#include "core/memory_tree.h"
#include "diff/field_pattern.h"
#include "tests/diff/pairs.h"

namespace plumb {
namespace {

using testing::Compare;
using testing::Lines;
using testing::Yaml;
using ::testing::HasSubstr;

constexpr char kDeployment[] = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}, annotations: {a.b/c: x}}
spec:
  replicas: 3
  template:
    spec:
      containers:
      - {name: web, image: "web:1", ports: [{containerPort: 80, protocol: TCP}], env: [{name: MODE, value: a}]}
      - {name: sidecar, image: "proxy:1", args: [a, b]}
)";

FieldPath Path(std::string_view text) { return *FieldPath::Parse(text); }

TEST(FieldPattern, ThreeWaysToNameAField) {
  const Document object = Yaml(kDeployment);
  const struct {
    std::string_view pattern, path;
    bool covers;
  } kCases[] = {
      // Ours.
      {"spec.replicas", "spec.replicas", true},
      {"spec", "spec.replicas", true},
      {"spec.replicas.more", "spec.replicas", false},
      {"spec.template.spec.containers[name=web].image", "spec.template.spec.containers[name=web].image", true},
      {"spec.template.spec.containers[name=web].image", "spec.template.spec.containers[name=sidecar].image", false},
      {"spec.template.spec.containers[name=*].image", "spec.template.spec.containers[name=sidecar].image", true},
      {"spec.template.spec.containers[name=w?b]", "spec.template.spec.containers[name=web].image", true},
      {"spec.template.spec.containers[*].image", "spec.template.spec.containers[name=sidecar].image", true},
      {"spec.template.spec.containers[].image", "spec.template.spec.containers[name=sidecar].image", true},
      {"spec.template.spec.containers[1].image", "spec.template.spec.containers[name=sidecar].image", true},
      {"spec.template.spec.containers[1].image", "spec.template.spec.containers[name=web].image", false},
      {"spec.template.spec.containers[name=web].ports[containerPort=80]", "spec.template.spec.containers[name=web].ports[containerPort=80,protocol=TCP]", true},
      {"metadata.annotations[\"a.b/*\"]", "metadata.annotations[\"a.b/c\"]", true},
      {"metadata.anno*", "metadata.annotations[\"a.b/c\"]", true},
      {"metadata.*[\"a.b/c\"]", "metadata.annotations[\"a.b/c\"]", true},
      // JSON pointers.
      {"/spec/replicas", "spec.replicas", true},
      {"/spec/template/spec/containers/0/image", "spec.template.spec.containers[name=web].image", true},
      {"/spec/template/spec/containers/0/image", "spec.template.spec.containers[name=sidecar].image", false},
      {"/metadata/annotations/a.b~1c", "metadata.annotations[\"a.b/c\"]", true},
      {"/spec/template/spec/containers/1/args/0", "spec.template.spec.containers[name=sidecar].args[0]", true},
      // jq.
      {".spec.template.spec.containers[].image", "spec.template.spec.containers[name=sidecar].image", true},
      {".spec.template.spec.containers[]?.image", "spec.template.spec.containers[name=sidecar].image", true},
      {".spec.template.spec.containers[] | select(.name == \"web\") | .image", "spec.template.spec.containers[name=web].image", true},
      {".spec.template.spec.containers[] | select(.name == \"web\") | .image", "spec.template.spec.containers[name=sidecar].image", false},
      {".spec.template.spec.containers[] | select(.name == \"web\").image", "spec.template.spec.containers[name=web].image", true},
      {".spec.template.spec.containers[]|select(.name!=\"web\")", "spec.template.spec.containers[name=sidecar].args[0]", true},
      {".spec.template.spec.containers[] | select(.image | startswith(\"proxy:\")) | .args", "spec.template.spec.containers[name=sidecar].args[1]", true},
      {".spec.template.spec.containers[] | select((.name == \"web\" or .name == \"x\") and (.image | endswith(\":2\") | not))",
       "spec.template.spec.containers[name=web].image", true},
      {".spec.template.spec.containers[] | select(.image | contains(\"eb\")) | .env[] | select(.name==\"MODE\") | .value",
       "spec.template.spec.containers[name=web].env[name=MODE].value", true},
      {".metadata.annotations.\"a.b/c\"", "metadata.annotations[\"a.b/c\"]", true},
      {".metadata.annotations[\"a.b/c\"] | select(. == \"x\")", "metadata.annotations[\"a.b/c\"]", true},
      {"select(.kind == \"Deployment\") | .spec.replicas", "spec.replicas", true},
      {"select(.kind == \"Job\") | .spec.replicas", "spec.replicas", false},
      {".spec.template.spec.containers[0].image", "spec.template.spec.containers[name=web].image", true},
  };
  for (const auto& c : kCases) {
    const auto pattern = FieldPattern::Parse(c.pattern);
    ASSERT_TRUE(pattern.ok()) << c.pattern << ": " << pattern.error().message();
    EXPECT_EQ(pattern->Covers(Path(c.path), *object), c.covers) << c.pattern << " and " << c.path;
    EXPECT_TRUE(!c.covers || pattern->Exists(*object)) << c.pattern;
  }
}

TEST(FieldPattern, WhatIsNotUnderstoodIsSaidAndWhere) {
  const std::pair<std::string_view, std::string_view> kCases[] = {
      {"", "whole object"},
      {".", "expected a field's name"},
      {"spec..x", "expected a field's name"},
      {".spec.x[] | del(.y)", "at character 13"},
      {".spec.x[] | select(.a | test(\"b\"))", "startswith, endswith, contains or not"},
      {".spec.x[] | select(.a == \"b\"", "expected ')'"},
      {".spec.x[] | select(.a == )", "expected a string"},
      {".spec.x[] | select(.a == \"b)", "closing"},
      {".spec.x[] extra", "expected '.', '['"},
      {".spec.x[", "expected an index"},
      {"|", "expected a path"},
      {"/a/~2", "'~' must be followed"},
      {"select(.kind == \"X\")", "whole object"},
  };
  for (const auto& [pattern, message] : kCases) {
    const auto parsed = FieldPattern::Parse(pattern);
    ASSERT_FALSE(parsed.ok()) << pattern;
    EXPECT_THAT(parsed.error().message(), HasSubstr(std::string(message))) << pattern;
  }
  EXPECT_FALSE(FieldPattern::Parse(".a | select(" + std::string(60, '(') + ".a" + std::string(60, ')') + ")").ok()) << "bounded";
}

TEST(FieldPattern, ExistsOnlyWhereThePlaceIs) {
  const Document object = Yaml(kDeployment);
  for (const char* absent : {"spec.paused", "spec.template.spec.containers[name=db]", "/spec/template/spec/containers/7", ".spec.template.spec.volumes[].name",
                             ".spec.template.spec.containers[] | select(.name == \"db\") | .image"})
    EXPECT_FALSE(FieldPattern::Parse(absent)->Exists(*object)) << absent;
}

IgnoreRules Rules(std::string_view yaml) {
  auto rules = IgnoreRules::Parse(*Yaml(yaml), "spec.ignore");
  EXPECT_TRUE(rules.ok()) << rules.error().message();
  return rules.ok() ? *rules : IgnoreRules();
}

TEST(IgnoreRules, TheWordsOfArgoCd) {
  const IgnoreRules rules = Rules(R"([{group: apps, kind: Deployment, jsonPointers: [/spec/replicas], jqPathExpressions: ['.spec.template.spec.containers[] | select(.name == "web") | .image'],
                                      managedFieldsManagers: [kube-controller-manager]}])");
  ASSERT_EQ(rules.rules().size(), 1u);
  EXPECT_EQ(rules.rules()[0].fields.size(), 2u);
  EXPECT_EQ(rules.rules()[0].managers, std::vector<std::string>{"kube-controller-manager"});
}

TEST(IgnoreRules, SelectorsAreGlobs) {
  const Document object = Yaml(kDeployment);
  const std::pair<const char*, bool> kCases[] = {
      {"{kind: Deploy*}", true},      {"{kind: Job}", false},          {"{group: apps}", true},        {"{group: ''}", false},
      {"{namespace: sh?p}", true},    {"{namespace: other}", false},   {"{name: '*eb'}", true},        {"{labels: {app: w*}}", true},
      {"{labels: {app: db}}", false}, {"{labels: {team: '*'}}", false}, {"{kind: Deployment, name: web, namespace: shop}", true},
  };
  for (const auto& [selector, selects] : kCases) {
    std::string text = selector;
    text.insert(1, "fields: [spec], ");
    EXPECT_EQ(!Rules("[" + text + "]").Selecting(GvkOf(*object), *object).empty(), selects) << selector;
  }
}

Result<IgnoreRules> OfFile(const std::string& name, const std::string& text) {
  std::map<std::string, std::string> files;
  files[name] = text;
  return IgnoreRules::OfTree(MemoryTree(files));
}

TEST(IgnoreRules, OfTheRepositorysOwnFile) {
  const auto rules = OfFile(".plumb/ignore.yaml", "ignore:\n- kind: Deployment\n  fields: [spec.replicas]\n");
  ASSERT_TRUE(rules.ok()) << rules.error().message();
  ASSERT_EQ(rules->rules().size(), 1u);
  EXPECT_EQ(rules->rules()[0].where, ".plumb/ignore.yaml ignore[0]");
  EXPECT_TRUE(OfFile("a.yaml", "")->empty()) << "no file, no rules";
  const auto misspelt = OfFile(".plumb/ignore.yaml", "# rules\nignored: []\n");
  ASSERT_FALSE(misspelt.ok());
  EXPECT_THAT(misspelt.error().message(), HasSubstr(".plumb/ignore.yaml:2: unknown key 'ignored'"));
  EXPECT_FALSE(OfFile(".plumb/ignore.yaml", "ignore: {}\n").ok());
}

// A live Deployment where someone changed replicas and an image after Plumb's apply.
constexpr char kDrifted[] = R"(
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  managedFields:
  - {manager: plumb, operation: Apply, apiVersion: apps/v1, time: "2026-01-01T00:00:00Z", fieldsType: FieldsV1, fieldsV1: {"f:spec": {"f:paused": {}}}}
  - {manager: meddler, operation: Update, apiVersion: apps/v1, time: "2026-01-02T00:00:00Z", fieldsType: FieldsV1, fieldsV1:
      {"f:spec": {"f:replicas": {}, "f:template": {"f:spec": {"f:containers": {'k:{"name":"web"}': {"f:image": {}}}}}}}}
spec:
  replicas: 9
  template:
    spec:
      containers:
      - {name: web, image: "web:hacked"}
)";

ObjectDiff Drifted(const std::string& annotation, const std::string& live_annotation = "") {
  std::string live = kDrifted;
  if (!live_annotation.empty()) live.replace(live.find("  managedFields:"), 0, "  annotations: {" + live_annotation + "}\n");
  return Compare(Yaml("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop" + (annotation.empty() ? "" : ", annotations: {" + annotation + "}") +
                      "}, spec: {replicas: 3, template: {spec: {containers: [{name: web, image: 'web:1'}]}}}}"),
                 Yaml(live));
}

size_t OfSpec(const std::vector<FieldChange>& changes) {
  return static_cast<size_t>(std::count_if(changes.begin(), changes.end(), [](const FieldChange& c) { return c.path[0].name == "spec"; }));
}

TEST(ObjectAnnotations, FieldsAndManagersOfPlumbAndArgoCd) {
  EXPECT_EQ(OfSpec(Drifted("").changes), 2u);
  const ObjectDiff fields = Drifted("plumb.dev/ignore: \"spec.replicas, spec.template.spec.containers[name=web].image\"");
  EXPECT_EQ(OfSpec(fields.changes), 0u);
  EXPECT_THAT(Lines(fields.ignored), HasSubstr("ignored by rule annotation 'plumb.dev/ignore'"));
  EXPECT_EQ(OfSpec(Drifted("plumb.dev/ignore-managers: medd*").changes), 0u);
  EXPECT_EQ(OfSpec(Drifted("argocd.argoproj.io/ignore-differences-json-pointers: '/spec/replicas,/spec/template/spec/containers/0/image'").changes), 0u);
  EXPECT_EQ(OfSpec(Drifted("argocd.argoproj.io/compare-options: IgnoreExtraneous").changes), 2u);
}

TEST(ObjectAnnotations, FluxSwitches) {
  for (const char* all : {"kustomize.toolkit.fluxcd.io/reconcile: disabled", "kustomize.toolkit.fluxcd.io/ssa: Ignore", "kustomize.toolkit.fluxcd.io/ssa: IfNotPresent",
                          "plumb.dev/reconcile: disabled"}) {
    const ObjectDiff diff = Drifted(all);
    EXPECT_EQ(diff.action, DiffAction::kNone) << all << "\n" << Lines(diff.changes);
    EXPECT_EQ(Drifted("", all).action, DiffAction::kNone) << "on the live object: " << all;
  }
  EXPECT_EQ(OfSpec(Drifted("kustomize.toolkit.fluxcd.io/ssa: Merge").changes), 2u);
}

TEST(ObjectAnnotations, DriftAloneOrWhatGitChangesToo) {
  // The live fields are the meddler's: drift. Only what git itself changes goes through.
  EXPECT_EQ(OfSpec(Drifted("helm.toolkit.fluxcd.io/driftDetection: disabled").changes), 0u);
}

TEST(ObjectAnnotations, MistakesAreWarnedOf) {
  const ObjectDiff diff = Drifted("plumb.dev/ignore: 'spec..x', argocd.argoproj.io/compare-options: 'Nonsense=true'");
  ASSERT_EQ(diff.warnings.size(), 2u);
  EXPECT_THAT(diff.warnings[0], HasSubstr("annotation 'plumb.dev/ignore': field path 'spec..x'"));
  EXPECT_THAT(diff.warnings[1], HasSubstr("option 'Nonsense=true' is not known"));
  EXPECT_EQ(OfSpec(Drifted("", "plumb.dev/ignore: spec").changes), 2u) << "who edits the live object may not hide what he edits";
}

TEST(LiveState, ReplicasOfAnAutoscaler) {
  const Document manifest = Yaml("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 3}}");
  const auto live = [](const std::string& entry) {
    return Yaml("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, managedFields: [" + entry + "]}, spec: {replicas: 9}}");
  };
  const std::string scale = ", operation: Update, apiVersion: apps/v1, subresource: scale, time: '2026-01-02T00:00:00Z', fieldsType: FieldsV1, fieldsV1: {'f:spec': {'f:replicas': {}}}}";
  EXPECT_THAT(Lines(Compare(manifest, live("{manager: kube-controller-manager" + scale)).ignored), HasSubstr("left alone: replicas are scaled by kube-controller-manager"));
  EXPECT_EQ(Compare(manifest, live("{manager: kubectl" + scale)).changes.size(), 1u) << "a person who ran kubectl scale is drift";
  EXPECT_EQ(Compare(manifest, live("")).changes.size(), 1u);
  DiffInput input;
  input.manifest.object = manifest;
  input.live = live("");
  input.schema = EmbeddedSchema();
  input.type = input.schema->Find(GvkOf(*manifest));
  input.autoscaler = "HorizontalPodAutoscaler web";
  const ObjectDiff known = DiffObject(input);
  EXPECT_EQ(known.action, DiffAction::kNone);
  EXPECT_THAT(Lines(known.ignored), HasSubstr("replicas are scaled by HorizontalPodAutoscaler web"));
}

TEST(LiveState, InjectedBundles) {
  const auto webhook = [](const std::string& bundle) {
    return Yaml("{apiVersion: admissionregistration.k8s.io/v1, kind: MutatingWebhookConfiguration, metadata: {name: a}, webhooks: [{name: x.y.z, clientConfig: {url: 'https://x', caBundle: " + bundle + "}}]}");
  };
  EXPECT_THAT(Lines(Compare(webhook("Cg=="), webhook("QUJD")).ignored), HasSubstr("the CA bundle is injected"));
  EXPECT_EQ(Compare(webhook("QUJE"), webhook("QUJD")).changes.size(), 1u) << "a bundle that git declares is git's";
}

TEST(LiveState, FinishedJobs) {
  const auto job = [](int parallelism, const std::string& image, const std::string& condition) {
    return Yaml("{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {parallelism: " + std::to_string(parallelism) +
                ", template: {spec: {containers: [{name: c, image: " + image + "}]}}}, status: {conditions: [" + condition + "]}}");
  };
  const std::string complete = "{type: Complete, status: 'True'}";
  const ObjectDiff finished = Compare(job(2, "i", ""), job(0, "i", complete));
  EXPECT_EQ(finished.action, DiffAction::kNone);
  EXPECT_THAT(Lines(finished.ignored), HasSubstr("the Job has finished (Complete)"));
  EXPECT_EQ(Compare(job(2, "i", ""), job(0, "i", "{type: Complete, status: 'False'}")).changes.size(), 1u) << "it runs";
  EXPECT_EQ(Compare(job(2, "new", ""), job(2, "old", complete)).action, DiffAction::kNone) << "nobody of us applied it: what differs is not git's doing";
  const ObjectDiff changed = Compare(job(2, "new", ""), job(2, "old", complete), nullptr, job(2, "old", ""));
  EXPECT_EQ(changed.action, DiffAction::kPatch) << "git has a new manifest: it needs a new Job";
  EXPECT_TRUE(changed.must_replace());
}

TEST(Causes, AnObjectOfKubectlApplyHasItsLastManifest) {
  const auto live = [](const std::string& replicas) {
    return Yaml(R"({apiVersion: apps/v1, kind: Deployment, metadata: {name: web, annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"spec":{"replicas":3}}'}},
      spec: {replicas: )" + replicas + ", paused: true}}");
  };
  const auto manifest = [](const std::string& spec) { return Yaml("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {" + spec + "}}"); };
  EXPECT_EQ(Lines(Compare(manifest("replicas: 3"), live("9")).changes), "spec.replicas: 9 -> 3 (drift)\n");
  EXPECT_EQ(Lines(Compare(manifest("replicas: 5"), live("3")).changes), "spec.replicas: 3 -> 5 (changed in git)\n");
  EXPECT_EQ(Lines(Compare(manifest("paused: false"), live("3")).changes), "spec.paused: true -> false (not declared before)\n");
}

}  // namespace
}  // namespace plumb
