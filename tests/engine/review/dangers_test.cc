// What a reviewer must not overlook, one row for each thing that is seen.
#include "engine/review/dangers.h"

#include <gtest/gtest.h>

#include "core/yaml.h"
#include "engine/review/images.h"

namespace plumb {
namespace {

Document Yaml(const std::string& text) { return text.empty() ? Document() : *ParseYamlOne(text); }

std::string Found(const std::string& before, const std::string& after) {
  const Document a = Yaml(before), b = Yaml(after);
  std::string out;
  for (const Danger& danger : DangersOf(IdOf(b->is_null() ? a.root() : b.root()), a.root(), b.root())) out += std::string(DangerName(danger.kind)) + ": " + danger.what + "\n";
  return out;
}

std::string Deployment(const std::string& pod, const std::string& spec = "") {
  return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {" + spec + "template: {spec: {" + pod + "}}}}";
}
std::string Container(const std::string& fields) { return Deployment("containers: [{name: c" + (fields.empty() ? "" : ", " + fields) + "}]"); }
std::string Object(const std::string& type, const std::string& rest) { return "{" + type + ", metadata: {name: a}, " + rest + "}"; }

constexpr char kClaim[] = "apiVersion: v1, kind: PersistentVolumeClaim";
constexpr char kRole[] = "apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole";
constexpr char kBinding[] = "apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding";
constexpr char kBudget[] = "apiVersion: policy/v1, kind: PodDisruptionBudget";

TEST(Dangers, EachIsSeenAndNamed) {
  const struct {
    std::string before, after, found;
  } kCases[] = {
      // Data.
      {Object(kClaim, "spec: {}"), "", "data loss: is deleted: its volume goes with it, unless its reclaim policy is Retain\n"},
      {Object(kClaim, "spec: {resources: {requests: {storage: 10Gi}}}"), Object(kClaim, "spec: {resources: {requests: {storage: 9Gi}}}"), "data loss: the claim shrinks\n"},
      {Object(kClaim, "spec: {resources: {requests: {storage: 1Gi}}}"), Object(kClaim, "spec: {resources: {requests: {storage: 1024Mi}}}"), ""},
      {Object("apiVersion: v1, kind: Namespace", "x: y"), "", "data loss: is deleted, with everything in it\n"},
      {Object("apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition", "spec: {}"), "", "data loss: is deleted, with every object of its kind in the cluster\n"},
      {Object("apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition", "spec: {versions: [{name: v1}, {name: v2}]}"),
       Object("apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition", "spec: {versions: [{name: v2}]}"),
       "data loss: version 'v1' goes: objects stored in it can no longer be read\n"},
      {Object("apiVersion: v1, kind: PersistentVolume", "spec: {persistentVolumeReclaimPolicy: Retain}"), Object("apiVersion: v1, kind: PersistentVolume", "spec: {persistentVolumeReclaimPolicy: Delete}"),
       "data loss: the volume is deleted with its claim from now on (Retain to Delete)\n"},
      {Object("apiVersion: apps/v1, kind: StatefulSet", "spec: {volumeClaimTemplates: [{metadata: {name: data}}]}"), Object("apiVersion: apps/v1, kind: StatefulSet", "spec: {}"),
       "data loss: volume claim template 'data' goes: new pods start without that data\n"},
      {Object("apiVersion: apps/v1, kind: StatefulSet", "spec: {}"), Object("apiVersion: apps/v1, kind: StatefulSet", "spec: {persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}}"),
       "data loss: volume claims are deleted when it is scaled down\n"},
      {Deployment("volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]"), Deployment("volumes: [{name: v, emptyDir: {}}]"), "data loss: volume 'v' is no longer a persistent one\n"},
      // Privilege.
      {Container(""), Container("securityContext: {privileged: true}"), "privilege gained: container 'c' becomes privileged\n"},
      {"", Container("securityContext: {privileged: true}"), "privilege gained: container 'c' becomes privileged\n"},
      {Container("securityContext: {privileged: true}"), Container("securityContext: {privileged: true}"), ""},
      {Container("securityContext: {runAsNonRoot: true, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true}"), Container(""),
       "privilege gained: container 'c' is no longer kept from escalating its privileges\nprivilege gained: container 'c' may write to its root file system\n"
       "privilege gained: container 'c' may run as root\n"},
      {Container(""), Container("securityContext: {runAsUser: 0, capabilities: {add: [NET_ADMIN]}}"), "privilege gained: container 'c' runs as root\nprivilege gained: container 'c' gains the capability NET_ADMIN\n"},
      {Deployment(""), Deployment("hostNetwork: true, hostPID: true"), "privilege gained: its pods see the node's network\nprivilege gained: its pods see the node's processes\n"},
      {Deployment(""), Deployment("volumes: [{name: v, hostPath: {path: /var/run/docker.sock}}]"), "privilege gained: mounts the node's path '/var/run/docker.sock'\n"},
      {Deployment("serviceAccountName: a"), Deployment("serviceAccountName: b"), "privilege gained: acts as ServiceAccount 'b' now (it was 'a')\n"},
      {"{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {pod-security.kubernetes.io/enforce: restricted}}}", "{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {}}}",
       "privilege gained: pod security is enforced less strictly\n"},
      // RBAC.
      {Object(kRole, "rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]"), Object(kRole, "rules: [{apiGroups: [''], resources: [pods, secrets], verbs: [get]}]"), "RBAC widened: 1 right gained: get secrets\n"},
      {Object(kRole, "rules: [{apiGroups: ['', apps], resources: [pods], verbs: [get]}]"), Object(kRole, "rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]"), ""},
      {"", Object(kRole, "rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]"), "RBAC widened: 1 right gained: * *.*\n"},
      {Object(kBinding, "roleRef: {kind: ClusterRole, name: view}, subjects: [{kind: Group, name: a}]"), Object(kBinding, "roleRef: {kind: ClusterRole, name: view}, subjects: [{kind: Group, name: a}, {kind: ServiceAccount, name: b, namespace: ci}]"),
       "RBAC widened: ServiceAccount ci/b gets ClusterRole 'view' in the whole cluster\n"},
      {Object(kBinding, "roleRef: {kind: ClusterRole, name: view}, subjects: [{kind: Group, name: a}]"), Object(kBinding, "roleRef: {kind: ClusterRole, name: cluster-admin}, subjects: [{kind: Group, name: a}]"),
       "RBAC widened: Group a gets ClusterRole 'cluster-admin' in the whole cluster\n"},
      // Reachable.
      {Object("apiVersion: v1, kind: Service", "spec: {}"), Object("apiVersion: v1, kind: Service", "spec: {type: LoadBalancer}"), "exposed: is reachable from outside (LoadBalancer)\n"},
      {"", Object("apiVersion: networking.k8s.io/v1, kind: Ingress", "spec: {rules: [{host: shop.example}]}"), "exposed: serves the host 'shop.example'\n"},
      {Object("apiVersion: networking.k8s.io/v1, kind: NetworkPolicy", "spec: {}"), "", "exposed: is deleted: what it closed is open\n"},
      // Availability.
      {Deployment("", "replicas: 3, "), Deployment("", "replicas: 1, "), "availability lowered: 1 replicas instead of 3\n"},
      {Deployment("", "replicas: 1, "), Deployment("", "replicas: 3, "), ""},
      {Deployment(""), "", "availability lowered: is deleted\n"},
      {Container("readinessProbe: {httpGet: {port: 80}}, lifecycle: {preStop: {exec: {}}}"), Container(""),
       "availability lowered: container 'c' loses its readiness probe\navailability lowered: container 'c' loses its preStop hook\n"},
      {Deployment(""), Deployment("", "strategy: {type: Recreate}, "), "availability lowered: all pods stop before new ones start (strategy Recreate)\n"},
      {Deployment("", "strategy: {rollingUpdate: {maxUnavailable: 25%}}, "), Deployment("", "strategy: {rollingUpdate: {maxUnavailable: 50%}}, "), "availability lowered: more pods may be unavailable during an update\n"},
      {Deployment("terminationGracePeriodSeconds: 60, affinity: {podAntiAffinity: {}}"), Deployment("terminationGracePeriodSeconds: 5"),
       "availability lowered: its pods get less time to stop\navailability lowered: loses its affinity rules\n"},
      {Object(kBudget, "spec: {minAvailable: 2}"), Object(kBudget, "spec: {minAvailable: 1}"), "availability lowered: allows more pods to be disrupted at a time\n"},
      {Object(kBudget, "spec: {minAvailable: 50%}"), Object(kBudget, "spec: {minAvailable: 1}"), ""},
      {Object("apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler", "spec: {minReplicas: 3, maxReplicas: 9}"), Object("apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler", "spec: {minReplicas: 2, maxReplicas: 9}"),
       "availability lowered: minReplicas 2 instead of 3\n"},
      {Object("apiVersion: v1, kind: Service", "spec: {selector: {app: a}}"), Object("apiVersion: v1, kind: Service", "spec: {selector: {app: b}}"),
       "availability lowered: selects other pods: it has no endpoints where none has the new labels\n"},
      // Nothing to say.
      {Object("apiVersion: v1, kind: ConfigMap", "data: {a: b}"), Object("apiVersion: v1, kind: ConfigMap", "data: {a: c}"), ""},
      {Container("image: a"), Container("image: b"), ""},
  };
  for (const auto& c : kCases) EXPECT_EQ(Found(c.before, c.after), c.found) << c.before << "\n" << c.after;
}

TEST(Images, OfPodsAndOfCustomResources) {
  ImageChanges images;
  const auto add = [&](const std::string& before, const std::string& after) {
    const Document a = Yaml(before), b = Yaml(after);
    images.Add(IdOf(b->is_null() ? a.root() : b.root()), a.root(), b.root());
  };
  add(Container("image: 'web:1'"), Container("image: 'web:2'"));
  add("{apiVersion: batch/v1, kind: CronJob, metadata: {name: nightly, namespace: shop}, spec: {jobTemplate: {spec: {template: {spec: {initContainers: [{name: i, image: 'web:1'}]}}}}}}",
      "{apiVersion: batch/v1, kind: CronJob, metadata: {name: nightly, namespace: shop}, spec: {jobTemplate: {spec: {template: {spec: {initContainers: [{name: i, image: 'web:2'}]}}}}}}");
  add("{apiVersion: x.io/v1, kind: Prometheus, metadata: {name: p}, spec: {image: 'prom:1'}, status: {image: old}}", "{apiVersion: x.io/v1, kind: Prometheus, metadata: {name: p}, spec: {image: 'prom:2'}}");
  add("", Deployment("containers: [{name: new, image: 'new:1'}]"));
  add(Deployment("containers: [{name: old, image: 'old:1'}]"), "");
  std::string text;
  for (const ImageChange& image : images.Take()) {
    text += image.before + " -> " + image.after + ":";
    for (const std::string& user : image.users) text += " " + user + ";";
    text += "\n";
  }
  EXPECT_EQ(text,
            " -> new:1: Deployment web (container new);\n"
            "old:1 -> : Deployment web (container old);\n"
            "prom:1 -> prom:2: Prometheus.x.io p;\n"
            "web:1 -> web:2: CronJob shop/nightly (init container i); Deployment web (container c);\n");
}

}  // namespace
}  // namespace plumb
