#include "engine/plan/inventory.h"

#include <set>

#include <fmt/core.h>

#include "core/edit.h"
#include "core/hash.h"
#include "core/json.h"
#include "engine/plan/gzip.h"

namespace plumb {
namespace {

constexpr std::string_view kTooling = "plumb/v1";
constexpr std::string_view kIdLabel = "applyset.kubernetes.io/id";
constexpr std::string_view kToolingAnnotation = "applyset.kubernetes.io/tooling";
constexpr std::string_view kKindsAnnotation = "applyset.kubernetes.io/contains-group-kinds";
constexpr std::string_view kNamespacesAnnotation = "applyset.kubernetes.io/additional-namespaces";
constexpr std::string_view kApplicationAnnotation = "plumb.dev/application";
constexpr std::string_view kClusterAnnotation = "plumb.dev/cluster";
constexpr std::string_view kSourceAnnotation = "plumb.dev/source";
constexpr std::string_view kPlainKey = "inventory.json", kPackedKey = "inventory.json.gz", kSyncKey = "sync.json";
constexpr size_t kNameLimit = 253;  // DNS subdomain

// One entry a line: people read it with kubectl, and `git diff` of a backup is small.
std::string WriteEntries(const std::map<ObjectId, InventoryEntry>& entries) {
  std::string text = "[";
  for (const auto& [id, entry] : entries) {
    Arena arena;
    Value line = arena.Map({{"group", arena.String(id.group)}, {"version", arena.String(entry.version)}, {"kind", arena.String(id.kind)},
                                  {"namespace", arena.String(id.ns)}, {"name", arena.String(id.name)}, {"uid", arena.String(entry.uid)}});
    if (entry.pending) line = With(arena, line, "pending", Arena::Bool(true));
    text += text.size() == 1 ? "\n" : ",\n";
    text += WriteJson(line);
  }
  return text + "\n]\n";
}

std::string Join(const std::set<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

Result<std::string> RecordText(Value object, const InventoryLimits& limits) {
  if (const Value* plain = object.Get("data").Find(kPlainKey)) return std::string(plain->AsString());
  const Value* packed = object.Get("binaryData").Find(kPackedKey);
  if (!packed) return Invalid(fmt::format("neither data['{}'] nor binaryData['{}'] is there", kPlainKey, kPackedKey));
  PLUMB_TRY(bytes, DecodeBase64(packed->AsString()), kPackedKey);
  return Gunzip(bytes, limits.expanded_bytes);
}

Result<InventoryEntry> ParseEntry(Value line) {
  if (!line.is_map()) return Invalid(fmt::format("expected a map, found a {}", KindName(line.kind())));
  InventoryEntry entry;
  const struct { std::string_view key; std::string* to; } kFields[] = {
      {"group", &entry.id.group}, {"version", &entry.version}, {"kind", &entry.id.kind},
      {"namespace", &entry.id.ns}, {"name", &entry.id.name}, {"uid", &entry.uid}};
  for (const auto& field : kFields) {
    const Value* v = line.Find(field.key);
    if (!v || !v->is_string()) return Invalid(fmt::format("'{}' is not a string", field.key));
    *field.to = v->AsString();
  }
  entry.pending = line.Get("pending").AsBool();
  if (entry.id.kind.empty() || entry.id.name.empty() || entry.version.empty()) return Invalid("'kind', 'name' or 'version' is empty");
  return entry;
}

}  // namespace

Inventory::Inventory(std::string application, std::string ns) : application_(std::move(application)), namespace_(std::move(ns)) {}

ObjectId Inventory::record() const { return {"", "ConfigMap", namespace_, InventoryName(application_)}; }

std::string Inventory::ApplySetId() const {
  const ObjectId id = record();
  return fmt::format("applyset-{}-v1", Base64Url(Sha256(fmt::format("{}.{}.{}.{}", id.name, id.ns, id.kind, id.group))));
}

const InventoryEntry* Inventory::Find(const ObjectId& id) const {
  const auto it = entries_.find(id);
  return it == entries_.end() ? nullptr : &it->second;
}

Result<Document> Inventory::ToObject(const InventoryLimits& limits) const {
  std::set<std::string> kinds, namespaces;
  for (const auto& [id, entry] : entries_) {
    kinds.insert(id.group.empty() ? id.kind : id.kind + "." + id.group);
    if (!id.ns.empty() && id.ns != namespace_) namespaces.insert(id.ns);
  }
  const std::string plain = WriteEntries(entries_);
  const bool pack = plain.size() > limits.compress_bytes;
  const std::string text = pack ? Base64(Gzip(plain)) : plain;
  const std::string all_kinds = Join(kinds), all_namespaces = Join(namespaces);
  const std::string sync = sync_ ? sync_->ToJson() : "";
  const size_t size = text.size() + sync.size() + all_kinds.size() + all_namespaces.size();
  if (size > limits.bytes)
    return LimitExceeded(fmt::format("the inventory of application '{}' ({} objects) takes {} bytes{}, more than {}; split the application",
                                     application_, entries_.size(), size, pack ? " compressed" : "", limits.bytes));
  return BuildDocument([&](Arena& a) {
    const ObjectId id = record();
    const Value labels = a.Map({{kIdLabel, a.String(ApplySetId())}, {"app.kubernetes.io/managed-by", a.String("plumb")}});
    Value annotations = a.Map({{kToolingAnnotation, a.String(kTooling)}, {kKindsAnnotation, a.String(all_kinds)},
                               {kNamespacesAnnotation, a.String(all_namespaces)}, {kApplicationAnnotation, a.String(application_)}});
    if (!cluster_.empty()) annotations = With(a, annotations, kClusterAnnotation, a.String(cluster_));
    if (!source_.empty()) annotations = With(a, annotations, kSourceAnnotation, a.String(source_));
    const Value metadata = a.Map({{"name", a.String(id.name)}, {"namespace", a.String(id.ns)}, {"labels", labels}, {"annotations", annotations}});
    std::vector<Member> data;
    if (!pack) data.push_back({kPlainKey, a.String(text)});
    if (sync_) data.push_back({kSyncKey, a.String(sync)});
    std::vector<Member> object = {{"apiVersion", a.String("v1")}, {"kind", a.String("ConfigMap")}, {"metadata", metadata}};
    if (pack) object.push_back({"binaryData", a.Map({{kPackedKey, a.String(text)}})});
    if (!data.empty()) object.push_back({"data", a.Map(data)});
    return a.Map(object);
  });
}

Result<Inventory> Inventory::Parse(Value object, const InventoryLimits& limits) {
  const ObjectId id = IdOf(object);
  const std::string what = fmt::format("inventory '{}/{}'", id.ns, id.name);
  const Value annotations = GetAt(object, {"metadata", "annotations"});
  const std::string_view tooling = annotations.GetString(kToolingAnnotation);
  if (!tooling.starts_with("plumb/"))
    return Invalid(fmt::format("{}: it belongs to '{}', not to plumb; delete it, or give the application another name", what,
                               tooling.empty() ? "nobody known" : tooling));
  Inventory inventory(std::string(annotations.GetString(kApplicationAnnotation)), id.ns);
  if (inventory.record() != id)
    return Invalid(fmt::format("{}: it says to be of application '{}', whose record has another name", what, inventory.application()));
  inventory.source_ = annotations.GetString(kSourceAnnotation);
  inventory.cluster_ = annotations.GetString(kClusterAnnotation);
  PLUMB_TRY(text, RecordText(object, limits), what);
  PLUMB_TRY(lines, ParseJson(text, {.bytes = limits.expanded_bytes, .depth = 8}), what);
  if (!lines->is_list()) return Invalid(fmt::format("{}: expected a list, found a {}", what, KindName(lines->kind())));
  for (Value line : lines->items()) {
    PLUMB_TRY(entry, ParseEntry(line), what);
    inventory.Set(std::move(entry));
  }
  if (const Value* sync = object.Get("data").Find(kSyncKey)) {
    PLUMB_TRY(record, SyncRecord::Parse(sync->AsString()), fmt::format("{}: data['{}']", what, kSyncKey));
    inventory.SetSync(std::move(record));
  }
  return inventory;
}

std::string InventoryName(std::string_view application) {
  std::string name = "plumb-inventory-";
  if (name.size() + application.size() <= kNameLimit) return name.append(application);
  const std::string hash = Sha256Hex(application).substr(0, 10);
  name += application.substr(0, kNameLimit - name.size() - hash.size() - 1);
  while (name.ends_with('.') || name.ends_with('-')) name.pop_back();
  return name + "-" + hash;
}

Manifest Stamp(Manifest manifest, std::string_view applyset_id) {
  const Document& object = manifest.object;
  if (GetAt(object.root(), {"metadata", "labels"}).GetString(kPartOfLabel) == applyset_id) return manifest;
  manifest.object = BuildDocument([&](Arena& arena) {
    return WithAt(arena, arena.Adopt(object), {"metadata", "labels", kPartOfLabel}, arena.String(applyset_id));
  });
  return manifest;
}

bool SameButUids(const Inventory& a, const Inventory& b) {
  Inventory with_uids = a;
  for (const auto& [id, entry] : b.entries())
    if (const InventoryEntry* known = a.Find(id)) {
      InventoryEntry copy = *known;
      copy.uid = entry.uid;
      with_uids.Set(std::move(copy));
    }
  return with_uids == b;
}

Inventory Superset(const Inventory& old, std::span<const InventoryEntry> adds) {
  Inventory out = old;
  for (const InventoryEntry& entry : adds)
    if (!out.Find(entry.id)) out.Set(entry);
  return out;
}

}  // namespace plumb
