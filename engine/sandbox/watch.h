// Watches: streams of changes after a revision, filtered by namespace, name and selectors.
//
// A step function over the cluster's change log: Deliver() writes what has happened since it was last called. The sandbox
// runs it on one thread, on which every stream is written; tests call it. Add and Post are thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "engine/http/server.h"
#include "engine/sandbox/cluster.h"
#include "engine/sandbox/encode.h"

namespace plumb::sandbox {

struct WatchOptions {
  Resource resource;
  Encoding encoding;  // its resource pointer is set by Add
  std::string ns;
  LabelSelector labels;
  FieldSelector fields;
  uint64_t revision = 0;                // changes after it
  bool bookmarks = false;
  std::vector<Document> initial;        // sent as ADDED first
  bool initial_end = false;             // then a bookmark that says so
  Duration timeout = std::chrono::minutes(30);
};

class WatchHub {
 public:
  explicit WatchHub(Cluster& cluster);
  ~WatchHub();

  // The stream begins, with the initial objects, at the next Deliver().
  void Add(WatchOptions options, std::shared_ptr<http::Responder> responder);
  // Runs a function on the delivering thread.
  void Post(std::function<void()> task);
  bool pending() const { return pending_; }  // Add or Post came since the last Deliver

  // Writes all changes so far, bookmarks and ends that are due. Returns when it next has something to do by the clock.
  TimePoint Deliver();
  uint64_t delivered() const { return delivered_; }  // the revision up to which Deliver has gone
  // Ends all streams. Like Deliver, by one thread at a time.
  void Close();

 private:
  struct Watch;
  void Begin(Watch& watch);
  void Follow(Watch& watch, uint64_t head);
  void Send(Watch& watch, const Change& change);
  void Bookmark(Watch& watch, bool initial_end);

  Cluster& cluster_;
  Mutex mu_;
  std::vector<std::unique_ptr<Watch>> added_ GUARDED_BY(mu_);
  std::vector<std::function<void()>> tasks_ GUARDED_BY(mu_);
  std::atomic<bool> pending_ = false;
  std::vector<std::unique_ptr<Watch>> watches_;  // the delivering thread's own
  std::atomic<uint64_t> delivered_ = 0;
};

}  // namespace plumb::sandbox
