// The control loop: many applications, one work queue, a few workers.
//
// Pushes, poll timers and live events only mark what to look at and queue the application; a worker then makes one pass.
// Step() does one queue item, so that tests drive the loop by hand; Start() runs workers until Stop().
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "engine/loop/backoff.h"
#include "engine/loop/reconciler.h"
#include "engine/loop/work_queue.h"

namespace plumb {

struct LoopOptions {
  int workers = 4;
  BackoffOptions backoff;
  double poll_jitter = 0.1;  // of the poll interval, either way, so that a thousand applications do not poll at once
  std::function<void(Duration waited, Duration took)> on_pass;  // for metrics: time in the queue, time of the pass
};

// Thread-safe once made.
class Loop {
 public:
  // `context` is completed for each application by `resolver_for`. Errors: of Reconciler::Make.
  static Result<std::unique_ptr<Loop>> Make(std::vector<Application> applications, ReconcilerContext context,
                                            const std::function<Result<SourceResolver>(const Application&)>& resolver_for, LoopOptions options = {});
  ~Loop();

  void Start();
  void Stop();   // running passes are cancelled; returns when the workers are gone
  bool Step();   // one pass if an application is ready; false where none was

  // A push to a repository: every application for which `matches` says yes looks at its source now. Returns how many.
  size_t Push(const std::function<bool(const ApplicationSource&)>& matches);

  std::vector<ApplicationStatus> status() const;
  size_t queue_depth() const { return queue_.depth(); }
  // Ready once every application has had its first pass that did not fail for want of a source or cluster.
  bool Ready(std::string* why_not) const;

 private:
  Loop(ReconcilerContext context, LoopOptions options);
  void OnLiveChange(const ObjectId& id);
  void RunPass(const std::string& name, Duration waited);
  Duration NextPoll(const Application& application);

  const LoopOptions options_;
  Clock& clock_;
  LiveStore& live_;
  WorkQueue queue_;
  std::map<std::string, std::unique_ptr<Reconciler>> reconcilers_;  // fixed after Make
  std::stop_source stop_;

  mutable Mutex mu_;
  Backoff backoff_ GUARDED_BY(mu_);
  std::map<std::string, TimePoint> next_poll_ GUARDED_BY(mu_);
  std::set<std::string> passed_ GUARDED_BY(mu_);  // applications whose last pass went well
  std::minstd_rand random_ GUARDED_BY(mu_);
  std::vector<std::jthread> workers_;
};

}  // namespace plumb
