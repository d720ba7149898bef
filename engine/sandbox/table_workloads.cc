// The tables of workloads, services and nodes.
#include <fmt/core.h>

#include <algorithm>

#include "engine/sandbox/table.h"
#include "engine/sandbox/table_cells.h"

namespace plumb::sandbox {
namespace {

using Context = CellContext;

std::string Ready(const Context& c) { return fmt::format("{}/{}", c.At("status.readyReplicas").AsInt(), c.At("spec.replicas").AsInt()); }
std::string MatchLabels(const Context& c) { return SelectorText(c.At("spec.selector")); }
std::string LabelMap(const Context& c) { return LabelsText(c.At("spec.selector")); }
std::string Containers(const Context& c) { return Joined(TextsOf(c.At("spec.template.spec.containers"), "name")); }
std::string Images(const Context& c) { return Joined(TextsOf(c.At("spec.template.spec.containers"), "image")); }
std::string CronContainers(const Context& c) { return Joined(TextsOf(c.At("spec.jobTemplate.spec.template.spec.containers"), "name")); }
std::string CronImages(const Context& c) { return Joined(TextsOf(c.At("spec.jobTemplate.spec.template.spec.containers"), "image")); }
std::string PodReady(const Context& c) {
  int64_t ready = 0;
  for (const Value container : c.At("status.containerStatuses").items()) ready += container.Get("ready").AsBool();
  return fmt::format("{}/{}", ready, c.At("spec.containers").size());
}

std::string PodRestarts(const Context& c) {
  int64_t restarts = 0;
  for (const Value container : c.At("status.containerStatuses").items()) restarts += container.Get("restartCount").AsInt();
  return std::to_string(restarts);
}

std::string ReadinessGates(const Context& c) {
  const Value gates = c.At("spec.readinessGates");
  if (gates.empty()) return "<none>";
  int64_t met = 0;
  for (const Value gate : gates.items())
    for (const Value condition : c.At("status.conditions").items())
      met += condition.GetString("type") == gate.GetString("conditionType") && condition.GetString("status") == "True";
  return fmt::format("{}/{}", met, gates.size());
}

std::string JobStatus(const Context& c) {
  const auto is = [&](std::string_view type) {
    for (const Value condition : c.At("status.conditions").items())
      if (condition.GetString("type") == type && condition.GetString("status") == "True") return true;
    return false;
  };
  for (std::string_view type : {"Complete", "Failed"})
    if (is(type)) return std::string(type);
  if (c.At("metadata").Has("deletionTimestamp")) return "Terminating";
  for (std::string_view type : {"Suspended", "FailureTarget", "SuccessCriteriaMet"})
    if (is(type)) return std::string(type);
  return "Running";
}

std::string JobCompletions(const Context& c) {
  const int64_t done = c.At("status.succeeded").AsInt();
  if (c.At("spec.completions").is_int()) return fmt::format("{}/{}", done, c.At("spec.completions").AsInt());
  const int64_t parallel = c.At("spec.parallelism").AsInt();
  return parallel > 1 ? fmt::format("{}/1 of {}", done, parallel) : fmt::format("{}/1", done);
}

std::string JobDuration(const Context& c) {
  const auto start = ParseTime(c.Text("status.startTime")), end = ParseTime(c.Text("status.completionTime"));
  return start.ok() ? HumanDuration((end.ok() ? *end : c.now) - *start) : "";
}

std::string LastSchedule(const Context& c) {
  const Value last = c.At("status.lastScheduleTime");
  return last.is_string() ? Since(last.AsString(), c.now) : "<none>";
}

std::string LoadBalancer(const Context& c) {
  Texts addresses;
  for (const Value i : c.At("status.loadBalancer.ingress").items()) addresses.emplace_back(i.Has("ip") ? i.GetString("ip") : i.GetString("hostname"));
  return Joined(addresses);
}

std::string ExternalAddress(const Context& c) {
  const std::string_view type = c.Text("spec.type");
  Texts given = TextsOf(c.At("spec.externalIPs"));
  if (type == "ExternalName") return std::string(c.Text("spec.externalName"));
  if (type == "LoadBalancer") {
    if (const std::string balanced = LoadBalancer(c); !balanced.empty()) given.insert(given.begin(), balanced);
    return Or(Joined(given), "<pending>");
  }
  return Or(Joined(given), "<none>");
}

std::string ServicePorts(const Context& c) {
  Texts ports;
  for (const Value p : c.At("spec.ports").items())
    ports.push_back(p.Get("nodePort").AsInt() ? fmt::format("{}:{}/{}", p.Get("port").AsInt(), p.Get("nodePort").AsInt(), p.GetString("protocol"))
                                              : fmt::format("{}/{}", p.Get("port").AsInt(), p.GetString("protocol")));
  return Or(Joined(ports), "<none>");
}

std::string EndpointAddresses(const Context& c) {
  Texts out;
  for (const Value subset : c.At("subsets").items()) {
    const Value addresses = subset.Get("addresses"), ports = subset.Get("ports");
    for (const Value port : ports.items())
      for (const Value address : addresses.items()) out.push_back(fmt::format("{}:{}", address.GetString("ip"), port.Get("port").AsInt()));
    if (ports.empty())
      for (const Value address : addresses.items()) out.emplace_back(address.GetString("ip"));
  }
  return Or(FirstThree(out), "<none>");
}

std::string SlicePorts(const Context& c) {
  Texts ports;
  for (const Value p : c.At("ports").items()) ports.push_back(p.Get("port").is_int() ? std::to_string(p.Get("port").AsInt()) : "*");
  return Or(FirstThree(ports), "<unset>");
}

std::string SliceEndpoints(const Context& c) {
  Texts addresses;
  for (const Value e : c.At("endpoints").items())
    for (const std::string& address : TextsOf(e.Get("addresses"))) addresses.push_back(address);
  return Or(FirstThree(addresses), "<unset>");
}

std::string IngressHosts(const Context& c) {
  Texts hosts = TextsOf(c.At("spec.rules"), "host");
  std::erase(hosts, "");
  return Or(FirstThree(hosts), "*");
}

std::string IngressPorts(const Context& c) { return c.At("spec.tls").empty() ? "80" : "80, 443"; }

std::string IngressParameters(const Context& c) {
  const Value p = c.At("spec.parameters");
  if (!p.is_map()) return "<none>";
  return fmt::format("{}{}{}/{}", p.GetString("kind"), p.GetString("apiGroup").empty() ? "" : ".", p.GetString("apiGroup"), p.GetString("name"));
}

std::string NodeStatus(const Context& c) {
  std::string status = "Unknown";
  for (const Value condition : c.At("status.conditions").items())
    if (condition.GetString("type") == "Ready") status = condition.GetString("status") == "True" ? "Ready" : "NotReady";
  return status + (c.At("spec.unschedulable").AsBool() ? ",SchedulingDisabled" : "");
}

std::string NodeRoles(const Context& c) {
  constexpr std::string_view kPrefix = "node-role.kubernetes.io/";
  Texts roles;
  for (const Member& m : c.At("metadata.labels").members()) {
    if (m.key.starts_with(kPrefix) && m.key.size() > kPrefix.size()) roles.emplace_back(m.key.substr(kPrefix.size()));
    else if (m.key == "kubernetes.io/role" && !m.value.AsString().empty()) roles.emplace_back(m.value.AsString());
  }
  std::ranges::sort(roles);
  return Or(Joined(roles), "<none>");
}

std::string NodeAddress(const Context& c, std::string_view type) {
  for (const Value address : c.At("status.addresses").items())
    if (address.GetString("type") == type) return std::string(address.GetString("address"));
  return "<none>";
}

std::string RevisionOwner(const Context& c) {
  for (const Value owner : c.At("metadata.ownerReferences").items()) {
    if (!owner.Get("controller").AsBool()) continue;
    const std::string_view version = owner.GetString("apiVersion");
    const std::string kind = Lower(owner.GetString("kind"));
    const std::string_view group = version.find('/') == std::string_view::npos ? "" : version.substr(0, version.find('/'));
    return fmt::format("{}{}{}/{}", kind, group.empty() ? "" : ".", group, owner.GetString("name"));
  }
  return "<none>";
}

// A workload's last columns.
Columns WithContainers(Columns columns, bool selector = true) {
  columns.push_back({"*Containers:string", Containers});
  columns.push_back({"*Images:string", Images});
  if (selector) columns.push_back({"*Selector:string", MatchLabels});
  return columns;
}

}  // namespace

std::vector<TableKind> WorkloadTables() {
  const TableColumn age = {"Age:string", Age};
  return {
      {"pods", {{"Ready:string", PodReady}, {"Status:string", [](const Context& c) { return PodStatus(c.object); }}, {"Restarts:string", PodRestarts}, age,
                {"*IP:string", "status.podIP|<none>"}, {"*Node:string", "spec.nodeName|<none>"}, {"*Nominated Node:string", "status.nominatedNodeName|<none>"},
                {"*Readiness Gates:string", ReadinessGates}}},
      {"deployments.apps", WithContainers({{"Ready:string", Ready}, {"Up-to-date:string", [](const Context& c) { return Number(c, "status.updatedReplicas"); }},
                                           {"Available:string", [](const Context& c) { return Number(c, "status.availableReplicas"); }}, age})},
      {"replicasets.apps", WithContainers({{"Desired:integer", "spec.replicas"}, {"Current:integer", "status.replicas"}, {"Ready:integer", "status.readyReplicas"}, age})},
      {"statefulsets.apps", WithContainers({{"Ready:string", Ready}, age}, false)},
      {"daemonsets.apps", WithContainers({{"Desired:integer", "status.desiredNumberScheduled"}, {"Current:integer", "status.currentNumberScheduled"},
                                          {"Ready:integer", "status.numberReady"}, {"Up-to-date:integer", "status.updatedNumberScheduled"},
                                          {"Available:integer", "status.numberAvailable"},
                                          {"Node Selector:string", [](const Context& c) { return LabelsText(c.At("spec.template.spec.nodeSelector")); }}, age})},
      {"controllerrevisions.apps", {{"Controller:string", RevisionOwner}, {"Revision:string", [](const Context& c) { return Number(c, "revision"); }}, age}},
      {"replicationcontrollers", {{"Desired:integer", "spec.replicas"}, {"Current:integer", "status.replicas"}, {"Ready:integer", "status.readyReplicas"}, age,
                                  {"*Containers:string", Containers}, {"*Images:string", Images}, {"*Selector:string", LabelMap}}},
      {"podtemplates", {{"Containers:string", [](const Context& c) { return Joined(TextsOf(c.At("template.spec.containers"), "name")); }},
                        {"Images:string", [](const Context& c) { return Joined(TextsOf(c.At("template.spec.containers"), "image")); }},
                        {"Pod Labels:string", [](const Context& c) { return LabelsText(c.At("template.metadata.labels")); }}}},
      {"jobs.batch", WithContainers({{"Status:string", JobStatus}, {"Completions:string", JobCompletions}, {"Duration:string", JobDuration}, age})},
      {"cronjobs.batch", {{"Schedule:string", "spec.schedule"}, {"Timezone:string", "spec.timeZone|<none>"},
                          {"Suspend:boolean", [](const Context& c) { return std::string(c.At("spec.suspend").AsBool() ? "True" : "False"); }},
                          {"Active:integer", [](const Context& c) { return std::to_string(c.At("status.active").size()); }}, {"Last Schedule:string", LastSchedule}, age,
                          {"*Containers:string", CronContainers}, {"*Images:string", CronImages},
                          {"*Selector:string", [](const Context& c) { return SelectorText(c.At("spec.jobTemplate.spec.selector")); }}}},
      {"services", {{"Type:string", "spec.type"}, {"Cluster-IP:string", "spec.clusterIP|<none>"}, {"External-IP:string", ExternalAddress},
                    {"Port(s):string", ServicePorts}, age, {"*Selector:string", LabelMap}}},
      {"endpoints", {{"Endpoints:string", EndpointAddresses}, age}},
      {"endpointslices.discovery.k8s.io", {{"AddressType:string", "addressType"}, {"Ports:string", SlicePorts}, {"Endpoints:string", SliceEndpoints}, age}},
      {"ingresses.networking.k8s.io", {{"Class:string", "spec.ingressClassName|<none>"}, {"Hosts:string", IngressHosts}, {"Address:string", LoadBalancer},
                                       {"Ports:string", IngressPorts}, age}},
      {"ingressclasses.networking.k8s.io", {{"Controller:string", "spec.controller"}, {"Parameters:string", IngressParameters}, age}},
      {"networkpolicies.networking.k8s.io", {{"Pod-Selector:string", [](const Context& c) { return SelectorText(c.At("spec.podSelector")); }}, age}},
      {"servicecidrs.networking.k8s.io", {{"CIDRs:string", [](const Context& c) { return Joined(TextsOf(c.At("spec.cidrs"))); }}, age}},
      {"ipaddresses.networking.k8s.io", {{"ParentRef:string", [](const Context& c) {
         return fmt::format("{}/{}/{}", c.Text("spec.parentRef.resource"), c.Text("spec.parentRef.namespace"), c.Text("spec.parentRef.name")); }}}},
      {"nodes", {{"Status:string", NodeStatus}, {"Roles:string", NodeRoles}, age, {"Version:string", "status.nodeInfo.kubeletVersion"},
                 {"*Internal-IP:string", [](const Context& c) { return NodeAddress(c, "InternalIP"); }},
                 {"*External-IP:string", [](const Context& c) { return NodeAddress(c, "ExternalIP"); }}, {"*OS-Image:string", "status.nodeInfo.osImage|<unknown>"},
                 {"*Kernel-Version:string", "status.nodeInfo.kernelVersion|<unknown>"}, {"*Container-Runtime:string", "status.nodeInfo.containerRuntimeVersion|<unknown>"}}},
  };
}

}  // namespace plumb::sandbox
