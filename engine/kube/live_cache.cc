#include "engine/kube/live_cache.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/edit.h"

namespace plumb::kube {
namespace {

std::string KeyOf(std::string_view ns, std::string_view name) { return fmt::format("{}/{}", ns, name); }
std::string KeyOf(Value object) {
  const Value metadata = object.Get("metadata");
  return KeyOf(metadata.GetString("namespace"), metadata.GetString("name"));
}
std::string_view VersionOf(Value object) { return GetAt(object, {"metadata", "resourceVersion"}).AsString(); }
std::string_view UidOf(Value object) { return GetAt(object, {"metadata", "uid"}).AsString(); }

}  // namespace

struct LiveCache::Waker {
  Mutex mu;
  CondVar woken;
  bool wake GUARDED_BY(mu) = false;

  void Wake() {
    MutexLock lock(mu);
    wake = true;
    woken.notify_all();
  }
  void WaitUntil(TimePoint until) {
    MutexLock lock(mu);
    while (!wake) {
      if (until == TimePoint::max()) {
        woken.wait(mu);
      } else if (woken.wait_until(mu, until) == std::cv_status::timeout) {
        break;
      }
    }
    wake = false;
  }
};

struct LiveCache::Collection {
  Resource resource;
  std::string ns;
  std::unique_ptr<Watch> watch;  // the watch thread's, once followed

  // Guarded by the cache's mu_.
  std::unordered_map<std::string, Document> objects;  // by "namespace/name"
  bool removed = false;
  bool listed = false;
  bool tried = false;  // listed, or failed to
  TimePoint current_until = TimePoint::min();
  std::string trouble;
  Code trouble_code = Code::kUnavailable;

  bool told_current = false;  // the watch thread's
};

LiveCache::LiveCache(Client& client, LiveCacheOptions options, Clock& clock)
    : client_(client), options_(std::move(options)), clock_(clock), waker_(std::make_shared<Waker>()) {}

LiveCache::~LiveCache() {
  thread_.request_stop();
  waker_->Wake();
  if (thread_.joinable()) thread_.join();
}

void LiveCache::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void LiveCache::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) waker_->WaitUntil(Step());
}

TimePoint LiveCache::Step() {
  std::vector<std::shared_ptr<Collection>> collections, removed;
  {
    MutexLock lock(mu_);
    for (const auto& [key, collection] : collections_) collections.push_back(collection);
    removed.swap(removed_);
  }
  removed.clear();  // drops their streams
  TimePoint next = TimePoint::max();
  for (const auto& collection : collections) {
    next = std::min(next, collection->watch->Step());
    Publish(*collection);
    if (collection->told_current && collection->current_until != TimePoint::max()) next = std::min(next, collection->current_until);
  }
  return next;
}

void LiveCache::Follow(const Resource& resource) {
  std::vector<std::string> namespaces = {""};
  if (resource.namespaced && !options_.namespaces.empty()) namespaces = options_.namespaces;
  {
    MutexLock lock(mu_);
    for (const std::string& ns : namespaces) {
      std::shared_ptr<Collection>& slot = collections_[{resource.gvk, ns}];
      if (slot) continue;
      slot = std::make_shared<Collection>();
      Collection& collection = *slot;
      collection.resource = resource;
      collection.ns = ns;
      WatchOptions watch = options_.watch;
      watch.ns = ns;
      WatchHandler handler = {[this, &collection](std::vector<Document> objects) { Replace(collection, std::move(objects)); },
                              [this, &collection](ChangeType type, Document object) { Change(collection, type, std::move(object)); }};
      collection.watch = std::make_unique<Watch>(client_, resource, std::move(watch), std::move(handler), [waker = waker_] { waker->Wake(); }, clock_);
    }
  }
  waker_->Wake();
}

void LiveCache::Unfollow(const Gvk& gvk) {
  {
    MutexLock lock(mu_);
    for (auto at = collections_.lower_bound({gvk, ""}); at != collections_.end() && at->first.first == gvk;) {
      Collection& collection = *at->second;
      collection.removed = true;
      while (!collection.objects.empty()) Remove(collection, std::string(collection.objects.begin()->first));
      removed_.push_back(std::move(at->second));
      at = collections_.erase(at);
    }
  }
  waker_->Wake();
}

// Copies what is kept into memory of its own: an object of a list would keep its whole page alive.
Document LiveCache::Compact(const Document& object) const {
  if (options_.managed_fields) return Compacted(object.root());
  Arena scratch;
  return Compacted(WithoutAt(scratch, object.root(), {"metadata", "managedFields"}));
}

void LiveCache::IndexObject(Collection& collection, const std::string& key, Value object, bool add) {
  const auto update = [&](Index& index, std::string_view value) {
    if (value.empty()) return;
    if (add) {
      index[std::string(value)].insert({&collection, key});
    } else if (const auto found = index.find(std::string(value)); found != index.end()) {
      found->second.erase({&collection, key});
      if (found->second.empty()) index.erase(found);
    }
  };
  const Value metadata = object.Get("metadata");
  for (const Value owner : metadata.Get("ownerReferences").items()) update(by_owner_, owner.GetString("uid"));
  update(by_label_, metadata.Get("labels").GetString(options_.label));
}

void LiveCache::Put(Collection& collection, const std::string& key, Document object) {
  const auto [at, added] = collection.objects.try_emplace(key);
  if (added) {
    ++objects_;
  } else {
    IndexObject(collection, key, at->second.root(), false);
  }
  at->second = std::move(object);
  IndexObject(collection, key, at->second.root(), true);
}

void LiveCache::Remove(Collection& collection, const std::string& key) {
  const auto at = collection.objects.find(key);
  if (at == collection.objects.end()) return;
  IndexObject(collection, key, at->second.root(), false);
  collection.objects.erase(at);
  --objects_;
}

void LiveCache::Replace(Collection& collection, std::vector<Document> objects) {
  using Type = CacheEvent::Type;
  const Gvk& gvk = collection.resource.gvk;
  std::vector<CacheEvent> events;
  {
    MutexLock lock(mu_);
    if (collection.removed) return;
    std::set<std::string> listed;
    for (Document& object : objects) {
      const std::string key = KeyOf(*object);
      listed.insert(key);
      const auto known = collection.objects.find(key);
      const Document before = known == collection.objects.end() ? Document() : known->second;
      if (!before->is_null() && UidOf(*before) == UidOf(*object) && VersionOf(*before) == VersionOf(*object)) continue;
      Document after = Compact(object);
      object = {};
      Put(collection, key, after);
      if (!before->is_null() && UidOf(*before) != UidOf(*after)) {  // deleted and made again, unseen
        events.push_back({Type::kDeleted, gvk, before, {}});
        events.push_back({Type::kAdded, gvk, {}, after});
      } else {
        events.push_back({before->is_null() ? Type::kAdded : Type::kModified, gvk, before, after});
      }
    }
    std::vector<std::string> gone;
    for (const auto& [key, object] : collection.objects)
      if (!listed.contains(key)) gone.push_back(key);
    for (const std::string& key : gone) {
      events.push_back({Type::kDeleted, gvk, collection.objects.at(key), {}});
      Remove(collection, key);
    }
    collection.listed = true;
  }
  collection.told_current = true;  // by kListed, below
  Publish(collection);             // listeners that ask for the state must see the list
  for (const CacheEvent& event : events) Tell(event);
  Tell({Type::kListed, gvk, {}, {}});
}

void LiveCache::Change(Collection& collection, ChangeType type, Document object) {
  const std::string key = KeyOf(*object);
  CacheEvent event;
  event.gvk = collection.resource.gvk;
  {
    MutexLock lock(mu_);
    if (collection.removed) return;
    if (const auto known = collection.objects.find(key); known != collection.objects.end()) event.before = known->second;
    if (type == ChangeType::kDeleted) {
      if (event.before->is_null()) return;
      event.type = CacheEvent::Type::kDeleted;
      Remove(collection, key);
    } else {
      event.type = event.before->is_null() ? CacheEvent::Type::kAdded : CacheEvent::Type::kModified;
      event.after = Compact(object);
      Put(collection, key, event.after);
    }
  }
  Tell(event);
}

// Copies the watch's state to where other threads may read it, and tells when a kind stops being current, or is so again.
void LiveCache::Publish(Collection& collection) {
  const Watch& watch = *collection.watch;
  const TimePoint current_until = watch.CurrentUntil(options_.gap);
  bool failed_first = false;
  {
    MutexLock lock(mu_);
    failed_first = !collection.tried && !watch.listed() && !watch.trouble().empty();
    collection.tried |= watch.listed() || !watch.trouble().empty();
    collection.current_until = current_until;
    collection.trouble = watch.trouble();
    collection.trouble_code = watch.trouble_code();
  }
  const bool current = clock_.Now() < current_until;
  const bool lost = collection.told_current && !current, regained = !collection.told_current && current;
  collection.told_current = current;
  if (lost || failed_first) Tell({CacheEvent::Type::kTrouble, collection.resource.gvk, {}, {}});
  if (regained) Tell({CacheEvent::Type::kCurrent, collection.resource.gvk, {}, {}});
}

void LiveCache::Tell(const CacheEvent& event) const {
  for (const Listener& listener : listeners_) listener(event);
}

KindState LiveCache::StateOf(const Collection& collection) const {
  KindState state;
  state.followed = true;
  state.listed = collection.listed;
  state.tried = collection.tried;
  state.objects = collection.objects.size();
  state.complete = collection.listed && clock_.Now() < collection.current_until && objects_ <= options_.objects;
  if (state.complete) return state;
  state.code = collection.trouble_code;
  if (objects_ > options_.objects) {
    state.code = Code::kLimit;
    state.reason = fmt::format("more than {} objects; the bound is 'objects'", options_.objects);
  } else if (!collection.trouble.empty()) {
    state.reason = collection.trouble;
  } else {
    state.reason = fmt::format("{}: the {} list is on its way", collection.resource.plural, collection.listed ? "next" : "first");
  }
  return state;
}

KindState LiveCache::State(const Gvk& gvk) const {
  MutexLock lock(mu_);
  KindState all;
  for (auto at = collections_.lower_bound({gvk, ""}); at != collections_.end() && at->first.first == gvk; ++at) {
    KindState one = StateOf(*at->second);
    one.objects += all.objects;
    if (!all.followed || all.complete) {
      one.listed &= !all.followed || all.listed;
      one.tried &= !all.followed || all.tried;
      all = std::move(one);  // the first that is not complete stays
    } else {
      all.objects = one.objects;
      all.listed &= one.listed;
      all.tried &= one.tried;
    }
  }
  if (!all.followed) all.reason = fmt::format("kind '{}' is not watched", gvk.kind);
  return all;
}

bool LiveCache::Complete(std::string* why_not) const {
  MutexLock lock(mu_);
  for (const auto& [key, collection] : collections_) {
    KindState state = StateOf(*collection);
    if (state.complete) continue;
    if (why_not) *why_not = std::move(state.reason);
    return false;
  }
  return true;
}

bool LiveCache::Settled() const {
  MutexLock lock(mu_);
  return std::ranges::all_of(collections_, [](const auto& entry) { return entry.second->tried; });
}

Result<Document> LiveCache::Get(const Gvk& gvk, const std::string& ns, const std::string& name) const {
  MutexLock lock(mu_);
  auto found = collections_.find({gvk, ""});
  if (found == collections_.end()) found = collections_.find({gvk, ns});
  if (found == collections_.end()) {
    const auto any = collections_.lower_bound({gvk, ""});
    if (any != collections_.end() && any->first.first == gvk) return Unavailable(fmt::format("namespace '{}' is not watched", ns));
    return Unavailable(fmt::format("kind '{}' is not watched", gvk.kind));
  }
  const Collection& collection = *found->second;
  if (KindState state = StateOf(collection); !state.complete) return Unavailable(std::move(state.reason));
  const auto object = collection.objects.find(KeyOf(collection.resource.namespaced ? ns : "", name));
  if (object == collection.objects.end()) return NotFound(fmt::format("no {} '{}'", gvk.kind, ns.empty() ? name : KeyOf(ns, name)));
  return object->second;
}

std::vector<Document> LiveCache::Objects(const Gvk& gvk) const {
  MutexLock lock(mu_);
  std::vector<Document> out;
  for (auto at = collections_.lower_bound({gvk, ""}); at != collections_.end() && at->first.first == gvk; ++at)
    for (const auto& [key, object] : at->second->objects) out.push_back(object);
  return out;
}

std::vector<Document> LiveCache::Gather(const Index& index, const std::string& key) const {
  std::vector<Document> out;
  if (const auto found = index.find(key); found != index.end())
    for (const Entry& entry : found->second) out.push_back(entry.collection->objects.at(entry.key));
  return out;
}

std::vector<Document> LiveCache::OwnedBy(const std::string& uid) const {
  MutexLock lock(mu_);
  return Gather(by_owner_, uid);
}

std::vector<Document> LiveCache::Labelled(const std::string& value) const {
  MutexLock lock(mu_);
  return Gather(by_label_, value);
}

size_t LiveCache::size() const {
  MutexLock lock(mu_);
  return objects_;
}

}  // namespace plumb::kube
