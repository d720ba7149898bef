// The control loop: many applications, one work queue, a few workers.
//
// Pushes, poll timers and live events only mark what to look at and queue it; a worker then makes one pass over an
// application, or one look at a source. A source is looked at once for all applications that read it, and only those are
// queued whose files it touched. Step() does one queue item, so that tests drive the loop by hand; Start() runs workers.
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "engine/loop/backoff.h"
#include "engine/loop/reconciler.h"
#include "engine/loop/work_queue.h"
#include "engine/loop/workforce.h"

namespace plumb {

struct LoopOptions {
  int workers = 16;          // applications that are worked on at a time
  int waiting = 200;         // more of them that only wait, for a rollout, a hook or a server (workforce.h)
  // Sources that are looked at at a time: those apart that take longer than `slow_look`, and four times as many in all. Of those that
  // failed last time, half as many.
  size_t looks = 16;
  Duration slow_look = std::chrono::seconds(5);
  BackoffOptions backoff;    // of sources that fail
  double poll_jitter = 0.1;  // of the poll interval, either way, so that a thousand sources are not polled at once
  size_t changed_paths = 10'000;  // of a revision; with more, each application's reads are looked at one by one
  // With several applications, what left the source of one waits this long for another to claim it.
  Duration prune_grace = std::chrono::seconds(5);
  size_t untouched = 50;     // of a source with more applications, those that a revision does not touch keep telling the last that did
  std::function<void(Duration waited, Duration took)> on_pass;  // for metrics: time in the queue, time of the pass
};

// What the loop works with; all of it outlives the loop.
struct LoopContext {
  std::function<Result<std::shared_ptr<Target>>(const Application&)> target_for;
  SourceHub::MakeResolver make_resolver;
  // What its project allows, of all that a plan may touch.
  std::function<Status(const Application&, const Target&, const DesiredSet&, const Inventory&)> admit{};
  std::function<std::optional<ApplicationStatus>(const std::string& key)> elsewhere{};  // of one that another replica follows
  std::function<void(const std::string& key)> on_status{};               // on the reconciling thread: quick
  RenderHelpers helpers{};                                               // what sources may ask for beyond their files
  decltype(ReconcilerContext::archive) archive{};                        // keeps what plans delete
  EventSink events;
  Clock* clock = nullptr;
};

// Thread-safe.
class Loop {
 public:
  Loop(LoopContext context, LoopOptions options = {});
  ~Loop();

  // Follows the application from now on; in place of what is followed under the same key, whose running pass ends.
  // `before` is what its status said last, where that is known. Errors: of Reconciler::Make; nothing changes then.
  Status Set(Application application, const ApplicationStatus& before = {});
  // Lets go of it; what it made stays as it is. Nothing is written for it after this returned, unless a pass is running:
  // `Running` tells.
  void Remove(const std::string& key);
  bool Running(const std::string& key) const { return queue_.Running(key); }

  void Start() { workers_.Start(); }
  void Stop();   // running passes are cancelled; returns when the workers are gone
  bool Step();   // one item if one is ready; false where none was

  // A push to a repository: the sources for which `matches` says yes are looked at now. Returns how many applications
  // follow them.
  size_t Push(const std::function<bool(const ApplicationSource&)>& matches);
  // False where there is no such application.
  bool Request(const std::string& key, SyncRequest request);
  bool Approve(const std::string& key, std::string digest, std::string by);
  // Those that wait for this one look again: its status changed, here or at another replica.
  void WakeDependants(const std::string& key);
  // To be told that a target's live objects changed, by its LiveStore on whatever thread. May be called when the Loop is gone: it does
  // nothing then, and a call that runs holds the end of the Loop up.
  using LiveListener = std::function<void(const LiveStore*, const ObjectId&)>;
  LiveListener live_listener() const;

  std::vector<ApplicationStatus> status() const;
  std::optional<ApplicationStatus> status(const std::string& key) const;
  size_t queue_depth() const { return queue_.depth(); }
  size_t waiting() const { return workers_.waiting(); }  // workers that only wait, and whose places others have taken
  // Ready once every application has had a pass that did not fail for want of a source or cluster.
  bool Ready(std::string* why_not) const;

 private:
  struct Ear {  // shared with the listeners
    Mutex mu;   // taken before all others
    Loop* loop GUARDED_BY(mu) = nullptr;
  };
  struct Follower {
    std::shared_ptr<Reconciler> reconciler;
    std::vector<std::string> sources;     // keys of the hub
    std::vector<ObjectId> owned;
    const LiveStore* live = nullptr;      // that `owned` are in
    bool passed = false;                  // its last pass went well
  };
  ReconcilerContext ContextFor(const Application& application, const std::vector<std::string>& sources);
  std::shared_ptr<Reconciler> Find(const std::string& key) const;
  Workforce::Job NextJob();
  void RunItem(const std::string& item, Duration waited);
  void RunPass(const std::string& key);
  void RunLook(const std::string& source);
  bool BeginLook(const std::string& source, bool failing);  // false: later
  void EndLook(const std::string& source, bool failing);
  void SetOwned(const std::string& key, const LiveStore* live, const std::vector<ObjectId>& owned);
  void SetDependencies(const std::string& key, const std::vector<Dependency>& depends_on) REQUIRES(mu_);
  void OnLiveChange(const LiveStore* live, const ObjectId& id);
  std::string ClaimedBy(const ObjectId& id, const std::string& but, const LiveStore* live) const;
  std::string WaitsFor(const Application& application) const;
  std::string CycleThrough(const std::string& key) const REQUIRES(mu_);

  const LoopOptions options_;
  const LoopContext context_;
  Clock& clock_;
  SourceHub hub_;
  WorkQueue queue_;
  std::stop_source stop_;
  const std::shared_ptr<Ear> ear_ = std::make_shared<Ear>();

  mutable Mutex mu_;
  std::map<std::string, Follower> followers_ GUARDED_BY(mu_);
  std::map<const LiveStore*, std::unordered_multimap<size_t, std::string>> owners_ GUARDED_BY(mu_);  // hash of an object's identity -> key
  std::map<std::string, std::set<std::string>> dependants_ GUARDED_BY(mu_);  // key -> those that name it in dependsOn
  Backoff backoff_ GUARDED_BY(mu_);  // of sources
  std::set<std::string> pushed_ GUARDED_BY(mu_);  // sources that were pushed to since their last look
  std::minstd_rand random_ GUARDED_BY(mu_);
  struct Looks {
    std::map<std::string, TimePoint> running;  // since when
    size_t failing = 0;                        // of those that run, how many had failed before
    std::set<std::string> later, later_failing;  // wait for their turn
  };
  Looks looks_ GUARDED_BY(mu_);
  Workforce workers_;
};

}  // namespace plumb
