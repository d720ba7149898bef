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

std::string Joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += text + "\n";
  return all;
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
// Of a custom kind with this schema of `spec`.
ObjectDiff CompareCustom(const std::string& schema, const std::string& manifest, const std::string& live, const std::string& owners = "[]") {
  const Document crd = Yaml("{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: things.x.io}, spec: {group: x.io, names: {kind: Thing, plural: things}, "
                            "versions: [{name: v1, schema: {openAPIV3Schema: {type: object, properties: {spec: " + schema + "}}}}]}}");
  const auto schemas = SchemaFromCrd(crd);
  EXPECT_TRUE(schemas.ok());
  DiffInput input;
  input.manifest.object = Yaml("{apiVersion: x.io/v1, kind: Thing, metadata: {name: a}, spec: " + manifest + "}");
  input.live = Yaml("{apiVersion: x.io/v1, kind: Thing, metadata: {name: a, managedFields: " + owners + "}, spec: " + live + "}");
  input.schema = *schemas;
  input.type = input.schema->Find({"x.io", "v1", "Thing"});
  return DiffObject(input);
}

std::string OwnedBy(const std::string& manager, const std::string& operation, const std::string& fields, const std::string& time) {
  return "{manager: " + manager + ", operation: " + operation + ", apiVersion: v1, time: '" + time + "', fieldsType: FieldsV1, fieldsV1: " + fields + "}";
}

TEST(Catalogue, Row02QuantitiesOfCustomResources) {
  const std::string quantity =
      R"({anyOf: [{type: integer}, {type: string}], x-kubernetes-int-or-string: true, pattern: '^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$'})";
  const std::string schema = "{type: object, properties: {cpu: " + quantity + ", text: {type: string}}}";
  EXPECT_EQ(Lines(CompareCustom(schema, "{cpu: 1000m}", "{cpu: '1'}").changes), "");
  EXPECT_EQ(Lines(CompareCustom(schema, "{cpu: 2}", "{cpu: 2000m}").changes), "");
  EXPECT_NE(Lines(CompareCustom(schema, "{cpu: 2}", "{cpu: 2001m}").changes), "");
  EXPECT_NE(Lines(CompareCustom(schema, "{text: 1000m}", "{text: '1'}").changes), "") << "a text is a text";
}
TEST(Catalogue, Row03UnknownFieldSpoilsNothingElse) {
  const ObjectDiff diff = Compare(Pod("nonsense: 1, resources: {limits: {cpu: 1000m}}"), Pod("resources: {limits: {cpu: '1'}}"));
  EXPECT_EQ(Lines(diff.changes), "");
  EXPECT_EQ(diff.warnings.size(), 1u);
}
TEST(Catalogue, Row04IntOrStringKeepsItsKind) {
  EXPECT_NE(Changes(Object(kService, "spec: {ports: [{port: 80, targetPort: 80}]}"), Object(kService, "spec: {ports: [{port: 80, protocol: TCP, targetPort: '80'}]}")), "");
}
TEST(Catalogue, Row05Durations) {
  EXPECT_EQ(Lines(CompareCustom("{type: object, properties: {every: {type: string, format: duration}}}", "{every: 60s}", "{every: 1m0s}").changes), "");
  EXPECT_NE(Lines(CompareCustom("{type: object, properties: {every: {type: string}}}", "{every: 60s}", "{every: 1m0s}").changes), "")
      << "where the schema does not say what it is, a rule has to";
}
TEST(Catalogue, Row06NumbersByValue) { Same(Object(kService, "spec: {ports: [{port: 80.0}]}"), Object(kService, "spec: {ports: [{port: 80, protocol: TCP}]}")); }
TEST(Catalogue, Row07Yaml11Booleans) { Same(Pod("stdin: yes, tty: off"), Pod("stdin: true")); }
TEST(Catalogue, Row08LineEndings) {
  const std::string unix_text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  script: |\n    one\n    two\n";
  std::string dos_text;
  for (char c : unix_text) dos_text += c == '\n' ? "\r\n" : std::string(1, c);
  Same(dos_text, unix_text);
  EXPECT_NE(Changes("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {s: \"one\\n\"}}", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {s: one}}"), "")
      << "a value's own line ends count";
}
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
TEST(Catalogue, Row19DefaultsOfDefinitions) {
  Same(Object("apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition", "spec: {group: x.io, scope: Namespaced, names: {kind: Thing, plural: things}, versions: [{name: v1, served: true, storage: true}]}"),
       Object("apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition",
              "spec: {group: x.io, scope: Namespaced, conversion: {strategy: None}, names: {kind: Thing, plural: things, singular: thing, listKind: ThingList}, versions: [{name: v1, served: true, storage: true}]}, "
              "status: {storedVersions: [v1]}"));
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
TEST(Catalogue, Row22WebhookRulesOfOperators) {
  const std::string type = "apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration";
  const std::string owners = OwnedBy("plumb", "Apply", "{f:webhooks: {'k:{\"name\":\"w\"}': {.: {}, f:name: {}}}}", "2026-01-01T00:00:00Z") + ", " +
                             OwnedBy("operator", "Update", "{f:webhooks: {'k:{\"name\":\"w\"}': {f:rules: {}}}}", "2026-01-02T00:00:00Z");
  const std::string changes = Changes("{" + type + ", metadata: {name: a}, webhooks: [{name: w, rules: [{operations: [CREATE], resources: [pods]}]}]}",
                                      "{" + type + ", metadata: {name: a, managedFields: [" + owners + "]}, webhooks: [{name: w, rules: [{operations: ['*'], resources: [pods], scope: '*'}]}]}");
  EXPECT_THAT(changes, HasSubstr("drift: written by operator at 2026-01-02T00:00:00Z")) << "it is real, and says who";
}
TEST(Catalogue, Row23AutoscaledReplicas) {
  const std::string owners = OwnedBy("plumb", "Apply", "{f:metadata: {f:labels: {f:a: {}}}}", "2026-01-01T00:00:00Z");
  DiffInput input;
  input.manifest.object = Yaml("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, labels: {a: b}}, spec: {replicas: 3}}");
  input.live = Yaml("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, labels: {a: b}, managedFields: [" + owners + "]}, spec: {replicas: 7}}");
  input.schema = EmbeddedSchema();
  input.type = input.schema->Find({"apps", "v1", "Deployment"});
  EXPECT_THAT(Lines(DiffObject(input).changes), HasSubstr("spec.replicas: 7 -> 3")) << "a change by hand is drift";
  input.autoscaler = "HorizontalPodAutoscaler a";  // one of the manifests aims at it
  EXPECT_EQ(Lines(DiffObject(input).changes), "");
  input.autoscaler = "";
  input.live = Yaml("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, labels: {a: b}, managedFields: [" + owners +
                    ", {manager: kube-controller-manager, operation: Update, subresource: scale, apiVersion: apps/v1, fieldsType: FieldsV1, fieldsV1: {f:spec: {f:replicas: {}}}}]}, spec: {replicas: 7}}");
  EXPECT_EQ(Lines(DiffObject(input).changes), "") << "one that is not ours leaves its name on the scale subresource";
}
TEST(Catalogue, Row24MetricsOfAutoscalers) {
  const std::string type = "apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler";
  const std::string cpu = "{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}";
  const auto memory = [](const std::string& value) { return "{type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: " + value + "}}}"; };
  Same(Object(type, "spec: {metrics: [" + memory("1024Mi") + ", " + cpu + "]}"), Object(type, "spec: {metrics: [" + cpu + ", " + memory("1Gi") + "]}"));
  EXPECT_NE(Changes(Object(type, "spec: {metrics: [" + memory("1Gi") + ", " + cpu + "]}"), Object(type, "spec: {metrics: [" + cpu + ", " + cpu + "]}")), "");
}
TEST(Catalogue, Row25ResourcesOfAutoscalers) {
  const std::string owners = OwnedBy("plumb", "Apply", "{f:spec: {f:containers: {'k:{\"name\":\"c\"}': {.: {}, f:name: {}}}}}", "2026-01-01T00:00:00Z") + ", " +
                             OwnedBy("vpa-updater", "Update", "{f:spec: {f:containers: {'k:{\"name\":\"c\"}': {f:resources: {f:requests: {f:cpu: {}}}}}}}", "2026-01-02T00:00:00Z");
  const std::string live = "{apiVersion: v1, kind: Pod, metadata: {name: a, managedFields: [" + owners + "]}, spec: {containers: [{name: c, resources: {requests: {cpu: 300m}}}]}}";
  EXPECT_THAT(Changes(Pod("resources: {requests: {cpu: 100m}}"), live), HasSubstr("written by vpa-updater"));
  auto rules = IgnoreRules::Parse(*Yaml("[{managers: [vpa-*]}]"), "ignore");
  ASSERT_TRUE(rules.ok()) << rules.error().message();
  EXPECT_EQ(Lines(Compare(Yaml(Pod("resources: {requests: {cpu: 100m}}")), Yaml(live), &*rules).changes), "");
}
TEST(Catalogue, Row26DuplicateVariables) {
  const std::string twice = "env: [{name: A, value: a}, {name: A, value: b}]";
  const ObjectDiff diff = Compare(Pod(twice), Pod("env: [{name: A, value: a}, {name: A, value: b}]"));
  EXPECT_FALSE(diff.exact() && diff.warnings.empty()) << "the server refuses to apply it: never silently in sync";
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
  Same(Object(kService, "spec: {clusterIP: '', type: NodePort, ports: [{port: 80, nodePort: 0}]}"),
       Object(kService, "spec: {clusterIP: 10.0.0.7, clusterIPs: [10.0.0.7], type: NodePort, ipFamilies: [IPv4], ports: [{port: 80, protocol: TCP, targetPort: 80, nodePort: 30080}]}"));
  Same(Object(kService, "spec: {type: '', sessionAffinity: ''}"), Object(kService, "spec: {type: ClusterIP, sessionAffinity: None}"));
  EXPECT_THAT(Changes(Object(kService, "spec: {type: ''}"), Object(kService, "spec: {type: NodePort}")), HasSubstr("spec.type: \"NodePort\" -> \"\""))
      << "an empty text asks for the default, and this is another value: a server makes a ClusterIP of it";
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
  Same(Object(binding, "roleRef: {apiGroup: '', kind: Role, name: r}, subjects: [{apiGroup: '', kind: User, name: u}]"),
       Object(binding, "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}, subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: u}]"));
  Same(Pod("env: [{name: E, valueFrom: {fieldRef: {fieldPath: a}}}]", "volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t}}]}}], "),
       Pod("env: [{name: E, valueFrom: {fieldRef: {apiVersion: v1, fieldPath: a}}}]", "volumes: [{name: v, projected: {defaultMode: 420, sources: [{serviceAccountToken: {expirationSeconds: 3600, path: t}}]}}], "));
  EXPECT_THAT(Changes(Pod("", "tolerations: [{key: a}], "), Pod("", "tolerations: [{key: a, effect: NoExecute}], ")), HasSubstr("spec.tolerations[0].effect"))
      << "what is no default is a difference";
}
TEST(Catalogue, Row32DeprecatedAliases) {
  Same(Pod("image: x", "serviceAccountName: s, "), Pod("image: x", "serviceAccount: s, serviceAccountName: s, "));
  Same(Pod("image: x", "serviceAccount: s, "), Pod("image: x", "serviceAccount: s, serviceAccountName: s, "));
  Same(Pod("ports: [{containerPort: 80}]", "hostNetwork: true, "), Pod("ports: [{containerPort: 80, hostPort: 80, protocol: TCP}]", "hostNetwork: true, "));
}
TEST(Catalogue, Row33PodDefaults) {
  Same(Pod("image: x"), Pod("image: x, imagePullPolicy: Always, terminationMessagePath: /dev/termination-log, terminationMessagePolicy: File, resources: {}",
                            "dnsPolicy: ClusterFirst, restartPolicy: Always, schedulerName: default-scheduler, terminationGracePeriodSeconds: 30, securityContext: {}, "));
}
TEST(Catalogue, Row34PullPolicyOfAnotherTag) { Same(Pod("image: 'x:latest'"), Pod("image: 'x:latest', imagePullPolicy: IfNotPresent")); }
TEST(Catalogue, Row35RevisionOfADeployment) {
  Same("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, annotations: {mine: x}}}",
       "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, annotations: {mine: x, deployment.kubernetes.io/revision: '3'}}}");
}
TEST(Catalogue, Row36RolloutRestart) {
  Same("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {metadata: {annotations: {mine: x}}}}}",
       "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {template: {metadata: {annotations: {mine: x, kubectl.kubernetes.io/restartedAt: '2026-01-01T00:00:00Z'}}}}}");
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
TEST(Catalogue, Row43EndpointsOrder) {
  const std::string type = "apiVersion: v1, kind: Endpoints";
  Same(Object(type, "subsets: [{addresses: [{ip: 10.0.0.2}, {ip: 10.0.0.1}], ports: [{port: 80}, {name: m, port: 90}]}]"),
       Object(type, "subsets: [{addresses: [{ip: 10.0.0.1}, {ip: 10.0.0.2}], ports: [{name: m, port: 90, protocol: TCP}, {port: 80, protocol: TCP}]}]"));
}
TEST(Catalogue, Row44OrderInAssociativeLists) {
  Same(Pod("env: [{name: A, value: a}, {name: B, value: b}]"), Pod("env: [{name: B, value: b}, {name: INJECTED, value: i}, {name: A, value: a}]"));
  Same("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [x, y]}}", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, finalizers: [y, z, x]}}");
}
TEST(Catalogue, Row45AnotherVersionOfTheApi) {
  const ObjectDiff diff = Compare("{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {maxReplicas: 3}}",
                                  "{apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {maxReplicas: 3, targetCPUUtilizationPercentage: 50}}");
  EXPECT_FALSE(diff.exact()) << "only the server converts: objects are read in the manifest's version";
}
TEST(Catalogue, Row46EntriesOfVanishedVersions) {
  Same("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}",
       "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, managedFields: [{manager: old, operation: Update, apiVersion: v0alpha1, fieldsV1: {f:x: {}}}]}, data: {k: v}}");
}
TEST(Catalogue, Row47FieldsThatADefinitionLost) {
  const ObjectDiff diff = CompareCustom("{type: object, properties: {a: {type: string}}}", "{a: x, gone: 1}", "{a: x}");
  EXPECT_EQ(Lines(diff.changes), "");
  ASSERT_EQ(diff.warnings.size(), 1u);
  EXPECT_THAT(diff.warnings[0], HasSubstr("spec.gone"));
}
TEST(Catalogue, Row48DefaultsOfCustomResources) {
  const std::string schema = "{type: object, properties: {a: {type: string}, b: {type: string, default: x}, list: {type: array, items: {type: object, properties: {c: {type: string}, d: {type: integer, default: 3}}}}}}";
  EXPECT_EQ(Lines(CompareCustom(schema, "{a: y, list: [{c: z}]}", "{a: y, b: x, list: [{c: z, d: 3}]}").changes), "");
  EXPECT_NE(Lines(CompareCustom(schema, "{a: y, list: [{c: z}]}", "{a: y, b: x, list: [{c: z, d: 4}]}").changes), "") << "4 is no default";
}
TEST(Catalogue, Row49ConversionWebhooks) {
  DiffInput input;
  input.manifest.object = Yaml("{apiVersion: x.io/v1, kind: Thing, metadata: {name: a}, spec: {every: 1m}}");
  input.live = Yaml("{apiVersion: x.io/v2, kind: Thing, metadata: {name: a}, spec: {schedule: {every: 1m}}}");
  EXPECT_FALSE(DiffObject(input).exact()) << "what the webhook makes of it is not guessed: the server is asked";
}
TEST(Catalogue, Row50RewrittenByWebhooks) {
  const std::string owners = OwnedBy("plumb", "Apply", "{f:spec: {f:containers: {'k:{\"name\":\"c\"}': {.: {}, f:name: {}, f:image: {}}}}}", "2026-01-01T00:00:00Z");
  const Document manifest = Yaml(Pod("image: web:1"));
  const Document live = Yaml("{apiVersion: v1, kind: Pod, metadata: {name: a, managedFields: [" + owners + "]}, spec: {containers: [{name: c, image: mirror.example/web:1}]}}");
  EXPECT_THAT(Lines(Compare(manifest, live, nullptr, manifest).changes), HasSubstr("rewritten by the server"));
}
TEST(Catalogue, Row51ValuesOfTheDay) {
  auto rules = IgnoreRules::Parse(*Yaml("[{fields: [/metadata/annotations/checksum~1config]}]"), "ignore");
  ASSERT_TRUE(rules.ok()) << rules.error().message();
  const auto with = [](const std::string& sum) { return Yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {checksum/config: " + sum + "}}}"); };
  EXPECT_EQ(Lines(Compare(with("ab12"), with("cd34"), &*rules).changes), "");
  EXPECT_NE(Lines(Compare(with("ab12"), with("cd34")).changes), "") << "what a renderer makes anew each time is another manifest";
}
TEST(Catalogue, Row52OthersDataInSecrets) { Same(Object(kSecret, "type: Opaque"), Object(kSecret, "type: Opaque, data: {from: dmF1bHQ=}")); }
TEST(Catalogue, Row53LabelsThatAreNoText) {
  const Document manifest = Yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {on: true}}}");
  EXPECT_FALSE(CheckManifest(*manifest).ok()) << "said when it is read, not when it is applied";
}
TEST(Catalogue, Row54NothingIsAdded) {
  const Document manifest = Yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}");
  EXPECT_TRUE(Compare(manifest, Yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}")).desired->SameAs(*manifest)) << "no label, no annotation of ours";
}
TEST(Catalogue, Row55FieldsOfClientSideApply) {
  const std::string owners = OwnedBy("kubectl-client-side-apply", "Update", "{f:data: {f:old: {}, f:k: {}}}", "2026-01-01T00:00:00Z");
  const ObjectDiff diff = Compare(Yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}"),
                                  Yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, managedFields: [" + owners + "], annotations: {kubectl.kubernetes.io/last-applied-configuration: "
                                       "'{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"},\"data\":{\"k\":\"v\",\"old\":\"x\"}}'}}, data: {k: v, old: x}}"));
  EXPECT_THAT(Lines(diff.changes) + Joined(diff.warnings), HasSubstr("data.old")) << "kubectl applied it, the manifest has it no longer: it would stay for ever";
}
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
