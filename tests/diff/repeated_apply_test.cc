// The same configuration applied a second time, with empty lists and maps in it: what a real server answers to a dry run must be what
// is predicted, to the time in managedFields. Most kinds take an empty list for none and write nothing; NetworkPolicy and the
// webhook configurations make a new generation each time.
#include <gtest/gtest.h>

#include <thread>

#include "core/edit.h"
#include "core/json.h"
#include "diff/prediction.h"
#include "tests/diff/pairs.h"
#include "tests/diff/random_objects.h"
#include "tests/diff/server.h"

namespace plumb {
namespace {

constexpr char kConfigurations[] = R"(
- {apiVersion: v1, kind: ConfigMap, data: {a: b}}
- {apiVersion: v1, kind: ConfigMap, data: {}}
- {apiVersion: v1, kind: ConfigMap, data: {a: b}, metadata: {labels: {}, annotations: {}, finalizers: [], ownerReferences: []}}
- {apiVersion: v1, kind: Secret, data: {}}
- {apiVersion: v1, kind: ServiceAccount, secrets: [], imagePullSecrets: []}
- {apiVersion: v1, kind: Service, spec: {ports: [{port: 80}], selector: {}, externalIPs: [], loadBalancerSourceRanges: []}}
- {apiVersion: v1, kind: LimitRange, spec: {limits: []}}
- {apiVersion: v1, kind: PersistentVolumeClaim, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}, limits: {}}, selector: {matchLabels: {}}}}
- {apiVersion: v1, kind: PersistentVolume, spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /x}, mountOptions: []}}
- {apiVersion: apps/v1, kind: Deployment, spec: {selector: {matchLabels: {a: b}}, template: &pod {metadata: {labels: {a: b}}, spec: {tolerations: [], nodeSelector: {}, volumes: [], securityContext: {}, affinity: {},
    containers: [{name: c, image: i, args: [], env: [], resources: {}, securityContext: {capabilities: {add: []}}}]}}}}
- {apiVersion: apps/v1, kind: StatefulSet, spec: {serviceName: s, selector: {matchLabels: {a: b}}, template: *pod, volumeClaimTemplates: []}}
- {apiVersion: apps/v1, kind: DaemonSet, spec: {selector: {matchLabels: {a: b}}, template: *pod}}
- {apiVersion: batch/v1, kind: Job, spec: {template: &job {spec: {restartPolicy: Never, tolerations: [], containers: [{name: c, image: i, command: []}]}}}}
- {apiVersion: batch/v1, kind: CronJob, spec: {schedule: '* * * * *', jobTemplate: {spec: {template: *job}}}}
- {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, spec: {maxReplicas: 3, metrics: [], scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}}
- {apiVersion: policy/v1, kind: PodDisruptionBudget, spec: {minAvailable: 1, selector: {matchLabels: {}}}}
- {apiVersion: networking.k8s.io/v1, kind: Ingress, spec: {defaultBackend: {service: {name: a, port: {number: 80}}}, rules: [], tls: []}}
- {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, spec: {podSelector: {}}}
- {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, spec: {podSelector: {}, ingress: []}}
- {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, spec: {podSelector: {matchLabels: {}}}}
- {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, spec: {podSelector: {}, ingress: [{from: [], ports: []}]}}
- {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, spec: {podSelector: {}, policyTypes: []}}
- {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, spec: {podSelector: {}}, metadata: {labels: {}}}
- {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, endpoints: [], ports: []}
- {apiVersion: rbac.authorization.k8s.io/v1, kind: Role, rules: []}
- {apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: x}, subjects: []}
- {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, rules: []}
- {apiVersion: storage.k8s.io/v1, kind: StorageClass, provisioner: p, parameters: {}, mountOptions: []}
- {apiVersion: storage.k8s.io/v1, kind: CSIDriver, spec: {tokenRequests: []}}
- {apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, webhooks: []}
- {apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, webhooks: [{name: a.b.c, admissionReviewVersions: [v1], sideEffects: None, clientConfig: {url: 'https://192.0.2.1/x'}}]}
- {apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, webhooks: [{name: a.b.c, admissionReviewVersions: [v1], sideEffects: None, clientConfig: {url: 'https://192.0.2.1/x'}, matchConditions: []}]}
- {apiVersion: admissionregistration.k8s.io/v1, kind: MutatingWebhookConfiguration, webhooks: [{name: a.b.c, admissionReviewVersions: [v1], sideEffects: None, clientConfig: {url: 'https://192.0.2.1/x'}, rules: []}]}
)";

class Repeated : public testing::ServerTest {};

TEST_F(Repeated, ApplyIsPredicted) {
  const Document configurations = testing::Yaml(kConfigurations);

  std::vector<std::pair<kube::ObjectRef, Document>> applied;
  for (Value configuration : configurations.root().items()) {
    const Gvk gvk = GvkOf(configuration);
    const auto resource = testing::ResourceOf(gvk);
    ASSERT_TRUE(resource) << gvk.kind;
    const kube::ObjectRef ref{*resource, resource->namespaced ? "default" : "", UniqueName("again"), ""};
    const Document config = BuildDocument([&](Arena& a) {
      const Value named = WithAt(a, a.Copy(configuration), {"metadata", "name"}, a.String(ref.name));
      return resource->namespaced ? WithAt(a, named, {"metadata", "namespace"}, Arena::Borrow("default")) : named;
    });
    const kube::Answer made = client().Apply(ref, *config);
    ASSERT_TRUE(made.object.ok()) << WriteJson(*config) << ": " << made.object.error().message();
    applied.emplace_back(ref, config);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(1001));  // times have seconds

  size_t again = 0;
  for (const auto& [ref, config] : applied) {
    const kube::Answer live = client().Get(ref);
    const kube::Answer answer = client().Apply(ref, *config, {.force = true, .dry_run = true});
    ASSERT_TRUE(live.object.ok() && answer.object.ok()) << WriteJson(*config);
    PredictionRequest request;
    request.live = *live.object;
    request.config = config;
    request.context.manager = "plumb";
    request.context.now = FormatTime(Clock::Real().Wall());
    for (Value entry : GetAt(answer.object->root(), {"metadata", "managedFields"}).items())
      if (entry.GetString("time") > GetAt(live.object->root(), {"metadata", "managedFields"})[0].GetString("time")) request.context.now = entry.GetString("time");
    request.traits = TraitsOf(ref.resource.gvk);
    const auto predicted = PredictApply(request);
    ASSERT_TRUE(predicted.ok()) << predicted.error().message();
    EXPECT_TRUE(predicted->exact()) << predicted->needs_server[0];
    EXPECT_EQ(testing::Differences(*predicted->object, **answer.object), "") << WriteJson(*config);
    const bool changed = !(**answer.object == **live.object);
    EXPECT_EQ(predicted->changed, changed) << WriteJson(*config);
    again += changed;
    (void)client().Delete(ref);
  }
  EXPECT_EQ(again, 6u) << "NetworkPolicies and webhook configurations with an empty list, and no other";
}

}  // namespace
}  // namespace plumb
