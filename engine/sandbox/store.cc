#include "engine/sandbox/store.h"

#include <algorithm>

#include "core/edit.h"
#include "core/json.h"

namespace plumb::sandbox {

Status Store::Load() {
  if (!journal_) return Ok();
  PLUMB_TRY(head, journal_->Load([&](StoreKey key, uint64_t revision, std::string_view json) -> Status {
    PLUMB_TRY(object, ParseJson(json), "sandbox data file");
    Index(key, *object, true);
    objects_.insert_or_assign(std::move(key), object);
    revision_ = std::max(revision_, revision);
    return Ok();
  }));
  revision_ = std::max(revision_, head);
  log_floor_ = revision_;
  return Ok();
}

Document Store::Get(const StoreKey& key) const {
  const auto found = objects_.find(key);
  return found == objects_.end() ? Document() : found->second;
}

std::vector<Document> Store::List(const std::string& resource, std::string_view ns) const {
  std::vector<Document> out;
  for (auto at = objects_.lower_bound({resource, std::string(ns), ""}); at != objects_.end(); ++at) {
    if (at->first.resource != resource || (!ns.empty() && at->first.ns != ns)) break;
    out.push_back(at->second);
  }
  return out;
}

bool Store::Any(const std::string& resource, std::string_view ns) const {
  const auto at = objects_.lower_bound({resource, std::string(ns), ""});
  return at != objects_.end() && at->first.resource == resource && (ns.empty() || at->first.ns == ns);
}

std::vector<StoreKey> Store::Dependents(const std::string& uid) const {
  const auto found = by_owner_.find(uid);
  return found == by_owner_.end() ? std::vector<StoreKey>() : std::vector<StoreKey>(found->second.begin(), found->second.end());
}

std::vector<std::string> Store::Resources() const {
  std::vector<std::string> out;
  for (auto at = objects_.begin(); at != objects_.end(); at = objects_.lower_bound({out.back() + '\0', "", ""}))
    out.push_back(at->first.resource);
  return out;
}

void Store::Index(const StoreKey& key, Value object, bool add) {
  for (Value owner : object.Get("metadata").Get("ownerReferences").items()) {
    const std::string uid(owner.GetString("uid"));
    if (add) {
      by_owner_[uid].insert(key);
    } else if (const auto found = by_owner_.find(uid); found != by_owner_.end()) {
      found->second.erase(key);
      if (found->second.empty()) by_owner_.erase(found);
    }
  }
}

namespace {
// Every stored object is in an arena of its own: one built on its predecessor would keep all its history alive.
Document Compact(Value object, uint64_t revision) {
  Arena scratch;
  return Compacted(WithAt(scratch, object, {"metadata", "resourceVersion"}, scratch.String(std::to_string(revision))));
}
}  // namespace

Result<Document> Store::Put(const StoreKey& key, Value object) {
  const uint64_t revision = revision_ + 1;
  const Document stored = Compact(object, revision);
  if (journal_) PLUMB_OK(journal_->Put(key, revision, WriteJson(*stored)));
  revision_ = revision;
  Document& slot = objects_[key];
  const Document previous = std::exchange(slot, stored);
  Index(key, *previous, false);
  Index(key, *stored, true);
  Log({revision, previous->is_null() ? Change::Type::kAdded : Change::Type::kModified, key, stored, previous});
  return stored;
}

Result<Document> Store::Remove(const StoreKey& key) {
  const auto found = objects_.find(key);
  if (found == objects_.end()) return NotFound("'" + key.name + "' is not stored");
  const uint64_t revision = revision_ + 1;
  if (journal_) PLUMB_OK(journal_->Remove(key, revision));
  revision_ = revision;
  const Document previous = found->second;
  Index(key, *previous, false);
  objects_.erase(found);
  const Document last = Compact(*previous, revision);
  Log({revision, Change::Type::kDeleted, key, last, previous});
  return last;
}

void Store::Log(Change change) {
  log_.push_back(std::move(change));
  if (log_.size() <= log_size_) return;
  log_floor_ = log_.front().revision;
  log_.pop_front();
}

std::vector<Change> Store::ChangesAfter(uint64_t revision, size_t limit) const {
  auto at = std::ranges::upper_bound(log_, revision, {}, &Change::revision);
  std::vector<Change> out;
  for (; at != log_.end() && out.size() < limit; ++at) out.push_back(*at);
  return out;
}

}  // namespace plumb::sandbox
