#include "engine/sandbox/watch.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/edit.h"

namespace plumb::sandbox {

namespace {
constexpr Duration kBookmarkEvery = std::chrono::minutes(1);
constexpr size_t kBatch = 1000;  // changes read from the log at a time
}  // namespace

struct WatchHub::Watch {
  WatchOptions options;
  std::shared_ptr<http::Responder> responder;
  std::string store_name;
  uint64_t cursor = 0;
  bool columns_sent = false, over = false;
  TimePoint ends, next_bookmark;

  bool Wants(Value object) const {
    const Value metadata = object.Get("metadata");
    return (options.ns.empty() || metadata.GetString("namespace") == options.ns) && options.labels.Matches(metadata.Get("labels")) &&
           options.fields.Matches(object);
  }

  void Write(std::string_view type, const Document& object) {
    const std::string body = EncodeEventObject(options.encoding, object, !columns_sent);
    columns_sent = true;
    over = !responder->Write(fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, body)) || over;
  }
};

WatchHub::WatchHub(Cluster& cluster) : cluster_(cluster) {}
WatchHub::~WatchHub() { Close(); }

void WatchHub::Add(WatchOptions options, std::shared_ptr<http::Responder> responder) {
  auto watch = std::make_unique<Watch>();
  watch->options = std::move(options);
  watch->options.encoding.resource = &watch->options.resource;
  watch->responder = std::move(responder);
  watch->store_name = watch->options.resource.StoreName();
  watch->cursor = watch->options.revision;
  {
    MutexLock lock(mu_);
    added_.push_back(std::move(watch));
    pending_ = true;
  }
  cluster_.Wake();
}

void WatchHub::Post(std::function<void()> task) {
  {
    MutexLock lock(mu_);
    tasks_.push_back(std::move(task));
    pending_ = true;
  }
  cluster_.Wake();
}

void WatchHub::Begin(Watch& watch) {
  const TimePoint now = cluster_.clock().Now();
  watch.ends = now + watch.options.timeout;
  watch.next_bookmark = now + kBookmarkEvery;
  watch.options.encoding.now = cluster_.clock().Wall();
  watch.responder->Begin(200, {{"Content-Type", "application/json"}, {"Cache-Control", "no-cache, private"}});
  for (const Document& object : watch.options.initial) watch.Write("ADDED", object);
  watch.options.initial.clear();
  if (watch.options.initial_end) Bookmark(watch, true);
}

void WatchHub::Bookmark(Watch& watch, bool initial_end) {
  const Resource& r = watch.options.resource;
  const Document object = BuildDocument([&](Arena& a) {
    std::vector<Member> metadata = {{"resourceVersion", a.String(std::to_string(watch.cursor))}};
    if (initial_end) metadata.push_back({"annotations", a.Map({{"k8s.io/initial-events-end", a.Borrow("true")}})});
    return a.Map({{"kind", a.String(r.kind)}, {"apiVersion", a.String(r.ApiVersion())}, {"metadata", a.Map(metadata)}});
  });
  watch.Write("BOOKMARK", object);
}

// An object that enters the selection is ADDED for this watch, one that leaves it DELETED.
void WatchHub::Send(Watch& watch, const Change& change) {
  if (change.key.resource != watch.store_name) return;
  const bool was = !change.previous->is_null() && watch.Wants(*change.previous);
  const bool is = change.type != Change::Type::kDeleted && watch.Wants(*change.object);
  if (is) return watch.Write(was ? "MODIFIED" : "ADDED", change.object);
  if (!was) return;
  if (change.type == Change::Type::kDeleted) return watch.Write("DELETED", change.object);
  // What it last looked like to this watch, at the revision where it left.
  watch.Write("DELETED", BuildDocument([&](Arena& a) {
                return WithAt(a, a.Adopt(change.previous), {"metadata", "resourceVersion"}, a.String(std::to_string(change.revision)));
              }));
}

void WatchHub::Follow(Watch& watch, uint64_t head) {
  watch.options.encoding.now = cluster_.clock().Wall();
  while (!watch.over && watch.cursor < head) {
    if (!cluster_.Covers(watch.cursor)) {
      std::string status = StatusBody(Expired(fmt::format("too old resource version: {} ({})", watch.cursor, head)));
      status.pop_back();
      (void)watch.responder->Write(fmt::format("{{\"type\":\"ERROR\",\"object\":{}}}\n", status));
      watch.over = true;
      return;
    }
    const std::vector<Change> batch = cluster_.ChangesAfter(watch.cursor, kBatch);
    if (batch.empty()) return;
    for (const Change& change : batch) {
      if (watch.over) return;
      watch.cursor = change.revision;
      Send(watch, change);
    }
  }
}

TimePoint WatchHub::Deliver() {
  std::vector<std::unique_ptr<Watch>> added;
  std::vector<std::function<void()>> tasks;
  {
    MutexLock lock(mu_);
    added.swap(added_);
    tasks.swap(tasks_);
    pending_ = false;
  }
  for (const auto& task : tasks) task();
  for (auto& watch : added) {
    Begin(*watch);
    watches_.push_back(std::move(watch));
  }
  const uint64_t head = cluster_.revision();
  const TimePoint now = cluster_.clock().Now();
  for (auto& watch : watches_) {
    Follow(*watch, head);
    if (watch->responder->Gone()) watch->over = true;
    if (!watch->over && watch->options.bookmarks && now >= watch->next_bookmark) {
      Bookmark(*watch, false);
      watch->next_bookmark = now + kBookmarkEvery;
    }
    watch->over = watch->over || now >= watch->ends;
    if (watch->over && !watch->responder->Gone()) watch->responder->End();
  }
  std::erase_if(watches_, [](const auto& watch) { return watch->over; });
  delivered_ = head;
  TimePoint next = now + kBookmarkEvery;
  for (const auto& watch : watches_) next = std::min({next, watch->ends, watch->options.bookmarks ? watch->next_bookmark : next});
  return next;
}

void WatchHub::Close() {
  {
    MutexLock lock(mu_);
    for (auto& watch : added_) watches_.push_back(std::move(watch));
    added_.clear();
    tasks_.clear();
  }
  for (auto& watch : watches_)
    if (!watch->responder->Gone()) watch->responder->End();
  watches_.clear();
}

}  // namespace plumb::sandbox
