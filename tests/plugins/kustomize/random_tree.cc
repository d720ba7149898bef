#include "tests/plugins/kustomize/random_tree.h"

#include "tests/plugins/kustomize/random_dice.h"
#include "tests/plugins/kustomize/random_fields.h"

namespace plumb::kustomize {
namespace {

class Generator : private Dice {
 public:
  explicit Generator(uint64_t seed) : Dice(seed) {}

  RandomTree Run() {
    const int bases = 1 + Below(2);
    std::vector<std::string> below;
    for (int i = 0; i < bases; ++i) below.push_back(Base("base" + std::to_string(i), i));
    if (Chance(40)) {
      below = {Overlay("middle", below)};
    }
    tree_.root = Overlay("top", below);
    if (Chance(15)) Link();
    tree_.free_loading = Chance(10);
    return std::move(tree_);
  }

 private:
  // A base, a file or a kustomization that is reached by a symlink.
  void Link() {
    switch (Below(3)) {
      case 0:
        tree_.symlinks["top/linked"] = "../base0";
        tree_.files["top/kustomization.yaml"] += Chance(50) ? "components: [linked]\n" : "crds: [linked/data.txt]\n";
        break;
      case 1:
        tree_.symlinks["base0/all.yaml"] = Pick({"real.yaml", "../real.yaml", "./real.yaml"});
        tree_.files["base0/real.yaml"] = tree_.files["real.yaml"] = tree_.files["base0/all.yaml"];
        tree_.files.erase("base0/all.yaml");
        break;
      default:
        tree_.symlinks["base0/data.txt"] = Pick({"vars.env", "../base0/vars.env", "../other.txt"});
        tree_.files["other.txt"] = "outside";
        tree_.files.erase("base0/data.txt");
    }
  }

  std::string Metadata(const std::string& name) {
    std::string text = "metadata:\n  name: " + name + "\n";
    if (Chance(30)) text += "  namespace: " + Pick({"default", "shop", "other"}) + "\n";
    if (Chance(40)) text += "  labels:\n" + Pairs("    ", 2);
    if (Chance(30)) text += "  annotations:\n" + Pairs("    ", 2);
    else if (Chance(10)) text += Chance(50) ? "  annotations: {n: " + OddAnnotation() + "}\n" : "  annotations:\n    n: " + OddAnnotation() + "\n";
    if (Chance(10)) text += "  creationTimestamp: null\n";
    return text;
  }

  std::string Container(const std::string& name) {
    std::string text = "      - name: " + name + "\n        image: " + Pick({"nginx", "nginx:1.2", "reg:5000/a/nginx:1", "redis@sha256:abc", "busybox:latest"}) + "\n";
    if (Chance(30)) text += "        args: [$(VAR), b, --c]\n";
    if (Chance(40)) text += "        ports:\n        - containerPort: 80\n        - containerPort: 80\n          protocol: UDP\n";
    if (Chance(50)) text += "        env:\n        - name: A\n          value: \"1\"\n        - name: B\n          valueFrom:\n            configMapKeyRef: {name: settings, key: a}\n";
    if (Chance(40)) text += "        envFrom:\n        - secretRef:\n            name: secret\n        - configMapRef: {name: " + Pick({"settings", "cm-web", "none"}) + "}\n";
    if (Chance(20)) text += "        resources:\n";
    return text;
  }

  std::string Workload(const std::string& kind, const std::string& name) {
    std::string text = "apiVersion: apps/v1\nkind: " + kind + "\n" + Metadata(name) + "spec:\n";
    if (Chance(50)) text += "  replicas: " + std::to_string(Below(5)) + "\n";
    if (Chance(50)) text += "  selector:\n    matchLabels:\n      app: " + name + "\n";
    if (Chance(20)) text += "  strategy: {type: Recreate}\n";
    if (Chance(20)) text += "  odd: " + Scalar() + "\n  empty:\n";
    text += "  template:\n    metadata:\n      labels:\n        app: " + name + "\n    spec:\n";
    if (Chance(30)) text += "      serviceAccountName: robot\n";
    text += "      containers:\n" + Container("main");
    if (Chance(40)) text += Container("side");
    if (Chance(30)) text += "      volumes:\n      - name: v\n        configMap: {name: settings}\n      - name: w\n        emptyDir: {}\n";
    return text;
  }

  std::string Object(const std::string& name) {
    switch (Below(9)) {
      case 0: return "apiVersion: v1\nkind: ConfigMap\n" + Metadata("cm-" + name) + "data:\n  k: " + Text() + "\n  l: |\n    a\n      b\n\n    c\n";
      case 1: return "apiVersion: v1\nkind: Service\n" + Metadata(name) + "spec:\n  selector: {app: " + name + "}\n  ports:\n  - port: 80\n    targetPort: $(PORT)\n";
      case 2: return "apiVersion: v1\nkind: ServiceAccount\n" + Metadata("robot");
      case 3:
        return "apiVersion: rbac.authorization.k8s.io/v1\nkind: " + Pick({"RoleBinding", "ClusterRoleBinding"}) + "\n" + Metadata(name) +
               "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: " + Pick({"Role", "ClusterRole"}) + ", name: role}\nsubjects:\n- kind: ServiceAccount\n  name: " +
               Pick({"robot", "default"}) + "\n" + (Chance(50) ? "  namespace: " + Pick({"shop", "default"}) + "\n" : "");
      case 4: return "apiVersion: rbac.authorization.k8s.io/v1\nkind: " + Pick({"Role", "ClusterRole"}) + "\n" + Metadata("role") + "rules:\n- resourceNames: [settings, secret]\n";
      case 5: return "apiVersion: example.com/v1\nkind: Widget\n" + Metadata(name) + "spec:\n  size: " + Scalar() + "\n  parts: [{name: a, v: 1}, {name: b}]\n  containers:\n  - image: nginx:9\n";
      case 6: return "apiVersion: networking.k8s.io/v1\nkind: Ingress\n" + Metadata(name) + "spec:\n  tls: [{secretName: secret}]\n  rules:\n  - host: a.b\n    http: {paths: [{backend: {service: {name: " + Name() + "}}}]}\n";
      case 7: return "apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\n" + Metadata(name) + "spec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: " + Name() + "}\n";
      default: return "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: " + Pick({"shop", "other"}) + "\n";
    }
  }

  std::string Base(const std::string& directory, int index) {
    std::string text = "resources:\n- all.yaml\n";
    std::string all = index == 0 && Chance(90) ? Workload("Deployment", "web") + "---\napiVersion: v1\nkind: Service\n" + Metadata("web") + "spec:\n  ports: [{port: 80, name: a}]\n"
                                               : Workload(Pick({"Deployment", "StatefulSet", "DaemonSet"}), Name());
    for (int i = 0; i <= Below(4); ++i) all += "---\n" + Object(Name() + (Chance(60) ? std::to_string(i) : ""));
    tree_.files[directory + "/all.yaml"] = all;
    if (index == 0) text += "configMapGenerator:\n- name: settings\n  literals: [a=1, 'b=\"x y\"', c=<&>]\n" + std::string(Chance(30) ? "  files: [data.txt]\n" : "");
    if (index == 0 && Chance(85)) text += "secretGenerator:\n- name: secret\n  envs: [vars.env]\n" + std::string(Chance(30) ? "  type: kubernetes.io/tls\n" : "");
    if (Chance(20)) text += "generatorOptions: {disableNameSuffixHash: true, labels: {g: h}}\n";
    if (Chance(15)) text += "vars:\n- name: VAR\n  objref: {apiVersion: v1, kind: ConfigMap, name: settings}\n  fieldref: {fieldPath: data.a}\n";
    tree_.files[directory + "/data.txt"] = Pick({"line\nline two\n", "no end", "\ttab\r\n", "", "\xff\xfe binary"});
    tree_.files[directory + "/vars.env"] = "# comment\nUSER=me\nPASS=a=b\n\n  SPACED = x \nEMPTY=\n";
    text += Common() + fields_.OfBase(directory);
    tree_.files[directory + "/kustomization.yaml"] = text;
    return directory;
  }

  // Fields that any kustomization may have.
  std::string Common() {
    std::string text;
    if (Chance(30)) text += "namePrefix: " + Pick({"dev-", "p."}) + "\n";
    if (Chance(20)) text += "nameSuffix: " + Pick({"-v1", "-x"}) + "\n";
    if (Chance(30)) text += "namespace: " + Pick({"shop", "prod"}) + "\n";
    if (Chance(20)) text += "commonLabels:\n" + Pairs("  ", 2);
    if (Chance(25)) text += "labels:\n- pairs:\n" + Pairs("    ", 2) + Pick({"", "  includeSelectors: true\n", "  includeTemplates: true\n"});
    if (Chance(20)) text += "commonAnnotations:\n" + Pairs("  ", 2);
    if (Chance(30)) text += "images:\n- name: nginx\n  " + Pick({"newTag: '2'", "newName: other/proxy", "digest: sha256:def", "tagSuffix: -alpine"}) + "\n";
    if (Chance(8)) text += "buildMetadata: [" + Pick({"originAnnotations", "managedByLabel", "transformerAnnotations", "originAnnotations, transformerAnnotations"}) + "]\n";
    return text;
  }

  std::string Patch() {
    switch (Below(8)) {
      case 0: return "- target: {kind: " + Pick({"Deployment", "StatefulSet|Deployment", "Service", ".*"}) + "}\n  patch: |-\n    - op: " + Pick({"add", "replace"}) + "\n      path: " + Pick({"/metadata/annotations/x", "/spec", "/extra", "/metadata/labels"}) + "\n      value: " + Pick({"{a: b}", "1", "text", "[a]", "1.5"}) + "\n";
      case 1: return "- target: {labelSelector: 'app=web'}\n  patch: '[{\"op\": \"add\", \"path\": \"/metadata/labels/p\", \"value\": \"1\"}]'\n";
      case 2:
        return "- target: {kind: " + Pick({"Deployment", "StatefulSet", "DaemonSet", "Widget"}) + "}\n  patch: |-\n    apiVersion: v1\n    kind: Any\n    metadata:\n      name: any\n      annotations:\n        p: " + Text() +
               "\n    spec:\n      template:\n        spec:\n          containers:\n          - name: main\n            env:\n            - name: A\n              value: " + Pick({"\"2\"", "null"}) +
               "\n            - name: N\n              value: n\n          - name: " + Pick({"side\n            $patch: delete", "new\n            image: nginx"}) + "\n";
      case 3: return "- target: {kind: Widget}\n  patch: |-\n    kind: Widget\n    metadata: {name: x}\n    spec: {parts: [{name: c}], size: " + Pick({"null", "'5'", "word"}) + "}\n";
      case 4: return "- target: {kind: " + Pick({"Service", "ConfigMap", "Ingress"}) + "}\n  patch: |-\n    $patch: delete\n    kind: X\n    metadata: {name: x}\n";
      case 5: return "- target: {kind: Deployment}\n  patch: |-\n    kind: Deployment\n    metadata: {name: renamed}\n    spec: {replicas: 7, strategy: {$patch: replace, type: X}}\n  options: {allowNameChange: " + Pick({"true", "false"}) + "}\n";
      case 6: return "- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: " + Known() + "}\n    spec: {template: {spec: {volumes: [{name: n, emptyDir: {}}, {name: v, $patch: delete}]}}}\n";
      default: return "- target: {name: '" + Pick({"w.b", "api", ".*", "db|cache"}) + "'}\n  patch: |-\n    kind: X\n    metadata: {name: x, labels: {q: r, app: null}}\n";
    }
  }

  std::string Overlay(const std::string& directory, const std::vector<std::string>& below) {
    std::string text = "resources:\n";
    for (const std::string& base : below) text += "- ../" + base + "\n";
    text += Common();
    if (Chance(60)) {
      text += "patches:\n";
      for (int i = 0; i <= Below(2); ++i) text += Patch();
    }
    if (Chance(20)) text += "replicas: [{name: " + Known() + ", count: " + std::to_string(Below(9)) + "}]\n";
    if (Chance(25)) {
      text += "configMapGenerator:\n- name: settings\n  behavior: " + Pick({"merge", "merge", "merge", "replace", "replace", "create"}) + "\n  literals: [a=2, z=3]\n";
      if (Chance(30)) text += "  options: {annotations: {x: z}, immutable: true}\n";
    }
    if (Chance(30)) text += Replacement();
    if (Chance(25)) {
      text += "components: [../" + directory + "-component]\n";
      tree_.files[directory + "-component/kustomization.yaml"] = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n" + Common() + (Chance(60) ? "patches:\n" + Patch() : "commonAnnotations: {c: d}\n");
    }
    text += fields_.OfOverlay(directory);
    tree_.files[directory + "/kustomization.yaml"] = text;
    return directory;
  }

  std::string Replacement() {
    const std::string sensible = Pick({"ConfigMap, name: settings, fieldPath: data.a", "ConfigMap, name: settings, fieldPath: metadata.name", "Deployment, name: web, fieldPath: metadata.name",
                                       "Deployment, name: web, fieldPath: spec.template.spec.containers.0.image", "Deployment, name: web, fieldPath: 'spec.template.spec.containers.[name=main].name'",
                                       "Service, name: web, fieldPath: spec.ports.0.port", "Service, name: web, fieldPath: spec.ports", "Deployment, name: web, fieldPath: spec.template.metadata"});
    const std::string any = Pick({"ConfigMap", "Deployment", "Service"}) + Pick({"", ", name: settings", ", name: web"}) + ", fieldPath: " +
                            Pick({"metadata.name", "data.a", "spec.replicas", "spec.template.spec.containers.0.image"});
    return "replacements:\n- source: {kind: " + (Chance(80) ? sensible : any) + Pick({"", "", ", options: {delimiter: ':'}", ", options: {delimiter: '-', index: 1}"}) +
           "}\n  targets:\n  - select: {kind: " + Pick({"Deployment", "Service", "Widget", "StatefulSet"}) + "}\n    fieldPaths: ['" +
           Pick({"metadata.annotations.[a.b/c]", "spec.template.spec.containers.[name=main].image", "spec.replicas", "spec.selector.app", "spec.new.field", "spec.parts.*.v", "spec.template.spec.containers.[name=.*].env.[name=A].value"}) + "']\n" +
           (Chance(75) ? "    options: {create: true}\n" : Chance(40) ? "    options: {delimiter: ':', index: 1}\n" : "");
  }

  RandomTree tree_;
  RandomFields fields_{*this, tree_.files};
};

}  // namespace

RandomTree MakeRandomTree(uint64_t seed) { return Generator(seed).Run(); }

}  // namespace plumb::kustomize
