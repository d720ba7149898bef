// Threads that work: as many at a time as they may be, those apart that only wait.
//
// A thread that has been inside Blocking (core/blocking.h) for longer than `grace` does not count any more, and another one takes its
// place: sixteen rollouts that hang, or a server that does not answer, do not keep the others from their work.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "core/blocking.h"
#include "core/clock.h"
#include "core/mutex.h"

namespace plumb {

struct WorkforceOptions {
  int active = 16;
  int waiting = 200;  // with more than that waiting, their places stay taken
  Duration grace = std::chrono::milliseconds(500);
};

// Thread-safe. Time is real.
class Workforce {
 public:
  using Job = std::function<void()>;
  // `next` waits for a job and returns it; null: there will be no more. Threads are called "NAME-0" and so on.
  Workforce(WorkforceOptions options, std::string name, std::function<Job()> next);
  ~Workforce() { Join(); }

  void Start();
  void Join();  // once `next` returns null to everyone

  size_t waiting() const;  // threads that do not count
  size_t threads() const;  // all of them

 private:
  struct Worker final : BlockingListener {
    explicit Worker(Workforce& of) : force(of) {}
    void BlockingBegins() override;
    void BlockingEnds() override;

    Workforce& force;
    std::optional<TimePoint> since;  // of its wait; this and the next two are guarded by the force's mu_
    bool apart = false;              // it does not count
    bool ended = false;
    std::jthread thread;
  };
  void Spawn() REQUIRES(mu_);
  void Work(Worker& worker);
  void Oversee();
  void FillPlaces() REQUIRES(mu_);

  const WorkforceOptions options_;
  const std::string name_;
  const std::function<Job()> next_;

  mutable Mutex mu_;
  CondVar changed_;
  std::list<std::unique_ptr<Worker>> workers_ GUARDED_BY(mu_);
  int alive_ GUARDED_BY(mu_) = 0, apart_ GUARDED_BY(mu_) = 0, busy_ GUARDED_BY(mu_) = 0, named_ GUARDED_BY(mu_) = 0;
  bool over_ GUARDED_BY(mu_) = false;
  std::jthread overseer_;  // looks at who waits, while somebody is busy
};

}  // namespace plumb
