#include "tests/plugins/kustomize/rich_fields.h"

namespace plumb::kustomize {
namespace {

// The text as a block scalar below an entry, at four spaces.
std::string Block(const std::string& text) {
  std::string block;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    block += (end == at ? "" : "    ") + text.substr(at, end - at) + "\n";
    at = end == std::string::npos ? text.size() : end + 1;
  }
  block.pop_back();
  return block;
}

}  // namespace

std::string RichFields::File(const std::string& name, const std::string& content) {
  const size_t dot = name.rfind('.');
  const std::string file = name.substr(0, dot) + std::to_string(next_++) + name.substr(dot);
  files_[directory_ + "/" + file] = content;
  return file;
}

std::string RichFields::ToText() const {
  std::string text;
  for (const auto& [field, value] : scalars_) text += field + ": " + value + "\n";
  for (const auto& [field, items] : lists_) text += field + ":\n" + items;
  return text;
}

void RichFields::AddSome(int most) {
  for (int i = dice_.Below(most + 1); i > 0; --i) {
    switch (dice_.Below(22)) {
      case 0: case 1: case 2: case 3: case 4: case 5: Patch(); break;
      case 6: case 7: case 8: Replacement(); break;
      case 9: case 10: LabelsAndAnnotations(); break;
      case 11: case 12: Names(); break;
      case 13: case 14: Images(); break;
      case 15: Configurations(); break;
      case 16: Schema(); break;
      case 17: Plugin(); break;
      case 18: Variables(); break;
      case 19: Metadata(); break;
      case 20: Order(); break;
      default: Set("namespace", Pick({"shop", "prod", "default"}));
    }
  }
}

void RichFields::AddPlain() {
  switch (dice_.Below(4)) {
    case 0: return LabelsAndAnnotations();
    case 1: return Images();
    case 2: return Set("nameSuffix", Pick({"-p", "-q"}));
    default: Add("patches", "- target: " + Target() + "\n  patch: '[{\"op\": \"add\", \"path\": \"/metadata/annotations\", \"value\": {\"plain\": \"patch\"}}]'");
  }
}

// Where a generator's data comes from, as lines of its entry.
std::string RichFields::GeneratorSource() {
  switch (dice_.Below(6)) {
    case 5: return Pick({"  literals: [a=1, a=2]\n", "  literals: [no-equals]\n", "  literals: ['k y=1']\n", "  literals: ['=1']\n", "  literals: [A.b-c_d=1, 'x/y=2']\n", "  literals: [k=v]\n  files: [" + File("made.txt", "x\n") + ", " + File("again.txt", "") + "]\n",
                         "  files: ['a=b=" + File("odd.txt", "odd\n") + "']\n", "  files: ['=" + File("odd.txt", "odd\n") + "']\n", "  envs: [" + File("twice.env", "K=1\nK=2\n") + "]\n", "  envs: [" + File("bad.env", "1K=1\n") + "]\n", "  literals: []\n"});
    case 0: return "  literals:\n  - a=" + Pick({"2", "'x y'", "\"quoted\"", "b=c", "", "<&>", "\u00fc", "a\\nb", "true"}) + "\n  - " + Pick({"new=1", "'q=\"in quotes\"'", "\"s='single'\"", "empty="}) + "\n";
    case 1: return "  files:\n  - " + File("data.txt", Pick({"line\nline two\n", "no end", "\ttab\r\nand more\r\n", "", "\xff\xfe\x01 binary", "trailing \nspaces  \n", "\n\nleading", "  indented\n", "a: b\n---\nc\n", "\xef\xbb\xbf" "bom\n", "a\u2028b\n", "\x07 bell\n"})) +
                   "\n  - key.x=" + File("keyed.ini", "[section]\nkey = value\n") + "\n";
    case 2: return Pick({"  envs:\n  - ", "  envs:\n  - ", "  env: "}) +
                   File("vars.env", Pick({"# comment\nUSER=me\nPASS=a=b\n\n  SPACED = x \nEMPTY=\n", "A=1\r\nB=two\r\n", "Q=\"quoted\"\nS='single'\n", "export=x\nD=$HOME\n", "\xef\xbb\xbf" "BOM=1\n", "LAST=no newline", "W=  spaces in front\nT=tab\there\n", "U=\u00fc\nH=#hash\n"})) + "\n";
    case 3: return "  literals: [b=from-literal]\n  files: [" + File("both.txt", "both\n") + "]\n";
    default: return "  literals: [k=v, a=changed]\n";
  }
}

void RichFields::AddGenerators() {
  Add("configMapGenerator", "- name: settings\n  literals: [a=1, 'b=\"x y\"', c=<&>, host=web:8080]");
  if (Chance(50)) lists_["configMapGenerator"] += GeneratorSource().insert(0, "- name: settings-2\n");
  Add("secretGenerator", "- name: token\n" + Maybe(30, "  type: kubernetes.io/basic-auth\n") + "  literals: [USER=me, PASS=secret]");
  if (Chance(20)) Set("generatorOptions", Pick({"{disableNameSuffixHash: true}", "{labels: {g: h}, annotations: {num: '1'}}", "{immutable: true}", "{labels: {gen: 'true'}, disableNameSuffixHash: false}"}));
}

void RichFields::MergeGenerators() {
  const std::string options = Pick({"", "", "", "  options:\n    disableNameSuffixHash: true\n", "  options:\n    labels: {own: label}\n    annotations: {x: z}\n", "  options: {immutable: true}\n"});
  switch (dice_.Below(5)) {
    case 0: case 1: lists_["configMapGenerator"] += "- name: settings\n  behavior: " + Pick({"merge", "merge", "replace"}) + "\n" + GeneratorSource() + options; break;
    case 2: lists_["secretGenerator"] += "- name: token\n  behavior: " + Pick({"merge", "replace"}) + "\n" + Maybe(20, "  type: x/y\n") + GeneratorSource() + options; break;
    case 3: lists_["configMapGenerator"] += "- name: " + Pick({"extra", "more"}) + std::to_string(dice_.Below(100)) + "\n" + Maybe(30, "  namespace: shop\n") + GeneratorSource() + options; break;
    default:
      lists_["configMapGenerator"] += "- name: settings\n  behavior: merge\n" + GeneratorSource();
      lists_["secretGenerator"] += "- name: own" + std::to_string(dice_.Below(100)) + "\n  literals: [k=v]\n" + options;
  }
  if (Chance(10)) Set("generatorOptions", Pick({"{disableNameSuffixHash: true}", "{labels: {all: gen}}", "{annotations: {all: '2'}}"}));
}

std::string RichFields::Target() {
  return Pick({"{kind: Deployment}", "{kind: Deployment, name: .*web.*}", "{kind: Service}", "{kind: Deployment|Service}", "{kind: ConfigMap}", "{labelSelector: app=web}", "{labelSelector: 'app in (web,api),!none'}", "{labelSelector: app}",
               "{annotationSelector: note}", "{version: v1}", "{group: apps, version: v1}", "{name: '.*e.*'}", "{name: .*robot.*, kind: ServiceAccount}", "{kind: .*Set|Deployment}", "{kind: Deployment, namespace: shop}", "{kind: Widget}", "{namespace: 'sh.*'}"});
}

void RichFields::Patch() {
  switch (dice_.Below(7)) {
    case 0: case 1: case 2: return StrategicPatch();
    case 3: case 4: return JsonPatch();
    case 5: return OldPatch();
    default: Add("replicas", "- name: " + Pick({"web", "web", "web", "web", "web", "web", "web", "web", "web", "db"}) + "\n  count: " + std::to_string(dice_.Below(9)));
  }
}

void RichFields::StrategicPatch() {
  const std::string head = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n";
  const std::string pod = "spec:\n  template:\n    spec:\n";
  const std::string body = Pick({"spec:\n  replicas: 7\n", "  labels:\n    patched: \"yes\"\n    tier: null\n", "  annotations:\n    note: changed\n    num: \"1\"\nspec:\n  paused: true\n"});
  std::string patch;
  switch (dice_.Below(14)) {
    case 0: patch = head + body; break;
    case 1: patch = head + pod + "      containers:\n      - name: main\n        env:\n        - name: A\n          value: " + Pick({"\"2\"", "two", "null"}) + "\n        - name: Z\n          value: z\n"; break;
    case 2: patch = head + pod + "      containers:\n      - name: main\n        ports:\n        - containerPort: 80\n          name: web\n        - containerPort: 53\n          protocol: UDP\n          name: dns\n        - {containerPort: 9, hostPort: 9}\n"; break;
    case 3: patch = head + pod + "      containers:\n      - name: " + Pick({"side\n        $patch: delete", "new\n        image: nginx:1.2", "main\n        image: patched:3\n        args: [a, b]", "main\n        resources: null", "main\n        resources:\n          limits:\n            cpu: null\n            memory: 2Gi"}) + "\n"; break;
    case 4: patch = head + pod + "      volumes:\n      - name: config\n        " + Pick({"$patch: delete", "configMap: null\n        emptyDir: {}", "configMap: {defaultMode: 420}", "$patch: replace\n        emptyDir: {}"}) + "\n      - name: tmp\n        emptyDir: {}\n"; break;
    case 5: patch = head + pod + "      containers:\n      - $patch: replace\n      - name: only\n        image: nginx:1.2\n"; break;
    case 6: patch = head + "spec:\n  strategy:\n    $patch: replace\n    type: Recreate\n"; break;
    case 7: patch = head + pod + Pick({"      hostAliases:\n      - ip: 127.0.0.1\n        hostnames: [c.d]\n", "      tolerations:\n      - key: other\n", "      imagePullSecrets:\n      - name: more\n", "      topologySpreadConstraints:\n      - topologyKey: zone\n        whenUnsatisfiable: DoNotSchedule\n        maxSkew: 2\n",
                                       "      affinity: null\n", "      initContainers:\n      - name: init\n        command: [x]\n", "      volumes: []\n", "      containers: null\n", "      serviceAccountName: robot\n      serviceAccount: robot\n"}); break;
    case 8: patch = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports:\n  - port: 80\n    " + Pick({"name: patched", "protocol: TCP\n    nodePort: 30080", "$patch: delete", "targetPort: 81"}) + "\n  " + Pick({"type: NodePort", "selector: null", "selector:\n    x: y"}) + "\n"; break;
    case 9: patch = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  a: patched\n  b: null\n  n: |\n    new\n    lines\n"; break;
    case 10: patch = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n$patch: delete\n"; break;
    case 11: patch = head + body + "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  annotations: {second: document}\n" + Maybe(30, "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot, labels: {third: document}}\n"); break;
    case 12: patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: renamed\n" + body; break;
    default: patch = "apiVersion: apps/v1\nkind: " + Pick({"Deployment", "StatefulSet"}) + "\nmetadata:\n  name: web\n" + Pick({"spec:\n  template:\n    metadata:\n      annotations: {p: q}\n", "spec:\n  selector: null\n", "spec:\n  template:\n    metadata: null\n"});
  }
  const bool renames = patch.find("renamed") != std::string::npos || patch.find("StatefulSet") != std::string::npos;
  const bool several = patch.find("\n---\n") != std::string::npos;
  std::string entry = Chance(50) ? "- path: " + File("patch.yaml", Maybe(10, "# a patch\n---\n") + patch) : "- patch: |-\n" + Block(patch);
  if (renames || (!several && Chance(25)))
    entry += "\n  target: " + (renames ? std::string("{kind: Deployment, name: .*web.*}") : patch.find("kind: Deployment") != std::string::npos ? Pick({"{kind: Deployment}", "{kind: Deployment, name: web}", "{kind: .*Set|Deployment}", "{group: apps}"})
                                      : patch.find("kind: Service") != std::string::npos ? "{kind: Service}" : "{kind: ConfigMap, name: settings.*}");
  if (renames ? Chance(80) : Chance(5)) entry += "\n  options:\n    allowNameChange: true" + Maybe(50, "\n    allowKindChange: true");
  Add("patches", entry);
}

void RichFields::JsonPatch() {
  const std::string operation = Pick({"- op: add\n  path: /metadata/annotations\n  value: {fresh: 'x', num: \"1\"}\n", "- op: add\n  path: /metadata/labels\n  value:\n    app: web\n    json: patch\n",
                                      "- op: add\n  path: /spec/template/spec/containers/-\n  value: {name: added, image: \"nginx:1.2\"}\n", "- op: replace\n  path: /spec/template/spec/containers/0/image\n  value: replaced:1\n",
                                      "- op: add\n  path: /spec/template/spec/containers/0/env\n  value:\n  - name: J\n    value: 'j'\n", "- op: test\n  path: /kind\n  value: Deployment\n- op: add\n  path: /spec/replicas\n  value: 5\n",
                                      "- op: copy\n  from: /metadata/name\n  path: /spec/copied\n- op: move\n  from: /spec/copied\n  path: /spec/moved\n", "- op: add\n  path: /spec/float\n  value: 1.50\n- op: add\n  path: /spec/big\n  value: 12345678901\n- op: add\n  path: /spec/nothing\n  value: null\n",
                                      "- op: remove\n  path: /spec/template/spec/containers/0/image\n", "- op: add\n  path: /spec/template/spec/containers/0\n  value: {name: first, image: 'busybox'}\n", "- op: add\n  path: /spec/template/metadata\n  value: {labels: {app: web}}\n",
                                      "- op: add\n  path: /metadata/annotations\n  value: {a.b/c: x}\n- op: replace\n  path: /metadata/annotations/a.b~1c\n  value: escaped\n- op: add\n  path: /metadata/annotations/t~0x\n  value: \"~\"\n"});
  const bool pods = operation.find("/spec/") != std::string::npos;
  const std::string target = pods ? Pick({"{kind: Deployment}", "{kind: Deployment, name: .*web.*}", "{group: apps, version: v1, kind: Deployment}"}) : Target();
  const std::string as_json = R"([{"op": "add", "path": "/metadata/annotations", "value": {"j": "son", "html": "<b>&"}}, {"op": "test", "path": "/metadata/annotations/j", "value": "son"}])";
  switch (dice_.Below(4)) {
    case 0: return Add("patches", "- target: " + target + "\n  path: " + File("ops.yaml", operation));
    case 1: return Add("patches", "- target: " + Target() + "\n  path: " + File("ops.json", as_json + Maybe(50, "\n")));
    case 2: return Add("patches", "- target: " + Target() + "\n  patch: '" + as_json + "'");
    default: return Add("patches", "- target: " + target + "\n  patch: |-\n" + Block(operation));
  }
}

void RichFields::OldPatch() {
  const std::string merge = "apiVersion: " + Pick({"apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  labels: {old: patch}\n", "v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata: {a: old}\n", "v1\nkind: Service\nmetadata: {name: web}\nspec: {type: null, ports: [{port: 80, name: p}]}\n"});
  switch (dice_.Below(4)) {
    case 0: return Add("patchesStrategicMerge", "- " + File("merge.yaml", merge + Maybe(30, "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot, annotations: {two: documents}}\n")));
    case 1: return Add("patchesStrategicMerge", "- |-\n" + Block(merge));
    case 2: return Add("patchesJson6902", "- target: {group: apps, version: v1, kind: Deployment, name: web}\n  patch: |-\n" + Block("- {op: add, path: /spec/old, value: '1'}\n- {op: add, path: /metadata/annotations, value: {x: \"1\"}}\n"));
    default: return Add("patchesJson6902", "- target: {version: v1, kind: " + Pick({"Service, name: web}", "ServiceAccount, name: robot}"}) + "\n  path: " + File("old.json", R"([{"op": "add", "path": "/metadata/labels", "value": {"o": "1"}}])"));
  }
}

void RichFields::Replacement() {
  const std::string source = Pick({"{kind: ConfigMap, name: settings, fieldPath: data.a}", "{kind: ConfigMap, name: settings, fieldPath: metadata.name}", "{kind: ConfigMap, name: settings}", "{kind: Deployment, name: web}", "{kind: Deployment, name: web, fieldPath: metadata.name}",
                                   "{kind: ConfigMap, name: settings, fieldPath: data.host, options: {delimiter: ':'}}", "{kind: ConfigMap, name: settings, fieldPath: data.host, options: {delimiter: ':', index: 1}}", "{kind: Service, name: web, fieldPath: spec.ports.0.port}",
                                   "{kind: Service, name: web, fieldPath: 'spec.ports.[port=80].port'}", "{kind: Deployment, name: web, fieldPath: 'spec.template.spec.containers.[name=main].image'}", "{version: v1, kind: Service, fieldPath: metadata.name}",
                                   "{group: apps, version: v1, kind: Deployment, name: web, fieldPath: spec.template.spec.containers.-.name}", "{kind: Deployment, name: web, fieldPath: spec.template.spec.containers.0.resources}", "{kind: Service, name: web, fieldPath: spec.ports}",
                                   "{kind: Secret, name: token, fieldPath: data.USER}", "{kind: ServiceAccount, name: robot, fieldPath: metadata.name, options: {delimiter: 'o', index: 1}}"});
  const std::string path = Pick({"metadata.annotations.[a.b/r]", "metadata.annotations.plain", "metadata.labels.rep", "spec.new.deep.field", "'spec.template.spec.containers.[name=main].image'", "'spec.template.spec.containers.[name=.*].imagePullPolicy'", "spec.template.spec.containers.*.name",
                                 "'spec.template.spec.containers.[name=made].image'", "spec.template.spec.containers.0.env.0.value", "metadata.annotations.config\\.k8s\\.io/x", "'spec.template.spec.containers.[name=main].env.[name=A].value'", "spec.replicas", "spec.template.metadata.annotations.sum",
                                 "'metadata.annotations.[with space]'", "spec.template.spec.volumes.0.name", "spec.list.0"});
  const std::string options = Pick({"", "    options: {create: true}\n", "    options: {create: true}\n", "    options: {create: true}\n", "    options: {create: true}\n", "    options: {create: true}\n", "    options: {create: true}\n", "    options: {create: true}\n", "    options: {delimiter: ':', index: 1}\n", "    options: {delimiter: /, index: 0}\n", "    options: {delimiter: '-', index: -1}\n", "    options: {delimiter: '.', index: 9, create: true}\n"});
  const std::string select = Pick({"{kind: Deployment}", "{kind: Deployment, name: web}", "{kind: Deployment, labelSelector: app=web}", "{group: apps}", "{kind: Deployment, namespace: shop}", "{annotationSelector: note}"});
  std::string target = "  - select: " + select + "\n" + Maybe(20, "    reject:\n    - {kind: " + Pick({"Service}", "StatefulSet, name: db}", "Deployment, name: db}"}) + "\n" + Maybe(30, "    - labelSelector: tier=front\n")) + "    fieldPaths:\n    - " + path + "\n" + Maybe(15, "    - metadata.annotations.second\n") + options;
  if (Chance(10)) target = "  - select: " + select + "\n";  // its name, in the program's words "metadata.name"
  const std::string entry = "source: " + source + "\ntargets:\n" + target.substr(0, target.size() - 1) + "\n" + (Chance(20) ? "  - select: {kind: Service}\n    fieldPaths: [metadata.annotations.t]\n    options: {create: true}\n" : "");
  if (Chance(20)) {
    std::string outdented = "source: " + source + "\ntargets:\n";
    for (size_t at = entry.find("targets:\n") + 9; at < entry.size();) {
      const size_t end = entry.find('\n', at);
      outdented += entry.substr(at + 2, end - at - 2) + "\n";
      at = end + 1;
    }
    return Add("replacements", "- path: " + File("replace.yaml", outdented));
  }
  Add("replacements", "- source: " + source + "\n  " + entry.substr(entry.find("targets:"), entry.size() - entry.find("targets:") - 1));
}

void RichFields::LabelsAndAnnotations() {
  switch (dice_.Below(5)) {
    case 0: return Set("commonLabels", Pick({"{app: renamed}", "{team: a, app.kubernetes.io/part-of: shop}", "{num: '1', truth: \"true\"}"}));
    case 1: return Set("commonAnnotations", Pick({"{note: common}", "{a.b/c: 'x: y', num: '5'}", "{long: a text that is long enough to be folded by a writer that folds at eighty columns or so}"}));
    default:
      Add("labels", "- pairs: " + Pick({"{app: labelled}", "{team: b}", "{ver: '1.0', e: ''}"}) + Pick({"", "\n  includeSelectors: true", "\n  includeTemplates: true", "\n  includeSelectors: false", "\n  fields:\n  - {path: spec/size/labels, create: true, kind: Widget}\n  - {path: spec/template/metadata/annotations, create: true, group: apps}",
                                                                                                     "\n  includeTemplates: true\n  fields: [{path: 'spec/volumeClaimTemplates[]/metadata/labels', create: true, kind: StatefulSet}]"}));
  }
}

void RichFields::Names() {
  if (Chance(50)) Set("namePrefix", Pick({"dev-", "a.", "x"}));
  if (Chance(40)) Set("nameSuffix", Pick({"-v1", "-green", "z"}));
}

void RichFields::Images() {
  Add("images", "- name: " + Pick({"nginx", "nginx", "registry:5000/team/nginx", "redis", "gcr.io/p/app", "busybox", "ngin.", ".*"}) + "\n  " +
                    Pick({"newTag: '2'", "newTag: '1.10'", "newName: other/proxy", "newName: reg:80/x\n  newTag: v2", "digest: sha256:def", "newTag: t\n  digest: sha256:abc", "tagSuffix: -alpine", "newTag: v3\n  tagSuffix: -slim", "newName: name\n  digest: sha256:1", "newTag: ''"}));
}

void RichFields::Configurations() {
  Add("configurations", "- " + File("config.yaml", Pick({"nameReference:\n- kind: ConfigMap\n  fieldSpecs:\n  - {kind: Widget, path: spec/settings}\n- kind: Secret\n  version: v1\n  fieldSpecs:\n  - {kind: Widget, path: spec/secret/name}\n", "nameReference:\n- kind: Widget\n  group: example.com\n  fieldSpecs:\n  - {kind: ConfigMap, path: data/k}\n- kind: Deployment\n  fieldSpecs:\n  - {path: spec/scaleTargetRef/name, kind: HorizontalPodAutoscaler}\n",
                                                          "commonLabels:\n- {path: spec/selector, create: true, kind: Widget}\ncommonAnnotations:\n- {path: spec/notes, create: true, group: example.com}\n", "images:\n- {path: 'spec/containers[]/image', kind: Widget}\n- {path: spec/text, kind: Widget}\n", "replicas:\n- {path: spec/count, create: true, kind: Deployment}\n",
                                                          "namespace:\n- {path: spec/ns, create: true, kind: Widget}\n", "namePrefix:\n- {path: spec/serviceName, kind: StatefulSet}\n- {path: metadata/labels/app, kind: Service}\n", "varReference:\n- {path: data, kind: ConfigMap}\n- {path: spec/settings, kind: Widget}\n", "labels:\n- {path: spec/all, create: true, kind: Service}\ntemplateLabels:\n- {path: spec/tl, create: true, kind: Service}\n",
                                                          "nameSuffix:\n- {path: spec/settings, kind: Widget}\nnameReference: []\n"})));
}

void RichFields::Schema() {
  if (Chance(25)) {
    return Add("crds", "- " + File("crd.json", R"({"example.com/v1.Widget": {"Schema": {"type": "object", "properties": {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}, "spec": {"$ref": "example.com/v1.WidgetSpec"}},
      "x-kubernetes-group-version-kind": [{"group": "example.com", "kind": "Widget", "version": "v1"}]}}, "example.com/v1.WidgetSpec": {"Schema": {"type": "object", "properties": {"settings": {"type": "string", "x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "ConfigMap"},
      "secret": {"type": "object", "x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "Secret", "x-kubernetes-object-ref-name-key": "name"}, "selector": {"type": "object", "x-kubernetes-label-selector": ""}, "size": {"type": "string", "x-kubernetes-identity": ""}}}}})"));
  }
  const std::string key = Pick({"name", "name", "value"});
  Set("openapi", "{path: " + File("schema.json", R"({"definitions": {"v1.Widget": {"type": "object", "properties": {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}, "spec": {"$ref": "#/definitions/v1.WidgetSpec"}},
      "x-kubernetes-group-version-kind": [{"group": "example.com", "kind": "Widget", "version": "v1"}]}, "v1.WidgetSpec": {"type": "object", "properties": {"parts": {"type": "array", "items": {"type": "object", "properties": {"tags": {"type": "array", "items": {"type": "string"}, "x-kubernetes-patch-strategy": "merge"}}},
      "x-kubernetes-patch-merge-key": ")" + key + R"(", "x-kubernetes-patch-strategy": "merge"}, "containers": {"type": "array", "items": {"type": "object"}, ")" + Pick({"x-kubernetes-list-map-keys\": [\"name\"], \"x-kubernetes-list-type\": \"map", "x-kubernetes-list-type\": \"set", "x-kubernetes-patch-strategy\": \"replace"}) + R"("}}}}})") + "}");
  Add("patches", "- target: {kind: Widget}\n  patch: |-\n" + Block("apiVersion: example.com/v1\nkind: Widget\nmetadata:\n  name: gear\nspec:\n  parts:\n  - name: a\n    value: 9\n    tags: [z]\n  - name: new\n    value: n\n  containers:\n  - name: w\n    args: [x]\n  - name: v\n    image: nginx:1.2\n"));
}

void RichFields::Plugin() {
  const std::string head = "apiVersion: builtin\nkind: ", name = "\nmetadata:\n  name: plugin\n";
  if (Chance(25)) {
    const std::string generator = Pick({"ConfigMapGenerator", "SecretGenerator"});
    return Add("generators", "- " + File("generator.yaml", head + generator + "\nmetadata:\n  name: made-" + std::to_string(dice_.Below(100)) + "\n" + Maybe(30, "namespace: shop\n") + "literals: [k=v]\nfiles: [" + File("made.txt", "made\n") + "]\n" + Maybe(30, "options: {disableNameSuffixHash: true}\n")));
  }
  const std::string plugin = Pick({"LabelTransformer~labels: {plugged: 'yes'}\nfieldSpecs:\n- {path: metadata/labels, create: true}\n- {path: spec/template/metadata/labels, create: true, kind: Deployment}\n", "AnnotationsTransformer~annotations: {plugged: a}\nfieldSpecs:\n- {path: metadata/annotations, create: true}\n",
                                   "PrefixTransformer~prefix: pl-\nfieldSpecs:\n- {path: metadata/name}\n", "SuffixTransformer~suffix: -pl\nfieldSpecs: [{path: metadata/name, kind: Service}]\n", "NamespaceTransformer~unsetOnly: true\nfieldSpecs: [{path: metadata/namespace, create: true}]\n",
                                   "NamespaceTransformer~setRoleBindingSubjects: allServiceAccounts\nfieldSpecs: [{path: metadata/namespace, create: true}]\n", "NamespaceTransformer~setRoleBindingSubjects: none\nfieldSpecs: [{path: metadata/namespace, create: true}, {path: metadata/name, kind: Namespace, create: true}]\n",
                                   "ImageTagTransformer~imageTag: {name: nginx, newTag: t9}\nfieldSpecs: [{path: 'spec/template/spec/containers[]/image', create: true}]\n", "ReplicaCountTransformer~replica: {name: web, count: 8}\nfieldSpecs: [{path: spec/replicas, create: true, kind: Deployment}]\n",
                                   "PatchTransformer~patch: '[{\"op\": \"add\", \"path\": \"/metadata/labels\", \"value\": {\"pt\": \"1\"}}]'\ntarget: {kind: Service}\n", "PatchTransformer~path: @patch\n", "PatchTransformer~path: @patch\ntarget: {kind: Deployment}\noptions: {allowNameChange: true}\n", "PatchStrategicMergeTransformer~paths: [@patch]\n",
                                   "PatchJson6902Transformer~path: @ops\ntarget: {group: apps, version: v1, kind: Deployment, name: web}\n", "ReplacementTransformer~replacements:\n- source: {kind: ConfigMap, name: settings, fieldPath: data.a}\n  targets: [{select: {kind: Service}, fieldPaths: [spec.q], options: {create: true}}]\n",
                                   "ReplacementTransformer~replacements: [{path: @replacement}]\n", "ValueAddTransformer~value: v\ntargets:\n- fieldPath: metadata/annotations/va\n  selector: {kind: Service}\n", "HashTransformer~"});
  std::string text = head + plugin.substr(0, plugin.find('~')) + name + (plugin.starts_with("Namespace") ? "  namespace: plugged\n" : "") + plugin.substr(plugin.find('~') + 1);
  const std::pair<std::string, std::string> files[] = {{"@patch", "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  by: plugin\n"}, {"@ops", "[{\"op\": \"add\", \"path\": \"/spec/by\", \"value\": \"ops\"}]"}, {"@replacement", "source: {kind: Deployment, name: web}\ntargets:\n- select: {kind: Service}\n  fieldPaths: [spec.of]\n  options: {create: true}\n"}};
  for (const auto& [word, content] : files)
    if (const size_t at = text.find(word); at != std::string::npos) text.replace(at, word.size(), File(word.substr(1) + ".yaml", content));
  const char* field = Chance(90) ? "transformers" : "validators";
  if (Chance(40)) return Add(field, "- |-\n" + Block(text));
  Add(field, "- " + File("transformer.yaml", text));
}

void RichFields::Variables() {
  const std::string number = std::to_string(next_++), name = directory_.substr(0, 1) + directory_.substr(directory_.size() - 1) + number;
  Add("vars", "- name: " + Pick({"VAR" + name, "V_" + name}) + "\n  objref: " + Pick({"{apiVersion: v1, kind: ConfigMap, name: settings}\n  fieldref: {fieldPath: data.a}", "{apiVersion: apps/v1, kind: Deployment, name: web}", "{apiVersion: v1, kind: Service, name: web}\n  fieldref: {fieldPath: 'spec.ports[0].port'}"}));
  const std::string variable = lists_["vars"].substr(lists_["vars"].rfind("- name: ") + 8);
  Add("patches", "- patch: |-\n" + Block("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  template:\n    spec:\n      containers:\n      - name: main\n        args: [\"$(" + variable.substr(0, variable.find('\n')) + ")\", \"x-$(" + variable.substr(0, variable.find('\n')) + ")\", \"$$(NOT)\", \"$(UNKNOWN)\"]\n"));
}

void RichFields::Metadata() {
  Set("buildMetadata", Pick({"[originAnnotations]", "[managedByLabel]", "[transformerAnnotations]", "[originAnnotations, transformerAnnotations]", "[originAnnotations, managedByLabel, transformerAnnotations]"}));
}

void RichFields::Order() {
  Set("sortOptions", Pick({"{order: fifo}", "{order: legacy}", "{order: legacy, legacySortOptions: {orderFirst: [Service, Namespace], orderLast: [ConfigMap]}}", "{order: legacy, legacySortOptions: {orderFirst: [Deployment]}}", "{order: legacy, legacySortOptions: {orderLast: [Deployment, Service]}}"}));
}

}  // namespace plumb::kustomize
