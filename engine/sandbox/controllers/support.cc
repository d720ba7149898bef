#include "engine/sandbox/controllers/support.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "core/json.h"

namespace plumb::sandbox {

namespace {
const WriteOptions kController{.manager = "kube-controller-manager", .validation = FieldValidation::kIgnore};

const Resource* ResourceOf(const Cluster& cluster, std::string_view store_name, std::shared_ptr<const CrdSet>* hold) {
  *hold = cluster.kinds();
  return (*hold)->registry->FindStored(store_name);
}
}  // namespace

StoreKey KeyOf(const std::string& resource, Value object) { return {resource, std::string(NamespaceOf(object)), std::string(NameOf(object))}; }

Value ControllerRef(Value object) {
  for (Value owner : GetAt(object, {"metadata", "ownerReferences"}).items())
    if (owner.Get("controller").AsBool()) return owner;
  return {};
}

void Enqueues(const Change& change, std::string_view resource, std::string_view kind, std::string_view dependent,
              const std::function<void(const StoreKey&)>& enqueue) {
  if (change.key.resource == resource && change.type != Change::Type::kDeleted) return enqueue(change.key);
  if (change.key.resource != dependent) return;
  const Value owner = ControllerRef(*change.object);
  if (owner.GetString("kind") == kind) enqueue({std::string(resource), change.key.ns, std::string(owner.GetString("name"))});
}

std::vector<Document> Controlled(const Cluster& cluster, Value owner, std::string_view resource) {
  std::vector<Document> out;
  for (const StoreKey& key : cluster.Dependents(std::string(UidOf(owner)))) {
    if (key.resource != resource) continue;
    Document object = cluster.Find(key);
    if (ControllerRef(*object).GetString("uid") == UidOf(owner)) out.push_back(std::move(object));
  }
  std::ranges::sort(out, {}, [](const Document& d) { return std::pair(GetAt(*d, {"metadata", "creationTimestamp"}).AsString(), NameOf(*d)); });
  return out;
}

Value FindCondition(Value conditions, std::string_view type) {
  for (Value c : conditions.items())
    if (c.GetString("type") == type) return c;
  return {};
}

bool PodReady(Value pod) { return FindCondition(GetAt(pod, {"status", "conditions"}), "Ready").GetString("status") == "True"; }

bool PodActive(Value pod) {
  const std::string_view phase = GetAt(pod, {"status", "phase"}).AsString();
  return !Terminating(pod) && phase != "Succeeded" && phase != "Failed";
}

bool PodAvailable(const Cluster& cluster, Value pod, int64_t min_ready_seconds, std::optional<Duration>* wait) {
  if (!PodReady(pod)) return false;
  if (min_ready_seconds <= 0) return true;
  const auto since = ParseTime(FindCondition(GetAt(pod, {"status", "conditions"}), "Ready").GetString("lastTransitionTime"));
  if (!since.ok()) return false;
  const Duration left = *since + std::chrono::seconds(min_ready_seconds) - cluster.clock().Wall();
  if (left <= Duration::zero()) return true;
  *wait = wait->has_value() ? std::min(**wait, left) : left;
  return false;
}

Document PodFrom(Value owner, Value pod_template, std::string_view name, const std::vector<Member>& labels) {
  return BuildDocument([&](Arena& a) {
    const Value from = pod_template.Get("metadata");
    std::vector<Member> metadata;
    if (name.empty()) metadata.push_back({"generateName", a.String(std::string(NameOf(owner)) + "-")});
    else metadata.push_back({"name", a.String(name)});
    Value all = from.Get("labels");
    for (const Member& m : labels) all = With(a, all, m.key, m.value);
    if (!all.empty()) metadata.push_back({"labels", all});
    for (std::string_view field : {"annotations", "finalizers"})
      if (const Value* v = from.Find(field)) metadata.push_back({field, *v});
    metadata.push_back({"ownerReferences", a.List({a.Map({{"apiVersion", owner.Get("apiVersion")},
                                                          {"kind", owner.Get("kind")},
                                                          {"name", GetAt(owner, {"metadata", "name"})},
                                                          {"uid", GetAt(owner, {"metadata", "uid"})},
                                                          {"controller", Arena::Bool(true)},
                                                          {"blockOwnerDeletion", Arena::Bool(true)}})})});
    const Value pod = a.Map({{"apiVersion", a.Borrow("v1")}, {"kind", a.Borrow("Pod")}, {"metadata", a.Map(metadata)}, {"spec", pod_template.Get("spec")}});
    return a.Copy(pod);
  });
}

Value WithCondition(Arena& a, Value conditions, WallTime now, std::string_view type, bool status, std::string_view reason,
                    std::string_view message) {
  const std::string_view text = status ? "True" : "False";
  const Value old = FindCondition(conditions, type);
  std::vector<Member> made = {{"type", a.String(type)}, {"status", a.Borrow(text)}};
  made.push_back({"lastTransitionTime", old.GetString("status") == text ? old.Get("lastTransitionTime") : a.String(FormatTime(now))});
  if (!reason.empty()) made.push_back({"reason", a.String(reason)});
  if (!message.empty()) made.push_back({"message", a.String(message)});
  std::vector<Value> out;
  bool placed = false;
  for (Value c : conditions.items()) {
    const bool here = c.GetString("type") == type;
    out.push_back(here ? a.Map(made) : c);
    placed |= here;
  }
  if (!placed) out.push_back(a.Map(made));
  return a.List(out);
}

bool CreateObject(Cluster& cluster, std::string_view resource, std::string_view ns, const Document& object) {
  std::shared_ptr<const CrdSet> hold;
  const Resource* r = ResourceOf(cluster, resource, &hold);
  return r && cluster.Create(*r, ns, object, kController).ok();
}

bool ChangeObject(Cluster& cluster, const StoreKey& key, const std::string& subresource, const std::function<Value(Arena&, Value)>& change) {
  std::shared_ptr<const CrdSet> hold;
  const Resource* r = ResourceOf(cluster, key.resource, &hold);
  if (!r) return false;
  WriteOptions options = kController;
  options.subresource = subresource;
  return cluster.Modify(*r, key.ns, key.name, options, [&](Arena& a, Value existing) -> Answer<Value> { return change(a, existing); }).ok();
}

bool DeleteObject(Cluster& cluster, const StoreKey& key, Value object, const std::string& propagation, int64_t grace) {
  std::shared_ptr<const CrdSet> hold;
  const Resource* r = ResourceOf(cluster, key.resource, &hold);
  DeleteOptions options{.propagation = propagation, .uid = std::string(UidOf(object)), .revision = {}, .grace_seconds = grace};
  return r && cluster.Delete(*r, key.ns, key.name, options).ok();
}

void SetStatus(Cluster& cluster, const StoreKey& key, const std::function<Value(Arena&, Value)>& status_of) {
  ChangeObject(cluster, key, "status", [&](Arena& a, Value existing) {
    const Value status = status_of(a, existing);
    return status == existing.Get("status") ? existing : With(a, existing, "status", status);
  });
}

void AddCount(std::vector<Member>& members, std::string_view field, int64_t count) {
  if (count != 0) members.push_back({field, Arena::Int(count)});
}

std::string TemplateHash(Value pod_template, int64_t collisions) {
  static constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  uint64_t h = 14695981039346656037ull;  // FNV-1a, 64 bits
  for (char c : WriteCanonicalJson(pod_template) + std::to_string(collisions)) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  std::string out;
  for (int i = 0; i < 10; ++i, h /= kAlphabet.size()) out += kAlphabet[h % kAlphabet.size()];
  return out;
}

int64_t ResolveCount(Value v, int64_t total, bool up) {
  if (v.is_int()) return v.AsInt();
  int64_t percent = 0;
  std::from_chars(v.AsString().data(), v.AsString().data() + v.AsString().size(), percent);
  return up ? (percent * total + 99) / 100 : percent * total / 100;
}

}  // namespace plumb::sandbox
