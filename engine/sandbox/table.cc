#include "engine/sandbox/table.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "core/edit.h"
#include "core/json.h"

namespace plumb::sandbox {

using namespace std::chrono;

std::string HumanDuration(Duration d) {
  const int64_t s = duration_cast<seconds>(d).count();
  if (s < 0) return "0s";
  if (s < 120) return fmt::format("{}s", s);
  const int64_t m = s / 60;
  if (m < 10) return s % 60 ? fmt::format("{}m{}s", m, s % 60) : fmt::format("{}m", m);
  if (m < 180) return fmt::format("{}m", m);
  const int64_t h = m / 60;
  if (h < 8) return m % 60 ? fmt::format("{}h{}m", h, m % 60) : fmt::format("{}h", h);
  if (h < 48) return fmt::format("{}h", h);
  if (h < 192) return h % 24 ? fmt::format("{}d{}h", h / 24, h % 24) : fmt::format("{}d", h / 24);
  if (h < 24 * 365 * 2) return fmt::format("{}d", h / 24);
  if (h < 24 * 365 * 8) return h / 24 % 365 ? fmt::format("{}y{}d", h / 24 / 365, h / 24 % 365) : fmt::format("{}y", h / 24 / 365);
  return fmt::format("{}y", h / 24 / 365);
}

std::string PodStatus(Value pod) {
  const Value status = pod.Get("status");
  std::string reason(status.GetString("reason").empty() ? status.GetString("phase") : status.GetString("reason"));
  bool running = false;
  for (Value c : status.Get("containerStatuses").items()) {
    const Value waiting = GetAt(c, {"state", "waiting"}), terminated = GetAt(c, {"state", "terminated"});
    if (!waiting.GetString("reason").empty()) reason = waiting.GetString("reason");
    else if (!terminated.GetString("reason").empty()) reason = terminated.GetString("reason");
    else if (c.Get("ready").AsBool() && c.Get("state").Has("running")) running = true;
  }
  if (reason == "Completed" && running) reason = "Running";
  const bool done = status.GetString("phase") == "Succeeded" || status.GetString("phase") == "Failed";
  if (pod.Get("metadata").Has("deletionTimestamp")) return status.GetString("reason") == "NodeLost" ? "Unknown" : done ? reason : "Terminating";
  return reason;
}

namespace {

std::string Join(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& p : parts) out += (out.empty() ? "" : ",") + p;
  return out;
}

std::string OrNone(std::string text) { return text.empty() ? "<none>" : text; }

// What a row's functions read and write.
struct Row {
  Arena& arena;
  Value object;
  WallTime now;
  std::vector<Value> cells = {};

  Value Spec(std::string_view field) const { return object.Get("spec").Get(field); }
  Value State(std::string_view field) const { return object.Get("status").Get(field); }
  void Text(std::string_view text) { cells.push_back(arena.String(text)); }
  void Number(Value v) { cells.push_back(Arena::Int(v.AsInt())); }
  void Of(Value have, Value want) { Text(fmt::format("{}/{}", have.AsInt(), want.AsInt())); }
  void Since(std::string_view time) {
    const auto at = ParseTime(time);
    Text(at.ok() ? HumanDuration(now - *at) : "<unknown>");
  }
  void Age() { Since(GetAt(object, {"metadata", "creationTimestamp"}).AsString()); }
  void Keys(Value map) { Number(Arena::Int(static_cast<int64_t>(map.size()))); }
  void Containers() {
    std::vector<std::string> names, images;
    for (Value c : GetAt(object, {"spec", "template", "spec", "containers"}).items()) {
      names.emplace_back(c.GetString("name"));
      images.emplace_back(c.GetString("image"));
    }
    Text(Join(names));
    Text(Join(images));
  }
  void Labels(Value map) {
    std::vector<std::string> parts;
    for (const Member& m : map.members()) parts.push_back(fmt::format("{}={}", m.key, m.value.AsString()));
    std::ranges::sort(parts);
    Text(OrNone(Join(parts)));
  }
};

void Pod(Row& r) {
  int64_t ready = 0, restarts = 0;
  for (Value c : r.State("containerStatuses").items()) {
    ready += c.Get("ready").AsBool();
    restarts += c.Get("restartCount").AsInt();
  }
  r.Text(fmt::format("{}/{}", ready, r.Spec("containers").size()));
  r.Text(PodStatus(r.object));
  r.Text(std::to_string(restarts));
  r.Age();
  r.Text(OrNone(std::string(r.State("podIP").AsString())));
  r.Text(OrNone(std::string(r.Spec("nodeName").AsString())));
  r.Text("<none>");
  r.Text("<none>");
}

void Deployment(Row& r) {
  r.Of(r.State("readyReplicas"), r.Spec("replicas"));
  r.Number(r.State("updatedReplicas"));
  r.Number(r.State("availableReplicas"));
  r.Age();
  r.Containers();
  r.Labels(r.Spec("selector").Get("matchLabels"));
}

void ReplicaSet(Row& r) {
  r.Number(r.Spec("replicas"));
  r.Number(r.State("replicas"));
  r.Number(r.State("readyReplicas"));
  r.Age();
  r.Containers();
  r.Labels(r.Spec("selector").Get("matchLabels"));
}

void StatefulSet(Row& r) {
  r.Of(r.State("readyReplicas"), r.Spec("replicas"));
  r.Age();
  r.Containers();
}

void DaemonSet(Row& r) {
  for (std::string_view field : {"desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled", "numberAvailable"})
    r.Number(r.State(field));
  r.Labels(GetAt(r.object, {"spec", "template", "spec", "nodeSelector"}));
  r.Age();
  r.Containers();
  r.Labels(r.Spec("selector").Get("matchLabels"));
}

void Job(Row& r) {
  std::string status = "Running";
  for (Value c : r.State("conditions").items())
    if (c.GetString("status") == "True" && (c.GetString("type") == "Complete" || c.GetString("type") == "Failed")) status = c.GetString("type");
  r.Text(status);
  r.Of(r.State("succeeded"), r.Spec("completions"));
  const auto start = ParseTime(r.State("startTime").AsString()), end = ParseTime(r.State("completionTime").AsString());
  r.Text(!start.ok() ? "" : HumanDuration((end.ok() ? *end : r.now) - *start));
  r.Age();
  r.Containers();
  r.Labels(r.Spec("selector").Get("matchLabels"));
}

void CronJob(Row& r) {
  r.Text(r.Spec("schedule").AsString());
  r.Text(r.Spec("timeZone").is_string() ? r.Spec("timeZone").AsString() : "<none>");
  r.Text(r.Spec("suspend").AsBool() ? "True" : "False");
  r.Keys(r.State("active"));
  if (r.State("lastScheduleTime").is_string()) r.Since(r.State("lastScheduleTime").AsString());
  else r.Text("<none>");
  r.Age();
}

void Service(Row& r) {
  const std::string_view type = r.Spec("type").AsString();
  r.Text(type);
  r.Text(OrNone(std::string(r.Spec("clusterIP").AsString())));
  std::string external = type == "ExternalName" ? std::string(r.Spec("externalName").AsString()) : type == "LoadBalancer" ? "<pending>" : "<none>";
  for (Value i : r.State("loadBalancer").Get("ingress").items()) external = i.Has("ip") ? i.GetString("ip") : i.GetString("hostname");
  r.Text(external);
  std::vector<std::string> ports;
  for (Value p : r.Spec("ports").items())
    ports.push_back(p.Has("nodePort") ? fmt::format("{}:{}/{}", p.Get("port").AsInt(), p.Get("nodePort").AsInt(), p.GetString("protocol"))
                                      : fmt::format("{}/{}", p.Get("port").AsInt(), p.GetString("protocol")));
  r.Text(OrNone(Join(ports)));
  r.Age();
  r.Labels(r.Spec("selector"));
}

void Endpoints(Row& r) {
  std::vector<std::string> out;
  for (Value subset : r.object.Get("subsets").items())
    for (Value address : subset.Get("addresses").items())
      for (Value port : subset.Get("ports").items())
        if (out.size() < 3) out.push_back(fmt::format("{}:{}", address.GetString("ip"), port.Get("port").AsInt()));
  r.Text(OrNone(Join(out)));
  r.Age();
}

void Ingress(Row& r) {
  r.Text(OrNone(std::string(r.Spec("ingressClassName").AsString())));
  std::vector<std::string> hosts;
  for (Value rule : r.Spec("rules").items()) hosts.emplace_back(rule.GetString("host").empty() ? "*" : rule.GetString("host"));
  r.Text(hosts.empty() ? "*" : Join(hosts));
  std::string address;
  for (Value i : r.State("loadBalancer").Get("ingress").items()) address = i.Has("ip") ? i.GetString("ip") : i.GetString("hostname");
  r.Text(address);
  r.Text(r.Spec("tls").empty() ? "80" : "80, 443");
  r.Age();
}

void Node(Row& r) {
  std::string status = "NotReady";
  for (Value c : r.State("conditions").items())
    if (c.GetString("type") == "Ready" && c.GetString("status") == "True") status = "Ready";
  if (r.Spec("unschedulable").AsBool()) status += ",SchedulingDisabled";
  r.Text(status);
  r.Text("<none>");
  r.Age();
  r.Text(r.State("nodeInfo").GetString("kubeletVersion"));
}

void Claim(Row& r) {
  r.Text(r.State("phase").AsString());
  r.Text(r.Spec("volumeName").AsString());
  r.Text(r.State("capacity").GetString("storage"));
  std::vector<std::string> modes;
  for (Value m : r.State("accessModes").items())
    modes.emplace_back(m.AsString() == "ReadWriteOnce" ? "RWO" : m.AsString() == "ReadOnlyMany" ? "ROX" : m.AsString() == "ReadWriteMany" ? "RWX" : "RWOP");
  r.Text(Join(modes));
  r.Text(r.Spec("storageClassName").AsString());
  r.Text("<unset>");
  r.Age();
}

void Event(Row& r) {
  const std::string_view last = r.object.GetString("lastTimestamp");
  if (last.empty()) r.Age();
  else r.Since(last);
  r.Text(r.object.GetString("type"));
  r.Text(r.object.GetString("reason"));
  std::string kind(r.object.Get("involvedObject").GetString("kind"));
  std::ranges::transform(kind, kind.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  r.Text(fmt::format("{}/{}", kind, r.object.Get("involvedObject").GetString("name")));
  r.Text(r.object.GetString("message"));
}

void Autoscaler(Row& r) {
  const Value target = r.Spec("scaleTargetRef");
  r.Text(fmt::format("{}/{}", target.GetString("kind"), target.GetString("name")));
  r.Text("<unknown>");
  r.Text(r.Spec("minReplicas").is_int() ? std::to_string(r.Spec("minReplicas").AsInt()) : "<unset>");
  r.Number(r.Spec("maxReplicas"));
  r.Number(r.State("currentReplicas"));
  r.Age();
}

void RoleBinding(Row& r) {
  r.Text(fmt::format("{}/{}", r.object.Get("roleRef").GetString("kind"), r.object.Get("roleRef").GetString("name")));
  r.Age();
}

struct Kind {
  std::string_view store_name;
  // "Name:type" with a '*' in front for what only -o wide shows; NAME is not said.
  std::vector<std::string_view> columns;
  void (*fill)(Row&);
};

const std::vector<Kind>& Kinds() {
  static const std::vector<Kind> kinds = {
      {"pods", {"Ready:string", "Status:string", "Restarts:string", "Age:string", "*IP:string", "*Node:string", "*Nominated Node:string", "*Readiness Gates:string"}, Pod},
      {"deployments.apps", {"Ready:string", "Up-to-date:integer", "Available:integer", "Age:string", "*Containers:string", "*Images:string", "*Selector:string"}, Deployment},
      {"replicasets.apps", {"Desired:integer", "Current:integer", "Ready:integer", "Age:string", "*Containers:string", "*Images:string", "*Selector:string"}, ReplicaSet},
      {"statefulsets.apps", {"Ready:string", "Age:string", "*Containers:string", "*Images:string"}, StatefulSet},
      {"daemonsets.apps", {"Desired:integer", "Current:integer", "Ready:integer", "Up-to-date:integer", "Available:integer", "Node Selector:string", "Age:string", "*Containers:string", "*Images:string", "*Selector:string"}, DaemonSet},
      {"jobs.batch", {"Status:string", "Completions:string", "Duration:string", "Age:string", "*Containers:string", "*Images:string", "*Selector:string"}, Job},
      {"cronjobs.batch", {"Schedule:string", "Timezone:string", "Suspend:string", "Active:integer", "Last Schedule:string", "Age:string"}, CronJob},
      {"services", {"Type:string", "Cluster-IP:string", "External-IP:string", "Port(s):string", "Age:string", "*Selector:string"}, Service},
      {"endpoints", {"Endpoints:string", "Age:string"}, Endpoints},
      {"ingresses.networking.k8s.io", {"Class:string", "Hosts:string", "Address:string", "Ports:string", "Age:string"}, Ingress},
      {"nodes", {"Status:string", "Roles:string", "Age:string", "Version:string"}, Node},
      {"persistentvolumeclaims", {"Status:string", "Volume:string", "Capacity:string", "Access Modes:string", "StorageClass:string", "*VolumeAttributesClass:string", "Age:string"}, Claim},
      {"events", {"Last Seen:string", "Type:string", "Reason:string", "Object:string", "Message:string"}, Event},
      {"horizontalpodautoscalers.autoscaling", {"Reference:string", "Targets:string", "MinPods:string", "MaxPods:integer", "Replicas:integer", "Age:string"}, Autoscaler},
      {"rolebindings.rbac.authorization.k8s.io", {"Role:string", "Age:string"}, RoleBinding},
      {"clusterrolebindings.rbac.authorization.k8s.io", {"Role:string", "Age:string"}, RoleBinding},
      {"namespaces", {"Status:string", "Age:string"}, [](Row& r) { r.Text(r.State("phase").AsString()); r.Age(); }},
      {"configmaps", {"Data:string", "Age:string"}, [](Row& r) { r.Keys(r.object.Get("data")); r.Age(); }},
      {"secrets", {"Type:string", "Data:string", "Age:string"}, [](Row& r) { r.Text(r.object.GetString("type")); r.Keys(r.object.Get("data")); r.Age(); }},
      {"customresourcedefinitions.apiextensions.k8s.io", {"Created At:date"}, [](Row& r) { r.Text(GetAt(r.object, {"metadata", "creationTimestamp"}).AsString()); }},
      {"roles.rbac.authorization.k8s.io", {"Created At:date"}, [](Row& r) { r.Text(GetAt(r.object, {"metadata", "creationTimestamp"}).AsString()); }},
      {"clusterroles.rbac.authorization.k8s.io", {"Created At:date"}, [](Row& r) { r.Text(GetAt(r.object, {"metadata", "creationTimestamp"}).AsString()); }},
      {"", {"Age:string"}, [](Row& r) { r.Age(); }},
  };
  return kinds;
}

const Kind& KindOf(const Resource& resource) {
  const std::string name = resource.StoreName();
  for (const Kind& kind : Kinds())
    if (kind.store_name == name) return kind;
  return Kinds().back();
}

Value Column(Arena& a, std::string_view name, std::string_view type, std::string_view format, int64_t priority, std::string_view description) {
  return a.Map({{"name", a.String(name)}, {"type", a.String(type)}, {"format", a.String(format)}, {"description", a.String(description)}, {"priority", Arena::Int(priority)}});
}

// The value at a simple JSONPath of a printer column: ".spec.items[0].name", ".metadata.annotations.a\.b".
Value AtJsonPath(Value at, std::string_view path) {
  std::string key;
  for (size_t i = 0; i <= path.size(); ++i) {
    const char c = i < path.size() ? path[i] : '.';
    if (c == '\\' && i + 1 < path.size()) {
      key += path[++i];
    } else if (c == '.' || c == '[') {
      if (!key.empty()) at = at.Get(key);
      key.clear();
      if (c == '[') {
        const size_t end = std::min(path.find(']', i), path.size());
        const size_t index = static_cast<size_t>(std::atoi(std::string(path.substr(i + 1, end - i - 1)).c_str()));
        at = index < at.size() && at.is_list() ? at[index] : Value();
        i = end;
      }
    } else {
      key += c;
    }
  }
  return at;
}

}  // namespace

std::string TableColumns(const Resource& resource) {
  Arena a;
  std::vector<Value> columns = {Column(a, "Name", "string", "name", 0, "Name must be unique within a namespace.")};
  const Value custom = resource.crd_version->Get("additionalPrinterColumns");
  if (!custom.empty()) {
    for (Value c : custom.items())
      columns.push_back(Column(a, c.GetString("name"), c.GetString("type"), c.GetString("format"), c.Get("priority").AsInt(), c.GetString("description")));
  } else {
    for (std::string_view column : KindOf(resource).columns) {
      const bool wide = column[0] == '*';
      if (wide) column.remove_prefix(1);
      const size_t colon = column.rfind(':');
      columns.push_back(Column(a, column.substr(0, colon), column.substr(colon + 1), "", wide, ""));
    }
  }
  return WriteJson(a.List(columns));
}

std::vector<Value> TableCells(Arena& arena, const Resource& resource, Value object, WallTime now) {
  Row row{arena, object, now};
  row.Text(GetAt(object, {"metadata", "name"}).AsString());
  const Value custom = resource.crd_version->Get("additionalPrinterColumns");
  if (custom.empty()) {
    KindOf(resource).fill(row);
    return std::move(row.cells);
  }
  for (Value c : custom.items()) {
    const Value v = AtJsonPath(object, c.GetString("jsonPath"));
    if (c.GetString("type") == "date" && v.is_string()) row.Since(v.AsString());
    else if (v.is_map() || v.is_list()) row.Text(WriteJson(v));
    else row.cells.push_back(v);
  }
  return std::move(row.cells);
}

}  // namespace plumb::sandbox
