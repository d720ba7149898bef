#include "tests/plugins/kustomize/random_fields.h"

namespace plumb::kustomize {

std::string RandomFields::Configurations(const std::string& directory) {
  files_[directory + "/config.yaml"] = Pick({
      "nameReference:\n- kind: ConfigMap\n  fieldSpecs:\n  - {kind: Widget, path: spec/size}\n",
      "varReference:\n- {kind: ConfigMap, path: data/k}\n- {path: metadata/labels}\n",
      "commonLabels:\n- {path: spec/extra/labels, create: true, kind: Widget}\n",
      "commonAnnotations:\n- {path: spec/notes, create: true, group: example.com}\n",
      "images:\n- {path: spec/parts/v, kind: Widget}\n- {path: spec/size, kind: Widget}\n",
      "replicas:\n- {path: spec/size, create: true, kind: Widget}\n",
      "namespace:\n- {path: spec/ns, create: true, kind: Widget}\n",
      "namePrefix:\n- {path: spec/odd, kind: Deployment}\nnameSuffix:\n- {path: metadata/labels/app}\n",
      "labels:\n- {path: spec/all, create: true}\ntemplateLabels:\n- {path: spec/tl, create: true, kind: Service}\n",
      "commonLabels:\n- {path: metadata/labels, create: false}\n",
      "unknown: []\n",
  });
  return "configurations: [config.yaml]\n";
}

std::string RandomFields::Crds(const std::string& directory) {
  files_[directory + "/crd.json"] = R"({"example.com/v1.Widget": {"Schema": {"type": "object", "properties": {
    "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
    "spec": {"$ref": "example.com/v1.WidgetSpec"}}, "x-kubernetes-group-version-kind": [{"group": "example.com", "kind": "Widget", "version": "v1"}]}},
    "example.com/v1.WidgetSpec": {"Schema": {"type": "object", "properties": {
    "size": {"type": "string", "x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "ConfigMap"},
    "extra": {"type": "object", "x-kubernetes-annotation": ""}, "other": {"type": "object", "x-kubernetes-label-selector": ""}}}}})";
  return "crds: [" + Pick({"crd.json", "crd.json", "crd.json", "crd.json", "all.yaml", "missing.json"}) + "]\n";
}

std::string RandomFields::OpenApi(const std::string& directory) {
  if (Chance(30)) return "openapi: {version: " + Pick({"v1.21.2", "v1.20.4", "''"}) + "}\n";
  files_[directory + "/schema.json"] = R"({"definitions": {"v1.Widget": {"type": "object", "properties": {
    "apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"},
    "spec": {"type": "object", "properties": {"parts": {"type": "array", "items": {"type": "object"},
      "x-kubernetes-patch-merge-key": "name", "x-kubernetes-patch-strategy": "merge"}}}},
    "x-kubernetes-group-version-kind": [{"group": "example.com", "kind": "Widget", "version": "v1"}]}}})";
  return "openapi: {path: " + Pick({"schema.json", "schema.json", "schema.json", "schema.json", "missing.json"}) + "}\n";
}

std::string RandomFields::Transformer() {
  const std::string head = "apiVersion: builtin\nkind: ", name = "\nmetadata: {name: t" + Pick({"", ", namespace: plug"}) + "}\n";
  return Pick({"LabelTransformer", "AnnotationsTransformer"}) == "LabelTransformer" && Chance(30)
             ? head + "LabelTransformer" + name + "labels: {t: l, app: plugged}\nfieldSpecs:\n- {path: metadata/labels, create: true}\n- {path: spec/selector, kind: Service}\n"
         : Chance(20) ? head + "AnnotationsTransformer" + name + "annotations: {t: a}\nfieldSpecs: [{path: metadata/annotations, create: true}]\n"
         : Chance(20) ? head + "PrefixTransformer" + name + "prefix: pl-\nfieldSpecs: [{path: metadata/name}]\n"
         : Chance(20) ? head + "SuffixTransformer" + name + "suffix: -pl\nfieldSpecs: [{path: metadata/name, kind: Service}]\n"
         : Chance(20) ? head + "NamespaceTransformer" + name + "unsetOnly: " + Pick({"true", "false"}) + "\nsetRoleBindingSubjects: " +
                            Pick({"defaultOnly", "allServiceAccounts", "none"}) + "\nfieldSpecs: [{path: metadata/namespace, create: true}]\n"
         : Chance(20) ? head + "ImageTagTransformer" + name + "imageTag: {name: nginx, newTag: t9}\nfieldSpecs: [{path: 'spec/template/spec/containers[]/image', create: true}]\n"
         : Chance(20) ? head + "ReplicaCountTransformer" + name + "replica: {name: web, count: 8}\nfieldSpecs: [{path: spec/replicas, create: true}]\n"
         : Chance(20) ? head + "PatchTransformer" + name + "patch: '[{\"op\": \"add\", \"path\": \"/metadata/labels/pt\", \"value\": \"1\"}]'\ntarget: {kind: " + Pick({"Service", "Deployment", "ConfigMap"}) + "}\n"
         : Chance(20) ? head + "PatchStrategicMergeTransformer" + name + "patches: |-\n  kind: ConfigMap\n  apiVersion: v1\n  metadata: {name: settings}\n  data: {z: y}\n"
         : Chance(20) ? head + "PatchJson6902Transformer" + name + "jsonOp: '[{\"op\": \"add\", \"path\": \"/x\", \"value\": 1}]'\ntarget: {kind: Service, version: v1, name: web}\n"
         : Chance(20) ? head + "ReplacementTransformer" + name + "replacements:\n- source: {kind: ConfigMap, name: settings, fieldPath: data.a}\n  targets: [{select: {kind: Service}, fieldPaths: [spec.q], options: {create: true}}]\n"
         : Chance(20) ? head + "ValueAddTransformer" + name + "value: v\ntargets: [{fieldPath: metadata/labels/va" + Pick({"", ", filePathPosition: 1", ", selector: {kind: Service}"}) + "}]\n"
         : Chance(20) ? head + "HashTransformer" + name
         : Chance(50) ? head + "NoSuchTransformer" + name
                      : "apiVersion: acme.example/v1\nkind: Magic" + name;
}

std::string RandomFields::Plugins(const std::string& directory, const char* field) {
  std::string plugin = Transformer();
  if (field == std::string_view("generators")) {
    plugin = Chance(50) ? "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: made}\nliterals: [k=v]\n" + Pick({"", "options: {disableNameSuffixHash: true}\n", "behavior: create\n"})
             : Chance(50) ? "apiVersion: builtin\nkind: SecretGenerator\nmetadata: {name: made, namespace: shop}\nname: given\nliterals: [k=v]\ntype: x/y\n"
                          : "apiVersion: builtin\nkind: IAMPolicyGenerator\nmetadata: {name: iam}\ncloud: gke\nkubernetesService: {name: k}\nserviceAccount: {name: s, projectId: p}\n";
  }
  if (Chance(40)) {
    std::string inline_text = field + std::string(":\n- |-\n");
    for (size_t at = 0; at < plugin.size();) {
      const size_t end = plugin.find('\n', at);
      inline_text += "  " + plugin.substr(at, end - at) + "\n";
      at = end + 1;
    }
    return inline_text;
  }
  const std::string file = std::string(field) + ".yaml";
  if (Chance(20)) {
    files_[directory + "/" + field + "/" + file] = plugin;
    files_[directory + "/" + field + "/kustomization.yaml"] = "resources: [" + file + "]\n";
    return field + std::string(": [") + field + "]\n";
  }
  files_[directory + "/" + file] = plugin;
  return field + std::string(": [") + file + "]\n";
}

std::string RandomFields::OldPatches(const std::string& directory) {
  std::string text;
  if (Chance(60)) {
    files_[directory + "/smp.yaml"] = "apiVersion: " + Pick({"v1\nkind: ConfigMap\nmetadata:\n  name: settings", "v1\nkind: Service\nmetadata:\n  name: web", "apps/v1\nkind: Deployment\nmetadata:\n  name: web",
                                                              "v1\nkind: Deployment\nmetadata:\n  name: " + dice_.Name()}) +
                                      "\n  labels:\n    smp: " + dice_.Text() + "\n---\n" + Pick({"", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {s: t}\n"});
    text += "patchesStrategicMerge:\n- " + Pick({"smp.yaml", "|-\n  apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: settings}\n  data: {a: null, q: r}", "smp.yaml\n- smp.yaml"}) + "\n";
  }
  if (Chance(60)) {
    files_[directory + "/ops.json"] = R"([{"op": "test", "path": "/kind", "value": "ConfigMap"}, {"op": "copy", "from": "/data", "path": "/copy"}, {"op": "move", "from": "/copy", "path": "/moved"}])";
    text += "patchesJson6902:\n- target: {version: v1, kind: ConfigMap, name: settings}\n  " + Pick({"path: ops.json", "patch: '[{\"op\": \"remove\", \"path\": \"/data/a\"}]'", "patch: |-\n    - {op: add, path: /data/n~1m, value: '1'}\n    - {op: replace, path: /data/a, value: b}"}) + "\n";
  }
  return text;
}

std::string RandomFields::PatchFiles(const std::string& directory) {
  files_[directory + "/one.yaml"] = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  annotations: {p: " + dice_.OddAnnotation() + "}\ndata:\n  a: " + dice_.Text() + "\n" +
                                    Pick({"", "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {two: t}\n", "data: {again: x}\n", "  new: |\n    a\n    b\n"});
  files_[directory + "/two.yaml"] = "- op: add\n  path: /metadata/annotations\n  value: {fresh: 'x', n: " + Pick({"'1'", "1", "null", "true"}) + "}\n" + Pick({"", "- {op: remove, path: /spec/nothing}\n", "- {op: test, path: /kind, value: Service}\n"});
  const std::string selector = Pick({"labelSelector: 'app in (web, api)'", "labelSelector: '!tier'", "labelSelector: 'app!=web,a'", "annotationSelector: 'a=b-c'", "labelSelector: 'a ='",
                                     "kind: Service|ConfigMap", "group: apps", "version: v1", "namespace: shop", "name: s.*", "kind: '^Service$'", "name: '('"});
  return Pick({"- path: one.yaml\n", "- path: one.yaml\n  options: {allowKindChange: true}\n", "- path: one.yaml\n", "- path: one.yaml\n", "- path: missing.yaml\n"}) + (Chance(50) ? "- path: two.yaml\n  target: {" + selector + "}\n" : "") +
         (Chance(30) ? "- path: one.yaml\n  target: {" + selector + "}\n" : "");
}

std::string RandomFields::ReplacementFile(const std::string& directory) {
  files_[directory + "/rep.yaml"] = Pick({"", "- "}) == "" ? "source: {kind: ConfigMap, name: settings, fieldPath: data.b}\ntargets:\n- select: {kind: Deployment}\n  reject: [{name: web}]\n  fieldPaths: [metadata.annotations.rep]\n  options: {create: true}\n"
                                                           : "- source: {kind: Deployment, fieldPath: 'metadata.labels.app'}\n  targets:\n  - select: {kind: Service}\n    fieldPaths: ['spec.ports.0.targetPort', spec.ports.*.name]\n    options: {create: true, encoding: base64}\n";
  return "- path: rep.yaml\n";
}

std::string RandomFields::SortOptions() {
  return "sortOptions: " + Pick({"{order: fifo}", "{order: legacy}", "{order: legacy, legacySortOptions: {orderFirst: [Service, Namespace], orderLast: [ConfigMap]}}", "{order: other}",
                                 "{order: fifo, legacySortOptions: {orderFirst: [Service]}}", "{}"}) + "\n";
}

std::string RandomFields::OfBase(const std::string& directory) {
  std::string text;
  if (Chance(8)) text += Configurations(directory);
  if (Chance(6)) text += Crds(directory);
  if (Chance(5)) text += OpenApi(directory);
  if (Chance(5)) text += "metadata: {name: k, annotations: {config.kubernetes.io/local-config: 'true'}}\n";
  if (Chance(5)) text += "kind: Kustomization\n" + Pick({"", "apiVersion: kustomize.config.k8s.io/v1beta1\n", "apiVersion: kustomize.config.k8s.io/v1\n"});
  if (Chance(2)) text += Pick({"unknownField: 1\n", "NAMEPREFIX: up-\n", "commonlabels: {low: er}\n", "namespace: 5\n", "helmCharts: []\n", "helmCharts: [{name: chart, repo: 'https://charts.example', version: 1.0.0}]\n", "helmChartInflationGenerator: [{chartName: c}]\n", "helmGlobals: {chartHome: charts}\n", "resources: [all.yaml]\n"});
  return text;
}

std::string RandomFields::OfOverlay(const std::string& directory) {
  std::string text;
  if (Chance(10)) text += OldPatches(directory);
  if (Chance(8) && text.find("patches:") == std::string::npos) text += "patches:\n" + PatchFiles(directory);
  if (Chance(5)) text += "replacements:\n" + ReplacementFile(directory);
  if (Chance(6)) text += Configurations(directory);
  if (Chance(4)) text += OpenApi(directory);
  if (Chance(8)) text += Plugins(directory, "transformers");
  if (Chance(5)) text += Plugins(directory, "generators");
  if (Chance(4)) text += Plugins(directory, "validators");
  if (Chance(10)) text += SortOptions();
  if (Chance(5)) text += "imageTags: [{name: nginx, newTag: old}]\n";
  if (Chance(10))
    text += "secretGenerator:\n- name: " + Pick({"own", "own", "secret\n  behavior: merge", "secret\n  behavior: replace", "secret"}) + "\n  literals: [USER=you, 'q=\"quoted\"']\n" +
            Pick({"", "  type: kubernetes.io/basic-auth\n", "  options: {disableNameSuffixHash: true, labels: {s: '1'}}\n", "  namespace: shop\n", "  env: none.env\n"});
  if (Chance(4)) text += "generatorOptions: {labels: {all: gen}, annotations: {note: '2'}, immutable: " + Pick({"true", "false"}) + "}\n";
  return text;
}

}  // namespace plumb::kustomize
