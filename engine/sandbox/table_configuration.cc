// The tables of configuration, storage, access, policy and events.
#include <fmt/core.h>

#include <algorithm>

#include "engine/sandbox/table.h"
#include "engine/sandbox/table_cells.h"

namespace plumb::sandbox {
namespace {

using Context = CellContext;

std::string Phase(const Context& c) { return c.At("metadata").Has("deletionTimestamp") ? "Terminating" : std::string(c.Text("status.phase")); }

std::string ClaimModes(const Context& c) { return AccessModesText(c.At("status.accessModes")); }
std::string VolumeModes(const Context& c) { return AccessModesText(c.At("spec.accessModes")); }
std::string VolumeClaim(const Context& c) {
  const Value claim = c.At("spec.claimRef");
  return claim.is_map() ? fmt::format("{}/{}", claim.GetString("namespace"), claim.GetString("name")) : "";
}

std::string EventLast(const Context& c) {
  for (std::string_view path : {"series.lastObservedTime", "lastTimestamp", "deprecatedLastTimestamp", "eventTime"})
    if (!c.Text(path).empty()) return Since(c.Text(path), c.now);
  return "<unknown>";
}
std::string EventFirst(const Context& c) {
  for (std::string_view path : {"firstTimestamp", "deprecatedFirstTimestamp", "eventTime"})
    if (!c.Text(path).empty()) return Since(c.Text(path), c.now);
  return "<unknown>";
}
Value EventSubject(const Context& c) { return c.At("involvedObject").is_map() ? c.At("involvedObject") : c.At("regarding"); }
std::string EventObject(const Context& c) {
  const std::string kind = Lower(EventSubject(c).GetString("kind"));
  return fmt::format("{}/{}", kind, EventSubject(c).GetString("name"));
}
std::string EventSubobject(const Context& c) { return std::string(EventSubject(c).GetString("fieldPath")); }
std::string EventSource(const Context& c) {
  const Value source = c.At("source").is_map() ? c.At("source") : c.At("deprecatedSource");
  const std::string component(source.GetString("component").empty() ? c.Text("reportingController").empty() ? c.Text("reportingComponent") : c.Text("reportingController") : source.GetString("component"));
  const std::string_view host = source.GetString("host");
  return host.empty() ? component : fmt::format("{}, {}", component, host);
}
std::string EventMessage(const Context& c) { return std::string(c.Text("message").empty() ? c.Text("note") : c.Text("message")); }
std::string EventCount(const Context& c) {
  for (std::string_view path : {"series.count", "count", "deprecatedCount"})
    if (c.At(path).AsInt() > 0) return Number(c, path);
  return "1";
}

std::string ScaleTarget(const Context& c) { return fmt::format("{}/{}", c.Text("spec.scaleTargetRef.kind"), c.Text("spec.scaleTargetRef.name")); }
std::string ScaleMinimum(const Context& c) { return c.At("spec.minReplicas").is_int() ? Number(c, "spec.minReplicas") : "<unset>"; }
std::string ScaleMaximum(const Context& c) { return Number(c, "spec.maxReplicas"); }
std::string ScaleReplicas(const Context& c) { return Number(c, "status.currentReplicas"); }
std::string ScaleMetrics(const Context& c) {
  Texts texts;
  if (c.At("spec.targetCPUUtilizationPercentage").is_int()) texts.push_back(fmt::format("cpu: <unknown>/{}%", Number(c, "spec.targetCPUUtilizationPercentage")));
  for (const Value metric : c.At("spec.metrics").items()) {
    const Value resource = metric.Get("resource"), target = resource.Get("target");
    if (target.Get("averageUtilization").is_int()) texts.push_back(fmt::format("{}: <unknown>/{}%", resource.GetString("name"), target.Get("averageUtilization").AsInt()));
    else if (target.Has("averageValue")) texts.push_back(fmt::format("{}: <unknown>/{}", resource.GetString("name"), target.GetString("averageValue")));
    else texts.emplace_back("<unknown>");
  }
  const size_t all = texts.size();
  if (all > 2) texts.resize(2);
  return Or(Joined(texts, ", ") + (all > 2 ? fmt::format(" + {} more...", all - 2) : ""), "<none>");
}

std::string RoleRef(const Context& c) { return fmt::format("{}/{}", c.Text("roleRef.kind"), c.Text("roleRef.name")); }
std::string Subjects(const Context& c, std::string_view kind) {
  Texts names;
  for (const Value s : c.At("subjects").items()) {
    if (s.GetString("kind") != kind) continue;
    names.push_back(kind == "ServiceAccount" ? fmt::format("{}/{}", s.GetString("namespace"), s.GetString("name")) : std::string(s.GetString("name")));
  }
  return Joined(names, ", ");
}

std::string Quota(const Context& c, bool limits) {
  Texts texts;
  for (const Member& m : c.At("status.hard").members()) {
    if (m.key.starts_with("limits.") != limits) continue;
    texts.push_back(fmt::format("{}: {}/{}", m.key, Or(std::string(c.At("status.used").GetString(m.key)), "0"), m.value.AsString()));
  }
  std::ranges::sort(texts);
  return Joined(texts, ", ");
}

std::string IntOrString(Value v) { return v.is_int() ? std::to_string(v.AsInt()) : v.is_string() ? std::string(v.AsString()) : "N/A"; }

std::string SigningCondition(const Context& c) {
  std::string text;
  for (std::string_view type : {"Approved", "Denied", "Failed"})
    for (const Value condition : c.At("status.conditions").items())
      if (condition.GetString("type") == type) text += (text.empty() ? "" : ",") + std::string(type);
  return Or(text, "Pending") + (c.Text("status.certificate").empty() ? "" : ",Issued");
}

std::string TokenRequests(const Context& c) {
  const Texts audiences = TextsOf(c.At("spec.tokenRequests"), "audience");
  return Or(Joined(audiences), "<unset>");
}

std::string ParamKind(const Context& c) {
  const Value kind = c.At("spec.paramKind");
  return kind.is_map() ? fmt::format("{}/{}", kind.GetString("apiVersion"), kind.GetString("kind")) : "<unset>";
}
std::string ParamRef(const Context& c) {
  const Value ref = c.At("spec.paramRef");
  if (!ref.is_map()) return "<unset>";
  const std::string_view name = ref.GetString("name").empty() ? "*" : ref.GetString("name");
  return ref.GetString("namespace").empty() ? std::string(name) : fmt::format("{}/{}", ref.GetString("namespace"), name);
}

std::string ServiceReference(const Context& c) {
  const Value service = c.At("spec.service");
  return service.is_map() ? fmt::format("{}/{}", service.GetString("namespace"), service.GetString("name")) : "Local";
}
std::string ServiceAvailable(const Context& c) {
  for (const Value condition : c.At("status.conditions").items()) {
    if (condition.GetString("type") != "Available") continue;
    return condition.GetString("status") == "True" ? "True" : fmt::format("{} ({})", condition.GetString("status"), condition.GetString("reason"));
  }
  return "Unknown";
}

std::string MissingPriorityLevel(const Context& c) {
  for (const Value condition : c.At("status.conditions").items())
    if (condition.GetString("type") == "Dangling") return std::string(condition.GetString("status"));
  return "?";
}

std::string NumberOrNone(Value v) { return v.is_int() ? std::to_string(v.AsInt()) : "<none>"; }

std::string ClaimState(const Context& c) {
  Texts states;
  if (c.At("metadata").Has("deletionTimestamp")) states.emplace_back("deleted");
  if (!c.At("status.allocation").is_map()) states.emplace_back("pending");
  else states.emplace_back("allocated");
  if (!c.At("status.reservedFor").empty()) states.emplace_back("reserved");
  return Joined(states);
}

std::string StorageClassName(const Context& c) {
  const bool chosen = c.At("metadata.annotations").GetString("storageclass.kubernetes.io/is-default-class") == "true";
  return std::string(c.Text("metadata.name")) + (chosen ? " (default)" : "");
}

std::string CreatedAt(const Context& c) { return std::string(c.Text("metadata.creationTimestamp")); }

}  // namespace

std::vector<TableKind> ConfigurationTables() {
  const TableColumn age = {"Age:string", Age}, created = {"Created At:date", CreatedAt};
  const Columns events = {{"Last Seen:string", EventLast}, {"Type:string", "type"}, {"Reason:string", "reason"}, {"Object:string", EventObject},
                          {"*Subobject:string", EventSubobject}, {"*Source:string", EventSource}, {"Message:string", EventMessage},
                          {"*First Seen:string", EventFirst}, {"*Count:string", EventCount}, {"*Name:string:name", "metadata.name"}};
  const Columns bindings = {{"Role:string", RoleRef}, age,
                            {"*Users:string", [](const Context& c) { return Subjects(c, "User"); }},
                            {"*Groups:string", [](const Context& c) { return Subjects(c, "Group"); }},
                            {"*ServiceAccounts:string", [](const Context& c) { return Subjects(c, "ServiceAccount"); }}};
  const Columns webhooks = {{"Webhooks:integer", [](const Context& c) { return std::to_string(c.At("webhooks").size()); }}, age};
  const Columns policy_bindings = {{"PolicyName:string", "spec.policyName"}, {"ParamRef:string", ParamRef}, age};
  return {
      {"persistentvolumeclaims", {{"Status:string", Phase}, {"Volume:string", "spec.volumeName"}, {"Capacity:string", "status.capacity.storage"},
                                  {"Access Modes:string", ClaimModes}, {"StorageClass:string", "spec.storageClassName"},
                                  {"VolumeAttributesClass:string", "spec.volumeAttributesClassName|<unset>"}, age, {"*VolumeMode:string", "spec.volumeMode|<unset>"}}},
      {"persistentvolumes", {{"Capacity:string", "spec.capacity.storage"}, {"Access Modes:string", VolumeModes}, {"Reclaim Policy:string", "spec.persistentVolumeReclaimPolicy"},
                             {"Status:string", Phase}, {"Claim:string", VolumeClaim}, {"StorageClass:string", "spec.storageClassName"},
                             {"VolumeAttributesClass:string", "spec.volumeAttributesClassName|<unset>"}, {"Reason:string", "status.reason"}, age,
                             {"*VolumeMode:string", "spec.volumeMode|<unset>"}}},
      {"storageclasses.storage.k8s.io", {{"Provisioner:string", "provisioner"}, {"ReclaimPolicy:string", "reclaimPolicy|Delete"},
                                         {"VolumeBindingMode:string", "volumeBindingMode|Immediate"}, {"AllowVolumeExpansion:string", "allowVolumeExpansion|false"}, age},
       StorageClassName},
      {"csidrivers.storage.k8s.io", {{"AttachRequired:boolean", "spec.attachRequired"}, {"PodInfoOnMount:boolean", "spec.podInfoOnMount"},
                                     {"StorageCapacity:boolean", "spec.storageCapacity"}, {"TokenRequests:string", TokenRequests},
                                     {"RequiresRepublish:boolean", "spec.requiresRepublish"},
                                     {"Modes:string", [](const Context& c) { return Or(Joined(TextsOf(c.At("spec.volumeLifecycleModes"))), "<none>"); }}, age}},
      {"csinodes.storage.k8s.io", {{"Drivers:integer", [](const Context& c) { return std::to_string(c.At("spec.drivers").size()); }}, age}},
      {"csistoragecapacities.storage.k8s.io", {created}},
      {"volumeattachments.storage.k8s.io", {{"Attacher:string:name", "spec.attacher"}, {"PV:string", "spec.source.persistentVolumeName"}, {"Node:string", "spec.nodeName"},
                                            {"Attached:boolean", "status.attached"}, age}},
      {"volumeattributesclasses.storage.k8s.io", {{"DriverName:string", "driverName"}, age}},
      {"events", events, "metadata.name", false},
      {"events.events.k8s.io", events, "metadata.name", false},
      {"horizontalpodautoscalers.autoscaling", {{"Reference:string", ScaleTarget}, {"Targets:string", ScaleMetrics}, {"MinPods:string", ScaleMinimum},
                                                {"MaxPods:string", ScaleMaximum}, {"Replicas:string", ScaleReplicas}, age}},
      {"poddisruptionbudgets.policy", {{"Min Available:string", [](const Context& c) { return IntOrString(c.At("spec.minAvailable")); }},
                                       {"Max Unavailable:string", [](const Context& c) { return IntOrString(c.At("spec.maxUnavailable")); }},
                                       {"Allowed Disruptions:integer", "status.disruptionsAllowed"}, age}},
      {"roles.rbac.authorization.k8s.io", {created}},
      {"clusterroles.rbac.authorization.k8s.io", {created}},
      {"rolebindings.rbac.authorization.k8s.io", bindings},
      {"clusterrolebindings.rbac.authorization.k8s.io", bindings},
      {"serviceaccounts", {age}},
      {"namespaces", {{"Status:string", "status.phase"}, age}},
      {"configmaps", {{"Data:string", [](const Context& c) { return std::to_string(c.At("data").size() + c.At("binaryData").size()); }}, age}},
      {"secrets", {{"Type:string", "type"}, {"Data:string", [](const Context& c) { return std::to_string(c.At("data").size()); }}, age}},
      {"limitranges", {created}},
      {"resourcequotas", {{"Request:string", [](const Context& c) { return Quota(c, false); }}, {"Limit:string", [](const Context& c) { return Quota(c, true); }}, age}},
      {"certificatesigningrequests.certificates.k8s.io", {age, {"SignerName:string", "spec.signerName|<none>"}, {"Requestor:string", "spec.username"},
         {"RequestedDuration:string", [](const Context& c) {
            return c.At("spec.expirationSeconds").is_int() ? HumanDuration(std::chrono::seconds(c.At("spec.expirationSeconds").AsInt())) : "<none>"; }},
         {"Condition:string", SigningCondition}}},
      {"apiservices.apiregistration.k8s.io", {{"Service:string", ServiceReference}, {"Available:string", ServiceAvailable}, age}},
      {"mutatingwebhookconfigurations.admissionregistration.k8s.io", webhooks},
      {"validatingwebhookconfigurations.admissionregistration.k8s.io", webhooks},
      {"validatingadmissionpolicies.admissionregistration.k8s.io", {{"Validations:integer", [](const Context& c) { return std::to_string(c.At("spec.validations").size()); }},
                                                                    {"ParamKind:string", ParamKind}, age}},
      {"mutatingadmissionpolicies.admissionregistration.k8s.io", {{"Mutations:integer", [](const Context& c) { return std::to_string(c.At("spec.mutations").size()); }},
                                                                  {"ParamKind:string", ParamKind}, age}},
      {"validatingadmissionpolicybindings.admissionregistration.k8s.io", policy_bindings},
      {"mutatingadmissionpolicybindings.admissionregistration.k8s.io", policy_bindings},
      {"customresourcedefinitions.apiextensions.k8s.io", {created}},
      {"priorityclasses.scheduling.k8s.io", {{"Value:integer", "value"}, {"Global-Default:boolean", "globalDefault"}, age, {"PreemptionPolicy:string", "preemptionPolicy|<unset>"}}},
      {"resourceclaims.resource.k8s.io", {{"State:string", ClaimState}, age}},
      {"resourceslices.resource.k8s.io", {{"Node:string", "spec.nodeName|<unset>"}, {"Driver:string", "spec.driver"}, {"Pool:string", "spec.pool.name"}, age}},
      {"leases.coordination.k8s.io", {{"Holder:string", "spec.holderIdentity"}, age}},
      {"runtimeclasses.node.k8s.io", {{"Handler:string", "handler"}, age}},
      {"flowschemas.flowcontrol.apiserver.k8s.io", {{"PriorityLevel:string", "spec.priorityLevelConfiguration.name|<none>"},
         {"MatchingPrecedence:string", [](const Context& c) { return Number(c, "spec.matchingPrecedence"); }},
         {"DistinguisherMethod:string", "spec.distinguisherMethod.type|<none>"}, age, {"MissingPL:string", MissingPriorityLevel}}},
      {"prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
       {{"Type:string", "spec.type"}, {"NominalConcurrencyShares:string", [](const Context& c) { return NumberOrNone(c.At("spec.limited.nominalConcurrencyShares")); }},
        {"Queues:string", [](const Context& c) { return NumberOrNone(c.At("spec.limited.limitResponse.queuing.queues")); }},
        {"HandSize:string", [](const Context& c) { return NumberOrNone(c.At("spec.limited.limitResponse.queuing.handSize")); }},
        {"QueueLengthLimit:string", [](const Context& c) { return NumberOrNone(c.At("spec.limited.limitResponse.queuing.queueLengthLimit")); }}, age}},
  };
}

}  // namespace plumb::sandbox
