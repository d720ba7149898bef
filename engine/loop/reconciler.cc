#include "engine/loop/reconciler.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/json.h"
#include "engine/kube/client.h"

namespace plumb {

namespace {

std::string Short(const std::string& revision) { return revision.substr(0, 10); }

}  // namespace

Reconciler::Reconciler(Application application, ReconcilerContext context, IgnoreRules ignore, const ApplicationStatus& before)
    : application_(std::move(application)), context_(std::move(context)), ignore_(std::move(ignore)),
      rendering_(application_.sources, context_.helpers),
      backoff_({application_.sync.retry.first, application_.sync.retry.max}) {
  work_.source = work_.all = true;
  assessed_by_ = std::make_shared<const HealthRules>(application_.health);
  status_ = before;
  taken_over_ = application_.generation != 0 && before.generation == application_.generation && !before.revision.empty();
  status_.ns = application_.ns;
  status_.name = application_.name;
  status_.generation = application_.generation;
  status_.states.clear();
  status_.drift.clear();
  // Only of the very same document: what another spec made of the same commit is no promise for this one.
  if (before.generation != application_.generation || application_.generation == 0) status_.revision.clear();
}

Result<std::unique_ptr<Reconciler>> Reconciler::Make(Application application, ReconcilerContext context, const ApplicationStatus& before) {
  PLUMB_TRY(ignore, IgnoreRules::Parse(application.ignore.root(), "spec.ignore"), fmt::format("application '{}'", application.name));
  return std::unique_ptr<Reconciler>(new Reconciler(std::move(application), std::move(context), std::move(ignore), before));
}

bool Reconciler::SourceMoved(size_t source, const SourceMove& move) {
  if (!rendering_.ReadsOther(source, move)) {
    SourceChanged();  // its revision is told; nothing is read or written
    return false;
  }
  SourceChanged();
  if (!move.after->revision.empty()) Supersede();  // of a directory nobody knows whether it changed before it is rendered
  return true;
}

void Reconciler::SourceChanged() {
  MutexLock lock(mu_);
  work_.source = true;
}

void Reconciler::MarkDirty(const ObjectId& id) {
  MutexLock lock(mu_);
  work_.dirty.insert(id);
}

bool Reconciler::MarkListed() {
  MutexLock lock(mu_);
  if (!waits_for_list_) return false;
  work_.all = true;
  return true;
}

void Reconciler::MarkAllDirty() {
  MutexLock lock(mu_);
  work_.all = true;
}

void Reconciler::Request(SyncRequest request) {
  MutexLock lock(mu_);
  new_request_ = std::move(request);
}

void Reconciler::Approve(std::string digest, std::string by) {
  MutexLock lock(mu_);
  new_approval_.emplace(std::move(digest), std::move(by));
}

void Reconciler::Supersede() {
  MutexLock lock(mu_);
  superseded_ = true;
  pass_stop_.request_stop();
}

bool Reconciler::Owns(const ObjectId& id) const {
  MutexLock lock(mu_);
  return owned_.contains(id);
}

ApplicationStatus Reconciler::status() const {
  MutexLock lock(mu_);
  return status_;
}

bool Reconciler::Wants(const ObjectId& id) const {
  MutexLock lock(mu_);
  const auto found = owned_.find(id);
  return found != owned_.end() && found->second;
}

Reconciler::Work Reconciler::TakeWork() {
  MutexLock lock(mu_);
  Work work = std::exchange(work_, {});
  if (new_request_) {
    request_ = std::exchange(new_request_, std::nullopt);
    fights_.ForgetAll();  // a person says what is to be tried
  }
  if (new_approval_) std::tie(approved_, approved_by_) = *std::exchange(new_approval_, std::nullopt);
  else if (!request_) return work;
  work.all = true;
  return work;
}

void Reconciler::PutBack(const Work& work) {
  MutexLock lock(mu_);
  work_.source |= work.source;
  work_.all |= work.all;
  work_.dirty.insert(work.dirty.begin(), work.dirty.end());
}

Status Reconciler::Reconcile(std::stop_token stop) {
  std::stop_source pass;
  {
    MutexLock lock(mu_);
    superseded_ = false;
    pass_stop_ = pass;
  }
  const std::stop_callback forward(stop, [&] { pass.request_stop(); });
  Work work = TakeWork();
  next_look_ = TimePoint::max();
  for (TimePoint* due : {&retry_at_, &whole_at_}) {
    if (*due > context_.clock->Now()) continue;
    work.all = true;
    *due = TimePoint::max();
  }
  Status status = Pass(work, pass.get_token());
  LookAt(std::min({retry_at_, whole_at_, record_at_}));
  bool superseded;
  {
    MutexLock lock(mu_);
    superseded = superseded_;
    pass_stop_ = std::stop_source(std::nostopstate);
  }
  if (!status.ok() && pass.stop_requested()) {
    PutBack({true, true, work.dirty});
    if (stop.stop_requested()) return status;
    if (superseded) LookAt(context_.clock->Now());
    status = Ok();
  }
  Publish();
  return status;
}

// What fails and may pass by itself is tried again, as a whole: cheaper than being wrong about a part.
void Reconciler::Failed(const Error& error, bool passes) {
  sync_failure_ = error.message();
  stalled_ = !passes;
  const int limit = application_.sync.retry.limit;
  if (limit >= 0 && backoff_.failures(application_.name) >= limit) stalled_ = true;
  if (!stalled_) retry_at_ = context_.clock->Now() + backoff_.Next(application_.name);
}

Status Reconciler::Pass(const Work& work, std::stop_token stop) {
  if (application_.suspend) return Ok();
  if (!target_) {
    auto target = context_.target();
    if (!target.ok()) {
      Failed(target.error(), true);
      return std::move(target).error();
    }
    target_ = std::move(*target);
  }
  if (unrecorded_ && record_at_ <= context_.clock->Now()) static_cast<void>(RecordUids());  // a failure is tried again, or told by the next write
  if (application_.deleting) return DeleteAll(stop);
  const bool changed = (work.source || !rendering_.rendered()) && RefreshSources();
  if (!rendering_.rendered()) return Ok();  // nothing known yet: unknown is not empty
  // A source that failed does not keep the last good revision from being healed; only pruning waits.
  Status status = Ok();
  if (!inventory_) status = LoadInventory();
  bool finished = false, whole = changed || !desired_ || work.all;
  if (status.ok() && !whole) {
    status = HealSome(work.dirty, stop, whole);
    if (!status.ok() || !whole) return status;
  }
  if (status.ok()) status = CompleteManifests();
  if (status.ok()) status = SyncAll(stop, finished);
  if (stop.stop_requested() || (status.ok() && !finished)) return status;
  if (status.ok()) {
    sync_failure_.clear();
    stalled_ = false;
    failed_objects_.clear();
    backoff_.Reset(application_.name);
  } else if (retry_at_ == TimePoint::max()) {
    Failed(status.error(), status.error().code() != Code::kInvalid);
  }
  return status;
}

// True where there is something new to carry out.
bool Reconciler::RefreshSources() {
  std::vector<std::shared_ptr<const SourceState>> states;
  std::string revision;
  source_failure_.clear();
  fresh_ = {true, ""};
  for (size_t i = 0; i < application_.sources.size(); ++i) {
    SourceView view = context_.source(i);
    if (view.error && source_failure_.empty()) {
      source_failure_ = "source: " + view.error->message();
      fresh_ = {false, view.error->message()};
    }
    if (!view.state) return false;
    if (!view.state->revision.empty()) revision += (revision.empty() ? "" : ",") + view.state->revision;
    states.push_back(std::move(view.state));
  }
  waiting_.clear();
  subject_ = states[0]->subject;
  const bool first = !std::exchange(have_seen_, true);
  const bool news = first || revision != seen_revision_;
  if (news) {
    seen_revision_ = revision;
    told_failure_.clear();  // a new revision that fails the same way says so
  }
  auto rendered = rendering_.Update(states);
  const bool touched = !rendered.ok() || *rendered;
  if (rendered.ok() && *rendered) {
    HealthRules health = application_.health;
    health.Add(rendering_.health());
    assessed_by_ = std::make_shared<const HealthRules>(std::move(health));
    rules_ = ignore_;
    rules_.Add(rendering_.rules());
    refused_.clear();
  }
  const auto begin = [&] {
    revision_seen_ = context_.clock->Now();
    announced_healthy_ = false;
    told_plan_.clear();
    sync_failure_.clear();
    stalled_ = false;
    backoff_.Reset(application_.name);
    MutexLock lock(mu_);
    revision_synced_ = first && !revision.empty() && revision == status_.revision;  // as the status of before a restart says
    if (rendered.ok()) revision_applied_ = revision_synced_;  // else the last good one is kept true
  };
  if (news && (touched || !revision_synced_)) {
    begin();
    Emit(LoopEvent::Type::kRevision, revision.empty() ? "" : fmt::format("{} {}", Short(revision), subject_));
  }
  for (const std::string& warning : rendering_.TakeWarnings()) Emit(LoopEvent::Type::kWarning, warning);
  if (!rendered.ok()) {
    fresh_ = {false, rendered.error().message()};
    render_failure_ = rendered.error().message();
    if (rendered.error().code() == Code::kUnavailable) retry_at_ = context_.clock->Now() + backoff_.Next(application_.name);
    return false;
  }
  render_failure_.clear();
  revision_ = revision;
  if (touched && !news) begin();  // a directory has no revisions: what came out of it tells
  if (news && !touched && revision_synced_) {  // a commit that does not touch this application costs nothing
    Emit(LoopEvent::Type::kSynced, fmt::format("{} does not touch it", Short(revision)));
    return false;
  }
  return touched || news;
}

Status Reconciler::LoadInventory() {
  const kube::Answer answer = target_->record_client().Get(RecordRef(Inventory(application_.name, application_.ns)));
  if (!answer.object.ok() && answer.object.error().code() != Code::kNotFound) return answer.object.error().Wrap("inventory");
  PLUMB_TRY(inventory, ReadInventory(application_, answer.object.ok() ? answer.object->root() : Value()));
  inventory_ = std::move(inventory);
  return Ok();
}

Status Reconciler::CompleteManifests() {
  DesiredSet desired;
  if (!application_.deleting) {
    desired = CompleteDesired(application_, rendering_.manifests(), target_->scope_of);
  } else if (rendering_.rendered()) {
    desired.hooks = CompleteDesired(application_, rendering_.manifests(), target_->scope_of).hooks;
    desired.hooks.content = "deletion";
  }
  if (context_.admit) PLUMB_OK(context_.admit(*target_, desired, *inventory_));
  // A manifest that changed ends the truce about its object.
  std::map<ObjectId, std::string> fought;
  for (const ObjectId& id : fights_.Objects())
    if (const auto at = index_.find(id); at != index_.end()) fought[id] = WriteCanonicalJson(desired_->manifests[at->second].root());
  for (const Manifest& manifest : desired.manifests)
    if (const auto at = fought.find(IdOf(manifest.root())); at != fought.end() && at->second == WriteCanonicalJson(manifest.root())) fought.erase(at);
  for (const auto& [id, text] : fought) fights_.Forget(id);
  desired_ = std::move(desired);
  index_.clear();
  health_.assign(desired_->manifests.size(), {});
  std::vector<Gvk> kinds;
  std::vector<ObjectId> owned;
  for (const WantedObject& wanted : ObjectsToRead(*desired_, *inventory_)) {
    kinds.push_back(wanted.gvk);
    owned.push_back(wanted.id);
  }
  for (size_t i = 0; i < desired_->manifests.size(); ++i) index_.emplace(IdOf(desired_->manifests[i].root()), i);
  std::sort(kinds.begin(), kinds.end());
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  book_.Keep(index_);
  if (context_.on_owned) context_.on_owned(owned);
  {
    MutexLock lock(mu_);
    owned_.clear();
    for (const ObjectId& id : owned) owned_.emplace(id, index_.contains(id));
  }
  target_->live->Follow(kinds);
  return Ok();
}

}  // namespace plumb
