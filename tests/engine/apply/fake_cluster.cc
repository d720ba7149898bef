#include "tests/engine/apply/fake_cluster.h"

#include <fmt/core.h>

#include "core/edit.h"
#include "core/json.h"
#include "diff/json_patch.h"
#include "engine/plan/references.h"

namespace plumb::testing {
namespace {

struct Kind {
  std::string_view group, version, kind, plural;
  bool namespaced;
};
constexpr Kind kKinds[] = {
    {"", "v1", "Namespace", "namespaces", false},
    {"", "v1", "ConfigMap", "configmaps", true},
    {"", "v1", "Service", "services", true},
    {"", "v1", "ServiceAccount", "serviceaccounts", true},
    {"apps", "v1", "Deployment", "deployments", true},
    {"batch", "v1", "Job", "jobs", true},
    {"apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", false},
    {"x.io", "v1", "Widget", "widgets", true},
};

kube::Resource Make(const Kind& kind) {
  kube::Resource resource;
  resource.gvk = {std::string(kind.group), std::string(kind.version), std::string(kind.kind)};
  resource.plural = kind.plural;
  resource.namespaced = kind.namespaced;
  return resource;
}

// The object, or with an empty name the collection, that a path names.
std::optional<kube::ObjectRef> Parse(std::string_view path) {
  std::vector<std::string> part;
  for (size_t at = 1; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    part.emplace_back(path.substr(at, end - at));
    at = end + 1;
  }
  const bool core = !part.empty() && part[0] == "api";
  const size_t base = core ? 2 : 3;
  if (part.size() < base + 1) return std::nullopt;
  const bool in_namespace = part[base] == "namespaces" && part.size() >= base + 3;
  const std::string& plural = in_namespace ? part[base + 2] : part[base];
  const size_t name = base + (in_namespace ? 3 : 1);
  for (const Kind& kind : kKinds)
    if (kind.plural == plural && kind.group == (core ? "" : part[1]))
      return kube::ObjectRef{Make(kind), in_namespace ? part[base + 1] : "", part.size() > name ? part[name] : "", ""};
  return std::nullopt;
}

http::Response Reply(int status, Value body) { return {status, {{"Content-Type", "application/json"}}, WriteJson(body)}; }

http::Response Refusal(int status, std::string_view reason, std::string_view message) {
  Arena a;
  return Reply(status, a.Map({{"kind", a.String("Status")}, {"apiVersion", a.String("v1")}, {"status", a.String("Failure")},
                              {"reason", a.String(reason)}, {"message", a.String(message)}, {"code", Arena::Int(status)}}));
}

bool Selected(Value object, const kube::ObjectRef& collection, std::string_view label) {
  const ObjectId id = IdOf(object);
  if (id.kind != collection.resource.gvk.kind || id.group != collection.resource.gvk.group) return false;
  if (!collection.ns.empty() && id.ns != collection.ns) return false;
  const size_t equals = label.find('=');
  return equals == std::string_view::npos || GetAt(object, {"metadata", "labels"}).GetString(label.substr(0, equals)) == label.substr(equals + 1);
}

Value Conditions(Arena& a, std::string_view type) {
  return a.List({a.Map({{"type", a.String(type)}, {"status", a.String("True")}})});
}

}  // namespace

std::optional<kube::Resource> FakeResources(const Gvk& gvk) {
  for (const Kind& kind : kKinds)
    if (kind.kind == gvk.kind && kind.group == gvk.group && kind.group != "x.io") return Make(kind);
  return std::nullopt;
}

void FakeCluster::Handle(size_t index, bool answer) {
  Pending one = std::move(pending[index]);
  pending.erase(pending.begin() + static_cast<long>(index));
  http::Response response = Serve(one.request);
  if (answer) one.done(std::move(response));
}

http::Response FakeCluster::Serve(const http::Request& request) {
  const http::Target target = http::ParseTarget(request.target);
  const auto ref = Parse(target.path);
  log.push_back(request.method + " " + (ref ? ref->id().ToString() : target.path));
  if (intercept)
    if (auto response = intercept(request)) return *response;
  if (!ref) return Refusal(404, "NotFound", "the server could not find the requested resource");
  if (ref->name.empty()) return watches ? List(*ref, target.Get("labelSelector")) : Refusal(403, "Forbidden", "no list");
  if (request.method == "PATCH" && http::Find(request.headers, "Content-Type") == "application/json-patch+json") return JsonPatch(*ref, request);
  if (request.method == "PATCH") return Patch(*ref, request);
  const auto found = objects.find(ref->id());
  if (found == objects.end()) return Refusal(404, "NotFound", ref->id().ToString() + " not found");
  return request.method == "DELETE" ? Delete(*ref, request) : Reply(200, found->second.object.root());
}

std::optional<http::Response> FakeCluster::Refuse(const kube::ObjectRef& ref) const {
  if (!ref.ns.empty()) {
    const Document ns = Get({"", "Namespace", "", ref.ns});
    if (ns->is_null()) return Refusal(404, "NotFound", fmt::format("namespaces \"{}\" not found", ref.ns));
    if (!GetAt(ns.root(), {"metadata", "deletionTimestamp"}).is_null()) return Refusal(403, "Forbidden", "namespace is being terminated");
  }
  if (ref.resource.gvk.group != "x.io") return std::nullopt;
  const Document crd = Get({"apiextensions.k8s.io", "CustomResourceDefinition", "", "widgets.x.io"});
  if (GetAt(crd.root(), {"status", "conditions"}).empty()) return Refusal(404, "NotFound", "the server could not find the requested resource");
  return std::nullopt;
}

http::Response FakeCluster::Patch(const kube::ObjectRef& ref, const http::Request& request) {
  if (auto refusal = Refuse(ref)) return *refusal;
  auto body = ParseJson(request.body);
  if (!body.ok()) return Refusal(400, "BadRequest", body.error().message());
  const auto found = objects.find(ref.id());
  const bool exists = found != objects.end();
  const Document old = exists ? found->second.object : Document();
  const int generation = exists ? found->second.generation + 1 : 1;
  const Document object = BuildDocument([&](Arena& a) {
    Value v = a.Adopt(*body);
    v = WithAt(a, v, {"metadata", "uid"}, exists ? a.Adopt(old).Get("metadata").Get("uid") : a.String(fmt::format("uid-{}", next_uid_++)));
    v = WithAt(a, v, {"metadata", "generation"}, Arena::Int(generation));
    if (exists && old->Get("metadata").Has("deletionTimestamp"))
      v = WithAt(a, v, {"metadata", "deletionTimestamp"}, a.Adopt(old).Get("metadata").Get("deletionTimestamp"));
    if (exists && old->Has("status")) v = With(a, v, "status", old->Get("status"));
    return v;
  });
  const Document stored = Store(object, generation);
  if (!exists)
    creations.push_back({ref.id(), std::string(stored->Get("metadata").GetString("uid")), std::string(AnnotationOf(stored.root(), "plumb.dev/hook-run"))});
  return Reply(exists ? 200 : 201, stored.root());
}

http::Response FakeCluster::JsonPatch(const kube::ObjectRef& ref, const http::Request& request) {
  const auto found = objects.find(ref.id());
  if (found == objects.end()) return Refusal(404, "NotFound", ref.id().ToString() + " not found");
  auto patch = ParseJson(request.body);
  if (!patch.ok()) return Refusal(400, "BadRequest", patch.error().message());
  Result<Value> patched = Value();
  const Document object = BuildDocument([&](Arena& a) {
    a.Adopt(*patch);
    patched = ApplyJsonPatch(a, a.Adopt(found->second.object), patch->root());
    return patched.ok() ? *patched : Value();
  });
  if (!patched.ok()) return Refusal(422, "Invalid", patched.error().message());
  const Value metadata = object->Get("metadata");
  if (metadata.Has("deletionTimestamp") && metadata.Get("finalizers").empty()) {
    Remove(ref.id());
    return Reply(200, object.root());
  }
  return Reply(200, Store(object, found->second.generation).root());
}

// Stores an object under the next revision, and tells who watches.
Document FakeCluster::Store(const Document& object, int generation) {
  const Document stored = BuildDocument([&](Arena& a) {
    return WithAt(a, a.Adopt(object), {"metadata", "resourceVersion"}, a.String(std::to_string(++revision_)));
  });
  const bool added = objects.insert_or_assign(IdOf(stored.root()), Entry{stored, generation}).second;
  Notify(added ? "ADDED" : "MODIFIED", stored);
  return stored;
}

void FakeCluster::Notify(std::string_view type, const Document& object) const {
  Arena a;
  const std::string line = WriteJson(a.Map({{"type", a.String(type)}, {"object", a.Adopt(object)}})) + "\n";
  for (const auto& stream : streams_)
    if (Selected(object.root(), stream->collection, stream->label)) stream->handler.on_data(line);
}

void FakeCluster::Remove(const ObjectId& id) {
  const Document object = Get(id);
  objects.erase(id);
  if (!object->is_null()) Notify("DELETED", object);
}

http::Response FakeCluster::List(const kube::ObjectRef& collection, std::string_view label) const {
  Arena a;
  std::vector<Value> items;
  for (const auto& [id, entry] : objects)
    if (Selected(entry.object.root(), collection, label)) items.push_back(a.Adopt(entry.object));
  const Value metadata = a.Map({{"resourceVersion", a.String(std::to_string(revision_))}});
  return Reply(200, a.Map({{"kind", a.String(collection.resource.gvk.kind + "List")}, {"apiVersion", a.String(collection.resource.gvk.ApiVersion())},
                           {"metadata", metadata}, {"items", a.List(items)}}));
}

class FakeCluster::StreamHandle final : public kube::Transport::Stream {
 public:
  StreamHandle(FakeCluster& cluster, std::shared_ptr<OpenStream> stream) : cluster_(cluster), stream_(std::move(stream)) {}
  ~StreamHandle() override { std::erase(cluster_.streams_, stream_); }

 private:
  FakeCluster& cluster_;
  std::shared_ptr<OpenStream> stream_;
};

// A watch opens at once; what changed between its revision and now is told first.
std::unique_ptr<kube::Transport::Stream> FakeCluster::Open(http::Request request, kube::StreamHandler handler) {
  const http::Target target = http::ParseTarget(request.target);
  auto stream = std::make_shared<OpenStream>(*Parse(target.path), std::string(target.Get("labelSelector")), std::move(handler));
  stream->handler.on_head({200, {}, ""});
  streams_.push_back(stream);
  for (const auto& [id, entry] : objects)
    if (std::stoi(std::string(entry.object->Get("metadata").GetString("resourceVersion"))) > std::stoi(std::string(target.Get("resourceVersion"))))
      Notify("MODIFIED", entry.object);
  return std::make_unique<StreamHandle>(*this, std::move(stream));
}

http::Response FakeCluster::Delete(const kube::ObjectRef& ref, const http::Request& request) {
  auto body = ParseJson(request.body);
  Entry& entry = objects.at(ref.id());
  const Value metadata = entry.object->Get("metadata");
  const std::string_view uid = body.ok() ? GetAt(body->root(), {"preconditions", "uid"}).AsString() : "";
  if (uid != metadata.GetString("uid")) return Refusal(409, "Conflict", "the UID in the precondition does not match");
  if (metadata.Get("finalizers").empty()) {
    Remove(ref.id());
    Arena a;
    return Reply(200, a.Map({{"kind", a.String("Status")}, {"status", a.String("Success")}}));
  }
  Expire(ref.id());
  return Reply(200, objects.at(ref.id()).object.root());
}

// Deletes what finalizers do not hold.
void FakeCluster::Expire(const ObjectId& id) {
  const Entry entry = objects.at(id);
  if (entry.object->Get("metadata").Get("finalizers").empty()) return Remove(id);
  Store(BuildDocument([&](Arena& a) { return WithAt(a, a.Adopt(entry.object), {"metadata", "deletionTimestamp"}, a.String("2026-01-01T00:00:00Z")); }),
        entry.generation);
}

void FakeCluster::Tick() {
  for (const ObjectId& id : std::exchange(expires_, {})) Expire(id);
  if (!controllers) return;
  const auto before = objects;
  for (const auto& [id, entry] : before) {
    if (due && !due(entry)) continue;
    const Document after = BuildDocument([&](Arena& a) {
      const Value v = a.Adopt(entry.object);
      if (id.kind == "Namespace") return WithAt(a, v, {"status", "phase"}, a.String("Active"));
      if (id.kind == "CustomResourceDefinition") return WithAt(a, v, {"status", "conditions"}, Conditions(a, "Established"));
      if (id.kind == "Job" && !AnnotationOf(v, "test/hangs").empty()) return v;
      if (id.kind == "Job") return WithAt(a, v, {"status", "conditions"}, Conditions(a, AnnotationOf(v, "test/fails").empty() ? "Complete" : "Failed"));
      if (id.kind != "Deployment") return v;
      return With(a, v, "status", a.Map({{"observedGeneration", Arena::Int(entry.generation)}, {"replicas", Arena::Int(1)},
                                         {"updatedReplicas", Arena::Int(1)}, {"availableReplicas", Arena::Int(1)}}));
    });
    if (!(after.root() == entry.object.root())) Store(after, entry.generation);
    else if (id.kind == "Job" && after->Get("spec").Has("ttlSecondsAfterFinished") && after->Has("status") && !after->Get("metadata").Has("deletionTimestamp")) Expire(id);
  }
}

const FakeCluster::Entry* FakeCluster::Find(const ObjectId& id) const {
  const auto it = objects.find(id);
  return it == objects.end() ? nullptr : &it->second;
}

Document FakeCluster::Get(const ObjectId& id) const {
  const Entry* entry = Find(id);
  return entry ? entry->object : Document();
}

void FakeCluster::Put(Document object) {
  Store(BuildDocument([&](Arena& a) {
          return WithAt(a, a.Adopt(object), {"metadata", "uid"}, a.String(fmt::format("uid-{}", next_uid_++)));
        }), 1);
}

}  // namespace plumb::testing
