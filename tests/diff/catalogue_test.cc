// The catalogue of false drift: what makes other tools report differences that are none, one test a row.
#include <gmock/gmock.h>

#include "diff/ignore.h"
#include "tests/diff/pairs.h"

namespace plumb {
namespace {

using testing::Compare;
using testing::Lines;
using testing::Yaml;
using ::testing::HasSubstr;

// No change, nothing ignored, exact.
void Same(std::string_view manifest, std::string_view live) {
  const ObjectDiff diff = Compare(manifest, live);
  EXPECT_EQ(Lines(diff.changes), "");
  EXPECT_EQ(Lines(diff.ignored), "");
  EXPECT_TRUE(diff.exact()) << diff.uncertain[0];
}

std::string Changes(std::string_view manifest, std::string_view live) { return Lines(Compare(manifest, live).changes); }

// A pod with one container and these fields.
std::string Pod(const std::string& container, const std::string& spec = "") {
  return "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {" + spec + "containers: [{name: c, " + container + "}]}}";
}

std::string Object(const std::string& type, const std::string& rest) { return "{" + type + ", metadata: {name: a}, " + rest + "}"; }

constexpr char kService[] = "apiVersion: v1, kind: Service";
constexpr char kSecret[] = "apiVersion: v1, kind: Secret";
constexpr char kClusterRole[] = "apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole";
constexpr char kPolicy[] = "apiVersion: networking.k8s.io/v1, kind: NetworkPolicy";

TEST(Catalogue, Row01QuantitySpelling) {
  Same(Pod("resources: {limits: {cpu: 1000m, memory: 1024Mi}}"), Pod("resources: {limits: {cpu: '1', memory: 1Gi}}"));
  Same(Pod("resources: {limits: {cpu: 0.5}}"), Pod("resources: {limits: {cpu: 500m}}"));
  Same(Pod("resources: {limits: {cpu: '0.00001'}}"), Pod("resources: {limits: {cpu: 1m}}"));
  EXPECT_NE(Changes(Pod("resources: {limits: {cpu: 1}}"), Pod("resources: {limits: {cpu: '2'}}")), "");
}
TEST(Catalogue, Row03UnknownFieldSpoilsNothingElse) {
  const ObjectDiff diff = Compare(Pod("nonsense: 1, resources: {limits: {cpu: 1000m}}"), Pod("resources: {limits: {cpu: '1'}}"));
  EXPECT_EQ(Lines(diff.changes), "");
  EXPECT_EQ(diff.warnings.size(), 1u);
}
TEST(Catalogue, Row04IntOrStringKeepsItsKind) {
  EXPECT_NE(Changes(Object(kService, "spec: {ports: [{port: 80, targetPort: 80}]}"), Object(kService, "spec: {ports: [{port: 80, protocol: TCP, targetPort: '80'}]}")), "");
}
TEST(Catalogue, Row06NumbersByValue) { Same(Object(kService, "spec: {ports: [{port: 80.0}]}"), Object(kService, "spec: {ports: [{port: 80, protocol: TCP}]}")); }
TEST(Catalogue, Row07Yaml11Booleans) { Same(Pod("stdin: yes, tty: off"), Pod("stdin: true")); }
TEST(Catalogue, Row09StringData) {
  Same(Object(kSecret, "stringData: {user: hello}"), Object(kSecret, "data: {user: aGVsbG8=}, type: Opaque"));
  EXPECT_THAT(Changes(Object(kSecret, "stringData: {user: hello}"), Object(kSecret, "data: {user: d29ybGQ=}")), HasSubstr("data.user"));
}
TEST(Catalogue, Row10EmptySecretValues) {
  Same(Object(kSecret, "data: {a: null}"), Object(kSecret, "data: {a: ''}"));
  Same(Object(kSecret, "data: null"), Object(kSecret, "type: Opaque"));
}
TEST(Catalogue, Row11Base64Wrapping) { Same(Object(kSecret, "data: {a: \"aGVs\\nbG8=\"}"), Object(kSecret, "data: {a: aGVsbG8=}")); }
TEST(Catalogue, Row12EmptyStructs) {
  Same(Pod("resources: {}, securityContext: {}", "securityContext: {}, volumes: [{name: v, emptyDir: {}}], "),
       Pod("resources: {}, securityContext: {}", "securityContext: {}, volumes: [{name: v, emptyDir: {}}], "));
  Same(Pod("resources: {}, env: []"), Pod("image: ''"));
  Same("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {}, annotations: null}, data: {}}", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}");
}
TEST(Catalogue, Row13EmptyRules) {
  Same(Object(kClusterRole, "rules: []"), Object(kClusterRole, "rules: null"));
  Same(Object(kClusterRole, "rules: null"), Object(kClusterRole, "rules: []"));
}
TEST(Catalogue, Row14AggregatedRules) {
  const ObjectDiff diff = Compare(Object(kClusterRole, "aggregationRule: {clusterRoleSelectors: [{matchLabels: {x: y}}]}, rules: []"),
                                  Object(kClusterRole, "aggregationRule: {clusterRoleSelectors: [{matchLabels: {x: y}}]}, rules: [{verbs: [get]}]"));
  EXPECT_EQ(Lines(diff.changes), "");
  EXPECT_THAT(Lines(diff.ignored), HasSubstr("rules are aggregated by the server"));
}
TEST(Catalogue, Row15CreationTimestampNull) {
  Same("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, creationTimestamp: null}}", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, creationTimestamp: '2026-01-01T00:00:00Z'}}");
  Same("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {metadata: {creationTimestamp: null, labels: {a: b}}}}}",
       "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {metadata: {labels: {a: b}}}}}");
}
TEST(Catalogue, Row16StatusInGit) { Same(Object(kService, "status: {loadBalancer: {}}"), Object(kService, "status: {loadBalancer: {ingress: [{ip: 1.2.3.4}]}}")); }
TEST(Catalogue, Row17ServerMetadataInGit) {
  Same("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, uid: old, resourceVersion: '1', generation: 4, selfLink: /x, managedFields: []}}",
       "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, uid: new, resourceVersion: '9'}}");
}
TEST(Catalogue, Row18PreserveUnknownFieldsFalse) {
  Same(Object("apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition", "spec: {group: x.io, preserveUnknownFields: false}"),
       Object("apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition", "spec: {group: x.io, conversion: {strategy: None}}"));
}
TEST(Catalogue, Row20InjectedCaBundle) {
  const std::string type = "apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration";
  Same(Object(type, "webhooks: [{name: w, clientConfig: {url: 'https://x'}}]"), Object(type, "webhooks: [{name: w, clientConfig: {url: 'https://x', caBundle: YWJj}}]"));
  const ObjectDiff diff = Compare(Object(type, "webhooks: [{name: w, clientConfig: {caBundle: Cg==}}]"), Object(type, "webhooks: [{name: w, clientConfig: {caBundle: YWJj}}]"));
  EXPECT_EQ(Lines(diff.changes), "");
  EXPECT_THAT(Lines(diff.ignored), HasSubstr("the CA bundle is injected"));
}
TEST(Catalogue, Row21WebhookDefaults) {
  const std::string type = "apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration";
  Same(Object(type, "webhooks: [{name: w, rules: [{operations: [CREATE], resources: [pods]}]}]"),
       Object(type, "webhooks: [{name: w, matchPolicy: Equivalent, namespaceSelector: {}, timeoutSeconds: 10, rules: [{operations: [CREATE], resources: [pods], scope: '*'}]}]"));
}
TEST(Catalogue, Row27PortsOfTwoProtocols) {
  const std::string both = "spec: {ports: [{name: tcp, port: 53, protocol: TCP}, {name: udp, port: 53, protocol: UDP}]}";
  Same(Object(kService, both), Object(kService, both));
  EXPECT_THAT(Changes(Object(kService, both), Object(kService, "spec: {ports: [{name: tcp, port: 53, protocol: TCP}]}")), HasSubstr("spec.ports[port=53,protocol=UDP]"));
}
TEST(Catalogue, Row28ProtocolIsAKeyWithADefault) {
  Same(Pod("ports: [{containerPort: 80}, {containerPort: 81}]"), Pod("ports: [{containerPort: 81, protocol: TCP}, {containerPort: 80, protocol: TCP}]"));
}
TEST(Catalogue, Row29ServiceAllocations) {
  Same(Object(kService, "spec: {clusterIP: '', type: '', ports: [{port: 80, nodePort: 0}]}"),
       Object(kService, "spec: {clusterIP: 10.0.0.7, clusterIPs: [10.0.0.7], type: NodePort, ipFamilies: [IPv4], ports: [{port: 80, protocol: TCP, targetPort: 80, nodePort: 30080}]}"));
}
TEST(Catalogue, Row30VolumeClaimTemplates) {
  const std::string type = "apiVersion: apps/v1, kind: StatefulSet";
  Same(Object(type, "spec: {volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1024Mi}}}}]}"),
       Object(type, "spec: {volumeClaimTemplates: [{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: d, creationTimestamp: null}, "
                    "spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}, volumeMode: Filesystem}, status: {phase: Pending}}]}"));
}
TEST(Catalogue, Row31OtherAtomics) {
  Same(Object(kPolicy, "spec: {podSelector: {}, ingress: [{ports: [{port: 80}]}]}"), Object(kPolicy, "spec: {podSelector: {}, ingress: [{ports: [{port: 80, protocol: TCP}]}], policyTypes: [Ingress]}"));
  const std::string binding = "apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding";
  Same(Object(binding, "roleRef: {kind: Role, name: r}, subjects: [{kind: Group, name: g}]"),
       Object(binding, "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}, subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: g}]"));
  Same(Pod("env: [{name: E, valueFrom: {fieldRef: {fieldPath: a}}}]", "volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t}}]}}], "),
       Pod("env: [{name: E, valueFrom: {fieldRef: {apiVersion: v1, fieldPath: a}}}]", "volumes: [{name: v, projected: {defaultMode: 420, sources: [{serviceAccountToken: {expirationSeconds: 3600, path: t}}]}}], "));
  EXPECT_THAT(Changes(Pod("", "tolerations: [{key: a}], "), Pod("", "tolerations: [{key: a, effect: NoExecute}], ")), HasSubstr("spec.tolerations[0].effect"))
      << "what is no default is a difference";
}
TEST(Catalogue, Row32And33PodDefaults) {
  Same(Pod("image: x", "serviceAccountName: s, "), Pod("image: x, imagePullPolicy: Always, terminationMessagePath: /dev/termination-log", "serviceAccount: s, serviceAccountName: s, dnsPolicy: ClusterFirst, "));
}
TEST(Catalogue, Row34PullPolicyOfAnotherTag) { Same(Pod("image: 'x:latest'"), Pod("image: 'x:latest', imagePullPolicy: IfNotPresent")); }
TEST(Catalogue, Row35And36ControllersAnnotations) {
  Same("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, annotations: {mine: x}}}",
       "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, annotations: {mine: x, deployment.kubernetes.io/revision: '3'}}, spec: {template: {metadata: {annotations: {kubectl.kubernetes.io/restartedAt: now}}}}}");
}
TEST(Catalogue, Row37LastApplied) {
  Same("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {kubectl.kubernetes.io/last-applied-configuration: old}}}",
       "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {kubectl.kubernetes.io/last-applied-configuration: new}}}");
}
TEST(Catalogue, Row38TokensOfServiceAccounts) {
  const std::string type = "apiVersion: v1, kind: ServiceAccount";
  Same(Object(type, "automountServiceAccountToken: true"), Object(type, "automountServiceAccountToken: true, secrets: [{name: a-token-x}]"));
  EXPECT_EQ(Changes(Object(type, "imagePullSecrets: [{name: mine}]"), Object(type, "imagePullSecrets: [{name: mine}, {name: a-dockercfg-xyz}]")), "");
  EXPECT_NE(Changes(Object(type, "imagePullSecrets: [{name: mine}]"), Object(type, "imagePullSecrets: [{name: other}]")), "");
}
TEST(Catalogue, Row39Claims) {
  const std::string type = "apiVersion: v1, kind: PersistentVolumeClaim";
  Same(Object(type, "spec: {accessModes: [ReadWriteOnce], volumeName: '', resources: {requests: {storage: 1Gi}}}"),
       Object(type, "spec: {accessModes: [ReadWriteOnce], volumeName: pv-1, storageClassName: fast, volumeMode: Filesystem, resources: {requests: {storage: 1Gi}}}"));
}
TEST(Catalogue, Row40Namespaces) {
  Same("{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {mine: x}}}", "{apiVersion: v1, kind: Namespace, metadata: {name: a, labels: {mine: x, kubernetes.io/metadata.name: a}}, spec: {finalizers: [kubernetes]}}");
}
TEST(Catalogue, Row41PodsAdmission) {
  const ObjectDiff diff = Compare(Pod("image: x"), Pod("image: x, volumeMounts: [{mountPath: /t, name: kube-api-access}]", "nodeName: n, volumes: [{name: kube-api-access}], tolerations: [{key: k}], "));
  EXPECT_EQ(Lines(diff.changes), "");
}
TEST(Catalogue, Row42JobSelectors) {
  const std::string type = "apiVersion: batch/v1, kind: Job";
  Same(Object(type, "spec: {template: {spec: {restartPolicy: Never}}}"),
       Object(type, "spec: {selector: {matchLabels: {controller-uid: x}}, template: {metadata: {labels: {controller-uid: x}}, spec: {restartPolicy: Never}}}"));
}
TEST(Catalogue, Row44OrderInAssociativeLists) {
  Same(Pod("env: [{name: A, value: a}, {name: B, value: b}]"), Pod("env: [{name: B, value: b}, {name: INJECTED, value: i}, {name: A, value: a}]"));
  Same("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [x, y]}}", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [y, z, x]}}");
}
TEST(Catalogue, Row46EntriesOfVanishedVersions) {
  Same("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}",
       "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, managedFields: [{manager: old, operation: Update, apiVersion: v0alpha1, fieldsV1: {f:x: {}}}]}, data: {k: v}}");
}
TEST(Catalogue, Row52OthersDataInSecrets) { Same(Object(kSecret, "type: Opaque"), Object(kSecret, "type: Opaque, data: {from: dmF1bHQ=}")); }
TEST(Catalogue, Row56Addresses) {
  Same(Object(kService, "spec: {externalIPs: ['2001:DB8:0::1']}"), Object(kService, "spec: {externalIPs: ['2001:db8::1']}"));
}
TEST(Catalogue, Row57ImmutableIsSaid) {
  const std::string type = "apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding";
  const ObjectDiff diff = Compare(Object(type, "roleRef: {kind: Role, name: new}"), Object(type, "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: old}"));
  EXPECT_TRUE(diff.must_replace());
  EXPECT_THAT(Lines(diff.changes), HasSubstr("immutable: must be replaced"));
}

}  // namespace
}  // namespace plumb
