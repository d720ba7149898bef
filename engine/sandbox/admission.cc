#include "engine/sandbox/admission.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "core/edit.h"
#include "core/json.h"
#include "engine/sandbox/cluster.h"
#include "engine/sandbox/strategy.h"

namespace plumb::sandbox {

std::string AddressBook::FreeAddress() const {
  std::set<std::string, std::less<>> used;
  for (const Document& service : lister_("services")) used.emplace(GetAt(*service, {"spec", "clusterIP"}).AsString());
  for (int n = 10;; ++n) {  // the first ten are kept for the system
    std::string address = fmt::format("10.96.{}.{}", n / 256, n % 256);
    if (!used.contains(address)) return address;
  }
}

std::vector<int64_t> AddressBook::FreeNodePorts(size_t count) const {
  std::set<int64_t> used;
  for (const Document& service : lister_("services"))
    for (Value port : GetAt(*service, {"spec", "ports"}).items()) used.insert(port.Get("nodePort").AsInt());
  std::vector<int64_t> out;
  for (int64_t port = 30000; out.size() < count && port <= 32767; ++port)
    if (!used.contains(port)) out.push_back(port);
  return out;
}

namespace {

// What an update leaves out, the service keeps.
Value KeepAllocated(Arena& a, Value spec, Value before) {
  if (spec.GetString("type") == "ExternalName" || before.is_null()) return spec;
  for (std::string_view field : {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"})
    if (!spec.Has(field) && before.Has(field)) spec = With(a, spec, field, before.Get(field));
  std::vector<Value> ports;
  for (Value port : spec.Get("ports").items()) {
    for (Value old : before.Get("ports").items())
      if (!port.Has("nodePort") && old.Has("nodePort") && old.Get("port") == port.Get("port") && old.Get("protocol") == port.Get("protocol"))
        port = With(a, port, "nodePort", old.Get("nodePort"));
    ports.push_back(port);
  }
  return ports.empty() ? spec : With(a, spec, "ports", a.List(ports));
}

Value AllocateNodePorts(Arena& a, Value spec, const AddressBook& book) {
  std::vector<Value> ports(spec.Get("ports").items().begin(), spec.Get("ports").items().end());
  const auto free = book.FreeNodePorts(ports.size());
  size_t next = 0;
  for (Value& port : ports)
    if (!port.Has("nodePort") && next < free.size()) port = With(a, port, "nodePort", Arena::Int(free[next++]));
  return With(a, spec, "ports", a.List(ports));
}

Value DropNodePorts(Arena& a, Value spec) {
  std::vector<Value> ports;
  for (Value port : spec.Get("ports").items()) ports.push_back(Without(a, port, "nodePort"));
  return ports.empty() ? spec : With(a, spec, "ports", a.List(ports));
}

}  // namespace

Answer<Value> AdmitService(Arena& a, Value service, Value existing, const AddressBook& book) {
  const Value before = existing.Get("spec");
  Value spec = KeepAllocated(a, service.Get("spec"), before);
  const std::string_view type = spec.GetString("type");
  if (type == "ExternalName") {
    for (std::string_view field : {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"}) spec = Without(a, spec, field);
    return With(a, service, "spec", spec);
  }
  if (spec.GetString("clusterIP").empty()) spec = With(a, spec, "clusterIP", a.String(book.FreeAddress()));
  if (!spec.Has("clusterIPs")) spec = With(a, spec, "clusterIPs", a.List({spec.Get("clusterIP")}));
  if (!spec.Has("ipFamilies")) spec = With(a, spec, "ipFamilies", a.List({a.Borrow("IPv4")}));
  if (!spec.Has("ipFamilyPolicy")) spec = With(a, spec, "ipFamilyPolicy", a.Borrow("SingleStack"));
  if (type == "NodePort" || (type == "LoadBalancer" && spec.Get("allocateLoadBalancerNodePorts").AsBool())) {
    spec = AllocateNodePorts(a, spec, book);
  } else if (type == "ClusterIP" && before.GetString("type") != "ClusterIP" && !before.is_null()) {
    spec = DropNodePorts(a, spec);  // the type changed: what belonged to the old one goes
    for (std::string_view field : {"externalTrafficPolicy", "allocateLoadBalancerNodePorts"}) spec = Without(a, spec, field);
  }
  return With(a, service, "spec", spec);
}

namespace {

// Guaranteed: every container has limits for processor and memory, and asks for just these; BestEffort: none asks for anything.
std::string_view QosClass(Value spec) {
  bool asks = false, guaranteed = true;
  for (std::string_view list : {"containers", "initContainers"})
    for (Value container : spec.Get(list).items())
      for (std::string_view resource : {"cpu", "memory"}) {
        const Value limit = GetAt(container, {"resources", "limits"}).Get(resource), request = GetAt(container, {"resources", "requests"}).Get(resource);
        asks = asks || !limit.is_null() || !request.is_null();
        guaranteed = guaranteed && !limit.is_null() && (request.is_null() || request == limit);
      }
  return !asks ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
}

Value AdmitPod(Arena& a, Value pod) {
  Value spec = pod.Get("spec");
  if (!spec.Has("serviceAccountName")) {
    spec = With(a, spec, "serviceAccountName", a.Borrow("default"));
    spec = With(a, spec, "serviceAccount", a.Borrow("default"));
  }
  if (!spec.Has("priority")) spec = With(a, spec, "priority", Arena::Int(0));
  if (!spec.Has("preemptionPolicy")) spec = With(a, spec, "preemptionPolicy", a.Borrow("PreemptLowerPriority"));
  std::vector<Value> tolerations(spec.Get("tolerations").items().begin(), spec.Get("tolerations").items().end());
  for (std::string_view key : {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}) {
    if (std::ranges::any_of(tolerations, [&](Value t) { return t.GetString("key") == key || t.GetString("key").empty(); })) continue;
    tolerations.push_back(a.Map({{"key", a.Borrow(key)}, {"operator", a.Borrow("Exists")}, {"effect", a.Borrow("NoExecute")}, {"tolerationSeconds", Arena::Int(300)}}));
  }
  pod = WithAt(a, pod, {"status", "qosClass"}, a.Borrow(QosClass(spec)));
  return With(a, pod, "spec", With(a, spec, "tolerations", a.List(tolerations)));
}

// A Job selects its pods by its own UID, in labels that it adds to the template.
Value AdmitJob(Arena& a, Value job) {
  if (GetAt(job, {"spec", "manualSelector"}).AsBool()) return job;
  const Value uid = GetAt(job, {"metadata", "uid"}), name = GetAt(job, {"metadata", "name"});
  Value labels = GetAt(job, {"spec", "template", "metadata", "labels"});
  for (std::string_view key : {"batch.kubernetes.io/controller-uid", "controller-uid"}) labels = With(a, labels, key, uid);
  for (std::string_view key : {"batch.kubernetes.io/job-name", "job-name"}) labels = With(a, labels, key, name);
  job = WithAt(a, job, {"spec", "template", "metadata", "labels"}, labels);
  return WithAt(a, job, {"spec", "selector"}, a.Map({{"matchLabels", a.Map({{"batch.kubernetes.io/controller-uid", uid}})}}));
}

Value WithFinalizer(Arena& a, Value object, std::string_view finalizer) {
  std::vector<Value> list(GetAt(object, {"metadata", "finalizers"}).items().begin(), GetAt(object, {"metadata", "finalizers"}).items().end());
  if (std::ranges::any_of(list, [&](Value f) { return f.AsString() == finalizer; })) return object;
  list.push_back(a.Borrow(finalizer));
  return WithAt(a, object, {"metadata", "finalizers"}, a.List(list));
}

Value WithoutFinalizer(Arena& a, Value object, std::string_view finalizer) {
  std::vector<Value> list;
  for (Value f : GetAt(object, {"metadata", "finalizers"}).items())
    if (f.AsString() != finalizer) list.push_back(f);
  return list.empty() ? WithoutAt(a, object, {"metadata", "finalizers"}) : WithAt(a, object, {"metadata", "finalizers"}, a.List(list));
}

}  // namespace

Answer<Value> AdmitOther(Arena& a, const Resource& r, Value object, Value existing) {
  const std::string name = r.StoreName();
  if (name == "namespaces") {
    object = WithAt(a, object, {"metadata", "labels", "kubernetes.io/metadata.name"}, GetAt(object, {"metadata", "name"}));
    if (existing.is_null()) object = WithAt(a, object, {"spec", "finalizers"}, a.List({a.Borrow("kubernetes")}));
    return object;
  }
  if (!existing.is_null()) return object;
  if (name == "pods") return AdmitPod(a, object);
  if (name == "jobs.batch") return AdmitJob(a, object);
  if (name == "persistentvolumeclaims") return WithFinalizer(a, object, "kubernetes.io/pvc-protection");
  if (name == "persistentvolumes") return WithFinalizer(a, object, "kubernetes.io/pv-protection");
  if (name == "customresourcedefinitions.apiextensions.k8s.io") return WithFinalizer(a, object, "customresourcecleanup.apiextensions.k8s.io");
  return object;
}

std::optional<ApiError> CheckDelete(const Resource& r, Value object, const DeleteOptions& options) {
  const Value metadata = object.Get("metadata");
  const std::string_view name = metadata.GetString("name");
  auto mismatch = [&](std::string_view what, std::string_view want, std::string_view have, std::string_view why) {
    ApiError e = ConflictError(r, name, "");
    e.message = fmt::format("Operation cannot be fulfilled on {}{}{} \"{}\": the {} in the precondition ({}) does not match the {} in record ({}). {}",
                            r.kind, r.group.empty() ? "" : ".", r.group, name, what, want, what, have, why);
    e.kind = r.kind;
    return e;
  };
  if (const auto uid = metadata.GetString("uid"); !options.uid.empty() && options.uid != uid)
    return mismatch("UID", options.uid, uid, "The object might have been deleted and then recreated");
  if (const auto revision = metadata.GetString("resourceVersion"); !options.revision.empty() && options.revision != revision)
    return mismatch("ResourceVersion", options.revision, revision, "The object might have been modified");
  if (r.StoreName() == "namespaces" && (name == "default" || name == "kube-system" || name == "kube-public"))
    return Forbidden(r, name, "this namespace may not be deleted");
  return std::nullopt;
}

Value MarkDeleted(Arena& a, const Resource& r, Value object, const DeleteOptions& options, WallTime now) {
  const Strategy& strategy = StrategyOf(r);
  const std::string policy = !options.propagation.empty() ? options.propagation : strategy.orphans_by_default ? "Orphan" : "";
  Value next = object;
  if (!policy.empty()) {
    next = policy == "Orphan" ? WithFinalizer(a, next, "orphan") : WithoutFinalizer(a, next, "orphan");
    next = policy == "Foreground" ? WithFinalizer(a, next, "foregroundDeletion") : WithoutFinalizer(a, next, "foregroundDeletion");
  }
  int64_t grace = 0;
  if (r.StoreName() == "pods") {
    const std::string_view phase = GetAt(object, {"status", "phase"}).AsString();
    grace = options.grace_seconds >= 0 ? options.grace_seconds : GetAt(object, {"spec", "terminationGracePeriodSeconds"}).AsInt();
    if (GetAt(object, {"spec", "nodeName"}).AsString().empty() || phase == "Failed" || phase == "Succeeded") grace = 0;
  }
  const Value metadata = next.Get("metadata");
  if (metadata.Has("deletionTimestamp")) {  // a second delete may only shorten the grace
    const int64_t left = metadata.Get("deletionGracePeriodSeconds").AsInt();
    if (grace >= left) return next;
    return WithAt(a, next, {"metadata", "deletionGracePeriodSeconds"}, Arena::Int(grace));
  }
  next = WithAt(a, next, {"metadata", "deletionTimestamp"}, a.String(FormatTime(now + std::chrono::seconds(grace))));
  if (r.StoreName() != "namespaces") next = WithAt(a, next, {"metadata", "deletionGracePeriodSeconds"}, Arena::Int(grace));
  if (const int64_t generation = metadata.Get("generation").AsInt(); generation > 0)
    next = WithAt(a, next, {"metadata", "generation"}, Arena::Int(generation + 1));
  if (r.StoreName() == "namespaces") next = WithAt(a, next, {"status", "phase"}, a.Borrow("Terminating"));
  return next;
}

}  // namespace plumb::sandbox
