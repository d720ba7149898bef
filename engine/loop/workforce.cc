#include "engine/loop/workforce.h"

#include <fmt/core.h>
#include <pthread.h>

namespace plumb {

Workforce::Workforce(WorkforceOptions options, std::string name, std::function<Job()> next)
    : options_(options), name_(std::move(name)), next_(std::move(next)) {}

void Workforce::Worker::BlockingBegins() {
  MutexLock lock(force.mu_);
  since = Clock::Real().Now();
}

void Workforce::Worker::BlockingEnds() {
  MutexLock lock(force.mu_);
  since.reset();
  if (std::exchange(apart, false)) --force.apart_;
}

void Workforce::Start() {
  MutexLock lock(mu_);
  for (int i = 0; i < options_.active; ++i) Spawn();
  overseer_ = std::jthread([this] { Oversee(); });
}

void Workforce::Join() {
  {
    MutexLock lock(mu_);
    over_ = true;
    changed_.notify_all();
  }
  if (overseer_.joinable()) overseer_.join();
  std::list<std::unique_ptr<Worker>> workers;  // nobody adds to it any more
  {
    MutexLock lock(mu_);
    workers.swap(workers_);
  }
  workers.clear();  // joins
}

size_t Workforce::waiting() const {
  MutexLock lock(mu_);
  return static_cast<size_t>(apart_);
}

size_t Workforce::threads() const {
  MutexLock lock(mu_);
  return static_cast<size_t>(alive_);
}

void Workforce::Spawn() {
  Worker& worker = *workers_.emplace_back(std::make_unique<Worker>(*this));
  ++alive_;
  worker.thread = std::jthread([this, &worker, name = fmt::format("{}-{}", name_, named_++)] {
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
    Work(worker);
  });
}

void Workforce::Work(Worker& worker) {
  BlockingListener::OfThisThread(&worker);
  while (const Job job = next_()) {
    {
      MutexLock lock(mu_);
      if (busy_++ == 0) changed_.notify_all();
    }
    job();
    MutexLock lock(mu_);
    --busy_;
    if (alive_ - apart_ <= options_.active) continue;  // else it took a place that is needed again
    --alive_;
    worker.ended = true;
    return;
  }
}

// Nobody is woken by each wait that begins: most end at once.
void Workforce::Oversee() {
  MutexLock lock(mu_);
  while (!over_) {
    if (busy_ == 0) {
      changed_.wait(mu_);
    } else {
      changed_.wait_for(mu_, options_.grace / 2);
      FillPlaces();
    }
  }
}

void Workforce::FillPlaces() {
  std::erase_if(workers_, [](const std::unique_ptr<Worker>& worker) { return worker->ended; });  // joins: they hold no lock any more
  const TimePoint long_ago = Clock::Real().Now() - options_.grace;
  for (const auto& worker : workers_) {
    if (worker->apart || !worker->since || *worker->since > long_ago || apart_ >= options_.waiting) continue;
    worker->apart = true;
    ++apart_;
  }
  while (!over_ && alive_ - apart_ < options_.active) Spawn();
}

}  // namespace plumb
