#include "diff/server_defaults.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/edit.h"
#include "core/hash.h"
#include "core/json.h"
#include "diff/quantity.h"

namespace plumb {

namespace {

// Where `when` is set, the row holds only for a node whose member of that name is (or, with '!', is not) there;
// "type=RollingUpdate" compares the member's text, "type!=ExternalName" too.
struct Row {
  std::string_view definition, field, json, when = "";
};

constexpr Row kRows[] = {
    // Pods. Of one definition, rows apply in order.
    {"core.v1.PodSpec", "restartPolicy", R"("Always")"},
    {"core.v1.PodSpec", "terminationGracePeriodSeconds", "30"},
    {"core.v1.PodSpec", "dnsPolicy", R"("ClusterFirst")"},
    {"core.v1.PodSpec", "securityContext", "{}"},
    {"core.v1.PodSpec", "schedulerName", R"("default-scheduler")"},
    {"core.v1.Container", "terminationMessagePath", R"("/dev/termination-log")"},
    {"core.v1.Container", "terminationMessagePolicy", R"("File")"},
    {"core.v1.ContainerPort", "protocol", R"("TCP")"},
    {"core.v1.Probe", "timeoutSeconds", "1"},
    {"core.v1.Probe", "periodSeconds", "10"},
    {"core.v1.Probe", "successThreshold", "1"},
    {"core.v1.Probe", "failureThreshold", "3"},
    {"core.v1.HTTPGetAction", "path", R"("/")"},
    {"core.v1.HTTPGetAction", "scheme", R"("HTTP")"},
    {"core.v1.ObjectFieldSelector", "apiVersion", R"("v1")"},
    {"core.v1.SecretVolumeSource", "defaultMode", "420"},
    {"core.v1.ConfigMapVolumeSource", "defaultMode", "420"},
    {"core.v1.DownwardAPIVolumeSource", "defaultMode", "420"},
    {"core.v1.ProjectedVolumeSource", "defaultMode", "420"},
    {"core.v1.HostPathVolumeSource", "type", R"("")"},
    {"core.v1.ServiceAccountTokenProjection", "expirationSeconds", "3600"},
    {"core.v1.ISCSIVolumeSource", "iscsiInterface", R"("default")"},
    {"core.v1.RBDVolumeSource", "pool", R"("rbd")"},
    {"core.v1.ResourceFieldSelector", "divisor", R"("0")"},
    // Storage.
    {"core.v1.PersistentVolumeClaimSpec", "volumeMode", R"("Filesystem")"},
    {"core.v1.PersistentVolumeClaimStatus", "phase", R"("Pending")"},
    {"core.v1.PersistentVolumeSpec", "volumeMode", R"("Filesystem")"},
    {"core.v1.PersistentVolumeSpec", "persistentVolumeReclaimPolicy", R"("Retain")"},
    {"storage.v1.StorageClass", "reclaimPolicy", R"("Delete")"},
    {"storage.v1.StorageClass", "volumeBindingMode", R"("Immediate")"},
    {"storage.v1.CSIDriverSpec", "attachRequired", "true"},
    {"storage.v1.CSIDriverSpec", "fsGroupPolicy", R"("ReadWriteOnceWithFSType")"},
    {"storage.v1.CSIDriverSpec", "podInfoOnMount", "false"},
    {"storage.v1.CSIDriverSpec", "requiresRepublish", "false"},
    {"storage.v1.CSIDriverSpec", "seLinuxMount", "false"},
    {"storage.v1.CSIDriverSpec", "storageCapacity", "false"},
    {"storage.v1.CSIDriverSpec", "volumeLifecycleModes", R"(["Persistent"])"},
    // Services.
    {"core.v1.ServiceSpec", "type", R"("ClusterIP")"},
    {"core.v1.ServiceSpec", "sessionAffinity", R"("None")"},
    {"core.v1.ServiceSpec", "internalTrafficPolicy", R"("Cluster")", "type!=ExternalName"},
    {"core.v1.ServiceSpec", "externalTrafficPolicy", R"("Cluster")", "type=NodePort"},
    {"core.v1.ServiceSpec", "externalTrafficPolicy", R"("Cluster")", "type=LoadBalancer"},
    {"core.v1.ServiceSpec", "externalTrafficPolicy", R"("Cluster")", "externalIPs"},
    {"core.v1.ServiceSpec", "allocateLoadBalancerNodePorts", "true", "type=LoadBalancer"},
    {"core.v1.ServiceSpec", "sessionAffinityConfig", R"({"clientIP":{"timeoutSeconds":10800}})", "sessionAffinity=ClientIP"},
    {"core.v1.ServicePort", "protocol", R"("TCP")"},
    {"core.v1.EndpointPort", "protocol", R"("TCP")"},
    {"discovery.v1.EndpointPort", "name", R"("")"},
    {"discovery.v1.EndpointPort", "protocol", R"("TCP")"},
    {"core.v1.Secret", "type", R"("Opaque")"},
    // Workloads.
    {"apps.v1.DeploymentSpec", "replicas", "1"},
    {"apps.v1.DeploymentSpec", "strategy", "{}"},
    {"apps.v1.DeploymentSpec", "revisionHistoryLimit", "10"},
    {"apps.v1.DeploymentSpec", "progressDeadlineSeconds", "600"},
    {"apps.v1.DeploymentStrategy", "type", R"("RollingUpdate")"},
    {"apps.v1.DeploymentStrategy", "rollingUpdate", "{}", "type=RollingUpdate"},
    {"apps.v1.RollingUpdateDeployment", "maxUnavailable", R"("25%")"},
    {"apps.v1.RollingUpdateDeployment", "maxSurge", R"("25%")"},
    {"apps.v1.ReplicaSetSpec", "replicas", "1"},
    {"apps.v1.StatefulSetSpec", "replicas", "1"},
    {"apps.v1.StatefulSetSpec", "podManagementPolicy", R"("OrderedReady")"},
    {"apps.v1.StatefulSetSpec", "updateStrategy", "{}"},
    {"apps.v1.StatefulSetSpec", "revisionHistoryLimit", "10"},
    {"apps.v1.StatefulSetSpec", "persistentVolumeClaimRetentionPolicy", "{}"},
    {"apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy", "whenDeleted", R"("Retain")"},
    {"apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy", "whenScaled", R"("Retain")"},
    {"apps.v1.StatefulSetUpdateStrategy", "rollingUpdate", "{}", "!type"},
    {"apps.v1.StatefulSetUpdateStrategy", "type", R"("RollingUpdate")"},
    {"apps.v1.RollingUpdateStatefulSetStrategy", "partition", "0"},
    {"apps.v1.DaemonSetSpec", "updateStrategy", "{}"},
    {"apps.v1.DaemonSetSpec", "revisionHistoryLimit", "10"},
    {"apps.v1.DaemonSetUpdateStrategy", "type", R"("RollingUpdate")"},
    {"apps.v1.DaemonSetUpdateStrategy", "rollingUpdate", "{}", "type=RollingUpdate"},
    {"apps.v1.RollingUpdateDaemonSet", "maxUnavailable", "1"},
    {"apps.v1.RollingUpdateDaemonSet", "maxSurge", "0"},
    {"batch.v1.JobSpec", "completions", "1", "!parallelism"},
    {"batch.v1.JobSpec", "parallelism", "1"},
    {"batch.v1.JobSpec", "backoffLimit", "2147483647", "backoffLimitPerIndex"},
    {"batch.v1.JobSpec", "backoffLimit", "6"},
    {"batch.v1.JobSpec", "completionMode", R"("NonIndexed")"},
    {"batch.v1.JobSpec", "suspend", "false"},
    {"batch.v1.JobSpec", "manualSelector", "false"},
    {"batch.v1.JobSpec", "podReplacementPolicy", R"("TerminatingOrFailed")", "!podFailurePolicy"},
    {"batch.v1.JobSpec", "podReplacementPolicy", R"("Failed")"},
    {"batch.v1.PodFailurePolicyOnPodConditionsPattern", "status", R"("True")"},
    {"batch.v1.CronJobSpec", "concurrencyPolicy", R"("Allow")"},
    {"batch.v1.CronJobSpec", "suspend", "false"},
    {"batch.v1.CronJobSpec", "successfulJobsHistoryLimit", "3"},
    {"batch.v1.CronJobSpec", "failedJobsHistoryLimit", "1"},
    {"autoscaling.v2.HorizontalPodAutoscalerSpec", "minReplicas", "1"},
    {"autoscaling.v2.HorizontalPodAutoscalerSpec", "metrics",
     R"([{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":80}}}])"},
    {"autoscaling.v2.HorizontalPodAutoscalerBehavior", "scaleUp", "{}"},
    {"autoscaling.v2.HorizontalPodAutoscalerBehavior", "scaleDown", "{}"},
    {"autoscaling.v2.HPAScalingRules", "selectPolicy", R"("Max")"},
    {"autoscaling.v1.HorizontalPodAutoscalerSpec", "minReplicas", "1"},
    // Access and the rest.
    {"rbac.v1.RoleRef", "apiGroup", R"("rbac.authorization.k8s.io")"},
    {"rbac.v1.Subject", "apiGroup", R"("rbac.authorization.k8s.io")", "kind=User"},
    {"rbac.v1.Subject", "apiGroup", R"("rbac.authorization.k8s.io")", "kind=Group"},
    {"networking.v1.NetworkPolicyPort", "protocol", R"("TCP")"},
    {"networking.v1.NetworkPolicySpec", "policyTypes", R"(["Ingress","Egress"])", "egress"},
    {"networking.v1.NetworkPolicySpec", "policyTypes", R"(["Ingress"])"},
    {"networking.v1.IngressClassParametersReference", "scope", R"("Cluster")"},
    {"scheduling.v1.PriorityClass", "preemptionPolicy", R"("PreemptLowerPriority")"},
    {"flowcontrol.v1.FlowSchemaSpec", "matchingPrecedence", "1000"},
    {"flowcontrol.v1.ExemptPriorityLevelConfiguration", "nominalConcurrencyShares", "0"},
    {"flowcontrol.v1.ExemptPriorityLevelConfiguration", "lendablePercent", "0"},
    {"flowcontrol.v1.LimitedPriorityLevelConfiguration", "nominalConcurrencyShares", "30"},
    {"flowcontrol.v1.LimitedPriorityLevelConfiguration", "lendablePercent", "0"},
    {"flowcontrol.v1.QueuingConfiguration", "handSize", "8"},
    {"flowcontrol.v1.QueuingConfiguration", "queues", "64"},
    {"flowcontrol.v1.QueuingConfiguration", "queueLengthLimit", "50"},
    {"resource.v1.ExactDeviceRequest", "allocationMode", R"("ExactCount")"},
    {"resource.v1.ExactDeviceRequest", "count", "1", "allocationMode=ExactCount"},
    {"resource.v1.DeviceSubRequest", "allocationMode", R"("ExactCount")"},
    {"resource.v1.DeviceSubRequest", "count", "1", "allocationMode=ExactCount"},
    {"admissionregistration.v1.ValidatingWebhook", "failurePolicy", R"("Fail")"},
    {"admissionregistration.v1.ValidatingWebhook", "matchPolicy", R"("Equivalent")"},
    {"admissionregistration.v1.ValidatingWebhook", "namespaceSelector", "{}"},
    {"admissionregistration.v1.ValidatingWebhook", "objectSelector", "{}"},
    {"admissionregistration.v1.ValidatingWebhook", "timeoutSeconds", "10"},
    {"admissionregistration.v1.MutatingWebhook", "failurePolicy", R"("Fail")"},
    {"admissionregistration.v1.MutatingWebhook", "matchPolicy", R"("Equivalent")"},
    {"admissionregistration.v1.MutatingWebhook", "namespaceSelector", "{}"},
    {"admissionregistration.v1.MutatingWebhook", "objectSelector", "{}"},
    {"admissionregistration.v1.MutatingWebhook", "reinvocationPolicy", R"("Never")"},
    {"admissionregistration.v1.MutatingWebhook", "timeoutSeconds", "10"},
    {"admissionregistration.v1.RuleWithOperations", "scope", R"("*")"},
    {"admissionregistration.v1.ServiceReference", "port", "443"},
    {"admissionregistration.v1.ValidatingAdmissionPolicySpec", "failurePolicy", R"("Fail")"},
    {"admissionregistration.v1.MutatingAdmissionPolicySpec", "failurePolicy", R"("Fail")"},
    {"admissionregistration.v1.MatchResources", "matchPolicy", R"("Equivalent")"},
    {"admissionregistration.v1.MatchResources", "namespaceSelector", "{}"},
    {"admissionregistration.v1.MatchResources", "objectSelector", "{}"},
    {"admissionregistration.v1.NamedRuleWithOperations", "scope", R"("*")"},
    {"apiextensions.v1.CustomResourceDefinitionSpec", "conversion", R"({"strategy":"None"})"},
    {"apiextensions.v1.ServiceReference", "port", "443"},
    {"apiregistration.v1.ServiceReference", "port", "443"},
};

bool Holds(const Row& row, Value node) {
  std::string_view when = row.when;
  if (when.empty()) return true;
  if (when[0] == '!') return !node.Has(when.substr(1));
  const size_t eq = when.find('=');
  if (eq == std::string_view::npos) return node.Has(when);
  const bool negated = when[eq - 1] == '!';
  return (node.GetString(when.substr(0, negated ? eq - 1 : eq)) == when.substr(eq + 1)) != negated;
}

struct ParsedRow {
  const Row* row;
  Document value;
};

using Table = std::unordered_map<std::string_view, std::vector<ParsedRow>>;

// The rows by what `key` makes of their definition's name, in order.
Table TableBy(std::string_view (*key)(std::string_view)) {
  Table made;
  for (const Row& row : kRows) made[key(row.definition)].push_back({&row, *ParseJson(row.json)});
  return made;
}

const std::vector<ParsedRow>& Rows(const Table& table, std::string_view definition) {
  static const std::vector<ParsedRow> none;
  const auto found = table.find(definition);
  return found == table.end() ? none : found->second;
}

// The rows of a definition.
const std::vector<ParsedRow>& RowsOf(std::string_view definition) {
  static const Table table = TableBy([](std::string_view name) { return name; });
  return Rows(table, definition);
}

// "io.k8s.api.apps.v1.DeploymentSpec" -> "apps.v1.DeploymentSpec"; other roots keep their last three parts.
std::string_view ShortName(std::string_view name) {
  size_t at = name.size();
  for (int dots = 0; dots < 3 && at != std::string_view::npos && at > 0; ++dots) at = name.rfind('.', at - 1);
  return at == std::string_view::npos || at == 0 ? name : name.substr(at + 1);
}

// The tag decides: `latest` or none, without a digest, is always pulled. A name that is no image's has no tag.
std::string_view PullPolicy(std::string_view image) {
  const size_t at = image.find('@');
  std::string_view name = image.substr(0, at);
  const size_t slash = name.rfind('/');
  const size_t colon = name.find(':', slash == std::string_view::npos ? 0 : slash);
  const std::string_view tag = colon == std::string_view::npos ? std::string_view() : name.substr(colon + 1);
  name = name.substr(0, colon);
  const bool valid = !name.empty() && std::ranges::none_of(name.substr(slash == std::string_view::npos ? 0 : slash),
                                                           [](unsigned char c) { return std::isupper(c) || std::isspace(c); });
  const bool latest = colon == std::string_view::npos ? at == std::string_view::npos : tag == "latest";
  return valid && latest ? "Always" : "IfNotPresent";
}

// `onto` with those members of `from` that it lacks.
Value WithMissing(Arena& a, Value onto, Value from) {
  for (const Member& m : from.members())
    if (!onto.Has(m.key)) onto = With(a, onto, m.key, m.value);
  return onto;
}

// Resource lists have no finer parts than milli.
Value RoundedUp(Arena& a, Value list) {
  for (const Member& m : list.members()) {
    const auto quantity = Quantity::Parse(m.value.AsString());
    if (!quantity.ok()) continue;
    const Quantity rounded = quantity->RoundUp(-3);
    if (!(rounded == *quantity)) list = With(a, list, m.key, a.String(rounded.ToString()));
  }
  return list;
}

Value ScalingPolicy(Arena& a, std::string_view type, int64_t value) {
  return a.Map({{"type", a.Borrow(type)}, {"value", Arena::Int(value)}, {"periodSeconds", Arena::Int(15)}});
}

// A limit of a container gives its default, the default its request.
Value LimitRangeDefaults(Arena& a, Value item) {
  if (item.GetString("type") != "Container") return item;
  const Value standard = WithMissing(a, item.Get("default"), item.Get("max"));
  const Value request = WithMissing(a, WithMissing(a, item.Get("defaultRequest"), standard), item.Get("min"));
  if (!standard.empty()) item = With(a, item, "default", standard);
  return request.empty() ? item : With(a, item, "defaultRequest", request);
}

// A template's labels stand for those that the object itself lacks.
Value LabelsOfTemplate(Arena& a, Value object, bool selector_too) {
  const Value labels = GetAt(object, {"spec", "template", "metadata", "labels"});
  if (labels.empty()) return object;
  if (selector_too && GetAt(object, {"spec", "selector"}).empty()) object = WithAt(a, object, {"spec", "selector"}, labels);
  return GetAt(object, {"metadata", "labels"}).empty() ? WithAt(a, object, {"metadata", "labels"}, labels) : object;
}

Value ServiceDefaults(Arena& a, Value spec) {
  const std::string_view affinity = spec.GetString("sessionAffinity");
  if (affinity == "None") spec = Without(a, spec, "sessionAffinityConfig");
  if (affinity == "ClientIP" && GetAt(spec, {"sessionAffinityConfig", "clientIP", "timeoutSeconds"}).is_null())
    spec = WithAt(a, spec, {"sessionAffinityConfig", "clientIP", "timeoutSeconds"}, Arena::Int(10800));
  return spec;
}

Value CrdDefaults(Arena& a, Value spec) {
  const std::string kind(GetAt(spec, {"names", "kind"}).AsString());
  std::string singular = kind;
  std::ranges::transform(singular, singular.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (GetAt(spec, {"names", "singular"}).is_null()) spec = WithAt(a, spec, {"names", "singular"}, a.String(singular));
  if (GetAt(spec, {"names", "listKind"}).is_null() && !kind.empty()) spec = WithAt(a, spec, {"names", "listKind"}, a.String(kind + "List"));
  return spec;
}

// What a table cannot say.
Value Special(Arena& a, std::string_view name, Value node) {
  if (name == "core.v1.Container" && !node.Has("imagePullPolicy"))
    return With(a, node, "imagePullPolicy", a.Borrow(PullPolicy(node.GetString("image"))));
  if (name == "core.v1.ImageVolumeSource" && !node.Has("pullPolicy"))
    return With(a, node, "pullPolicy", a.Borrow(PullPolicy(node.GetString("reference"))));
  if (name == "core.v1.ServicePort") {
    const Value target = node.Get("targetPort");
    const bool none = target.is_null() || (target.is_int() && target.AsInt() == 0) || (target.is_string() && target.AsString().empty());
    return none ? With(a, node, "targetPort", node.Get("port")) : node;
  }
  if (name == "core.v1.ServiceSpec") return ServiceDefaults(a, node);
  if (name == "core.v1.PodSpec") {
    if (const Value account = node.Get("serviceAccountName"); account.is_string()) return With(a, node, "serviceAccount", account);
    if (const Value account = node.Get("serviceAccount"); account.is_string()) return With(a, node, "serviceAccountName", account);
  }
  // A volume without a source is an emptyDir. Sources are inline members, so that only their absence tells.
  if (name == "core.v1.Volume" && node.size() == 1) return With(a, node, "emptyDir", a.Map({}));
  if (name == "core.v1.LimitRangeItem") return LimitRangeDefaults(a, node);
  if (name == "core.v1.Namespace") {
    const Value own = GetAt(node, {"metadata", "name"});
    return own.AsString().empty() ? node : WithAt(a, node, {"metadata", "labels", "kubernetes.io/metadata.name"}, own);
  }
  if (name == "apps.v1.StatefulSetSpec") {
    std::vector<Value> claims;
    for (Value claim : node.Get("volumeClaimTemplates").items())
      claims.push_back(With(a, With(a, claim, "apiVersion", a.Borrow("v1")), "kind", a.Borrow("PersistentVolumeClaim")));
    return claims.empty() ? node : With(a, node, "volumeClaimTemplates", a.List(claims));
  }
  if (name == "core.v1.NodeStatus" && !node.Has("allocatable") && node.Has("capacity")) return With(a, node, "allocatable", node.Get("capacity"));
  if (name == "core.v1.ReplicationController") return LabelsOfTemplate(a, node, true);
  if (name == "batch.v1.Job") return LabelsOfTemplate(a, node, false);
  if (name == "autoscaling.v2.HorizontalPodAutoscalerBehavior") {
    const Value percent = ScalingPolicy(a, "Percent", 100);
    if (GetAt(node, {"scaleUp", "stabilizationWindowSeconds"}).is_null()) node = WithAt(a, node, {"scaleUp", "stabilizationWindowSeconds"}, Arena::Int(0));
    if (GetAt(node, {"scaleUp", "policies"}).is_null()) node = WithAt(a, node, {"scaleUp", "policies"}, a.List({ScalingPolicy(a, "Pods", 4), percent}));
    return GetAt(node, {"scaleDown", "policies"}).is_null() ? WithAt(a, node, {"scaleDown", "policies"}, a.List({percent})) : node;
  }
  if (name == "apiextensions.v1.CustomResourceDefinitionSpec") return CrdDefaults(a, node);
  if (name == "core.v1.Secret" && node.Has("stringData")) {
    Value data = node.Get("data");
    for (const Member& m : node.Get("stringData").members()) data = With(a, data, m.key, a.String(Base64(m.value.AsString())));
    return Without(a, data.empty() ? node : With(a, node, "data", data), "stringData");
  }
  return node;
}

bool IsResourceList(const Type& type) { return type.is_map && type.value && type.value->format == Format::kQuantity && type.fields.empty(); }

// Absent, null, or a zero value that Go cannot tell from absent.
bool IsUnset(const Type& type, Value node, std::string_view name) {
  const Value v = node.Get(name);
  if (v.is_null()) return true;
  const Field* field = type.FindField(name);
  if (!field || field->when_unset != GoZero::kWritten || field->go_zero.is_null()) return false;
  return v == field->go_zero && v.is_scalar();
}

// `own`: the node's own rows apply; those below always do.
Value Default(Arena& a, const Type& type, Value v, bool own = true) {
  if (v.is_list() && type.is_list && type.item && (type.item->is_map || type.item->is_list)) {
    std::vector<Value> items;
    bool changed = false;
    for (Value item : v.items()) {
      items.push_back(Default(a, *type.item, item));
      changed |= !items.back().SameAs(item);
    }
    return changed ? a.List(items) : v;
  }
  if (!v.is_map() || !type.is_map || type.IsAny()) return v;
  if (IsResourceList(type)) return RoundedUp(a, v);
  const std::string_view name = ShortName(type.name);
  Value node = v;
  for (const Field& field : type.fields) {
    const bool pointer = field.when_unset == GoZero::kAbsent || (field.when_unset == GoZero::kWritten && field.go_zero.is_null());
    if (field.has_default && (pointer || field.HasRealDefault()) && node.Get(field.name).is_null()) node = With(a, node, field.name, field.default_value);
  }
  for (const ParsedRow& r : RowsOf(name))
    if (own && IsUnset(type, node, r.row->field) && Holds(*r.row, node)) node = With(a, node, r.row->field, a.Adopt(r.value));
  if (own) node = Special(a, name, node);
  std::vector<Member> members;
  members.reserve(node.size());
  bool changed = false;
  for (const Member& m : node.members()) {
    const Type* member = type.Member(m.key);
    // The Job inside of a CronJob gets its defaults when it is made.
    const bool later = name == "batch.v1.JobTemplateSpec" && m.key == "spec";
    const Value value = member ? Default(a, *member, m.value, !later) : m.value;
    changed |= !value.SameAs(m.value);
    members.push_back({m.key, value});
  }
  return changed ? a.Map(members) : node;
}

// Pods, not templates: a limit without a request is the request too, ports of the host's network are the host's.
Value WithPodOnlyDefaults(Arena& a, Value pod) {
  Value spec = pod.Get("spec");
  if (!spec.Has("enableServiceLinks")) spec = With(a, spec, "enableServiceLinks", Arena::Bool(true));
  for (std::string_view list : {"containers", "initContainers"}) {
    std::vector<Value> containers;
    for (Value c : spec.Get(list).items()) {
      const Value requests = WithMissing(a, GetAt(c, {"resources", "requests"}), GetAt(c, {"resources", "limits"}));
      if (!requests.empty()) c = WithAt(a, c, {"resources", "requests"}, requests);
      std::vector<Value> ports;
      for (Value port : c.Get("ports").items())
        ports.push_back(spec.Get("hostNetwork").AsBool() && !port.Has("hostPort") ? With(a, port, "hostPort", port.Get("containerPort")) : port);
      containers.push_back(ports.empty() ? c : With(a, c, "ports", a.List(ports)));
    }
    if (!containers.empty()) spec = With(a, spec, list, a.List(containers));
  }
  return With(a, pod, "spec", spec);
}

}  // namespace

Value WithServerDefaults(Arena& arena, const Type& type, Value object) {
  const Value v = Default(arena, type, object);
  return v.GetString("kind") == "Pod" ? WithPodOnlyDefaults(arena, v) : v;
}

bool IsDefaultOfServer(std::string_view definition, std::string_view field, Value value) {
  static const Table table = TableBy([](std::string_view name) { return name.substr(name.rfind('.') + 1); });
  const std::vector<ParsedRow>& rows = Rows(table, definition);
  return std::any_of(rows.begin(), rows.end(), [&](const ParsedRow& r) { return r.row->field == field && r.value.root() == value; });
}

}  // namespace plumb
