// What a plan adds to the comparison of single objects.
#include "engine/loop/application_plan.h"

#include <gtest/gtest.h>

#include "core/yaml.h"
#include "diff/embedded_schema.h"

namespace plumb {
namespace {

Manifest Yaml(const std::string& text) { return {*ParseYamlOne(text), {}}; }

Manifest Deployment(int replicas) {
  return Yaml("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: " + std::to_string(replicas) + "}}");
}

PlanView ViewOf(const Manifest& live) {
  PlanView view;
  view.live = [live](const WantedObject& wanted) { return wanted.id.kind == "Deployment" ? LiveObject::Present(live.object) : LiveObject::Absent(); };
  view.schema = [](const Gvk& gvk) { return std::pair(EmbeddedSchema(), EmbeddedSchema()->Find(gvk)); };
  view.source = view.complete = {true, ""};
  return view;
}

TEST(PlanApplication, ReplicasOfAnAutoscalerAmongTheManifestsAreItsOwn) {
  Application application;
  application.name = "shop";
  for (const char* scaler : {"{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h, namespace: shop}, spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}}",
                             "{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: h, namespace: shop}, spec: {scaleTargetRef: {name: web}}}"}) {
    const DesiredSet desired = CompleteDesired(application, {Deployment(3), Yaml(scaler)}, nullptr);
    EXPECT_EQ(desired.autoscaled.size(), 1u) << scaler;
    const ObjectDiff diff = DiffDesired(desired.manifests[0], LiveObject::Present(Deployment(9).object), [&] {
      PlanView view = ViewOf(Deployment(9));
      view.autoscaled = &desired.autoscaled;
      return view;
    }());
    EXPECT_EQ(diff.ignored.size(), 1u) << scaler;
  }
  const DesiredSet without = CompleteDesired(application, {Deployment(3)}, nullptr);
  EXPECT_TRUE(DiffDesired(without.manifests[0], LiveObject::Present(Deployment(9).object), ViewOf(Deployment(9))).ignored.empty());
}

TEST(PlanApplication, TheManifestOfLastTimeIsHandedOn) {
  PlanView view = ViewOf(Deployment(9));
  size_t asked = 0;
  view.declared_before = [&](const ObjectId& id) {
    ++asked;
    EXPECT_EQ(id.name, "web");
    return Deployment(3).object;
  };
  DiffDesired(Deployment(3), LiveObject::Present(Deployment(9).object), view);
  EXPECT_EQ(asked, 1u);
}

TEST(PlanApplication, WhatIsToBeLeftAloneIsNotMade) {
  Application application;
  application.name = "shop";
  application.sync.create_namespace = false;
  PlanView view = ViewOf(Deployment(1));
  view.live = [](const WantedObject&) { return LiveObject::Absent(); };
  for (const auto& [annotation, steps] : {std::pair("plumb.dev/reconcile: disabled", 0), std::pair("kustomize.toolkit.fluxcd.io/reconcile: disabled", 0), std::pair("kustomize.toolkit.fluxcd.io/ssa: Ignore", 0),
                                          std::pair("kustomize.toolkit.fluxcd.io/ssa: IfNotPresent", 1), std::pair("helm.toolkit.fluxcd.io/driftDetection: disabled", 1)}) {
    const DesiredSet desired = CompleteDesired(application, {Yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop, annotations: {" + std::string(annotation) + "}}}")}, nullptr);
    const auto plan = PlanApplication(application, desired, Inventory("shop", "default"), view);
    ASSERT_TRUE(plan.ok()) << plan.error().message();
    EXPECT_EQ(plan->steps.size(), static_cast<size_t>(steps)) << annotation;
  }
}

}  // namespace
}  // namespace plumb
