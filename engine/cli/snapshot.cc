#include "engine/cli/snapshot.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "core/edit.h"
#include "core/json.h"
#include "diff/desired.h"
#include "diff/embedded_schema.h"
#include "engine/plan/gzip.h"

namespace plumb::cli {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMostBytes = size_t{1} << 30;
constexpr std::string_view kCheck = "plumb snapshot";

// What controllers write by the thousand and nobody keeps in git.
constexpr std::string_view kNoise[] = {"ComponentStatus", "CSINode", "Endpoints", "EndpointSlice", "Event", "Lease", "Node", "NodeMetrics", "PodMetrics"};

Masker MaskerWith(std::string salt) {
  MaskOptions options;
  options.salt = std::move(salt);
  options.marker_digits = 32;  // 128 bits: equal markers are equal values
  return Masker(std::move(options));
}

std::string Check(const Masker& masker) { return masker.Marker(Arena::Borrow(kCheck)); }

bool HasController(Value object) {
  const auto owners = object.Get("metadata").Get("ownerReferences").items();
  return std::any_of(owners.begin(), owners.end(), [](Value owner) { return owner.Get("controller").AsBool(); });
}

class Taker {
 public:
  Taker(kube::Client& client, const SnapshotOptions& options, const Masker& masker, Arena& arena) : client_(client), options_(options), masker_(masker), arena_(arena) {}

  Status Kind(const kube::Resource& resource) {
    if (!resource.Can("list") || !resource.Can("get")) return Ok();
    std::vector<Member> kind = {{"group", arena_.String(resource.gvk.group)}, {"version", arena_.String(resource.gvk.version)}, {"kind", arena_.String(resource.gvk.kind)},
                                {"namespaced", Arena::Bool(resource.namespaced)}};
    std::string unknown;
    if (std::find(std::begin(kNoise), std::end(kNoise), resource.gvk.kind) != std::end(kNoise)) {
      unknown = "snapshots leave this kind out";
    } else {
      const bool some = resource.namespaced && !options_.namespaces.empty();
      for (const std::string& ns : some ? options_.namespaces : std::vector<std::string>{""}) {
        auto listed = client_.List(resource, {.ns = ns});
        if (!listed.ok()) {
          unknown = listed.error().message();
          break;
        }
        for (const Document& object : listed->items) PLUMB_OK(Object(object));
      }
    }
    if (!unknown.empty()) kind.push_back({"unknown", arena_.String(unknown)});
    kinds_.push_back(arena_.Map(kind));
    return Ok();
  }

  Value Take(std::vector<Member> head) {
    head.push_back({"kinds", arena_.List(kinds_)});
    head.push_back({"objects", arena_.List(objects_)});
    head.push_back({"owned", arena_.List(owned_)});
    return arena_.Map(head);
  }

 private:
  Status Object(const Document& object) {
    if (objects_.size() + owned_.size() >= options_.objects) return LimitExceeded(fmt::format("more than {} objects; name namespaces with --namespace", options_.objects));
    const ObjectId id = IdOf(object.root());
    if (HasController(object.root())) {
      std::vector<Member> m = {{"group", arena_.String(id.group)}, {"kind", arena_.String(id.kind)}};
      if (!id.ns.empty()) m.push_back({"namespace", arena_.String(id.ns)});
      m.push_back({"name", arena_.String(id.name)});
      owned_.push_back(arena_.Map(m));
      return Ok();
    }
    const Document masked = masker_.MaskObject(object);
    Value v = arena_.Adopt(masked);
    if (id.kind != "Job") v = Without(arena_, v, "status");  // whether a Job has finished counts
    objects_.push_back(v);
    return Ok();
  }

  kube::Client& client_;
  const SnapshotOptions& options_;
  const Masker& masker_;
  Arena& arena_;
  std::vector<Value> kinds_, objects_, owned_;
};

}  // namespace

Result<Document> TakeSnapshot(kube::Client& client, kube::Discovery& discovery, const SnapshotOptions& options) {
  PLUMB_TRY(map, discovery.Refresh(), "discovery");
  std::string salt = options.key;
  std::random_device random;
  for (int i = 0; salt.empty() || (options.key.empty() && i < 8); ++i) salt += fmt::format("{:08x}", random());
  const Masker masker = MaskerWith(salt);
  auto arena = std::make_shared<Arena>();
  Taker taker(client, options, masker, *arena);
  for (const kube::Resource& resource : map->resources()) PLUMB_OK(taker.Kind(resource));
  std::vector<Member> head = {{"apiVersion", Arena::Borrow("plumb.dev/v1")}, {"kind", Arena::Borrow("Snapshot")}, {"time", arena->String(options.time)}};
  if (options.key.empty()) head.push_back({"salt", arena->String(salt)});
  head.push_back({"check", arena->String(Check(masker))});
  std::vector<Value> namespaces;
  for (const std::string& ns : options.namespaces) namespaces.push_back(arena->String(ns));
  head.push_back({"namespaces", arena->List(namespaces)});
  std::vector<Value> unknown;
  for (const auto& [group, reason] : map->unknown()) unknown.push_back(arena->Map({{"group", arena->String(group)}, {"unknown", arena->String(reason)}}));
  head.push_back({"groups", arena->List(unknown)});
  const Value root = taker.Take(std::move(head));
  return Document(std::move(arena), root);
}

Result<std::shared_ptr<const Snapshot>> Snapshot::Read(Document document, std::string_view key) {
  const Value root = document.root();
  if (root.GetString("kind") != "Snapshot" || root.GetString("apiVersion") != "plumb.dev/v1")
    return Invalid(fmt::format("not a snapshot of this version of Plumb: expected apiVersion: plumb.dev/v1, kind: Snapshot; found {} {}", root.GetString("apiVersion"), root.GetString("kind")));
  const std::string_view salt = root.GetString("salt");
  if (salt.empty() && key.empty()) return Denied("the snapshot was taken with a key: set PLUMB_SNAPSHOT_KEY to it");
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->masker_ = std::make_unique<Masker>(MaskerWith(std::string(salt.empty() ? key : salt)));
  if (Check(*snapshot->masker_) != root.GetString("check")) return Denied("the snapshot was taken with another key than the one in PLUMB_SNAPSHOT_KEY");
  snapshot->time_ = root.GetString("time");
  for (Value ns : root.Get("namespaces").items()) snapshot->namespaces_.emplace(ns.AsString());
  for (Value kind : root.Get("kinds").items())
    snapshot->kinds_[{std::string(kind.GetString("group")), std::string(kind.GetString("version")), std::string(kind.GetString("kind"))}] = {kind.Get("namespaced").AsBool(),
                                                                                                                                        std::string(kind.GetString("unknown"))};
  std::vector<Document> crds;
  for (Value object : root.Get("objects").items()) {
    const ObjectId id = IdOf(object);
    ObjectId key_of = id;
    key_of.group = GvkOf(object).ApiVersion();  // several versions of one object stand side by side
    snapshot->objects_[key_of] = document.At(object);
    if (id.kind == "CustomResourceDefinition") crds.push_back(document.At(object));
  }
  for (Value o : root.Get("owned").items())
    snapshot->owned_.insert({std::string(o.GetString("group")), std::string(o.GetString("kind")), std::string(o.GetString("namespace")), std::string(o.GetString("name"))});
  auto schema = SchemaWithCrds(nullptr, crds);
  snapshot->schema_ = schema.ok() ? *schema : EmbeddedSchema();
  snapshot->document_ = std::move(document);
  return std::shared_ptr<const Snapshot>(std::move(snapshot));
}

LiveObject Snapshot::Find(const WantedObject& wanted) const {
  const auto kind = kinds_.find(wanted.gvk);
  if (kind == kinds_.end()) return LiveObject::Absent();  // the cluster does not serve it, so it has none
  if (!kind->second.unknown.empty()) return LiveObject::Unknown("in the snapshot: " + kind->second.unknown);
  if (kind->second.namespaced && !namespaces_.empty() && !namespaces_.contains(wanted.id.ns))
    return LiveObject::Unknown(fmt::format("the snapshot has nothing of namespace '{}'", wanted.id.ns));
  if (owned_.contains(wanted.id)) return LiveObject::Unknown("it belongs to a controller, and the snapshot has only its name");
  ObjectId id = wanted.id;
  id.group = wanted.gvk.ApiVersion();
  const auto found = objects_.find(id);
  return found == objects_.end() ? LiveObject::Absent() : LiveObject::Present(found->second);
}

LiveLookup Snapshot::Live() const {
  return [this](const WantedObject& wanted) { return Find(wanted); };
}

ScopeLookup Snapshot::Scopes() const {
  return [this](const Gvk& gvk) -> std::optional<Scope> {
    const auto kind = kinds_.find(gvk);
    if (kind == kinds_.end()) return std::nullopt;
    return kind->second.namespaced ? Scope::kNamespaced : Scope::kCluster;
  };
}

SchemaLookup Snapshot::Schemas() const {
  return [this](const Gvk& gvk) { return std::pair<SchemaPtr, const Type*>(schema_, schema_->Find(gvk)); };
}

Manifest Snapshot::Hashed(const Manifest& manifest) const { return {masker_->MaskObject(NormaliseDesired(manifest.object)), manifest.origin}; }

Result<Document> ReadSnapshotFile(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return NotFound(fmt::format("snapshot '{}' cannot be read; 'plumb snapshot' writes one", file));
  std::ostringstream bytes;
  bytes << in.rdbuf();
  std::string text = std::move(bytes).str();
  const std::string where = fmt::format("snapshot '{}'", file);
  if (text.starts_with("\x1f\x8b")) {
    PLUMB_TRY(unpacked, Gunzip(text, kMostBytes), where);
    text = std::move(unpacked);
  }
  PLUMB_TRY(document, ParseJson(text), where);
  return document;
}

Status WriteSnapshotFile(const std::string& file, Value snapshot) {
  const std::string text = WriteJson(snapshot) + "\n";
  const std::string temporary = fmt::format("{}.{}.tmp", file, getpid());
  std::ofstream out(temporary, std::ios::binary | std::ios::trunc);
  out << (file.ends_with(".gz") ? Gzip(text) : text);
  out.close();
  std::error_code failed;
  if (out) fs::rename(temporary, file, failed);
  if (out && !failed) return Ok();
  fs::remove(temporary, failed);
  return Unavailable(fmt::format("'{}' cannot be written", file));
}

}  // namespace plumb::cli
