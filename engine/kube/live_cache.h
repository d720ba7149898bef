// The live objects of the kinds that matter, kept current by watches; and the truth about how complete that is.
//
// Unknown is not empty: a kind whose list failed, or whose watch is broken, answers kUnavailable with the reason, never
// "no such object".
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "engine/kube/watch.h"

namespace plumb::kube {

struct CacheEvent {
  enum class Type : uint8_t {
    kAdded, kModified, kDeleted,
    kListed,   // the kind was listed whole (events for each difference came before): look at everything of it again
    kCurrent,  // the kind is current again without a list: its watch came back, and its events follow
    kTrouble,  // the kind stopped being current, or its first list failed; State() says why
  };
  Type type = Type::kAdded;
  Gvk gvk;
  Document before, after;  // null documents where there is none

  ObjectId id() const { return IdOf(after.root().is_null() ? *before : *after); }
};

struct LiveCacheOptions {
  std::vector<std::string> namespaces;  // watch only these, of namespaced kinds; empty: all
  std::string label = "applyset.kubernetes.io/part-of";  // objects are found by the value of this label
  bool managed_fields = true;           // false: dropped before storing, about half of an object's memory
  size_t objects = 1'000'000;           // more make the kind that has one too many unknown
  Duration gap = std::chrono::seconds(10);  // without a stream (server restart, new watch) before a kind counts as unknown
  WatchOptions watch;                   // its ns is set for each watch
};

struct KindState {
  bool followed = false;
  bool listed = false;    // once, at least
  bool tried = false;     // listed, or failed to be
  bool complete = false;  // listed, and no change can have been missed
  std::string reason;     // why not complete: "list secrets: 403: ..."; "the first list is on its way"
  Code code = Code::kUnavailable;  // of the reason; kNotFound: the server does not serve the kind (any more)
  size_t objects = 0;
};

// Thread-safe. Events come on the watch thread (the thread that calls Step), never under a lock.
class LiveCache {
 public:
  using Listener = std::function<void(const CacheEvent&)>;

  LiveCache(Client& client, LiveCacheOptions options = {}, Clock& clock = Clock::Real());
  ~LiveCache();

  // Before Start and Follow.
  void AddListener(Listener listener) { listeners_.push_back(std::move(listener)); }

  void Start();      // spawns the watch thread; tests call Step instead
  TimePoint Step();  // does what arrived and what is due; returns when to be called again

  // Watches the kind from now on; again is nothing. Unfollow forgets its objects, without events.
  void Follow(const Resource& resource);
  void Unfollow(const Gvk& gvk);

  // The object, kNotFound (it is not there, for sure), or kUnavailable (nobody knows, and why).
  Result<Document> Get(const Gvk& gvk, const std::string& ns, const std::string& name) const;
  KindState State(const Gvk& gvk) const;
  // Every followed kind is complete. `why_not` names the first that is not.
  bool Complete(std::string* why_not = nullptr) const;
  // Every followed kind was listed, or failed to be: the moment from which plans make sense.
  bool Settled() const;

  // Snapshots, complete or not: see State.
  std::vector<Document> Objects(const Gvk& gvk) const;
  std::vector<Document> OwnedBy(const std::string& uid) const;     // by metadata.ownerReferences
  std::vector<Document> Labelled(const std::string& value) const;  // by the option's label
  size_t size() const;

 private:
  struct Collection;  // one watch and its objects
  struct Waker;       // outlives the cache in callbacks of requests on the wire
  struct Entry {
    Collection* collection;
    std::string key;
    auto operator<=>(const Entry&) const = default;
  };
  using Index = std::unordered_map<std::string, std::set<Entry>>;

  void Replace(Collection& collection, std::vector<Document> objects);
  void Change(Collection& collection, ChangeType type, Document object);
  void Put(Collection& collection, const std::string& key, Document object) REQUIRES(mu_);
  void Remove(Collection& collection, const std::string& key) REQUIRES(mu_);
  void IndexObject(Collection& collection, const std::string& key, Value object, bool add) REQUIRES(mu_);
  void Publish(Collection& collection);
  KindState StateOf(const Collection& collection) const REQUIRES(mu_);
  std::vector<Document> Gather(const Index& index, const std::string& key) const REQUIRES(mu_);
  Document Compact(const Document& object) const;
  void Tell(const CacheEvent& event) const;
  void Run(const std::stop_token& stop);

  Client& client_;
  const LiveCacheOptions options_;
  Clock& clock_;
  std::vector<Listener> listeners_;

  const std::shared_ptr<Waker> waker_;

  mutable Mutex mu_;
  // A collection's watch belongs to the watch thread; its objects and state to mu_.
  std::map<std::pair<Gvk, std::string>, std::shared_ptr<Collection>> collections_ GUARDED_BY(mu_);
  std::vector<std::shared_ptr<Collection>> removed_ GUARDED_BY(mu_);  // for the watch thread to destroy
  Index by_owner_ GUARDED_BY(mu_), by_label_ GUARDED_BY(mu_);
  size_t objects_ GUARDED_BY(mu_) = 0;
  std::jthread thread_;
};

}  // namespace plumb::kube
