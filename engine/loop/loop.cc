#include "engine/loop/loop.h"

#include <fmt/core.h>

#include <algorithm>

namespace plumb {

namespace {

constexpr std::string_view kSource = "source:";  // no application's key: those have a '/' and no ':'

}  // namespace

Loop::Loop(LoopContext context, LoopOptions options)
    : options_(std::move(options)), context_(std::move(context)), clock_(*context_.clock), hub_(context_.make_resolver), queue_(clock_),
      backoff_(options_.backoff), random_(std::random_device{}()),
      workers_({.active = options_.workers, .waiting = options_.waiting}, "loop", [this] { return NextJob(); }) {
  MutexLock lock(ear_->mu);
  ear_->loop = this;
}

Loop::~Loop() {
  Stop();
  MutexLock lock(ear_->mu);
  ear_->loop = nullptr;
}

Loop::LiveListener Loop::live_listener() const {
  return [ear = ear_](const LiveStore* live, const ObjectId& id) {
    MutexLock lock(ear->mu);
    if (ear->loop) ear->loop->OnLiveChange(live, id);
  };
}

ReconcilerContext Loop::ContextFor(const Application& application, const std::vector<std::string>& sources) {
  ReconcilerContext own;
  const std::string key = application.key();
  auto target = std::make_shared<std::weak_ptr<Target>>();  // set at the first pass; owned objects are those of this cluster
  own.target = [this, application, target]() -> Result<std::shared_ptr<Target>> {
    PLUMB_TRY(found, context_.target_for(application));
    *target = found;
    return found;
  };
  own.source = [this, sources](size_t i) { return hub_.View(sources[i]); };
  if (!application.depends_on.empty()) own.waits_for = [this, application] { return WaitsFor(application); };
  if (context_.admit) {
    own.admit = [this, application](const Target& at, const DesiredSet& desired, const Inventory& inventory) { return context_.admit(application, at, desired, inventory); };
  }
  own.on_owned = [this, key, target](const std::vector<ObjectId>& owned) {
    if (const auto at = target->lock()) SetOwned(key, at->live, owned);
  };
  own.on_status = [this, key] {
    WakeDependants(key);
    if (context_.on_status) context_.on_status(key);
  };
  own.claimed_by = [this, key, target](const ObjectId& id) {
    const auto at = target->lock();
    return at ? ClaimedBy(id, key, at->live) : std::string();
  };
  own.prune_grace = [this] {
    MutexLock lock(mu_);
    return followers_.size() > 1 ? options_.prune_grace : Duration::zero();
  };
  own.archive = context_.archive;
  own.helpers = context_.helpers;
  own.events = context_.events;
  own.clock = context_.clock;
  return own;
}

Status Loop::Set(Application application, const ApplicationStatus& before) {
  const std::string key = application.key();
  std::vector<std::string> sources;
  for (const ApplicationSource& source : application.sources) sources.push_back(SourceHub::KeyOf(source));
  LoopEvent event;
  event.time = clock_.Wall();
  event.ns = application.ns;
  event.application = application.name;
  event.text = application.origin.ToString();
  PLUMB_TRY(made, Reconciler::Make(application, ContextFor(application, sources), before));
  hub_.Follow(key, application.sources, application.sync.interval);
  bool fresh = false;
  {
    MutexLock lock(mu_);
    SetDependencies(key, application.depends_on);
    Follower& follower = followers_[key];
    fresh = follower.reconciler == nullptr;
    if (!fresh) follower.reconciler->Supersede();
    follower.reconciler = std::move(made);
    follower.sources = sources;
    follower.passed = false;
  }
  if (fresh) context_.events(event);
  for (const std::string& source : sources)
    if (!hub_.View(source).looked) queue_.Add(std::string(kSource) + source);
  queue_.Add(key);
  return Ok();
}

void Loop::Remove(const std::string& key) {
  SetOwned(key, nullptr, {});
  hub_.Unfollow(key);
  MutexLock lock(mu_);
  const auto found = followers_.find(key);
  if (found == followers_.end()) return;
  SetDependencies(key, {});
  found->second.reconciler->Supersede();
  followers_.erase(found);
}

Workforce::Job Loop::NextJob() {
  Duration waited{};
  auto item = queue_.Take(&waited);
  if (!item) return nullptr;
  return [this, item = *std::move(item), waited] { RunItem(item, waited); };
}

void Loop::Stop() {
  stop_.request_stop();
  queue_.Shutdown();
  workers_.Join();
}

bool Loop::Step() {
  Duration waited{};
  auto item = queue_.TryTake(&waited);
  if (!item) return false;
  RunItem(*item, waited);
  return true;
}

std::shared_ptr<Reconciler> Loop::Find(const std::string& key) const {
  MutexLock lock(mu_);
  const auto found = followers_.find(key);
  return found == followers_.end() ? nullptr : found->second.reconciler;
}

void Loop::RunItem(const std::string& item, Duration waited) {
  const TimePoint start = clock_.Now();
  if (item.starts_with(kSource)) {
    const std::string source = item.substr(kSource.size());
    const bool failing = hub_.View(source).error.has_value();
    if (BeginLook(source, failing)) {
      RunLook(source);
      EndLook(source, failing);
    }
  } else {
    RunPass(item);
    if (options_.on_pass) options_.on_pass(waited, clock_.Now() - start);
  }
  queue_.Done(item);  // last: until then nobody else touches what it is about
}

void Loop::RunPass(const std::string& key) {
  const std::shared_ptr<Reconciler> reconciler = Find(key);
  if (!reconciler) return;
  Status status = Ok();
  try {
    status = reconciler->Reconcile(stop_.get_token());
  } catch (const std::exception& e) {  // a bug in one application's pass must not end the others
    LoopEvent event;
    event.type = LoopEvent::Type::kFailed;
    event.time = clock_.Wall();
    event.ns = reconciler->application().ns;
    event.application = reconciler->application().name;
    event.text = e.what();
    context_.events(event);
    reconciler->MarkAllDirty();
    queue_.AddAfter(key, options_.backoff.max);
    return;
  }
  {
    MutexLock lock(mu_);
    const auto found = followers_.find(key);
    if (found == followers_.end() || found->second.reconciler != reconciler) return;
    found->second.passed = status.ok();
  }
  if (reconciler->next_look() != TimePoint::max()) queue_.AddAfter(key, std::max(Duration::zero(), reconciler->next_look() - clock_.Now()));
}

// A repository's server that does not answer keeps a look waiting for a minute: looks at others go on, and passes anyway.
bool Loop::BeginLook(const std::string& source, bool failing) {
  MutexLock lock(mu_);
  const TimePoint now = clock_.Now();
  const auto quick = std::count_if(looks_.running.begin(), looks_.running.end(), [&](const auto& look) { return now - look.second < options_.slow_look; });
  const bool room = static_cast<size_t>(quick) < options_.looks && looks_.running.size() < options_.looks * 4;
  looks_.later.erase(source);
  looks_.later_failing.erase(source);
  if (!room || (failing && looks_.failing * 2 >= options_.looks)) {
    (failing ? looks_.later_failing : looks_.later).insert(source);
    queue_.AddAfter(std::string(kSource) + source, options_.slow_look);  // at the latest, or when one of the others ends
    return false;
  }
  looks_.running.emplace(source, now);
  looks_.failing += failing;
  return true;
}

void Loop::EndLook(const std::string& source, bool failing) {
  MutexLock lock(mu_);
  looks_.running.erase(source);
  looks_.failing -= failing;
  for (std::set<std::string>* later : {&looks_.later, &looks_.later_failing}) {
    if (later->empty()) continue;
    queue_.Add(std::string(kSource) + *later->begin());
    later->erase(later->begin());
  }
}

void Loop::RunLook(const std::string& source) {
  SourceMove move{hub_.View(source).state, nullptr, std::nullopt};
  bool pushed = false;
  {
    MutexLock lock(mu_);
    pushed = pushed_.erase(source) > 0;
  }
  const SourceHub::Change change = hub_.Look(source, stop_.get_token(), pushed);
  const SourceView view = hub_.View(source);
  move.after = view.state;
  if (change == SourceHub::Change::kMoved && !move.after) return;  // its last follower left meanwhile; a new one looks for itself
  if (change == SourceHub::Change::kMoved && move.before) move.changes = move.after->tree->ChangesSince(*move.before->tree, options_.changed_paths);
  const std::vector<std::string> keys = hub_.Followers(source);
  if (change != SourceHub::Change::kNone) {
    for (const std::string& key : keys) {
      std::shared_ptr<Reconciler> reconciler;
      std::vector<std::string> sources;
      {
        MutexLock lock(mu_);
        const auto found = followers_.find(key);
        if (found == followers_.end()) continue;
        reconciler = found->second.reconciler;
        sources = found->second.sources;
      }
      bool touched = change != SourceHub::Change::kMoved;
      if (touched) reconciler->SourceChanged();
      else
        for (size_t i = 0; i < sources.size(); ++i)
          if (sources[i] == source) touched |= reconciler->SourceMoved(i, move);
      if (touched || keys.size() <= options_.untouched) queue_.Add(key);
    }
  }
  const Duration interval = hub_.Interval(source);
  if (interval == Duration::max()) return;  // nobody follows it any more
  MutexLock lock(mu_);
  if (view.error) {
    queue_.AddAfter(std::string(kSource) + source, std::min(interval, backoff_.Next(source)));
    return;
  }
  backoff_.Reset(source);
  std::uniform_real_distribution<double> jitter(1 - options_.poll_jitter, 1 + options_.poll_jitter);
  queue_.AddAfter(std::string(kSource) + source, Duration(static_cast<int64_t>(static_cast<double>(interval.count()) * jitter(random_))));
}

size_t Loop::Push(const std::function<bool(const ApplicationSource&)>& matches) {
  std::vector<std::string> told;
  for (const std::string& source : hub_.Matching(matches)) {
    const std::vector<std::string> followers = hub_.Followers(source);
    told.insert(told.end(), followers.begin(), followers.end());
    {
      MutexLock lock(mu_);
      pushed_.insert(source);
    }
    queue_.Add(std::string(kSource) + source);
  }
  std::sort(told.begin(), told.end());
  return static_cast<size_t>(std::unique(told.begin(), told.end()) - told.begin());
}

bool Loop::Request(const std::string& key, SyncRequest request) {
  const auto reconciler = Find(key);
  if (!reconciler) return false;
  reconciler->Request(std::move(request));
  queue_.Add(key);
  return true;
}

bool Loop::Approve(const std::string& key, std::string digest, std::string by) {
  const auto reconciler = Find(key);
  if (!reconciler) return false;
  reconciler->Approve(std::move(digest), std::move(by));
  queue_.Add(key);
  return true;
}

void Loop::SetOwned(const std::string& key, const LiveStore* live, const std::vector<ObjectId>& owned) {
  MutexLock lock(mu_);
  const auto found = followers_.find(key);
  if (found == followers_.end()) return;
  Follower& follower = found->second;
  if (follower.live == live && follower.owned == owned) return;
  auto& before = owners_[follower.live];
  for (const ObjectId& id : follower.owned) {
    auto [at, end] = before.equal_range(std::hash<ObjectId>()(id));
    for (; at != end; ++at) {
      if (at->second != key) continue;
      before.erase(at);
      break;
    }
  }
  if (before.empty()) owners_.erase(follower.live);
  follower.live = live;
  follower.owned = owned;
  for (const ObjectId& id : owned) owners_[live].emplace(std::hash<ObjectId>()(id), key);
}

void Loop::OnLiveChange(const LiveStore* live, const ObjectId& id) {
  std::vector<std::pair<std::string, std::shared_ptr<Reconciler>>> concerned;
  {
    MutexLock lock(mu_);
    if (id.name.empty()) {
      for (const auto& [key, follower] : followers_) concerned.emplace_back(key, follower.reconciler);
    } else if (const auto owners = owners_.find(live); owners != owners_.end()) {
      const auto [from, to] = owners->second.equal_range(std::hash<ObjectId>()(id));
      for (auto at = from; at != to; ++at) concerned.emplace_back(at->second, followers_.at(at->second).reconciler);
    }
  }
  for (const auto& [key, reconciler] : concerned) {
    if (id.name.empty() ? !reconciler->MarkListed() : !reconciler->Owns(id)) continue;
    if (!id.name.empty()) reconciler->MarkDirty(id);
    queue_.Add(key);
  }
}

std::string Loop::ClaimedBy(const ObjectId& id, const std::string& but, const LiveStore* live) const {
  std::vector<std::pair<std::string, std::shared_ptr<Reconciler>>> others;
  {
    MutexLock lock(mu_);
    const auto owners = owners_.find(live);
    if (owners == owners_.end()) return "";
    const auto [from, to] = owners->second.equal_range(std::hash<ObjectId>()(id));
    for (auto at = from; at != to; ++at)
      if (at->second != but) others.emplace_back(at->second, followers_.at(at->second).reconciler);
  }
  for (const auto& [key, reconciler] : others)
    if (reconciler->Wants(id)) return key;
  return "";
}

std::vector<ApplicationStatus> Loop::status() const {
  std::vector<std::shared_ptr<Reconciler>> reconcilers;
  {
    MutexLock lock(mu_);
    for (const auto& [key, follower] : followers_) reconcilers.push_back(follower.reconciler);
  }
  std::vector<ApplicationStatus> all;
  all.reserve(reconcilers.size());
  for (const auto& reconciler : reconcilers) all.push_back(reconciler->status());
  return all;
}

std::optional<ApplicationStatus> Loop::status(const std::string& key) const {
  const auto reconciler = Find(key);
  if (!reconciler) return std::nullopt;
  return reconciler->status();
}

bool Loop::Ready(std::string* why_not) const {
  MutexLock lock(mu_);
  for (const auto& [key, follower] : followers_) {
    if (follower.passed) continue;
    *why_not = fmt::format("application '{}': {}", follower.reconciler->application().name, follower.reconciler->status().summary);
    return false;
  }
  return true;
}

}  // namespace plumb
