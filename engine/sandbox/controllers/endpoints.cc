// Endpoints and EndpointSlices of services with a selector. Source: pkg/controller/endpoint and endpointslice,
// Kubernetes 1.36; one slice for each service, of at most 1000 addresses.
#include <algorithm>

#include "engine/sandbox/controllers/support.h"

namespace plumb::sandbox {

namespace {

constexpr std::string_view kSlices = "endpointslices.discovery.k8s.io", kServiceLabel = "kubernetes.io/service-name";
constexpr size_t kMaxAddresses = 1000;

// The number behind a target port: itself, or the container port of that name. Null: the pod has none.
Value TargetPort(Value service_port, Value pod) {
  const Value target = service_port.Get("targetPort");
  if (target.is_int()) return target;
  for (Value c : GetAt(pod, {"spec", "containers"}).items())
    for (Value port : c.Get("ports").items())
      if (port.Get("name") == target && port.Get("protocol") == service_port.Get("protocol")) return port.Get("containerPort");
  return {};
}

Value Ports(Arena& a, Value service, Value pod) {
  std::vector<Value> out;
  for (Value port : GetAt(service, {"spec", "ports"}).items()) {
    const Value number = TargetPort(port, pod);
    if (number.is_null()) continue;
    std::vector<Member> made;
    if (port.Has("name")) made.push_back({"name", port.Get("name")});
    made.push_back({"port", number});
    made.push_back({"protocol", port.Get("protocol")});
    out.push_back(a.Map(made));
  }
  return a.List(out);
}

Value Reference(Arena& a, Value pod) {
  return a.Map({{"kind", a.Borrow("Pod")}, {"namespace", GetAt(pod, {"metadata", "namespace"})}, {"name", GetAt(pod, {"metadata", "name"})}, {"uid", GetAt(pod, {"metadata", "uid"})}});
}

struct Members {
  std::vector<Document> pods;
  bool publish_not_ready = false;
  bool Ready(const Document& pod) const { return publish_not_ready || PodReady(*pod); }
};

Members PodsOf(const Cluster& cluster, Value service) {
  Members out;
  out.publish_not_ready = GetAt(service, {"spec", "publishNotReadyAddresses"}).AsBool();
  const LabelSelector selector = LabelSelector::FromMap(GetAt(service, {"spec", "selector"}));
  for (const Document& pod : cluster.All("pods", NamespaceOf(service))) {
    if (!selector.Matches(GetAt(*pod, {"metadata", "labels"})) || !GetAt(*pod, {"status", "podIP"}).is_string()) continue;
    if (!PodActive(*pod) && !(out.publish_not_ready && Terminating(*pod))) continue;
    if (out.pods.size() < kMaxAddresses) out.pods.push_back(pod);
  }
  std::ranges::sort(out.pods, {}, [](const Document& pod) { return GetAt(*pod, {"status", "podIP"}).AsString(); });
  return out;
}

Value Subsets(Arena& a, Value service, const Members& members) {
  std::vector<Value> ready, not_ready;
  Value ports = a.List({});
  for (const Document& pod : members.pods) {
    a.Adopt(pod);
    ports = Ports(a, service, *pod);
    (members.Ready(pod) ? ready : not_ready).push_back(a.Map({{"ip", GetAt(*pod, {"status", "podIP"})}, {"nodeName", GetAt(*pod, {"spec", "nodeName"})}, {"targetRef", Reference(a, *pod)}}));
  }
  if (members.pods.empty()) return {};
  std::vector<Member> subset;
  if (!ready.empty()) subset.push_back({"addresses", a.List(ready)});
  if (!not_ready.empty()) subset.push_back({"notReadyAddresses", a.List(not_ready)});
  if (!ports.empty()) subset.push_back({"ports", ports});
  return a.List({a.Map(subset)});
}

Value SliceEndpoints(Arena& a, const Members& members) {
  std::vector<Value> out;
  for (const Document& pod : members.pods) {
    a.Adopt(pod);
    const bool ready = members.Ready(pod), leaving = Terminating(*pod);
    out.push_back(a.Map({{"addresses", a.List({GetAt(*pod, {"status", "podIP"})})},
                         {"conditions", a.Map({{"ready", Arena::Bool(ready && !leaving)}, {"serving", Arena::Bool(ready)}, {"terminating", Arena::Bool(leaving)}})},
                         {"nodeName", GetAt(*pod, {"spec", "nodeName"})},
                         {"targetRef", Reference(a, *pod)}}));
  }
  return a.List(out);
}

// Makes or changes one object so that `field` (and `ports` where given) have these values.
void Ensure(Cluster& cluster, const StoreKey& key, const std::function<Value(Arena&, Value)>& set, const std::function<Value(Arena&)>& fresh) {
  if (!cluster.Find(key)->is_null()) {
    ChangeObject(cluster, key, "", set);
    return;
  }
  CreateObject(cluster, key.resource, key.ns, BuildDocument([&](Arena& a) { return a.Copy(set(a, fresh(a))); }));
}

std::optional<Duration> Reconcile(ControlState& state, const StoreKey& key) {
  Cluster& cluster = state.cluster;
  const Document service = cluster.Find(key);
  const StoreKey endpoints{"endpoints", key.ns, key.name};
  if (service->is_null()) {
    if (const Document left = cluster.Find(endpoints); !left->is_null()) DeleteObject(cluster, endpoints, *left);
    return std::nullopt;
  }
  if (Terminating(*service) || GetAt(*service, {"spec", "selector"}).empty()) return std::nullopt;
  const Members members = PodsOf(cluster, *service);
  const Value name = GetAt(*service, {"metadata", "name"}), own_labels = GetAt(*service, {"metadata", "labels"});
  Ensure(
      cluster, endpoints,
      [&](Arena& a, Value now) {
        a.Adopt(service);
        const Value subsets = Subsets(a, *service, members);
        return subsets.is_null() ? Without(a, now, "subsets") : With(a, now, "subsets", subsets);
      },
      [&](Arena& a) {
        a.Adopt(service);
        Value labels = With(a, own_labels, "endpoints.kubernetes.io/managed-by", a.Borrow("endpoint-controller"));
        return a.Map({{"apiVersion", a.Borrow("v1")}, {"kind", a.Borrow("Endpoints")}, {"metadata", a.Map({{"name", name}, {"labels", labels}})}});
      });
  std::string slice;
  for (const Document& owned : Controlled(cluster, *service, kSlices)) slice = NameOf(*owned);
  const std::string fresh_name = slice.empty() ? key.name + "-" + TemplateHash(GetAt(*service, {"metadata", "uid"}), 0).substr(0, 5) : slice;
  Ensure(
      cluster, {std::string(kSlices), key.ns, fresh_name},
      [&](Arena& a, Value now) {
        a.Adopt(service);
        now = With(a, now, "endpoints", SliceEndpoints(a, members));
        return With(a, now, "ports", Ports(a, *service, members.pods.empty() ? Value() : *members.pods[0]));
      },
      [&](Arena& a) {
        a.Adopt(service);
        Value labels = With(a, own_labels, kServiceLabel, name);
        labels = With(a, labels, "endpointslice.kubernetes.io/managed-by", a.Borrow("endpointslice-controller.k8s.io"));
        const Value owner = a.Map({{"apiVersion", a.Borrow("v1")}, {"kind", a.Borrow("Service")}, {"name", name}, {"uid", GetAt(*service, {"metadata", "uid"})},
                                   {"controller", Arena::Bool(true)}, {"blockOwnerDeletion", Arena::Bool(true)}});
        return a.Map({{"apiVersion", a.Borrow("discovery.k8s.io/v1")}, {"kind", a.Borrow("EndpointSlice")}, {"addressType", a.Borrow("IPv4")},
                      {"metadata", a.Map({{"name", a.String(fresh_name)}, {"labels", labels}, {"ownerReferences", a.List({owner})}})}});
      });
  return std::nullopt;
}

}  // namespace

Controller EndpointsController() {
  return {"endpoints",
          [](const ControlState& state, const Change& change, const std::function<void(const StoreKey&)>& enqueue) {
            if (change.key.resource == "services") return enqueue(change.key);
            if (change.key.resource != "pods") return;
            const Value now = GetAt(*change.object, {"metadata", "labels"}), before = GetAt(*change.previous, {"metadata", "labels"});
            for (const Document& service : state.cluster.All("services", change.key.ns)) {
              const LabelSelector selector = LabelSelector::FromMap(GetAt(*service, {"spec", "selector"}));
              if (selector.Matches(now) || selector.Matches(before)) enqueue(KeyOf("services", *service));
            }
          },
          Reconcile};
}

}  // namespace plumb::sandbox
