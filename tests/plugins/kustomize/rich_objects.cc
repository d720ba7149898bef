#include "tests/plugins/kustomize/rich_objects.h"

#include <utility>
#include <vector>

namespace plumb::kustomize {
namespace {

class Objects {
 public:
  Objects(Dice& dice, std::string tail) : dice_(dice), tail_(std::move(tail)) {}

  std::string All() {
    std::vector<std::string> objects = {Workload("apps/v1", "Deployment", "web"), Service(), "apiVersion: v1\nkind: ServiceAccount\n" + Metadata("robot") + Maybe(30, "imagePullSecrets: [{name: token}]\n") + Maybe(20, "secrets:\n- name: token\n")};
    for (int i = dice_.Below(6); i >= 0; --i) {
      const std::string one = Other();
      bool there = false;  // the same kind twice would be the same id
      for (const std::string& object : objects) there = there || object.substr(0, object.find("metadata:")) == one.substr(0, one.find("metadata:"));
      if (!there) objects.insert(objects.begin() + dice_.Below(static_cast<int>(objects.size()) + 1), one);
    }
    std::string all = Maybe(10, "# what comes first\n") + Maybe(10, "---\n");
    for (size_t i = 0; i < objects.size(); ++i) all += (i == 0 ? "" : dice_.Pick({"---\n", "---\n", "--- # next\n", "---\n# a comment\n", "---\n---\n"})) + objects[i];
    if (dice_.Chance(6)) all += "...\n";
    return all;
  }

 private:
  std::string Maybe(int percent, const std::string& text) { return dice_.Chance(percent) ? text : ""; }
  std::string Name(const std::string& name) const { return name + tail_; }

  std::string Metadata(const std::string& name) {
    std::string text = "metadata:\n  name: " + Name(name) + "\n";
    if (ns_.empty()) ns_ = dice_.Pick({"-", "-", "-", "-", "-", "-", "shop", "default", "other"});
    if (ns_ != "-") text += "  namespace: " + ns_ + "\n";
    if (dice_.Chance(50)) text += "  labels:\n    app: " + dice_.Pick({"web", "\"web\"", "'web'"}) + "\n" + Maybe(30, "    tier: front\n") + Maybe(20, "    app.kubernetes.io/name: web\n");
    if (dice_.Chance(35)) text += "  annotations:\n    note: " + Words() + "\n" + Maybe(30, "    a.b/c: \"1\"\n") + Maybe(10, "    x: 5\n") + Maybe(10, "    y: true\n");
    if (dice_.Chance(8)) text += "  creationTimestamp: null\n";
    return text;
  }

  // A string in one of the styles that YAML has for it, at the indentation of a map within metadata or data.
  std::string Words() {
    return dice_.Pick({"plain words", "'single: quoted'", "\"double \\\"quoted\\\"\"", "|\n      literal\n        deeper\n\n      last", "|-\n      no newline", "|+\n      kept\n", ">\n      folded\n      words\n\n      para",
                       ">-\n      folded away", "\"tab\\tand \\u00e9\"", "\u00fcn\u00efc\u00f6de \u2603", "\"\\U0001F600 face\"", "a # comment", "a#b", "'it''s'", "key=value,other=[x]", "\"{{ template }}\"", "http://x.y/z?a=b",
                       "'# no comment'", "\"trailing space \"", "'*star'", "'&amp'", "\"- dash\"", "'%percent'", "'@at'", "!!str 12", "plain\n      over lines", "\"over\n      lines\"",
                       "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen", "'y'", "'null'", "\"0x10\"", "'1e3'", "\"\""});
  }

  std::string Env() {
    return "        env:\n        - name: A\n          value: " + dice_.Pick({"\"1\"", "one", "'$(VAR)'", "\"true\""}) + "\n" +
           Maybe(50, "        - name: B\n          valueFrom:\n            configMapKeyRef:\n              name: settings\n              key: a\n") +
           Maybe(40, "        - name: C\n          valueFrom: {secretKeyRef: {name: token, key: USER}}\n") + Maybe(30, "        - {name: D, valueFrom: {fieldRef: {fieldPath: metadata.name}}}\n");
  }

  std::string Container(const std::string& name) {
    return "      - name: " + name + "\n        image: " + dice_.Pick({"nginx", "nginx:1.2", "registry:5000/team/nginx:1.2", "redis@sha256:0123", "nginx:1.2@sha256:0123", "busybox", "gcr.io/p/app:v1", "gcr.io/p/app"}) + "\n" +
           Maybe(30, "        command: [\"sh\", \"-c\", \"echo $(VAR)\"]\n") + Maybe(50, "        ports:\n        - containerPort: 80\n          name: http\n        - containerPort: 53\n          protocol: UDP\n") + Maybe(60, Env()) +
           Maybe(40, "        envFrom:\n        - configMapRef:\n            name: settings\n        - secretRef: {name: token}\n          prefix: P_\n") +
           Maybe(40, "        volumeMounts:\n        - mountPath: /etc/a\n          name: config\n        - {mountPath: /etc/b, name: keys, readOnly: true}\n") +
           Maybe(30, "        resources:\n          limits: {cpu: 500m, memory: 1Gi}\n          requests:\n            cpu: 0.1\n            memory: 64Mi\n") +
           Maybe(20, "        readinessProbe:\n          httpGet: {path: /, port: 80}\n          periodSeconds: 5\n");
  }

  std::string PodSpec() {
    return "    spec:\n" + Maybe(50, "      serviceAccountName: " + Name("robot") + "\n") + "      containers:\n" + Container("main") + Maybe(40, Container("side")) +
           (dice_.Chance(25) ? "      initContainers:\n" + Container("init") : "") + Maybe(20, "      imagePullSecrets:\n      - name: token\n") +
           Maybe(15, "      hostAliases:\n      - ip: 127.0.0.1\n        hostnames: [a.b]\n") + Maybe(15, "      tolerations:\n      - key: k\n        operator: Exists\n") +
           Maybe(15, "      topologySpreadConstraints:\n      - maxSkew: 1\n        topologyKey: zone\n        whenUnsatisfiable: DoNotSchedule\n        labelSelector: {matchLabels: {app: web}}\n") +
           Maybe(15, "      affinity:\n        podAntiAffinity:\n          preferredDuringSchedulingIgnoredDuringExecution:\n          - weight: 1\n            podAffinityTerm:\n              topologyKey: host\n              labelSelector:\n                matchLabels:\n                  app: web\n") +
           Volumes();
  }

  std::string Volumes() {
    const std::string volumes = Maybe(60, "      - name: config\n        configMap:\n          name: settings\n      - name: keys\n        secret: {secretName: token}\n") +
                                Maybe(20, "      - name: all\n        projected:\n          sources:\n          - configMap: {name: settings}\n          - secret: {name: token}\n");
    return volumes.empty() ? "" : "      volumes:\n" + volumes;
  }

  std::string Template() {
    return "  template:\n" + Maybe(80, "    metadata:\n      labels:\n        app: web\n" + Maybe(20, "      annotations: {checksum: abc}\n")) + PodSpec();
  }

  std::string Workload(const std::string& version, const std::string& kind, const std::string& name) {
    return "apiVersion: " + version + "\nkind: " + kind + "\n" + Metadata(name) + "spec:\n" + (kind == "DaemonSet" ? "" : Maybe(60, "  replicas: " + std::to_string(dice_.Below(4)) + "\n")) +
           Maybe(70, "  selector:\n    matchLabels:\n      app: web\n") + (kind == "StatefulSet" ? "  serviceName: " + Name("web") + "\n" + Maybe(40, "  volumeClaimTemplates:\n  - metadata: {name: data}\n    spec: {accessModes: [ReadWriteOnce]}\n") : "") +
           Maybe(20, "  strategy:\n    type: RollingUpdate\n    rollingUpdate: {maxSurge: 25%}\n") + Template();
  }

  std::string Service() {
    return "apiVersion: v1\nkind: Service\n" + Metadata("web") + "spec:\n" + Maybe(70, "  selector:\n    app: web\n") +
           dice_.Pick({"  ports:\n  - name: http\n    port: 80\n    targetPort: http\n", "  ports: [{port: 80, protocol: TCP}, {port: 80, protocol: UDP}]\n", "  ports:\n  - port: 8080\n    targetPort: 80\n  - port: 443\n"}) + Maybe(20, "  type: LoadBalancer\n");
  }

  std::string Other() {
    const std::string rbac = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ";
    switch (dice_.Below(24)) {
      case 0: return Workload("apps/v1", "StatefulSet", "db");
      case 1: return Workload("apps/v1", "DaemonSet", "agent");
      case 2: return "apiVersion: v1\nkind: ConfigMap\n" + Metadata("plain") + "data:\n  k: " + Words() + "\n  a: " + Words() + "\n" + Maybe(30, "binaryData:\n  b: aGVsbG8=\n");
      case 3: return "apiVersion: v1\nkind: Secret\n" + Metadata("opaque") + "type: Opaque\n" + dice_.Pick({"data: {k: dg==}\n", "stringData:\n  k: v\n"});
      case 4: return rbac + "RoleBinding\n" + Metadata("bind") + "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: " + dice_.Pick({"Role", "ClusterRole"}) + "\n  name: " + Name("rules") + "\nsubjects:\n" + Subject() + Maybe(30, Subject());
      case 5: return rbac + "ClusterRoleBinding\n" + Metadata("all") + "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: " + Name("rules") + "}\nsubjects:\n" + Subject();
      case 6: return rbac + "Role\n" + Metadata("rules") + "rules:\n- apiGroups: [\"\"]\n  resources: [configmaps, secrets]\n  resourceNames: [settings, token]\n  verbs: ['*']\n";
      case 7: return rbac + "ClusterRole\n" + Metadata("rules") + Maybe(30, "aggregationRule:\n  clusterRoleSelectors:\n  - matchLabels: {app: web}\n") + "rules: []\n";
      case 8:
        return "apiVersion: networking.k8s.io/v1\nkind: Ingress\n" + Metadata("web") + "spec:\n" + Maybe(40, "  ingressClassName: " + Name("class") + "\n") + "  tls:\n  - secretName: token\n    hosts: [a.b]\n  rules:\n  - host: a.b\n    http:\n      paths:\n      - path: /\n        pathType: Prefix\n        backend:\n          service:\n            name: " +
               Name("web") + "\n            port: {number: 80}\n";
      case 9: return "apiVersion: " + dice_.Pick({"autoscaling/v1", "autoscaling/v2"}) + "\nkind: HorizontalPodAutoscaler\n" + Metadata("web") + "spec:\n  scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: " + Name("web") + "\n  maxReplicas: 3\n";
      case 10: return "apiVersion: batch/v1\nkind: CronJob\n" + Metadata("tick") + "spec:\n  schedule: '* * * * *'\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n          containers:\n          - name: main\n            image: nginx:1.2\n            envFrom: [{configMapRef: {name: settings}}]\n";
      case 11: return "apiVersion: batch/v1\nkind: Job\n" + Metadata("once") + "spec:\n" + Template();
      case 12: return "apiVersion: policy/v1\nkind: PodDisruptionBudget\n" + Metadata("web") + "spec:\n  minAvailable: 50%\n  selector: {matchLabels: {app: web}}\n";
      case 13: return "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n" + Metadata("web") + "spec:\n  podSelector:\n    matchLabels: {app: web}\n  ingress:\n  - from:\n    - podSelector:\n        matchLabels:\n          app: web\n    - namespaceSelector: {}\n";
      case 14: return "apiVersion: admissionregistration.k8s.io/v1\nkind: " + dice_.Pick({"Mutating", "Validating"}) + "WebhookConfiguration\n" + Metadata("hook") + "webhooks:\n- name: a.b.c\n  clientConfig:\n    service:\n      name: " + Name("web") + "\n      namespace: " + (ns_ == "-" ? "default" : ns_) + "\n      path: /x\n";
      case 15: return "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: widgets" + tail_ + ".example.com\nspec:\n  group: example.com\n  names: {kind: Widget, plural: widgets}\n  scope: Namespaced\n" + Maybe(60, "  conversion:\n    strategy: Webhook\n    webhook:\n      clientConfig:\n        service: {name: " + Name("web") + ", namespace: system}\n");
      case 16: return "apiVersion: apiregistration.k8s.io/v1\nkind: APIService\nmetadata:\n  name: v1" + tail_ + ".metrics\nspec:\n  group: metrics\n  version: v1\n  service:\n    name: " + Name("web") + "\n    namespace: system\n";
      case 17: return Widget();
      case 18: return "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: " + Name(dice_.Pick({"shop", "elsewhere"})) + "\n" + Maybe(40, "  labels: {app: web}\n");
      case 19: return "apiVersion: v1\nkind: PersistentVolumeClaim\n" + Metadata("data") + "spec:\n  accessModes:\n  - ReadWriteOnce\n  storageClassName: " + Name("fast") + "\n  resources: {requests: {storage: 1Gi}}\n";
      case 20: return "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: " + Name("fast") + "}\nprovisioner: x.y/z\nparameters:\n  secretName: token\n";
      case 21: return "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: " + Name("listed") + "}\n  data: {k: v}\n- apiVersion: v1\n  kind: Service\n  metadata: {name: " + Name("listed") + "}\n  spec: {ports: [{port: 1}]}\n";
      case 22: return "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata:\n  name: " + Name("class") + "\nspec: {controller: x.y/z}\n";
      default: return "apiVersion: v1\nkind: ConfigMap\nmetadata: &meta\n  name: " + Name("linked") + "\n  labels: &l\n    app: web\ndata:\n  one: &one text\n  two: *one\n";
    }
  }

  std::string Subject() {
    return "- kind: ServiceAccount\n  name: " + dice_.Pick({"default", "builder"}) + "\n" + dice_.Pick({"", "  namespace: shop\n", "  namespace: default\n"}) +
           Maybe(60, "- kind: ServiceAccount\n  name: " + Name("robot") + "\n  namespace: " + (ns_ == "-" ? "default" : ns_) + "\n") + Maybe(20, "- {kind: User, name: jane, apiGroup: rbac.authorization.k8s.io}\n");
  }

  std::string Widget() {
    return "apiVersion: example.com/v1\nkind: Widget\n" + Metadata("gear") + "spec:\n  size: " + dice_.Pick({"large", "5", "\"5\"", "1.50", "0x1F", "true", "1e3", "010", "0o17", "1_000", "-.5", "+3", "12345678901234567890"}) +
           "\n  settings: settings\n  secret: {name: token}\n  parts:\n  - name: a\n    value: 1\n    tags: [x, y]\n  - {name: b, value: two}\n  containers:\n  - {name: w, image: nginx:1.2}\n  selector: {app: web}\n  text: " + dice_.Pick({"'a: b'", "|-\n    one\n    two", "~", "\"\"", "2001-01-01", "[]", "{}", "no", "'no'"}) + "\n" +
           Maybe(30, "  matrix: [[1, 2], [3, 4]]\n") + Maybe(30, "  list:\n  - a\n  - - b\n    - c\n  -\n    k: v\n") + Maybe(20, "  \"quoted key\": 1\n  'on': true\n  8080: port\n");
  }

  Dice& dice_;
  const std::string tail_;
  std::string ns_;  // of all objects that have one, so that they refer to each other; "-" for none
};

}  // namespace

std::string RichObjects(Dice& dice, const std::string& tail) { return Objects(dice, tail).All(); }

}  // namespace plumb::kustomize
