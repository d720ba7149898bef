#include "diff/server_rules.h"

#include <algorithm>
#include <set>

#include "core/edit.h"

namespace plumb {

namespace {

std::vector<Value> Items(Value list) { return {list.items().begin(), list.items().end()}; }

// --- Services ---

bool HasAddress(Value spec) { return spec.GetString("type") != "ExternalName"; }
bool HasNodePorts(Value spec) { return spec.GetString("type") == "NodePort" || spec.GetString("type") == "LoadBalancer"; }
bool NeedsNodePorts(Value spec) {
  const Value* allocate = spec.Find("allocateLoadBalancerNodePorts");
  return spec.GetString("type") == "NodePort" || (spec.GetString("type") == "LoadBalancer" && (!allocate || allocate->AsBool()));
}
bool HasHealthPort(Value spec) { return spec.GetString("type") == "LoadBalancer" && spec.GetString("externalTrafficPolicy") == "Local"; }
bool IsExternal(Value spec) { return HasNodePorts(spec) || (spec.GetString("type") == "ClusterIP" && !spec.Get("externalIPs").empty()); }

std::set<int64_t> NodePorts(Value spec) {
  std::set<int64_t> ports;
  for (Value port : spec.Get("ports").items())
    if (port.Get("nodePort").AsInt() != 0) ports.insert(port.Get("nodePort").AsInt());
  return ports;
}

// What was allocated stays where the new object does not say.
Value KeepAllocated(Arena& a, Value spec, Value before) {
  if (HasAddress(before) && HasAddress(spec))
    for (std::string_view field : {"clusterIP", "clusterIPs"})
      if (spec.Get(field).empty() && before.Has(field) && spec.GetString(field).empty()) spec = With(a, spec, field, before.Get(field));
  if (NeedsNodePorts(before) && NeedsNodePorts(spec)) {
    const std::set<int64_t> had = NodePorts(before), has = NodePorts(spec);
    std::vector<Value> ports = Items(spec.Get("ports"));
    for (Value& port : ports) {
      if (port.Has("nodePort")) continue;
      for (Value old : before.Get("ports").items()) {
        const int64_t number = old.Get("nodePort").AsInt();
        if (old.GetString("name") == port.GetString("name") && number != 0 && !has.contains(number)) port = With(a, port, "nodePort", old.Get("nodePort"));
      }
    }
    if (!ports.empty()) spec = With(a, spec, "ports", a.List(ports));
  }
  if (HasHealthPort(before) && HasHealthPort(spec) && !spec.Has("healthCheckNodePort") && before.Has("healthCheckNodePort"))
    spec = With(a, spec, "healthCheckNodePort", before.Get("healthCheckNodePort"));
  return spec;
}

// What a change of type leaves without a meaning goes, unless the new object changes it too.
Value DropOfOtherType(Arena& a, Value spec, Value before) {
  const auto drop = [&](std::string_view field) {
    if (spec.Get(field) == before.Get(field)) spec = Without(a, spec, field);
  };
  if (HasAddress(before) && !HasAddress(spec)) {
    if (spec.Get("clusterIP") == before.Get("clusterIP") && spec.Get("clusterIPs") == before.Get("clusterIPs"))
      spec = Without(a, Without(a, spec, "clusterIP"), "clusterIPs");
    drop("ipFamilies");
    drop("ipFamilyPolicy");
  }
  const std::set<int64_t> had = NodePorts(before), has = NodePorts(spec);
  if (HasNodePorts(before) && !HasNodePorts(spec) && std::includes(had.begin(), had.end(), has.begin(), has.end())) {
    std::vector<Value> ports = Items(spec.Get("ports"));
    for (Value& port : ports) port = Without(a, port, "nodePort");
    if (!ports.empty()) spec = With(a, spec, "ports", a.List(ports));
  }
  if (HasHealthPort(before) && !HasHealthPort(spec)) drop("healthCheckNodePort");
  if (before.GetString("type") == "LoadBalancer" && spec.GetString("type") != "LoadBalancer") {
    drop("allocateLoadBalancerNodePorts");
    drop("loadBalancerClass");
  }
  if (IsExternal(before) && !IsExternal(spec)) drop("externalTrafficPolicy");
  return spec;
}

Value ServiceRules(Arena& a, Value service, Value before_service, std::vector<std::string>* needs_server) {
  Value spec = service.Get("spec");
  const Value before = before_service.Get("spec");
  if (!before_service.is_null()) spec = DropOfOtherType(a, KeepAllocated(a, spec, before), before);
  if (spec.GetString("type") == "ExternalName") spec = Without(a, spec, "internalTrafficPolicy");
  if (HasAddress(spec)) {
    const std::string_view address = spec.GetString("clusterIP");
    const bool had = !before_service.is_null() && HasAddress(before);
    if (address.empty()) needs_server->push_back("the server allocates spec.clusterIP");
    else if (!had && (spec.Get("ipFamilies").empty() || spec.Get("clusterIPs").empty() || !spec.Has("ipFamilyPolicy")))
      needs_server->push_back("the server chooses spec.ipFamilies");
    else if (had && (!(before.Get("clusterIP") == spec.Get("clusterIP")) || !(before.Get("clusterIPs") == spec.Get("clusterIPs")) ||
                     !(before.Get("ipFamilies") == spec.Get("ipFamilies")) || !(before.Get("ipFamilyPolicy") == spec.Get("ipFamilyPolicy"))))
      needs_server->push_back("the server decides about the change of spec.clusterIPs");
  }
  if (NeedsNodePorts(spec))
    for (Value port : spec.Get("ports").items())
      if (!port.Has("nodePort")) {
        needs_server->push_back("the server allocates spec.ports[].nodePort");
        break;
      }
  if (HasHealthPort(spec) && !spec.Has("healthCheckNodePort")) needs_server->push_back("the server allocates spec.healthCheckNodePort");
  service = With(a, service, "spec", spec);
  if (!before_service.is_null() && spec.GetString("type") != "LoadBalancer" && !GetAt(service, {"status", "loadBalancer"}).empty())
    service = WithAt(a, service, {"status", "loadBalancer"}, a.Map({}));
  return service;
}

// --- The rest ---

Value WithFinalizer(Arena& a, Value object, std::string_view finalizer) {
  std::vector<Value> list = Items(GetAt(object, {"metadata", "finalizers"}));
  if (std::any_of(list.begin(), list.end(), [&](Value f) { return f.AsString() == finalizer; })) return object;
  list.push_back(Arena::Borrow(finalizer));
  return WithAt(a, object, {"metadata", "finalizers"}, a.List(list));
}

Value NamespaceRules(Arena& a, Value object, Value before) {
  if (!before.is_null()) {  // finalizers of the spec go by a subresource of their own
    const Value* spec = before.Find("spec");
    return spec ? With(a, object, "spec", *spec) : object;
  }
  std::vector<Value> list = Items(GetAt(object, {"spec", "finalizers"}));
  if (std::any_of(list.begin(), list.end(), [](Value f) { return f.AsString() == "kubernetes"; })) return object;
  list.push_back(Arena::Borrow("kubernetes"));
  return WithAt(a, object, {"spec", "finalizers"}, a.List(list));
}

// References to secrets are names and nothing else.
Value ServiceAccountRules(Arena& a, Value object) {
  std::vector<Value> secrets;
  for (Value secret : object.Get("secrets").items()) secrets.push_back(a.Map({{"name", secret.Get("name")}}));
  return secrets.empty() ? object : With(a, object, "secrets", a.List(secrets));
}

// dataSource and dataSourceRef say the same, where one of them is given.
Value ClaimRules(Arena& a, Value object) {
  Value spec = object.Get("spec");
  const Value *source = spec.Find("dataSource"), *reference = spec.Find("dataSourceRef");
  if (source && !reference) spec = With(a, spec, "dataSourceRef", *source);
  if (reference && !source && reference->GetString("namespace").empty()) spec = With(a, spec, "dataSource", *reference);
  return With(a, object, "spec", spec);
}

// Nothing runs on a node before its kubelet says that it is ready.
Value NodeRules(Arena& a, Value object) {
  std::vector<Value> taints = Items(GetAt(object, {"spec", "taints"}));
  const auto not_ready = [](Value taint) { return taint.GetString("key") == "node.kubernetes.io/not-ready" && taint.GetString("effect") == "NoSchedule"; };
  if (std::any_of(taints.begin(), taints.end(), not_ready)) return object;
  taints.push_back(a.Map({{"key", Arena::Borrow("node.kubernetes.io/not-ready")}, {"effect", Arena::Borrow("NoSchedule")}}));
  return WithAt(a, object, {"spec", "taints"}, a.List(taints));
}

// The version that objects are stored in is one that they may be found in from then on.
Value DefinitionRules(Arena& a, Value object) {
  std::vector<Value> stored = Items(GetAt(object, {"status", "storedVersions"}));
  const size_t before = stored.size();
  for (Value version : GetAt(object, {"spec", "versions"}).items())
    if (const Value name = version.Get("name"); version.Get("storage").AsBool() && std::find(stored.begin(), stored.end(), name) == stored.end()) stored.push_back(name);
  return stored.size() == before ? object : WithAt(a, object, {"status", "storedVersions"}, a.List(stored));
}

// A DaemonSet counts the changes of its template in a field of its own, which an annotation carries in apps/v1.
Value DaemonSetRules(Arena& a, Value object, Value before) {
  constexpr std::string_view kAnnotation = "deprecated.daemonset.template.generation";
  int64_t generation = 1;
  if (!before.is_null()) {
    const std::string text(GetAt(before, {"metadata", "annotations"}).GetString(kAnnotation));
    generation = text.empty() ? 0 : std::strtoll(text.c_str(), nullptr, 10);
    if (!(GetAt(before, {"spec", "template"}) == GetAt(object, {"spec", "template"}))) ++generation;
  } else if (const std::string text(GetAt(object, {"metadata", "annotations"}).GetString(kAnnotation)); !text.empty()) {
    generation = std::max<int64_t>(1, std::strtoll(text.c_str(), nullptr, 10));
  }
  return WithAt(a, object, {"metadata", "annotations", kAnnotation}, a.String(std::to_string(generation)));
}

}  // namespace

Value WithKindRules(Arena& a, const Gvk& gvk, Value before, Value object, std::vector<std::string>* needs_server) {
  const bool created = before.is_null();
  const auto is = [&](std::string_view group, std::string_view kind) { return gvk.group == group && gvk.kind == kind; };
  if (is("", "Service")) return ServiceRules(a, object, before, needs_server);
  if (is("", "Namespace")) return NamespaceRules(a, object, before);
  if (is("", "ServiceAccount")) return ServiceAccountRules(a, object);
  if (is("apiextensions.k8s.io", "CustomResourceDefinition")) return DefinitionRules(a, object);
  if (is("apps", "DaemonSet")) return DaemonSetRules(a, object, before);
  if (is("", "PersistentVolumeClaim")) {
    object = ClaimRules(a, object);
    if (!created) return object;
    if (!GetAt(object, {"spec"}).Has("storageClassName")) needs_server->push_back("the default storage class of the cluster goes to spec.storageClassName");
    return WithFinalizer(a, object, "kubernetes.io/pvc-protection");
  }
  if (is("", "Node") && created) return NodeRules(a, object);
  if (is("", "PersistentVolume") && created) return WithFinalizer(a, object, "kubernetes.io/pv-protection");
  if (is("", "Endpoints") && !(before.Get("subsets") == object.Get("subsets"))) needs_server->push_back("the server sorts and packs subsets");
  if (is("certificates.k8s.io", "CertificateSigningRequest")) {
    if (!created) return With(a, object, "spec", before.Get("spec"));  // a request is what it was when it was made
    needs_server->push_back("the server fills in who asks for the certificate");
  }
  if (is("networking.k8s.io", "Ingress") && created && !GetAt(object, {"spec"}).Has("ingressClassName"))
    needs_server->push_back("the default ingress class of the cluster goes to spec.ingressClassName");
  if (is("", "Pod") && created) needs_server->push_back("admission fills in the service account's token, tolerations and limits");
  if (is("batch", "Job") && created && !GetAt(object, {"spec", "manualSelector"}).AsBool())
    needs_server->push_back("the server makes spec.selector of the new object's uid");
  return object;
}

}  // namespace plumb
