#include "engine/sandbox/defaults.h"

#include <string>
#include <unordered_map>
#include <vector>

#include "core/edit.h"
#include "core/hash.h"
#include "core/json.h"

namespace plumb::sandbox {

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
    {"core.v1.Container", "resources", "{}"},
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
    {"core.v1.ServiceSpec", "allocateLoadBalancerNodePorts", "true", "type=LoadBalancer"},
    {"core.v1.ServiceSpec", "sessionAffinityConfig", R"({"clientIP":{"timeoutSeconds":10800}})", "sessionAffinity=ClientIP"},
    {"core.v1.ServicePort", "protocol", R"("TCP")"},
    {"core.v1.EndpointPort", "protocol", R"("TCP")"},
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
    {"apps.v1.StatefulSetUpdateStrategy", "type", R"("RollingUpdate")"},
    {"apps.v1.StatefulSetUpdateStrategy", "rollingUpdate", "{}", "type=RollingUpdate"},
    {"apps.v1.RollingUpdateStatefulSetStrategy", "partition", "0"},
    {"apps.v1.DaemonSetSpec", "updateStrategy", "{}"},
    {"apps.v1.DaemonSetSpec", "revisionHistoryLimit", "10"},
    {"apps.v1.DaemonSetUpdateStrategy", "type", R"("RollingUpdate")"},
    {"apps.v1.DaemonSetUpdateStrategy", "rollingUpdate", "{}", "type=RollingUpdate"},
    {"apps.v1.RollingUpdateDaemonSet", "maxUnavailable", "1"},
    {"apps.v1.RollingUpdateDaemonSet", "maxSurge", "0"},
    {"batch.v1.JobSpec", "completions", "1", "!parallelism"},
    {"batch.v1.JobSpec", "parallelism", "1"},
    {"batch.v1.JobSpec", "backoffLimit", "6"},
    {"batch.v1.JobSpec", "completionMode", R"("NonIndexed")"},
    {"batch.v1.JobSpec", "suspend", "false"},
    {"batch.v1.JobSpec", "manualSelector", "false"},
    {"batch.v1.JobSpec", "podReplacementPolicy", R"("TerminatingOrFailed")", "!podFailurePolicy"},
    {"batch.v1.CronJobSpec", "concurrencyPolicy", R"("Allow")"},
    {"batch.v1.CronJobSpec", "suspend", "false"},
    {"batch.v1.CronJobSpec", "successfulJobsHistoryLimit", "3"},
    {"batch.v1.CronJobSpec", "failedJobsHistoryLimit", "1"},
    {"autoscaling.v2.HorizontalPodAutoscalerSpec", "minReplicas", "1"},
    {"autoscaling.v2.HorizontalPodAutoscalerSpec", "metrics",
     R"([{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":80}}}])"},
    {"autoscaling.v1.HorizontalPodAutoscalerSpec", "minReplicas", "1"},
    // Access and the rest.
    {"rbac.v1.RoleRef", "apiGroup", R"("rbac.authorization.k8s.io")"},
    {"rbac.v1.Subject", "apiGroup", R"("rbac.authorization.k8s.io")", "kind=User"},
    {"rbac.v1.Subject", "apiGroup", R"("rbac.authorization.k8s.io")", "kind=Group"},
    {"networking.v1.NetworkPolicyPort", "protocol", R"("TCP")"},
    {"networking.v1.IngressClassParametersReference", "scope", R"("Cluster")"},
    {"scheduling.v1.PriorityClass", "preemptionPolicy", R"("PreemptLowerPriority")"},
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
    {"apiextensions.v1.CustomResourceDefinitionSpec", "conversion", R"({"strategy":"None"})"},
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

// The rows of a definition, in order.
const std::vector<ParsedRow>& RowsOf(std::string_view definition) {
  static const auto table = [] {
    std::unordered_map<std::string_view, std::vector<ParsedRow>> made;
    for (const Row& row : kRows) made[row.definition].push_back({&row, *ParseJson(row.json)});
    return made;
  }();
  static const std::vector<ParsedRow> none;
  const auto found = table.find(definition);
  return found == table.end() ? none : found->second;
}

// "io.k8s.api.apps.v1.DeploymentSpec" -> "apps.v1.DeploymentSpec"; other roots keep their last three parts.
std::string_view ShortName(std::string_view name) {
  size_t at = name.size();
  for (int dots = 0; dots < 3 && at != std::string_view::npos && at > 0; ++dots) at = name.rfind('.', at - 1);
  return at == std::string_view::npos || at == 0 ? name : name.substr(at + 1);
}

// The tag decides: `latest` or none, without a digest, is always pulled.
std::string_view PullPolicy(std::string_view image) {
  if (image.find('@') != std::string_view::npos) return "IfNotPresent";
  const std::string_view last = image.substr(image.rfind('/') == std::string_view::npos ? 0 : image.rfind('/') + 1);
  const size_t colon = last.find(':');
  return colon == std::string_view::npos || last.substr(colon + 1) == "latest" ? "Always" : "IfNotPresent";
}

// What a table cannot say.
Value Special(Arena& a, std::string_view name, Value node) {
  if (name == "core.v1.Container" && !node.Has("imagePullPolicy"))
    return With(a, node, "imagePullPolicy", a.Borrow(PullPolicy(node.GetString("image"))));
  if (name == "core.v1.ServicePort" && !node.Has("targetPort")) return With(a, node, "targetPort", node.Get("port"));
  if (name == "core.v1.PodSpec") {
    if (const Value account = node.Get("serviceAccountName"); account.is_string()) return With(a, node, "serviceAccount", account);
    if (const Value account = node.Get("serviceAccount"); account.is_string()) return With(a, node, "serviceAccountName", account);
  }
  // A volume without a source is an emptyDir. Sources are inline members, so that only their absence tells.
  if (name == "core.v1.Volume" && node.size() == 1) return With(a, node, "emptyDir", a.Map({}));
  if (name == "core.v1.Secret" && node.Has("stringData")) {
    Value data = node.Get("data");
    for (const Member& m : node.Get("stringData").members()) data = With(a, data, m.key, a.String(Base64(m.value.AsString())));
    return Without(a, data.empty() ? node : With(a, node, "data", data), "stringData");
  }
  return node;
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
  if (!v.is_map() || !type.is_map) return v;
  const std::string_view name = ShortName(type.name);
  Value node = v;
  for (const ParsedRow& r : RowsOf(name))
    if (own && !node.Has(r.row->field) && Holds(*r.row, node)) node = With(a, node, r.row->field, a.Adopt(r.value));
  node = Special(a, name, node);
  std::vector<Member> members;
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

// Pods, not templates: a limit without a request is the request too.
Value WithPodOnlyDefaults(Arena& a, Value pod) {
  const Value spec = pod.Get("spec");
  Value next = spec;
  if (!spec.Has("enableServiceLinks")) next = With(a, next, "enableServiceLinks", Arena::Bool(true));
  std::vector<Value> containers;
  for (Value c : spec.Get("containers").items()) {
    Value requests = GetAt(c, {"resources", "requests"});
    for (const Member& limit : GetAt(c, {"resources", "limits"}).members())
      if (!requests.Has(limit.key)) requests = With(a, requests, limit.key, limit.value);
    containers.push_back(requests.empty() ? c : WithAt(a, c, {"resources", "requests"}, requests));
  }
  if (!containers.empty()) next = With(a, next, "containers", a.List(containers));
  return With(a, pod, "spec", next);
}

}  // namespace

Value WithDefaults(Arena& arena, const Type& type, Value object) {
  const Value v = Default(arena, type, object);
  return v.GetString("kind") == "Pod" ? WithPodOnlyDefaults(arena, v) : v;
}

}  // namespace plumb::sandbox
