// What an application owns in the cluster: the list of objects it applied, with their UIDs.
//
// Kept in one ConfigMap per application, which is also an ApplySet parent (KEP-3659), so that kubectl understands it.
// The life of the record makes crashes harmless: before anything is applied it names old and new objects together
// (Superset), and afterwards exactly what is there (ApplyRun::ExactInventory). Written only where it changes.
//
// Plain values, no I/O.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/object.h"
#include "core/result.h"
#include "engine/plan/sync_record.h"

namespace plumb {

struct InventoryEntry {
  ObjectId id;
  std::string version;  // of the API it was applied with: "v1"
  std::string uid;      // "" between the write before and the write after the apply
  bool pending = false; // it left the source, and is deleted soon: another application that wants it may take it

  bool operator==(const InventoryEntry&) const = default;
};

struct InventoryLimits {
  size_t compress_bytes = 512u << 10;  // a larger record is written gzipped
  size_t bytes = 1000u << 10;          // a larger object is refused: etcd takes 1.5 MiB in all, ConfigMaps 1 MiB
  size_t expanded_bytes = 64u << 20;   // bound on what a compressed record may unpack to
};

class Inventory {
 public:
  Inventory() = default;
  // The record lives in `ns` (the application's own namespace), under a name made from the application's.
  Inventory(std::string application, std::string ns);

  const std::string& application() const { return application_; }
  ObjectId record() const;  // ConfigMap `ns`/plumb-inventory-<application>
  // applyset-<base64url(sha256("name.namespace.kind.group"))>-v1 of the record. Source: KEP-3659.
  std::string ApplySetId() const;

  // UID of the kube-system Namespace of the cluster that the objects were applied to; "" where it was not known.
  const std::string& cluster() const { return cluster_; }
  void set_cluster(std::string uid) { cluster_ = std::move(uid); }

  // Where the manifests came from that the record speaks of: "https://git.example/shop.git//deploy"; "" where it does not say.
  const std::string& source() const { return source_; }
  void set_source(std::string source) { source_ = std::move(source); }

  const std::map<ObjectId, InventoryEntry>& entries() const { return entries_; }
  const InventoryEntry* Find(const ObjectId& id) const;
  void Set(InventoryEntry entry) { entries_.insert_or_assign(entry.id, entry); }
  void Erase(const ObjectId& id) { entries_.erase(id); }
  // What is remembered of the sync that ran last, where it has hooks.
  const std::optional<SyncRecord>& sync() const { return sync_; }
  void SetSync(std::optional<SyncRecord> sync) { sync_ = std::move(sync); }
  bool operator==(const Inventory&) const = default;

  // The ConfigMap to apply. Errors: kLimit where the record is too large even compressed; it names the sizes.
  Result<Document> ToObject(const InventoryLimits& limits = {}) const;
  // Reads a record back. Errors: kInvalid where it is not one, is damaged, or belongs to another tool (the ApplySet
  // rule: another tool must refuse) or another application. A damaged record is an error, never an empty inventory.
  static Result<Inventory> Parse(Value object, const InventoryLimits& limits = {});

 private:
  std::string application_, namespace_, cluster_, source_;
  std::map<ObjectId, InventoryEntry> entries_;
  std::optional<SyncRecord> sync_;
};

// "plumb-inventory-shop"; a name too long for Kubernetes (253) is cut, with 10 digits of its hash at the end.
std::string InventoryName(std::string_view application);

inline constexpr std::string_view kPartOfLabel = "applyset.kubernetes.io/part-of";

// The manifest with the label that says which ApplySet it belongs to. Shares everything else.
Manifest Stamp(Manifest manifest, std::string_view applyset_id);

// They differ in nothing but what UIDs they know.
bool SameButUids(const Inventory& a, const Inventory& b);

// `old` and every id of `adds` that it has not (without UID): what is written before the first object is.
Inventory Superset(const Inventory& old, std::span<const InventoryEntry> adds);

}  // namespace plumb
