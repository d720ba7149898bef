#include "engine/loop/loop.h"

#include <fmt/core.h>
#include <pthread.h>

#include <algorithm>

namespace plumb {

Loop::Loop(ReconcilerContext context, LoopOptions options)
    : options_(std::move(options)), clock_(*context.clock), live_(*context.live), queue_(clock_), backoff_(options_.backoff), random_(std::random_device{}()) {}

Result<std::unique_ptr<Loop>> Loop::Make(std::vector<Application> applications, ReconcilerContext context,
                                         const std::function<Result<SourceResolver>(const Application&)>& resolver_for, LoopOptions options) {
  std::unique_ptr<Loop> loop(new Loop(context, std::move(options)));
  for (Application& application : applications) {
    ReconcilerContext own = context;
    PLUMB_TRY(resolver, resolver_for(application), fmt::format("application '{}'", application.name));
    own.resolve = std::move(resolver);
    std::string name = application.name;
    PLUMB_TRY(reconciler, Reconciler::Make(std::move(application), std::move(own)));
    loop->reconcilers_.emplace(std::move(name), std::move(reconciler));
  }
  loop->live_.SetOnChange([raw = loop.get()](const ObjectId& id) { raw->OnLiveChange(id); });
  for (const auto& [name, reconciler] : loop->reconcilers_) {
    LoopEvent event;
    event.time = loop->clock_.Wall();
    event.application = name;
    event.text = reconciler->application().origin.ToString();
    context.events(event);
    loop->queue_.Add(name);
  }
  return loop;
}

Loop::~Loop() {
  Stop();
  live_.SetOnChange(nullptr);
}

void Loop::Start() {
  for (int i = 0; i < options_.workers; ++i) {
    workers_.emplace_back([this, i] {
      pthread_setname_np(pthread_self(), fmt::format("loop-{}", i).c_str());
      Duration waited{};
      while (auto name = queue_.Take(&waited)) RunPass(*name, waited);
    });
  }
}

void Loop::Stop() {
  stop_.request_stop();
  queue_.Shutdown();
  workers_.clear();  // joins
}

bool Loop::Step() {
  Duration waited{};
  auto name = queue_.TryTake(&waited);
  if (!name) return false;
  RunPass(*name, waited);
  return true;
}

Duration Loop::NextPoll(const Application& application) {
  std::uniform_real_distribution<double> jitter(1 - options_.poll_jitter, 1 + options_.poll_jitter);
  return Duration(static_cast<int64_t>(static_cast<double>(application.sync.interval.count()) * jitter(random_)));
}

void Loop::RunPass(const std::string& name, Duration waited) {
  Reconciler& reconciler = *reconcilers_.at(name);
  const TimePoint start = clock_.Now();
  {
    MutexLock lock(mu_);
    TimePoint& next = next_poll_[name];
    if (start >= next) {
      reconciler.MarkSourceDue();
      next = start + NextPoll(reconciler.application());
    }
  }
  Status status = Ok();
  try {
    status = reconciler.Reconcile(stop_.get_token());
  } catch (const std::exception& e) {  // a bug in one application's pass must not end the others
    status = Internal(fmt::format("application '{}': {}", name, e.what()));
  }
  if (options_.on_pass) options_.on_pass(waited, clock_.Now() - start);
  MutexLock lock(mu_);
  if (status.ok()) {
    backoff_.Reset(name);
    passed_.insert(name);
    queue_.AddAfter(name, std::min(next_poll_[name], reconciler.next_look()) - clock_.Now());
  } else {
    passed_.erase(name);
    queue_.AddAfter(name, backoff_.Next(name));
  }
  queue_.Done(name);  // last: until then nobody else touches the reconciler
}

size_t Loop::Push(const std::function<bool(const ApplicationSource&)>& matches) {
  size_t told = 0;
  for (const auto& [name, reconciler] : reconcilers_) {
    const auto& sources = reconciler->application().sources;
    if (std::none_of(sources.begin(), sources.end(), matches)) continue;
    reconciler->MarkSourceDue();
    queue_.Add(name);
    ++told;
  }
  return told;
}

void Loop::OnLiveChange(const ObjectId& id) {
  for (const auto& [name, reconciler] : reconcilers_) {
    if (id.name.empty()) reconciler->MarkAllDirty();
    else if (reconciler->Owns(id)) reconciler->MarkDirty(id);
    else continue;
    queue_.Add(name);
  }
}

std::vector<ApplicationStatus> Loop::status() const {
  std::vector<ApplicationStatus> all;
  for (const auto& [name, reconciler] : reconcilers_) all.push_back(reconciler->status());
  return all;
}

bool Loop::Ready(std::string* why_not) const {
  MutexLock lock(mu_);
  for (const auto& [name, reconciler] : reconcilers_) {
    if (passed_.contains(name)) continue;
    *why_not = fmt::format("application '{}': {}", name, reconciler->status().summary);
    return false;
  }
  return true;
}

}  // namespace plumb
