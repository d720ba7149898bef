// The embedded cluster's API without HTTP: reads and writes of objects with the API server's write path - names, namespaces,
// defaults, validation, generation, ownership of fields, finalizers, conflicts - over the store.
//
// Thread-safe: one lock around everything. Objects handed out are immutable.
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "engine/sandbox/api_error.h"
#include "engine/sandbox/crd.h"
#include "engine/sandbox/resource.h"
#include "engine/sandbox/selector.h"
#include "engine/sandbox/store.h"

namespace plumb::sandbox {

enum class FieldValidation { kIgnore, kWarn, kStrict };
enum class PatchType { kJson, kMerge, kStrategic, kApply };

struct WriteOptions {
  std::string manager = "plumb-sandbox";  // of fields
  std::string subresource = {};           // "", "status", "finalize"
  bool dry_run = false;
  bool force = false;  // of an apply: take fields over
  FieldValidation validation = FieldValidation::kWarn;
};

struct Written {
  Document object;
  bool created = false;
  std::vector<std::string> warnings;
};

struct DeleteOptions {
  std::string propagation;  // "Background", "Foreground", "Orphan"; "" is the kind's default
  std::string uid, revision;  // preconditions; "" none
  int64_t grace_seconds = -1;  // -1: the object's own
  bool dry_run = false;
};

struct Deleted {
  Document object;    // the last state, or as it is now
  bool gone = false;  // nothing holds it any more
};

struct ListOptions {
  std::string ns;
  LabelSelector labels;
  FieldSelector fields;
  size_t limit = 0;  // 0: all
  std::string after_ns, after_name;  // where the page before ended
};

struct ListPage {
  std::vector<Document> items;
  uint64_t revision = 0;
  bool more = false;
  size_t remaining = 0;
};

class Cluster {
 public:
  // Loads the journal (may be null) and makes the namespaces that every cluster has. `seed`: of names and UIDs.
  static Result<std::unique_ptr<Cluster>> Start(std::unique_ptr<Journal> journal, Clock& clock, uint64_t seed);

  std::shared_ptr<const CrdSet> kinds() const;  // what is served now; CRDs change it
  Clock& clock() const { return clock_; }

  Answer<Document> Get(const Resource& resource, std::string_view ns, std::string_view name) const;
  ListPage List(const Resource& resource, const ListOptions& options) const;
  Answer<Written> Create(const Resource& resource, std::string_view ns, const Document& object, const WriteOptions& options);
  // Replaces with a full object.
  Answer<Written> Update(const Resource& resource, std::string_view ns, std::string_view name, const Document& object,
                         const WriteOptions& options);
  Answer<Written> Patch(const Resource& resource, std::string_view ns, std::string_view name, PatchType type, const Document& patch,
                        const WriteOptions& options);
  Answer<Deleted> Delete(const Resource& resource, std::string_view ns, std::string_view name, const DeleteOptions& options);

  // Changes the latest state with a function, in one transaction. What controllers use; it may return the Value as it is.
  using Change = std::function<Answer<Value>(Arena& arena, Value existing)>;
  Answer<Written> Modify(const Resource& resource, std::string_view ns, std::string_view name, const WriteOptions& options,
                         const Change& change);

  // For watches and controllers.
  uint64_t revision() const;
  bool Covers(uint64_t revision) const;
  std::vector<sandbox::Change> ChangesAfter(uint64_t revision, size_t limit) const;
  std::vector<StoreKey> Dependents(const std::string& uid) const;
  std::vector<Document> All(const std::string& store_name, std::string_view ns) const;
  std::vector<std::string> StoredResources() const;
  Document Find(const StoreKey& key) const;
  // Sleeps until a change after `revision`, the deadline, or Wake(); a null deadline is none.
  void WaitForChange(uint64_t revision, const TimePoint* deadline, const std::function<bool()>& stop) const;
  void Wake() const;

 private:
  Cluster(std::unique_ptr<Journal> journal, Clock& clock, uint64_t seed) : clock_(clock), store_(std::move(journal)), random_(seed) {}

  struct Prepared {
    Value value;
    std::vector<std::string> warnings;
  };
  // `owned`: the object comes with its managedFields, from an apply; otherwise the write's own are added.
  Answer<Written> CreateLocked(const Resource& resource, std::string_view ns, const Document& object, const WriteOptions& options,
                               bool owned = false) REQUIRES(mu_);
  Answer<Written> ModifyLocked(const Resource& resource, const StoreKey& key, const WriteOptions& options, const Change& change,
                               bool owned = false) REQUIRES(mu_);
  Answer<Written> ApplyLocked(const Resource& resource, const StoreKey& key, const Document& config, const WriteOptions& options)
      REQUIRES(mu_);
  Answer<Prepared> Prepare(const std::shared_ptr<Arena>& arena, const Resource& resource, Value object, Value before,
                           const WriteOptions& options, bool owned) REQUIRES(mu_);
  Answer<Value> StampNew(Arena& arena, const Resource& resource, std::string_view ns, Value object) REQUIRES(mu_);
  Answer<Value> Admit(Arena& arena, const Resource& resource, Value object, Value existing) REQUIRES(mu_);
  Answer<Document> Commit(const Resource& resource, const StoreKey& key, Value object, bool dry_run) REQUIRES(mu_);
  Answer<Document> Drop(const StoreKey& key, const Document& last, bool dry_run) REQUIRES(mu_);
  void Bootstrap() REQUIRES(mu_);
  void ReloadKinds() REQUIRES(mu_);
  std::string RandomName(size_t length) REQUIRES(mu_);
  std::string NewUid() REQUIRES(mu_);

  Clock& clock_;
  mutable Mutex mu_;
  mutable CondVar changed_;
  Store store_ GUARDED_BY(mu_);
  std::shared_ptr<const CrdSet> kinds_ GUARDED_BY(mu_);
  std::mt19937_64 random_ GUARDED_BY(mu_);
};

// `object` as `resource`'s version serves it: apiVersion rewritten where it was stored by another.
Value AsVersion(Arena& arena, const Resource& resource, Value object);

}  // namespace plumb::sandbox
