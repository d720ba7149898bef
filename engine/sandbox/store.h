// The sandbox's objects: immutable documents under (resource, namespace, name), one revision counter for all of them, and a
// bounded log of the latest changes, which watches read.
//
// Not thread-safe: the Cluster that owns it locks.
#pragma once

#include <compare>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/result.h"
#include "engine/sandbox/journal.h"

namespace plumb::sandbox {

struct StoreKey {
  std::string resource;  // Resource::StoreName()
  std::string ns, name;
  auto operator<=>(const StoreKey&) const = default;
};

// One committed change. Watches see DELETED objects in their last state, with the revision of the deletion.
struct Change {
  enum class Type { kAdded, kModified, kDeleted };
  uint64_t revision = 0;
  Type type = Type::kAdded;
  StoreKey key;
  Document object;
  Document previous;  // null for kAdded
};

class Store {
 public:
  // `journal` may be null: memory only. `log_size`: how many changes a watch may lag behind.
  explicit Store(std::unique_ptr<Journal> journal, size_t log_size = 20'000) : journal_(std::move(journal)), log_size_(log_size) {}

  // Reads the journal; call once, first. Errors: those of Journal::Load, kInvalid for an object that is not JSON.
  Status Load();

  uint64_t revision() const { return revision_; }  // of the latest change

  // Null where there is none.
  Document Get(const StoreKey& key) const;
  // In the order of (namespace, name); all namespaces where `ns` is empty.
  std::vector<Document> List(const std::string& resource, std::string_view ns) const;
  bool Any(const std::string& resource, std::string_view ns) const;
  // What names `uid` in its ownerReferences.
  std::vector<StoreKey> Dependents(const std::string& uid) const;
  std::vector<std::string> Resources() const;  // that have an object
  size_t size() const { return objects_.size(); }

  // Stores a compact copy of `object` with the next revision as its resourceVersion. Errors: those of the journal.
  Result<Document> Put(const StoreKey& key, Value object);
  // Removes; returns the last state with the revision of the removal. Errors: those of the journal. kNotFound.
  Result<Document> Remove(const StoreKey& key);

  // Whether every change after `revision` is still in the log.
  bool Covers(uint64_t revision) const { return revision >= log_floor_; }
  // Up to `limit` changes after `revision`, oldest first; `Covers(revision)` must hold.
  std::vector<Change> ChangesAfter(uint64_t revision, size_t limit) const;

 private:
  void Index(const StoreKey& key, Value object, bool add);
  void Log(Change change);

  const std::unique_ptr<Journal> journal_;
  const size_t log_size_;
  uint64_t revision_ = 1;
  uint64_t log_floor_ = 1;  // changes up to here are no longer in the log
  std::map<StoreKey, Document> objects_;
  std::map<std::string, std::set<StoreKey>, std::less<>> by_owner_;
  std::deque<Change> log_;
};

}  // namespace plumb::sandbox
