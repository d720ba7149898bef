// The order of steps: which edges there are, and that every one is respected.
#include "engine/plan/order.h"

#include <gmock/gmock.h>

#include <random>

#include "engine/plan/graph.h"
#include "tests/engine/plan/objects.h"

namespace plumb {
namespace {

using ::testing::HasSubstr;
using namespace plumb::testing;  // NOLINT: the helpers of these tests

// Nodes only look at their objects: the documents of all tests are kept here.
OrderNode Node(const Document& object, bool remove = false) {
  static std::vector<Document> kept;
  kept.push_back(object);
  return {IdOf(object.root()), object.root(), {"all.yaml", 0, 1}, remove};
}

std::vector<OrderNode> Nodes(const std::vector<Document>& objects, bool remove = false) {
  std::vector<OrderNode> nodes;
  for (const Document& object : objects) nodes.push_back(Node(object, remove));
  return nodes;
}

// "Deployment shop/web after ConfigMap shop/settings exists", one for each edge.
std::vector<std::string> EdgesOf(const std::vector<OrderNode>& nodes, const Ordering& order) {
  std::vector<std::string> edges;
  for (size_t i = 0; i < nodes.size(); ++i)
    for (const Edge& edge : order.after[i])
      edges.push_back(nodes[i].id.ToString() + " after " + nodes[edge.on].id.ToString() + " " + std::string(GateName(edge.gate)));
  std::sort(edges.begin(), edges.end());
  return edges;
}

void ExpectRespected(const std::vector<OrderNode>& nodes, const Ordering& order) {
  ASSERT_EQ(order.sequence.size(), nodes.size());
  std::vector<size_t> place(nodes.size(), SIZE_MAX);
  for (size_t i = 0; i < order.sequence.size(); ++i) place[order.sequence[i]] = i;
  for (size_t i = 0; i < nodes.size(); ++i) {
    ASSERT_NE(place[i], SIZE_MAX) << nodes[i].id.ToString() << " is not in the sequence";
    for (const Edge& edge : order.after[i]) {
      EXPECT_LT(place[edge.on], place[i]) << nodes[i].id.ToString() << " before " << nodes[edge.on].id.ToString();
      EXPECT_LE(order.stage_of[edge.on], order.stage_of[i]) << "an edge may not point to a later stage";
    }
    for (size_t j = 0; j < nodes.size(); ++j)
      if (order.stage_of[i] < order.stage_of[j]) { EXPECT_LT(place[i], place[j]); }
  }
}

const std::string kPodSpec = R"("spec":{"template":{"spec":{
    "serviceAccountName":"web","imagePullSecrets":[{"name":"pull"}],"priorityClassName":"high",
    "initContainers":[{"envFrom":[{"configMapRef":{"name":"init"}}]}],
    "containers":[{"env":[{"name":"A","valueFrom":{"secretKeyRef":{"name":"token","key":"k"}}}]}],
    "volumes":[{"configMap":{"name":"settings"}},{"persistentVolumeClaim":{"claimName":"data"}},
               {"projected":{"sources":[{"secret":{"name":"projected"}}]}}]}}})";

TEST(Order, PodsWaitForWhatTheyUse) {
  const auto nodes = Nodes({
      Object("apps/v1", "Deployment", "shop/web", kPodSpec), Namespace("shop"), Object("v1", "ServiceAccount", "shop/web"),
      Object("v1", "Secret", "shop/pull"), Object("scheduling.k8s.io/v1", "PriorityClass", "high"), Config("shop/init"),
      Object("v1", "Secret", "shop/token"), Config("shop/settings"), Object("v1", "PersistentVolumeClaim", "shop/data"),
      Object("v1", "Secret", "shop/projected"), Config("shop/unrelated"), Config("other/settings")});
  auto order = OrderSteps(nodes);
  ASSERT_TRUE(order.ok()) << order.error().message();
  std::vector<std::string> of_web;
  for (const Edge& edge : order->after[0]) of_web.push_back(nodes[edge.on].id.ToString() + " " + std::string(GateName(edge.gate)));
  EXPECT_THAT(of_web, ::testing::UnorderedElementsAre("Namespace shop active", "ServiceAccount shop/web exists", "Secret shop/pull exists",
                                                      "PriorityClass high exists", "ConfigMap shop/init exists", "Secret shop/token exists",
                                                      "ConfigMap shop/settings exists", "PersistentVolumeClaim shop/data exists",
                                                      "Secret shop/projected exists"));
  ExpectRespected(nodes, *order);
}

TEST(Order, KnownReferences) {
  const struct { std::string_view name; std::vector<Document> objects; std::vector<std::string> want; } kCases[] = {
      {"custom resources wait until their CRD is served",
       {Object("x.io/v1", "Widget", "shop/w"),
        Object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "widgets.x.io", R"("spec":{"group":"x.io","names":{"kind":"Widget"}})")},
       {"Widget.x.io shop/w after CustomResourceDefinition widgets.x.io established"}},
      {"bindings wait for role and account, pods for their rights",
       {Object("rbac.authorization.k8s.io/v1", "RoleBinding", "shop/b",
               R"("roleRef":{"kind":"Role","name":"r"},"subjects":[{"kind":"ServiceAccount","name":"web"},{"kind":"User","name":"u"}])"),
        Object("rbac.authorization.k8s.io/v1", "Role", "shop/r"), Object("v1", "ServiceAccount", "shop/web"),
        Object("v1", "Pod", "shop/p", R"("spec":{"serviceAccountName":"web"})")},
       {"Pod shop/p after RoleBinding shop/b exists", "Pod shop/p after ServiceAccount shop/web exists",
        "RoleBinding shop/b after Role shop/r exists", "RoleBinding shop/b after ServiceAccount shop/web exists"}},
      {"ingress waits for services, secrets and class",
       {Object("networking.k8s.io/v1", "Ingress", "shop/i",
               R"("spec":{"ingressClassName":"nginx","tls":[{"secretName":"cert"}],"rules":[{"http":{"paths":[{"backend":{"service":{"name":"web"}}}]}}]})"),
        Object("v1", "Service", "shop/web"), Object("v1", "Secret", "shop/cert"), Object("networking.k8s.io/v1", "IngressClass", "nginx")},
       {"Ingress shop/i after IngressClass nginx exists", "Ingress shop/i after Secret shop/cert exists", "Ingress shop/i after Service shop/web exists"}},
      {"an autoscaler waits for its target",
       {Object("autoscaling/v2", "HorizontalPodAutoscaler", "shop/h",
               R"("spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"}})"),
        Object("apps/v1", "Deployment", "shop/web")},
       {"HorizontalPodAutoscaler shop/h after Deployment shop/web exists"}},
      {"webhooks and API services wait for their service",
       {Object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "w",
               R"("webhooks":[{"clientConfig":{"service":{"namespace":"shop","name":"hook"}}}])"),
        Object("apiregistration.k8s.io/v1", "APIService", "v1.x.io", R"("spec":{"service":{"namespace":"shop","name":"hook"}})"),
        Object("v1", "Service", "shop/hook")},
       {"APIService v1.x.io after Service shop/hook exists", "ValidatingWebhookConfiguration w after Service shop/hook exists"}},
      {"owned objects wait for their owner",
       {Config("shop/child", R"("ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"parent"}])"), Config("shop/parent")},
       {"ConfigMap shop/child after ConfigMap shop/parent exists"}},
      {"policies of a namespace come before its pods",
       {Object("batch/v1", "Job", "shop/j", R"("spec":{"template":{"spec":{}}})"), Object("v1", "LimitRange", "shop/l"),
        Object("networking.k8s.io/v1", "NetworkPolicy", "shop/n"), Object("v1", "ResourceQuota", "other/q")},
       {"Job shop/j after LimitRange shop/l exists", "Job shop/j after NetworkPolicy shop/n exists"}},
      {"depends-on waits for health, in both notations",
       {Config("shop/a", DependsOn("Deployment/db, ClusterRole/view")),
        Config("shop/b", R"("annotations":{"config.kubernetes.io/depends-on":"apps/namespaces/shop/Deployment/db,/namespaces/shop/ConfigMap/a"})"),
        Object("apps/v1", "Deployment", "shop/db"), Object("rbac.authorization.k8s.io/v1", "ClusterRole", "view")},
       {"ConfigMap shop/a after ClusterRole view healthy", "ConfigMap shop/a after Deployment shop/db healthy",
        "ConfigMap shop/b after ConfigMap shop/a healthy", "ConfigMap shop/b after Deployment shop/db healthy"}},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.name);
    const auto nodes = Nodes(c.objects);
    auto order = OrderSteps(nodes);
    ASSERT_TRUE(order.ok()) << order.error().message();
    EXPECT_THAT(EdgesOf(nodes, *order), ::testing::ElementsAreArray(c.want));
    ExpectRespected(nodes, *order);
  }
}

TEST(Order, DeletesRunBackwards) {
  const std::vector<Document> objects = {Namespace("shop"), Config("shop/settings"),
                                         Object("apps/v1", "Deployment", "shop/web", R"("spec":{"template":{"spec":{"volumes":[{"configMap":{"name":"settings"}}]}}})")};
  auto nodes = Nodes(objects, true);
  const Document fresh = Config("other/new");
  nodes.push_back(Node(fresh));
  auto order = OrderSteps(nodes);
  ASSERT_TRUE(order.ok());
  EXPECT_THAT(EdgesOf(nodes, *order), ::testing::ElementsAre("ConfigMap shop/settings after Deployment shop/web gone",
                                                             "Namespace shop after ConfigMap shop/settings gone",
                                                             "Namespace shop after Deployment shop/web gone"));
  EXPECT_THAT(order->sequence, ::testing::ElementsAre(3, 2, 1, 0)) << "deletes come after every apply";
  EXPECT_TRUE(order->stages.back().deletes);
  EXPECT_TRUE(order->stages.back().needs_success);
}

TEST(Order, CycleOfPromisesIsAnErrorThatPrintsIt) {
  auto order = OrderSteps(Nodes({Config("shop/a", DependsOn("ConfigMap/b")), Config("shop/b", DependsOn("ConfigMap/c")),
                                 Config("shop/c", DependsOn("ConfigMap/a")), Config("shop/d", DependsOn("ConfigMap/a"))}));
  ASSERT_FALSE(order.ok());
  EXPECT_EQ(order.error().code(), Code::kInvalid);
  EXPECT_THAT(order.error().message(), HasSubstr("ConfigMap shop/a -> ConfigMap shop/b -> ConfigMap shop/c -> ConfigMap shop/a"));
}

TEST(Order, ImplicitReferenceThatWouldCloseACycleIsDropped) {
  const auto nodes = Nodes({Config("shop/settings", DependsOn("Deployment/web")),
                            Object("apps/v1", "Deployment", "shop/web", R"("spec":{"template":{"spec":{"volumes":[{"configMap":{"name":"settings"}}]}}})")});
  auto order = OrderSteps(nodes);
  ASSERT_TRUE(order.ok()) << order.error().message();
  EXPECT_THAT(EdgesOf(nodes, *order), ::testing::ElementsAre("ConfigMap shop/settings after Deployment shop/web healthy"));
}

TEST(Order, WavesAreStagesThatWaitForHealth) {
  const auto nodes = Nodes({Config("shop/late", Wave(2)), Config("shop/early", Wave(-1)), Config("shop/middle"), Namespace("shop", Wave(1))});
  auto order = OrderSteps(nodes);
  ASSERT_TRUE(order.ok());
  EXPECT_THAT(order->sequence, ::testing::ElementsAre(3, 1, 2, 0)) << "a namespace moves to the first wave of what is in it";
  ASSERT_EQ(order->stages.size(), 3u);
  EXPECT_EQ(order->stages[1].requires_gate, Gate::kHealthy);
  EXPECT_TRUE(order->stages[1].needs_success);
  ExpectRespected(nodes, *order);
}

TEST(Order, PromiseAgainstTheWavesIsAnError) {
  auto order = OrderSteps(Nodes({Config("shop/a", R"("annotations":{"plumb.dev/depends-on":"ConfigMap/b","argocd.argoproj.io/sync-wave":"-1"})"),
                                 Config("shop/b")}));
  ASSERT_FALSE(order.ok());
  EXPECT_THAT(order.error().message(), HasSubstr("later wave"));
}

TEST(Order, WebhooksComeLastSoThatTheyRefuseNothing) {
  const auto nodes = Nodes({Object("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "hook"), Object("v1", "Pod", "shop/p"),
                            Config("shop/after", DependsOn("MutatingWebhookConfiguration/hook"))});
  auto order = OrderSteps(nodes);
  ASSERT_TRUE(order.ok());
  EXPECT_EQ(order->sequence.front(), 1u);
  EXPECT_THAT(order->stage_of, ::testing::ElementsAre(1, 0, 1)) << "what depends on the webhook comes after it";
}

TEST(Order, BadAnnotationsNameFileAndObject) {
  const struct { std::string_view annotations, want; } kCases[] = {
      {R"({"plumb.dev/depends-on":"db"})", "'db' is not Kind"},
      {R"({"config.kubernetes.io/depends-on":"apps/namespaces/shop/Deployment"})", "is not group/namespaces"},
      {R"({"argocd.argoproj.io/sync-wave":"soon"})", "'soon' is not an integer"},
      {R"({"argocd.argoproj.io/sync-wave":"99999999999"})", "is not an integer"},
  };
  for (const auto& c : kCases) {
    auto order = OrderSteps(Nodes({Config("shop/a", "\"annotations\":" + std::string(c.annotations))}));
    ASSERT_FALSE(order.ok()) << c.annotations;
    EXPECT_THAT(order.error().message(), HasSubstr("all.yaml:1: ConfigMap shop/a")) << c.annotations;
    EXPECT_THAT(order.error().message(), HasSubstr(std::string(c.want)));
  }
}

TEST(Order, WhatIsUsedAndDeletedIsWarnedAbout) {
  auto nodes = Nodes({Object("v1", "Pod", "shop/p", R"("spec":{"volumes":[{"configMap":{"name":"old"}}]})"), Config("shop/a", DependsOn("Service/none"))});
  const Document old = Config("shop/old");
  nodes.push_back(Node(old, true));
  auto order = OrderSteps(nodes);
  ASSERT_TRUE(order.ok());
  ASSERT_EQ(order->warnings.size(), 2u);
  EXPECT_THAT(order->warnings[0], HasSubstr("Pod shop/p uses ConfigMap shop/old, which this plan deletes"));
  EXPECT_THAT(order->warnings[1], HasSubstr("is not among the manifests"));
}

// Random graphs of explicit (acyclic) and implicit (any) references, waves, webhooks and deletes.
TEST(Order, EveryEdgeOfRandomGraphsIsRespected) {
  std::mt19937 random(7);
  const auto below = [&](size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random); };
  for (int round = 0; round < 300; ++round) {
    const size_t n = 1 + below(40);
    std::vector<Document> objects;
    for (size_t i = 0; i < n; ++i) {
      std::string depends, volumes;
      for (size_t k = below(3); i > 0 && k > 0; --k) depends += (depends.empty() ? "Pod/p" : ",Pod/p") + std::to_string(below(i));
      for (size_t k = below(3); k > 0; --k) volumes += (volumes.empty() ? "" : ",") + std::string(R"({"apiVersion":"v1","kind":"Pod","name":"p)") + std::to_string(below(n)) + "\"}";
      std::string metadata = R"("ownerReferences":[)" + volumes + "]";
      if (round % 3 != 0) metadata += R"(,"annotations":{"plumb.dev/depends-on":")" + depends + "\"}";
      else metadata += "," + Wave(static_cast<int>(below(3)) - 1);
      objects.push_back(below(12) == 0 ? Object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "p" + std::to_string(i), "", metadata)
                                       : Object("v1", "Pod", "shop/p" + std::to_string(i), "", metadata));
    }
    objects.push_back(Namespace("shop", Wave(5)));
    auto nodes = Nodes(objects);
    for (OrderNode& node : nodes) node.remove = round % 5 == 4 || below(4) == 0;
    auto order = OrderSteps(nodes);
    ASSERT_TRUE(order.ok()) << order.error().message();
    ExpectRespected(nodes, *order);
    if (HasFailure()) FAIL() << "round " << round;
  }
}

TEST(Graph, FindsCyclesAndComponents) {
  EXPECT_TRUE(FindCycle({{1}, {2}, {}}).empty());
  EXPECT_THAT(FindCycle({{1}, {2}, {0}}), ::testing::ElementsAre(0, 1, 2, 0));
  EXPECT_THAT(FindCycle({{0}}), ::testing::ElementsAre(0, 0));
  const auto component = Components({{1}, {2}, {0}, {0}});
  EXPECT_EQ(component[0], component[1]);
  EXPECT_EQ(component[0], component[2]);
  EXPECT_NE(component[0], component[3]);
}

TEST(Graph, DeepGraphsDoNotMeetTheStack) {
  Adjacency chain(200'000);
  for (size_t i = 0; i + 1 < chain.size(); ++i) chain[i].push_back(i + 1);
  EXPECT_TRUE(FindCycle(chain).empty());
  EXPECT_TRUE(Reaches(chain, 0, chain.size() - 1));
  EXPECT_NE(Components(chain)[0], Components(chain)[1]);
}

}  // namespace
}  // namespace plumb
