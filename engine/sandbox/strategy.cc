#include "engine/sandbox/strategy.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/edit.h"
#include "core/json.h"
#include "engine/sandbox/names.h"
#include "engine/sandbox/selector.h"

namespace plumb::sandbox {

namespace {

using Names = Strategy::Names;

constexpr Strategy kStrategies[] = {
    {.store_name = "namespaces", .names = Names::kLabel, .initial_status = R"({"phase":"Active"})"},
    {.store_name = "pods", .generation = true, .returns_deleted = true, .initial_status = R"({"phase":"Pending"})"},
    {.store_name = "services", .names = Names::kLabel, .returns_deleted = true, .initial_status = R"({"loadBalancer":{}})"},
    {.store_name = "serviceaccounts", .returns_deleted = true},
    {.store_name = "podtemplates", .generation = true, .returns_deleted = true},
    {.store_name = "resourcequotas", .returns_deleted = true, .initial_status = "{}"},
    {.store_name = "nodes", .initial_status = "{}"},
    {.store_name = "persistentvolumeclaims", .returns_deleted = true, .initial_status = R"({"phase":"Pending"})"},
    {.store_name = "persistentvolumes", .returns_deleted = true, .initial_status = R"({"phase":"Pending"})"},
    {.store_name = "replicationcontrollers", .generation = true, .orphans_by_default = true, .initial_status = R"({"replicas":0})"},
    {.store_name = "deployments.apps", .generation = true, .annotations_count = true, .initial_status = "{}"},
    {.store_name = "replicasets.apps", .generation = true, .initial_status = R"({"replicas":0})"},
    {.store_name = "statefulsets.apps", .generation = true, .initial_status = R"({"replicas":0,"availableReplicas":0})"},
    {.store_name = "daemonsets.apps", .generation = true,
     .initial_status = R"({"currentNumberScheduled":0,"numberMisscheduled":0,"desiredNumberScheduled":0,"numberReady":0})"},
    {.store_name = "jobs.batch", .generation = true, .orphans_by_default = true, .initial_status = "{}"},
    {.store_name = "cronjobs.batch", .generation = true, .initial_status = "{}"},
    {.store_name = "horizontalpodautoscalers.autoscaling", .initial_status = R"({"currentMetrics":null,"desiredReplicas":0})"},
    {.store_name = "ingresses.networking.k8s.io", .generation = true, .initial_status = R"({"loadBalancer":{}})"},
    {.store_name = "ingressclasses.networking.k8s.io", .generation = true},
    {.store_name = "networkpolicies.networking.k8s.io", .generation = true},
    {.store_name = "poddisruptionbudgets.policy", .generation = true, .needs_revision = true,
     .initial_status = R"({"disruptionsAllowed":0,"currentHealthy":0,"desiredHealthy":0,"expectedPods":0})"},
    {.store_name = "priorityclasses.scheduling.k8s.io", .generation = true},
    {.store_name = "roles.rbac.authorization.k8s.io", .names = Names::kPathSegment},
    {.store_name = "rolebindings.rbac.authorization.k8s.io", .names = Names::kPathSegment},
    {.store_name = "clusterroles.rbac.authorization.k8s.io", .names = Names::kPathSegment},
    {.store_name = "clusterrolebindings.rbac.authorization.k8s.io", .names = Names::kPathSegment},
    {.store_name = "endpointslices.discovery.k8s.io", .generation = true, .needs_revision = true},
    {.store_name = "leases.coordination.k8s.io", .needs_revision = true},
    {.store_name = "apiservices.apiregistration.k8s.io", .needs_revision = true, .initial_status = "{}"},
    {.store_name = "mutatingwebhookconfigurations.admissionregistration.k8s.io", .generation = true},
    {.store_name = "validatingwebhookconfigurations.admissionregistration.k8s.io", .generation = true},
    {.store_name = "validatingadmissionpolicies.admissionregistration.k8s.io", .generation = true, .initial_status = "{}"},
    {.store_name = "customresourcedefinitions.apiextensions.k8s.io", .generation = true, .needs_revision = true},
    {.store_name = "flowschemas.flowcontrol.apiserver.k8s.io", .generation = true, .initial_status = "{}"},
    {.store_name = "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io", .generation = true, .initial_status = "{}"},
};
constexpr Strategy kOther{}, kCustom{.generation = true, .needs_revision = true};

std::string Quoted(std::string_view text) {
  Arena arena;
  return WriteJson(arena.String(text));
}

void CheckName(const Resource& r, Value metadata, std::vector<Cause>& out) {
  const std::string_view name = metadata.GetString("name");
  if (name.empty()) {
    out.push_back(RequiredValue("metadata.name", "name or generateName is required"));
    return;
  }
  const Names rule = StrategyOf(r).names;
  const auto problems = rule == Names::kLabel       ? DnsLabelProblems(name)
                        : rule == Names::kLabel1035 ? Dns1035LabelProblems(name)
                        : rule == Names::kPathSegment ? PathSegmentProblems(name)
                                                      : DnsSubdomainProblems(name);
  for (const std::string& problem : problems) out.push_back(InvalidValue("metadata.name", Quoted(name), problem));
}

void CheckLabels(Value labels, const std::string& path, std::vector<Cause>& out) {
  for (const Member& m : labels.members()) {
    for (const std::string& problem : QualifiedNameProblems(m.key)) out.push_back(InvalidValue(path, Quoted(m.key), problem));
    for (const std::string& problem : LabelValueProblems(m.value.AsString()))
      out.push_back(InvalidValue(path, Quoted(m.value.AsString()), problem));
  }
}

void CheckAnnotations(Value annotations, std::vector<Cause>& out) {
  constexpr size_t kBytes = 256 << 10;
  size_t total = 0;
  for (const Member& m : annotations.members()) {
    std::string key(m.key);  // annotation keys may be upper case in the prefix
    std::ranges::transform(key, key.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const std::string& problem : QualifiedNameProblems(key)) out.push_back(InvalidValue("metadata.annotations", Quoted(m.key), problem));
    total += m.key.size() + m.value.AsString().size();
  }
  if (total > kBytes)
    out.push_back({"FieldValueTooLong", fmt::format("Too long: may not be more than {} bytes", kBytes), "metadata.annotations"});
}

void CheckOwners(Value owners, std::vector<Cause>& out) {
  int controllers = 0;
  for (size_t i = 0; i < owners.size(); ++i) {
    const std::string path = fmt::format("metadata.ownerReferences[{}]", i);
    for (std::string_view field : {"apiVersion", "kind", "name", "uid"})
      if (owners[i].GetString(field).empty())
        out.push_back(InvalidValue(fmt::format("{}.{}", path, field), "\"\"", fmt::format("{} must not be empty", field)));
    controllers += owners[i].Get("controller").AsBool();
  }
  if (controllers > 1)
    out.push_back(InvalidValue("metadata.ownerReferences", "...", "Only one reference can have Controller set to true"));
}

void CheckContainers(Value containers, const std::string& path, bool required, std::vector<Cause>& out) {
  if (containers.empty() && required) out.push_back(RequiredValue(path, ""));
  for (size_t i = 0; i < containers.size(); ++i) {
    const std::string at = fmt::format("{}[{}]", path, i);
    const std::string_view name = containers[i].GetString("name");
    if (name.empty()) out.push_back(RequiredValue(at + ".name", ""));
    else
      for (const std::string& problem : DnsLabelProblems(name)) out.push_back(InvalidValue(at + ".name", Quoted(name), problem));
    for (size_t j = 0; j < i; ++j)
      if (containers[j].GetString("name") == name && !name.empty())
        out.push_back({"FieldValueDuplicate", fmt::format("Duplicate value: {}", Quoted(name)), at + ".name"});
    if (containers[i].GetString("image").empty()) out.push_back(RequiredValue(at + ".image", ""));
  }
}

void CheckPodSpec(Value spec, const std::string& path, std::vector<Cause>& out) {
  CheckContainers(spec.Get("containers"), path + ".containers", true, out);
  CheckContainers(spec.Get("initContainers"), path + ".initContainers", false, out);
}

// Workloads: a selector that is not empty and selects the template's own labels.
void CheckWorkload(Value object, std::vector<Cause>& out) {
  const Value spec = object.Get("spec"), selector = spec.Get("selector");
  const Value labels = GetAt(spec, {"template", "metadata", "labels"});
  if (selector.is_null()) {
    out.push_back(RequiredValue("spec.selector", ""));
    out.push_back(InvalidValue("spec.template.metadata.labels", labels.is_null() ? "null" : WriteJson(labels), "`selector` does not match template `labels`"));
  } else if (selector.Get("matchLabels").empty() && selector.Get("matchExpressions").empty()) {
    out.push_back(InvalidValue("spec.selector", WriteJson(selector), "empty selector is invalid for deployment"));
  } else if (auto parsed = LabelSelector::FromObject(selector); !parsed.ok()) {
    out.push_back(InvalidValue("spec.selector", WriteJson(selector), parsed.error().message()));
  } else if (!parsed->Matches(labels)) {
    out.push_back(InvalidValue("spec.template.metadata.labels", labels.is_null() ? "null" : WriteJson(labels),
                               "`selector` does not match template `labels`"));
  }
  if (const int64_t replicas = spec.Get("replicas").AsInt(); replicas < 0)
    out.push_back(InvalidValue("spec.replicas", std::to_string(replicas), "must be greater than or equal to 0"));
  CheckLabels(labels, "spec.template.labels", out);
  CheckPodSpec(GetAt(spec, {"template", "spec"}), "spec.template.spec", out);
}

void CheckService(Value object, std::vector<Cause>& out) {
  const Value spec = object.Get("spec"), ports = spec.Get("ports");
  if (ports.empty() && spec.GetString("type") != "ExternalName" && spec.GetString("clusterIP") != "None")
    out.push_back(RequiredValue("spec.ports", ""));
  for (size_t i = 0; i < ports.size(); ++i) {
    const std::string at = fmt::format("spec.ports[{}]", i);
    if (ports.size() > 1 && ports[i].GetString("name").empty()) out.push_back(RequiredValue(at + ".name", ""));
    for (const char* field : {"port", "targetPort"}) {
      const Value port = ports[i].Get(field);
      if (port.is_int() && (port.AsInt() < 1 || port.AsInt() > 65535))
        out.push_back(InvalidValue(fmt::format("{}.{}", at, field), std::to_string(port.AsInt()), "must be between 1 and 65535, inclusive"));
    }
  }
}

void CheckData(Value object, std::vector<Cause>& out) {
  for (std::string_view field : {"data", "binaryData", "stringData"})
    for (const Member& m : object.Get(field).members()) {
      const bool fine = !m.key.empty() && m.key.size() <= 253 && m.key != "." && m.key != ".." && std::ranges::all_of(m.key, [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
      });
      if (!fine)
        out.push_back(InvalidValue(fmt::format("{}[{}]", field, m.key), Quoted(m.key),
                                   "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
                                   "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"));
    }
}

bool IsOneOf(std::string_view name, std::initializer_list<std::string_view> names) { return std::ranges::find(names, name) != names.end(); }

// Fields that never change once set. A pod's spec and a StatefulSet's have exceptions of their own, below.
constexpr struct { std::string_view store_name; std::string_view path[2]; } kImmutable[] = {
    {"deployments.apps", {"spec", "selector"}},     {"replicasets.apps", {"spec", "selector"}},
    {"daemonsets.apps", {"spec", "selector"}},      {"jobs.batch", {"spec", "selector"}},
    {"jobs.batch", {"spec", "completions"}},        {"jobs.batch", {"spec", "template"}},
    {"secrets", {"type", ""}},                      {"priorityclasses.scheduling.k8s.io", {"value", ""}},
    {"storageclasses.storage.k8s.io", {"provisioner", ""}},
    {"rolebindings.rbac.authorization.k8s.io", {"roleRef", ""}},
    {"clusterrolebindings.rbac.authorization.k8s.io", {"roleRef", ""}},
    {"customresourcedefinitions.apiextensions.k8s.io", {"spec", "scope"}},
};

// The object with each of the paths taken out: what remains may not change.
Value Reduced(Arena& arena, Value spec, std::initializer_list<std::string_view> mutable_fields) {
  for (std::string_view field : mutable_fields) spec = Without(arena, spec, field);
  return spec;
}

// Containers may change their image (and resources, through the resize subresource), nothing else of a pod's may but these.
Value PodSpecCore(Arena& arena, Value spec) {
  for (std::string_view list : {"containers", "initContainers"}) {
    std::vector<Value> items;
    for (Value c : spec.Get(list).items()) items.push_back(Without(arena, c, "image"));
    if (!items.empty()) spec = With(arena, spec, list, arena.List(items));
  }
  return Reduced(arena, spec, {"activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "nodeName", "schedulingGates"});
}

void CheckSpecChange(const std::string& name, Value object, Value existing, std::vector<Cause>& out) {
  const Value now = object.Get("spec"), before = existing.Get("spec");
  Arena arena;
  auto keep = [&](std::initializer_list<std::string_view> fields, std::string_view why) {
    if (!(Reduced(arena, now, fields) == Reduced(arena, before, fields))) out.push_back(ForbiddenField("spec", why));
  };
  if (name == "statefulsets.apps")
    keep({"replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy", "minReadySeconds"},
         "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
         "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden");
  if (name == "persistentvolumeclaims" && !before.GetString("volumeName").empty())
    keep({"resources", "volumeAttributesClassName"},
         "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims");
  if (name == "pods" && !(PodSpecCore(arena, now) == PodSpecCore(arena, before)))
    out.push_back(ForbiddenField("spec",
                                 "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
                                 "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
                                 "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"));
  if (name == "services" && !before.GetString("clusterIP").empty() && now.GetString("type") != "ExternalName" &&
      before.GetString("type") != "ExternalName" && now.GetString("clusterIP") != before.GetString("clusterIP"))
    out.push_back(InvalidValue("spec.clusterIPs[0]", WriteJson(now.Get("clusterIPs")), "may not change once set"));
}

}  // namespace

const Strategy& StrategyOf(const Resource& resource) {
  if (resource.custom()) return kCustom;
  const std::string name = resource.StoreName();
  const auto found = std::ranges::find(kStrategies, name, &Strategy::store_name);
  return found == std::end(kStrategies) ? kOther : *found;
}

std::vector<Cause> Validate(const Resource& r, Value object) {
  std::vector<Cause> out;
  const Value metadata = object.Get("metadata");
  CheckName(r, metadata, out);
  CheckLabels(metadata.Get("labels"), "metadata.labels", out);
  CheckAnnotations(metadata.Get("annotations"), out);
  CheckOwners(metadata.Get("ownerReferences"), out);
  for (Value f : metadata.Get("finalizers").items())
    for (const std::string& problem : QualifiedNameProblems(f.AsString()))
      out.push_back(InvalidValue("metadata.finalizers", Quoted(f.AsString()), problem));
  if (r.custom()) return out;
  const std::string name = r.StoreName();
  if (r.group == "apps" && r.plural != "controllerrevisions") CheckWorkload(object, out);
  if (name == "pods") CheckPodSpec(object.Get("spec"), "spec", out);
  if (name == "jobs.batch") CheckPodSpec(GetAt(object, {"spec", "template", "spec"}), "spec.template.spec", out);
  if (name == "services") CheckService(object, out);
  if (IsOneOf(name, {"configmaps", "secrets"})) CheckData(object, out);
  return out;
}

std::vector<Cause> ValidateUpdate(const Resource& r, Value object, Value existing) {
  std::vector<Cause> out;
  if (existing.Get("metadata").Has("deletionTimestamp")) {
    std::vector<std::string> added;
    const auto before = GetAt(existing, {"metadata", "finalizers"}).items();
    for (Value f : GetAt(object, {"metadata", "finalizers"}).items())
      if (std::ranges::none_of(before, [&](Value b) { return b == f; })) added.push_back(Quoted(f.AsString()));
    if (!added.empty())
      out.push_back(ForbiddenField("metadata.finalizers",
                                   fmt::format("no new finalizers can be added if the object is being deleted, found new finalizers "
                                               "[]string{{{}}}", added[0])));
  }
  if (r.custom()) return out;
  const std::string name = r.StoreName();
  for (const auto& rule : kImmutable) {
    if (rule.store_name != name) continue;
    const bool nested = !rule.path[1].empty();
    const Value now = nested ? GetAt(object, {rule.path[0], rule.path[1]}) : object.Get(rule.path[0]);
    const Value before = nested ? GetAt(existing, {rule.path[0], rule.path[1]}) : existing.Get(rule.path[0]);
    if (!(now == before) && !before.is_null())
      out.push_back(InvalidValue(nested ? fmt::format("{}.{}", rule.path[0], rule.path[1]) : std::string(rule.path[0]), WriteJson(now),
                                 "field is immutable"));
  }
  if (IsOneOf(name, {"configmaps", "secrets"}) && existing.Get("immutable").AsBool()) {
    for (std::string_view field : {"immutable", "data", "binaryData"})
      if (!(object.Get(field) == existing.Get(field)))
        out.push_back(ForbiddenField(std::string(field), "field is immutable when `immutable` is set"));
  }
  CheckSpecChange(name, object, existing, out);
  return out;
}

bool CountsAsGeneration(const Resource& r, Value object, Value existing) {
  const Strategy& strategy = StrategyOf(r);
  if (!strategy.generation) return false;
  if (strategy.annotations_count && !(GetAt(object, {"metadata", "annotations"}) == GetAt(existing, {"metadata", "annotations"}))) return true;
  Arena arena;
  auto rest = [&](Value v) { return Reduced(arena, v, {"metadata", "status", "apiVersion", "kind"}); };
  return !(rest(object) == rest(existing));
}

}  // namespace plumb::sandbox
