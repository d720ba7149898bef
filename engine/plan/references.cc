#include "engine/plan/references.h"

#include <charconv>
#include <set>

#include <fmt/core.h>

#include "core/edit.h"

namespace plumb {
namespace {

constexpr std::string_view kRbac = "rbac.authorization.k8s.io";

// Collects references of one object; each target once, with the first reason.
class Collector {
 public:
  explicit Collector(Value object) : object_(object), ns_(object.Get("metadata").GetString("namespace")) {}

  void Add(std::string_view group, std::string_view kind, std::string_view ns, std::string_view name, std::string_view verb) {
    if (name.empty() || kind.empty()) return;
    ObjectId id{std::string(group), std::string(kind), std::string(ns), std::string(name)};
    if (!seen_.insert(id).second) return;
    std::string reason = fmt::format("{} {}", verb, id.ToString());
    found_.push_back({std::move(id), std::move(reason), false});
  }
  void Local(std::string_view kind, Value name, std::string_view verb = "uses") { Add("", kind, ns_, name.AsString(), verb); }
  void Cluster(std::string_view group, std::string_view kind, Value name) { Add(group, kind, "", name.AsString(), "uses"); }
  // A reference with apiVersion (or apiGroup), kind and name, as scaleTargetRef has it.
  void Typed(Value ref, std::string_view verb) {
    const std::string group = ref.Has("apiVersion") ? MakeGvk(ref.GetString("apiVersion"), "").group : std::string(ref.GetString("apiGroup"));
    Add(group, ref.GetString("kind"), ns_, ref.GetString("name"), verb);
  }
  void Backend(Value service) {
    const std::string_view ns = service.GetString("namespace");
    Add("", "Service", ns.empty() ? std::string_view(ns_) : ns, service.GetString("name"), "is served by");
  }

  const std::string& ns() const { return ns_; }
  Value object() const { return object_; }
  std::vector<Reference> Take() { return std::move(found_); }

 private:
  Value object_;
  std::string ns_;
  std::set<ObjectId> seen_;
  std::vector<Reference> found_;
};

void AddContainer(Collector& to, Value container) {
  for (Value from : container.Get("envFrom").items()) {
    to.Local("ConfigMap", from.Get("configMapRef").Get("name"));
    to.Local("Secret", from.Get("secretRef").Get("name"));
  }
  for (Value variable : container.Get("env").items()) {
    to.Local("ConfigMap", GetAt(variable, {"valueFrom", "configMapKeyRef", "name"}));
    to.Local("Secret", GetAt(variable, {"valueFrom", "secretKeyRef", "name"}));
  }
}

void AddVolume(Collector& to, Value volume) {
  to.Local("ConfigMap", volume.Get("configMap").Get("name"));
  to.Local("Secret", volume.Get("secret").Get("secretName"));
  to.Local("PersistentVolumeClaim", volume.Get("persistentVolumeClaim").Get("claimName"));
  for (Value source : GetAt(volume, {"projected", "sources"}).items()) {
    to.Local("ConfigMap", source.Get("configMap").Get("name"));
    to.Local("Secret", source.Get("secret").Get("name"));
  }
  to.Local("Secret", GetAt(volume, {"csi", "nodePublishSecretRef", "name"}));
  for (std::string_view driver : {"cephfs", "cinder", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos"})
    to.Local("Secret", GetAt(volume, {driver, "secretRef", "name"}));
  to.Local("Secret", GetAt(volume, {"azureFile", "secretName"}));
}

void AddPodSpec(Collector& to, Value spec) {
  to.Local("ServiceAccount", spec.Has("serviceAccountName") ? spec.Get("serviceAccountName") : spec.Get("serviceAccount"), "runs as");
  for (Value secret : spec.Get("imagePullSecrets").items()) to.Local("Secret", secret.Get("name"), "pulls images with");
  for (Value volume : spec.Get("volumes").items()) AddVolume(to, volume);
  for (std::string_view list : {"initContainers", "containers", "ephemeralContainers"})
    for (Value container : spec.Get(list).items()) AddContainer(to, container);
  to.Cluster("scheduling.k8s.io", "PriorityClass", spec.Get("priorityClassName"));
  to.Cluster("node.k8s.io", "RuntimeClass", spec.Get("runtimeClassName"));
}

void AddIngress(Collector& to, Value spec) {
  const auto backend = [&](Value b) {
    to.Local("Service", b.Has("service") ? b.Get("service").Get("name") : b.Get("serviceName"), "routes to");
  };
  backend(spec.Has("defaultBackend") ? spec.Get("defaultBackend") : spec.Get("backend"));
  for (Value rule : spec.Get("rules").items())
    for (Value path : GetAt(rule, {"http", "paths"}).items()) backend(path.Get("backend"));
  for (Value tls : spec.Get("tls").items()) to.Local("Secret", tls.Get("secretName"));
  to.Cluster("networking.k8s.io", "IngressClass", spec.Get("ingressClassName"));
}

void AddBinding(Collector& to) {
  const Value role = to.object().Get("roleRef");
  const bool cluster = role.GetString("kind") == "ClusterRole";
  to.Add(kRbac, role.GetString("kind"), cluster ? "" : to.ns(), role.GetString("name"), "binds");
  for (Value subject : to.object().Get("subjects").items()) {
    if (subject.GetString("kind") != "ServiceAccount") continue;
    const std::string_view ns = subject.GetString("namespace");
    to.Add("", "ServiceAccount", ns.empty() ? std::string_view(to.ns()) : ns, subject.GetString("name"), "binds");
  }
}

// Gateway API: parentRefs, and backendRefs of every rule.
void AddRoute(Collector& to, Value spec) {
  const auto add = [&](Value ref, std::string_view group, std::string_view kind, std::string_view verb) {
    const std::string_view ns = ref.GetString("namespace");
    to.Add(ref.Has("group") ? ref.GetString("group") : group, ref.Has("kind") ? ref.GetString("kind") : kind,
           ns.empty() ? std::string_view(to.ns()) : ns, ref.GetString("name"), verb);
  };
  for (Value parent : spec.Get("parentRefs").items()) add(parent, "gateway.networking.k8s.io", "Gateway", "attaches to");
  for (Value rule : spec.Get("rules").items())
    for (Value backend : rule.Get("backendRefs").items()) add(backend, "", "Service", "routes to");
}

void AddByKind(Collector& to, const Gvk& gvk) {
  const Value object = to.object();
  const Value spec = object.Get("spec");
  const std::string_view kind = gvk.kind;
  if (gvk.group == kRbac && (kind == "RoleBinding" || kind == "ClusterRoleBinding")) return AddBinding(to);
  if (kind == "Ingress" && (gvk.group == "networking.k8s.io" || gvk.group == "extensions")) return AddIngress(to, spec);
  if (kind == "HorizontalPodAutoscaler") return to.Typed(spec.Get("scaleTargetRef"), "scales");
  if (kind == "VerticalPodAutoscaler") return to.Typed(spec.Get("targetRef"), "scales");
  if (gvk.group == "admissionregistration.k8s.io") {
    for (Value webhook : object.Get("webhooks").items()) to.Backend(GetAt(webhook, {"clientConfig", "service"}));
    if (kind == "ValidatingAdmissionPolicyBinding") to.Cluster(gvk.group, "ValidatingAdmissionPolicy", spec.Get("policyName"));
    if (kind == "MutatingAdmissionPolicyBinding") to.Cluster(gvk.group, "MutatingAdmissionPolicy", spec.Get("policyName"));
    return;
  }
  if (kind == "APIService" && gvk.group == "apiregistration.k8s.io") return to.Backend(spec.Get("service"));
  if (kind == "CustomResourceDefinition" && gvk.group == "apiextensions.k8s.io")
    return to.Backend(GetAt(spec, {"conversion", "webhook", "clientConfig", "service"}));
  if (gvk.group == "gateway.networking.k8s.io") {
    if (kind == "Gateway") return to.Cluster(gvk.group, "GatewayClass", spec.Get("gatewayClassName"));
    return AddRoute(to, spec);
  }
  if (kind == "StatefulSet" && gvk.group == "apps") {
    to.Local("Service", spec.Get("serviceName"), "is named by");
    for (Value claim : spec.Get("volumeClaimTemplates").items())
      to.Cluster("storage.k8s.io", "StorageClass", GetAt(claim, {"spec", "storageClassName"}));
  }
  if (!gvk.group.empty()) return;
  if (kind == "PersistentVolumeClaim") {
    to.Cluster("storage.k8s.io", "StorageClass", spec.Get("storageClassName"));
    to.Cluster("", "PersistentVolume", spec.Get("volumeName"));
  } else if (kind == "PersistentVolume") {
    to.Cluster("storage.k8s.io", "StorageClass", spec.Get("storageClassName"));
  } else if (kind == "ServiceAccount") {
    for (Value secret : object.Get("imagePullSecrets").items()) to.Local("Secret", secret.Get("name"), "pulls images with");
  }
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (size_t at = 0;;) {
    const size_t end = text.find(separator, at);
    parts.push_back(text.substr(at, end - at));
    if (end == std::string_view::npos) return parts;
    at = end + 1;
  }
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.remove_suffix(1);
  return text;
}

// group/namespaces/ns/Kind/name or group/Kind/name; the core group is empty.
std::optional<Reference> ParseCliUtils(std::string_view text) {
  const auto part = Split(text, '/');
  const auto make = [](std::string_view group, std::string_view kind, std::string_view ns, std::string_view name) {
    return Reference{{std::string(group), std::string(kind), std::string(ns), std::string(name)}, "depends-on", false};
  };
  if (part.size() == 5 && part[1] == "namespaces" && !part[2].empty() && !part[3].empty() && !part[4].empty())
    return make(part[0], part[3], part[2], part[4]);
  if (part.size() == 3 && !part[1].empty() && !part[2].empty()) return make(part[0], part[1], "", part[2]);
  return std::nullopt;
}

// Kind[.group]/name (in the namespace of the object itself) or Kind[.group]/namespace/name.
std::optional<Reference> ParseOurs(std::string_view text, std::string_view own_ns) {
  const auto part = Split(text, '/');
  if (part.size() < 2 || part.size() > 3) return std::nullopt;
  for (std::string_view p : part)
    if (p.empty()) return std::nullopt;
  const size_t dot = part[0].find('.');
  const std::string_view kind = part[0].substr(0, dot);
  const std::string_view group = dot == std::string_view::npos ? "" : part[0].substr(dot + 1);
  const std::string_view ns = part.size() == 3 ? part[1] : own_ns;
  return Reference{{std::string(group), std::string(kind), std::string(ns), std::string(part.back())}, "depends-on", group.empty()};
}

}  // namespace

Value PodSpecOf(Value object) {
  const Gvk gvk = GvkOf(object);
  const Value spec = object.Get("spec");
  if (gvk.kind == "Pod" && gvk.group.empty()) return spec;
  if (gvk.kind == "CronJob" && gvk.group == "batch") return GetAt(spec, {"jobTemplate", "spec", "template", "spec"});
  if (gvk.kind == "PodTemplate" && gvk.group.empty()) return GetAt(object, {"template", "spec"});
  const bool workload = gvk.group == "apps" || gvk.group == "batch" || gvk.group == "extensions" ||
                        (gvk.group.empty() && gvk.kind == "ReplicationController") || gvk.group == "argoproj.io" ||
                        gvk.group == "serving.knative.dev";
  return workload ? GetAt(spec, {"template", "spec"}) : Value();
}

std::vector<Reference> ReferencesOf(Value object) {
  Collector to(object);
  AddByKind(to, GvkOf(object));
  AddPodSpec(to, PodSpecOf(object));
  for (Value owner : GetAt(object, {"metadata", "ownerReferences"}).items()) to.Typed(owner, "is owned by");
  return to.Take();
}

Result<std::vector<Reference>> DependenciesOf(Value object) {
  std::vector<Reference> found;
  const std::string_view own_ns = object.Get("metadata").GetString("namespace");
  for (std::string_view key : {"config.kubernetes.io/depends-on", "plumb.dev/depends-on"}) {
    const std::string_view text = AnnotationOf(object, key);
    if (Trim(text).empty()) continue;
    const bool ours = key.starts_with("plumb");
    for (std::string_view part : Split(text, ',')) {
      part = Trim(part);
      auto reference = ours ? ParseOurs(part, own_ns) : ParseCliUtils(part);
      if (!reference)
        return Invalid(fmt::format("annotation '{}': '{}' is not {}", key, part,
                                   ours ? "Kind[.group][/namespace]/name" : "group/namespaces/namespace/Kind/name or group/Kind/name"));
      found.push_back(*std::move(reference));
    }
  }
  return found;
}

Result<int> SyncWaveOf(Value object) {
  const std::string_view text = AnnotationOf(object, "argocd.argoproj.io/sync-wave");
  if (text.empty()) return 0;
  int wave = 0;
  const std::string_view digits = text.starts_with('+') ? text.substr(1) : text;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), wave);
  if (error != std::errc() || end != digits.data() + digits.size())
    return Invalid(fmt::format("annotation 'argocd.argoproj.io/sync-wave': '{}' is not an integer", text));
  return wave;
}

std::string_view AnnotationOf(Value object, std::string_view key) {
  return GetAt(object, {"metadata", "annotations"}).GetString(key);
}

}  // namespace plumb
