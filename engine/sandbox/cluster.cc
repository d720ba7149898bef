#include "engine/sandbox/cluster.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/edit.h"
#include "core/json.h"
#include "diff/go_form.h"
#include "diff/server_defaults.h"
#include "diff/server_rules.h"
#include "engine/sandbox/admission.h"
#include "engine/sandbox/decode.h"
#include "engine/sandbox/ownership.h"
#include "engine/sandbox/patching.h"
#include "engine/sandbox/strategy.h"

namespace plumb::sandbox {

namespace {

constexpr std::string_view kCrds = "customresourcedefinitions.apiextensions.k8s.io";

Value Metadata(Value object) { return object.Get("metadata"); }

ApiError StoreFailed(const Error& e) { return InternalError(e.message()); }

// Nothing holds it: to be removed rather than stored.
bool MayGo(Value object) {
  const Value metadata = Metadata(object);
  return metadata.Has("deletionTimestamp") && metadata.Get("finalizers").empty() && metadata.Get("deletionGracePeriodSeconds").AsInt() == 0 &&
         (object.GetString("kind") != "Namespace" || GetAt(object, {"spec", "finalizers"}).empty());
}

}  // namespace

Value AsVersion(Arena& arena, const Resource& resource, Value object) {
  const std::string version = resource.ApiVersion();
  return object.GetString("apiVersion") == version ? object : With(arena, object, "apiVersion", arena.String(version));
}

Result<std::unique_ptr<Cluster>> Cluster::Start(std::unique_ptr<Journal> journal, Clock& clock, uint64_t seed) {
  std::unique_ptr<Cluster> cluster(new Cluster(std::move(journal), clock, seed));
  MutexLock lock(cluster->mu_);
  PLUMB_OK(cluster->store_.Load());
  cluster->ReloadKinds();
  cluster->Bootstrap();
  return cluster;
}

// The namespaces, the service and the node that every cluster has.
void Cluster::Bootstrap() {
  const Resource& namespaces = *kinds_->registry->Find("", "v1", "namespaces");
  for (std::string_view name : {"default", "kube-node-lease", "kube-public", "kube-system"}) {
    if (!store_.Get({"namespaces", "", std::string(name)})->is_null()) continue;
    const Document object = BuildDocument([&](Arena& a) {
      return a.Map({{"apiVersion", a.Borrow("v1")}, {"kind", a.Borrow("Namespace")}, {"metadata", a.Map({{"name", a.String(name)}})}});
    });
    (void)CreateLocked(namespaces, "", object, {.manager = "kube-apiserver"}).ok();
  }
  const Resource& nodes = *kinds_->registry->Find("", "v1", "nodes");
  if (store_.Get({"nodes", "", "sandbox-node"})->is_null()) {
    const WriteOptions kubelet{.manager = "kubelet"};
    auto node = ParseJson(R"({"apiVersion":"v1","kind":"Node","metadata":{"name":"sandbox-node","labels":{"kubernetes.io/os":"linux",
        "kubernetes.io/arch":"amd64","kubernetes.io/hostname":"sandbox-node"}},"spec":{"podCIDR":"10.244.0.0/16"}})");
    auto status = ParseJson(fmt::format(R"({{"conditions":[{{"type":"Ready","status":"True","reason":"KubeletReady","message":"the sandbox's node is always ready",
        "lastHeartbeatTime":"{0}","lastTransitionTime":"{0}"}}],"addresses":[{{"type":"InternalIP","address":"10.0.0.1"}}],"capacity":{{"cpu":"64","memory":"256Gi","pods":"10000"}},
        "allocatable":{{"cpu":"64","memory":"256Gi","pods":"10000"}},"nodeInfo":{{"kubeletVersion":"v1.36.3-plumb","operatingSystem":"linux","architecture":"amd64","machineID":"",
        "systemUUID":"","bootID":"","kernelVersion":"","osImage":"","containerRuntimeVersion":"","kubeProxyVersion":""}}}})", FormatTime(clock_.Wall())));
    (void)CreateLocked(nodes, "", *node, kubelet).ok();
    WriteOptions of_status = kubelet;
    of_status.subresource = "status";
    (void)ModifyLocked(nodes, {"nodes", "", "sandbox-node"}, of_status, [&](Arena& a, Value now) -> Answer<Value> {
      return With(a, now, "status", a.Adopt(*status));
    }).ok();
  }
  const Resource& services = *kinds_->registry->Find("", "v1", "services");
  if (!store_.Get({"services", "default", "kubernetes"})->is_null()) return;
  auto service = ParseJson(R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"kubernetes","labels":{"component":"apiserver",
      "provider":"kubernetes"}},"spec":{"clusterIP":"10.96.0.1","ports":[{"name":"https","port":443,"targetPort":6443}]}})");
  (void)CreateLocked(services, "default", *service, {.manager = "kube-apiserver"}).ok();
}

void Cluster::ReloadKinds() {
  std::vector<Document> established;
  for (const Document& crd : store_.List(std::string(kCrds), ""))
    if (!GetAt(*crd, {"status", "conditions"}).empty()) established.push_back(crd);
  kinds_ = MakeCrdSet(std::move(established));
}

std::string Cluster::RandomName(size_t length) {
  static constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  std::string out;
  while (out.size() < length) out += kAlphabet[random_() % kAlphabet.size()];
  return out;
}

std::string Cluster::NewUid() {
  const uint64_t a = random_(), b = random_();
  return fmt::format("{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}", a >> 32, a >> 16 & 0xffff, a & 0xfff, 0x8000 | (b >> 48 & 0x3fff), b & 0xffffffffffff);
}

std::shared_ptr<const CrdSet> Cluster::kinds() const {
  MutexLock lock(mu_);
  return kinds_;
}

Answer<Document> Cluster::Get(const Resource& resource, std::string_view ns, std::string_view name) const {
  MutexLock lock(mu_);
  Document object = store_.Get({resource.StoreName(), std::string(ns), std::string(name)});
  if (object->is_null()) return NotFoundError(resource, name);
  return object;
}

ListPage Cluster::List(const Resource& resource, const ListOptions& options) const {
  ListPage page;
  std::vector<Document> all;
  {
    MutexLock lock(mu_);
    page.revision = store_.revision();
    all = store_.List(resource.StoreName(), options.ns);
  }
  const std::pair after(std::string_view(options.after_ns), std::string_view(options.after_name));
  for (Document& object : all) {
    const Value metadata = Metadata(*object);
    if (!options.after_name.empty() && std::pair(metadata.GetString("namespace"), metadata.GetString("name")) <= after) continue;
    if (!options.labels.Matches(metadata.Get("labels")) || !options.fields.Matches(*object)) continue;
    if (options.limit > 0 && page.items.size() == options.limit) {
      page.more = true;
      ++page.remaining;
      continue;
    }
    page.items.push_back(std::move(object));
  }
  return page;
}

// Types, unknown fields, defaults and ownership: everything but identity and admission.
Answer<Cluster::Prepared> Cluster::Prepare(const std::shared_ptr<Arena>& shared, const Resource& r, Value object, Value before,
                                           const WriteOptions& options, bool owned) {
  Arena& arena = *shared;
  Decoded decoded{object, {}};
  if (r.custom()) {
    PLUMB_ANSWER(custom, DecodeCustom(arena, *kinds_, r, object));
    decoded = std::move(custom);
  } else if (const Type* type = kinds_->schema->Find(r.gvk())) {
    PLUMB_ANSWER(built_in, DecodeBuiltIn(arena, *type, object));
    decoded = std::move(built_in);
    decoded.value = WithServerDefaults(arena, *type, GoForm(arena, decoded.value, type));
    std::vector<std::string> of_the_cluster;  // nothing of these two; what is comes with admission, after ownership
    if ((r.kind == "DaemonSet" || r.kind == "ServiceAccount") && options.subresource.empty())
      decoded.value = WithKindRules(arena, r.gvk(), before, decoded.value, &of_the_cluster);
    decoded.value = GoForm(arena, decoded.value, type);
  }
  Prepared out{owned ? decoded.value : WithOwnership(shared, *kinds_, r, before, decoded.value, options, clock_.Wall()), {}};
  if (options.validation == FieldValidation::kIgnore || decoded.unknown.empty()) return out;
  std::string list;
  for (const std::string& field : decoded.unknown) {
    out.warnings.push_back(fmt::format("unknown field \"{}\"", field));
    list += (list.empty() ? "" : ", ") + out.warnings.back();
  }
  if (options.validation == FieldValidation::kStrict)
    return BadRequest(fmt::format("{} in version \"{}\" cannot be handled as a {}: strict decoding error: {}", r.kind, r.version, r.kind, list));
  return out;
}

Answer<Value> Cluster::StampNew(Arena& a, const Resource& r, std::string_view ns, Value object) {
  Value metadata = Metadata(object);
  for (std::string_view field : {"selfLink", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation"})
    metadata = Without(a, metadata, field);
  if (!metadata.GetString("resourceVersion").empty()) {
    ApiError e{500, "", "resourceVersion should not be set on objects to be created"};
    return e;
  }
  metadata = Without(a, metadata, "resourceVersion");
  if (r.namespaced) {
    if (const auto own = metadata.GetString("namespace"); !own.empty() && own != ns)
      return BadRequest("the namespace of the provided object does not match the namespace sent on the request");
    metadata = With(a, metadata, "namespace", a.String(ns));
  } else {
    metadata = Without(a, metadata, "namespace");
  }
  if (metadata.GetString("name").empty() && !metadata.GetString("generateName").empty()) {
    constexpr size_t kPrefix = 58;  // a name of 63 characters, less the five random ones
    const std::string prefix(metadata.GetString("generateName").substr(0, kPrefix));
    metadata = With(a, metadata, "name", a.String(prefix + RandomName(5)));
  }
  metadata = With(a, metadata, "uid", a.String(NewUid()));
  metadata = With(a, metadata, "creationTimestamp", a.String(FormatTime(clock_.Wall())));
  const Strategy& strategy = StrategyOf(r);
  if (strategy.generation) metadata = With(a, metadata, "generation", Arena::Int(1));
  object = With(a, object, "metadata", metadata);
  if (r.Has("status")) {
    object = Without(a, object, "status");
    if (!strategy.initial_status.empty()) object = With(a, object, "status", a.Adopt(*ParseJson(strategy.initial_status)));
  }
  return object;
}

Answer<Value> Cluster::Admit(Arena& arena, const Resource& r, Value object, Value existing) {
  const std::string name = r.StoreName();
  if (name == kCrds) object = WithCrdStatus(arena, object, clock_.Wall());
  if (name == "services") {
    const AddressBook book([&](const std::string& resource) NO_THREAD_SAFETY_ANALYSIS { return store_.List(resource, ""); });
    return AdmitService(arena, object, existing, book);
  }
  return AdmitOther(arena, r, object, existing);
}

Answer<Written> Cluster::Create(const Resource& resource, std::string_view ns, const Document& object, const WriteOptions& options) {
  Answer<Written> written = [&] {
    MutexLock lock(mu_);
    return CreateLocked(resource, ns, object, options);
  }();
  if (written.ok()) Wake();
  return written;
}

Answer<Written> Cluster::CreateLocked(const Resource& r, std::string_view ns, const Document& object, const WriteOptions& options, bool owned) {
  auto arena = std::make_shared<Arena>();
  const Value body = arena->Adopt(object);
  PLUMB_ANSWER(prepared, Prepare(arena, r, body, Value(), options, owned));
  PLUMB_ANSWER(stamped, StampNew(*arena, r, ns, prepared.value));
  const std::string name(Metadata(stamped).GetString("name"));
  if (r.namespaced) {
    const Document home = store_.Get({"namespaces", "", std::string(ns)});
    if (home->is_null()) return NotFoundError(*kinds_->registry->Find("", "v1", "namespaces"), ns);
    if (Metadata(*home).Has("deletionTimestamp")) {
      ApiError e = Forbidden(r, name, fmt::format("unable to create new content in namespace {} because it is being terminated", ns));
      e.causes.push_back({"NamespaceTerminating", fmt::format("namespace {} is being terminated", ns), "metadata.namespace"});
      return e;
    }
  }
  PLUMB_ANSWER(admitted, Admit(*arena, r, stamped, Value()));
  auto causes = Validate(r, admitted);
  if (r.StoreName() == kCrds) std::ranges::move(ValidateCrd(admitted), std::back_inserter(causes));
  if (!causes.empty()) return InvalidObject(r.group, r.kind, name, std::move(causes));
  const StoreKey key{r.StoreName(), r.namespaced ? std::string(ns) : "", name};
  if (!store_.Get(key)->is_null()) return AlreadyExists(r, name);
  PLUMB_ANSWER(stored, Commit(r, key, admitted, options.dry_run));
  return Written{stored, true, std::move(prepared.warnings)};
}

Answer<Document> Cluster::Commit(const Resource& r, const StoreKey& key, Value object, bool dry_run) {
  if (dry_run) return BuildDocument([&](Arena& a) { return a.Copy(object); });
  auto stored = store_.Put(key, object);
  if (!stored.ok()) return StoreFailed(stored.error());
  if (r.StoreName() == kCrds) ReloadKinds();
  return *std::move(stored);
}

Answer<Document> Cluster::Drop(const StoreKey& key, const Document& last, bool dry_run) {
  if (dry_run) return last;
  auto removed = store_.Remove(key);
  if (!removed.ok()) return StoreFailed(removed.error());
  if (key.resource == kCrds) ReloadKinds();
  return *std::move(removed);
}

Answer<Written> Cluster::Update(const Resource& r, std::string_view ns, std::string_view name, const Document& object,
                                const WriteOptions& options) {
  const bool custom_or_guarded = StrategyOf(r).needs_revision;
  return Modify(r, ns, name, options, [&](Arena& arena, Value) -> Answer<Value> {
    const Value body = arena.Adopt(object), metadata = Metadata(body);
    if (custom_or_guarded && metadata.GetString("resourceVersion").empty())
      return InvalidObject(r.group, r.plural, name, {InvalidValue("metadata.resourceVersion", "0", "must be specified for an update")});
    return body;
  });
}

Answer<Written> Cluster::Patch(const Resource& r, std::string_view ns, std::string_view name, PatchType type, const Document& patch,
                               const WriteOptions& options) {
  Answer<Written> written = [&]() -> Answer<Written> {
    MutexLock lock(mu_);
    const StoreKey key{r.StoreName(), std::string(ns), std::string(name)};
    if (type == PatchType::kApply) return ApplyLocked(r, key, patch, options);
    const SchemaPtr schema = kinds_->schema;
    return ModifyLocked(r, key, options,
                        [&](Arena& arena, Value existing) { return ApplyPatch(arena, *schema, r, type, existing, arena.Adopt(patch)); });
  }();
  if (written.ok()) Wake();
  return written;
}

Answer<Written> Cluster::Modify(const Resource& r, std::string_view ns, std::string_view name, const WriteOptions& options,
                                const Change& change) {
  Answer<Written> written = [&] {
    MutexLock lock(mu_);
    return ModifyLocked(r, {r.StoreName(), std::string(ns), std::string(name)}, options, change);
  }();
  if (written.ok()) Wake();
  return written;
}

namespace {

// Identity and server-side metadata of `existing` hold; the request may only confirm them.
Answer<Value> KeepIdentity(Arena& a, const Resource& r, const StoreKey& key, Value next, Value existing) {
  Value metadata = Metadata(next);
  const Value before = Metadata(existing);
  if (const auto name = metadata.GetString("name"); name != key.name)
    return BadRequest(fmt::format("the name of the object ({}) does not match the name on the URL ({})", name, key.name));
  if (const auto ns = metadata.GetString("namespace"); !ns.empty() && ns != key.ns)
    return BadRequest("the namespace of the provided object does not match the namespace sent on the request");
  if (const auto uid = metadata.GetString("uid"); !uid.empty() && uid != before.GetString("uid"))
    return ConflictError(r, key.name, fmt::format("StorageError: invalid object, Code: 4, Key: /registry/{}/{}{}{}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: "
                                                 "UID in precondition: {}, UID in object meta: {}",
                                                 r.plural, key.ns, key.ns.empty() ? "" : "/", key.name, uid, before.GetString("uid")));
  if (const auto revision = metadata.GetString("resourceVersion"); !revision.empty() && revision != "0" && revision != before.GetString("resourceVersion"))
    return ConflictError(r, key.name, "the object has been modified; please apply your changes to the latest version and try again");
  for (std::string_view field : {"namespace", "uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
                                 "generation", "generateName", "selfLink"}) {
    const Value* kept = before.Find(field);
    metadata = kept ? With(a, metadata, field, *kept) : Without(a, metadata, field);
  }
  return With(a, next, "metadata", metadata);
}

// Which part of the object a subresource may change.
Value Mask(Arena& a, const Resource& r, const std::string& subresource, Value next, Value existing) {
  auto put = [&](Value onto, std::string_view field, Value from) {
    const Value* v = from.Find(field);
    return v ? With(a, onto, field, *v) : Without(a, onto, field);
  };
  if (subresource == "status") {
    // Built-in kinds take metadata along (their controllers write annotations so), but for the labels of workloads.
    Value metadata = Metadata(r.custom() ? existing : next);
    metadata = put(metadata, "managedFields", Metadata(next));
    if (r.group == "apps") metadata = put(metadata, "labels", Metadata(existing));
    return put(With(a, existing, "metadata", metadata), "status", next);
  }
  if (subresource == "finalize") return With(a, existing, "spec", put(existing.Get("spec"), "finalizers", next.Get("spec")));
  return r.Has("status") ? put(next, "status", existing) : next;
}

}  // namespace

Answer<Written> Cluster::ApplyLocked(const Resource& r, const StoreKey& key, const Document& config, const WriteOptions& options) {
  const Document existing = store_.Get(key);
  const Document live = existing->is_null() ? existing : BuildDocument([&](Arena& a) { return AsVersion(a, r, a.Adopt(existing)); });
  if (live->is_null() && !options.subresource.empty()) return NotFoundError(r, key.name);
  PLUMB_ANSWER(applied, ApplyConfiguration(*kinds_, r, live, config, options, clock_.Wall()));
  if (live->is_null()) return CreateLocked(r, key.ns, applied, options, true);
  return ModifyLocked(r, key, options, [&](Arena& arena, Value before) -> Answer<Value> {
    return applied->SameAs(*live) ? before : arena.Adopt(applied);
  }, true);
}

Answer<Written> Cluster::ModifyLocked(const Resource& r, const StoreKey& key, const WriteOptions& options, const Change& change, bool owned) {
  const Document existing = store_.Get(key);
  if (existing->is_null()) return NotFoundError(r, key.name);
  auto arena = std::make_shared<Arena>();
  Arena& a = *arena;
  const Value before = AsVersion(a, r, a.Adopt(existing));
  PLUMB_ANSWER(changed, change(a, before));
  if (changed.SameAs(before)) return Written{existing, false, {}};
  PLUMB_ANSWER(prepared, Prepare(arena, r, changed, before, options, owned));
  PLUMB_ANSWER(identified, KeepIdentity(a, r, key, prepared.value, before));
  Value next = Mask(a, r, options.subresource, identified, before);
  PLUMB_ANSWER(admitted, Admit(a, r, next, before));
  next = admitted;
  auto causes = Validate(r, next);
  std::ranges::move(ValidateUpdate(r, next, before), std::back_inserter(causes));
  if (!causes.empty()) return InvalidObject(r.group, r.kind, key.name, std::move(causes));
  if (options.subresource != "status" && CountsAsGeneration(r, next, before))
    next = WithAt(a, next, {"metadata", "generation"}, Arena::Int(GetAt(before, {"metadata", "generation"}).AsInt() + 1));
  if (MayGo(next)) {
    PLUMB_ANSWER(last, Drop(key, existing, options.dry_run));
    (void)last;  // what watches tell; the writer gets what it wrote
    return Written{Document(arena, next), false, std::move(prepared.warnings)};
  }
  if (next == before) return Written{existing, false, std::move(prepared.warnings)};
  PLUMB_ANSWER(stored, Commit(r, key, next, options.dry_run));
  return Written{stored, false, std::move(prepared.warnings)};
}

Answer<Deleted> Cluster::Delete(const Resource& r, std::string_view ns, std::string_view name, const DeleteOptions& options) {
  Answer<Deleted> deleted = [&]() -> Answer<Deleted> {
    MutexLock lock(mu_);
    const StoreKey key{r.StoreName(), std::string(ns), std::string(name)};
    const Document existing = store_.Get(key);
    if (existing->is_null()) return NotFoundError(r, name);
    if (auto refused = CheckDelete(r, *existing, options)) return *refused;
    auto arena = std::make_shared<Arena>();
    const Value next = MarkDeleted(*arena, r, arena->Adopt(existing), options, clock_.Wall());
    if (MayGo(next)) {
      PLUMB_ANSWER(last, Drop(key, existing, options.dry_run));
      return Deleted{r.StoreName() == "pods" ? Document(arena, next) : last, true};
    }
    if (next == *existing) return Deleted{existing, false};
    PLUMB_ANSWER(stored, Commit(r, key, next, options.dry_run));
    return Deleted{stored, false};
  }();
  if (deleted.ok()) Wake();
  return deleted;
}

uint64_t Cluster::revision() const {
  MutexLock lock(mu_);
  return store_.revision();
}

bool Cluster::Covers(uint64_t revision) const {
  MutexLock lock(mu_);
  return store_.Covers(revision);
}

std::vector<sandbox::Change> Cluster::ChangesAfter(uint64_t revision, size_t limit) const {
  MutexLock lock(mu_);
  return store_.ChangesAfter(revision, limit);
}

std::vector<StoreKey> Cluster::Dependents(const std::string& uid) const {
  MutexLock lock(mu_);
  return store_.Dependents(uid);
}

std::vector<Document> Cluster::All(const std::string& store_name, std::string_view ns) const {
  MutexLock lock(mu_);
  return store_.List(store_name, ns);
}

std::vector<std::string> Cluster::StoredResources() const {
  MutexLock lock(mu_);
  return store_.Resources();
}

Document Cluster::Find(const StoreKey& key) const {
  MutexLock lock(mu_);
  return store_.Get(key);
}

void Cluster::WaitForChange(uint64_t revision, const TimePoint* deadline, const std::function<bool()>& stop) const {
  MutexLock lock(mu_);
  while (store_.revision() <= revision && !stop()) {
    if (!deadline) {
      changed_.wait(mu_);
      continue;
    }
    const Duration left = *deadline - clock_.Now();
    if (left <= Duration::zero()) return;
    changed_.wait_for(mu_, left);
  }
}

void Cluster::Wake() const {
  { MutexLock lock(mu_); }  // whoever has tested its condition is asleep by now
  changed_.notify_all();
}

}  // namespace plumb::sandbox
