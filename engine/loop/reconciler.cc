#include "engine/loop/reconciler.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "core/edit.h"
#include "core/json.h"
#include "diff/object_diff.h"
#include "engine/kube/client.h"
#include "engine/loop/desired.h"
#include "engine/plan/format.h"

namespace plumb {

namespace {

constexpr Duration kCacheLag = std::chrono::seconds(5);  // what a watch may be behind our own writes
constexpr size_t kDetailLines = 200;  // of one event: a plan of a thousand objects is not read in a timeline

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t from = 0; from < text.size();) {
    const size_t end = std::min(text.find('\n', from), text.size());
    if (lines.size() == kDetailLines) {
      lines.push_back("... (plumb diff shows all of it)");
      break;
    }
    if (end > from) lines.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return lines;
}

// Resource versions are decimal numbers that grow (KEP-5504, Kubernetes 1.35); on a server where they are not, 0.
uint64_t VersionNumber(std::string_view version) {
  uint64_t number = 0;
  std::from_chars(version.data(), version.data() + version.size(), number);
  return number;
}

std::string Shown(const std::optional<Value>& value) {
  if (!value) return "nothing";
  std::string text = WriteJson(*value);
  return text.size() <= 120 ? text : text.substr(0, 117) + "...";
}

std::string Short(const std::string& revision) { return revision.substr(0, 10); }

}  // namespace

Reconciler::Reconciler(Application application, ReconcilerContext context, IgnoreRules ignore)
    : application_(std::move(application)), context_(std::move(context)), ignore_(std::move(ignore)) {
  work_.source = work_.all = true;
  status_.name = application_.name;
}

Result<std::unique_ptr<Reconciler>> Reconciler::Make(Application application, ReconcilerContext context) {
  PLUMB_TRY(ignore, IgnoreRules::Parse(application.ignore.root(), "spec.ignore"), fmt::format("application '{}'", application.name));
  return std::unique_ptr<Reconciler>(new Reconciler(std::move(application), std::move(context), std::move(ignore)));
}

void Reconciler::MarkSourceDue() {
  MutexLock lock(mu_);
  work_.source = true;
}

void Reconciler::MarkDirty(const ObjectId& id) {
  MutexLock lock(mu_);
  work_.dirty.insert(id);
}

void Reconciler::MarkAllDirty() {
  MutexLock lock(mu_);
  work_.all = true;
}

bool Reconciler::Owns(const ObjectId& id) const {
  MutexLock lock(mu_);
  return owned_.contains(id);
}

ApplicationStatus Reconciler::status() const {
  MutexLock lock(mu_);
  return status_;
}

Reconciler::Work Reconciler::TakeWork() {
  MutexLock lock(mu_);
  return std::exchange(work_, {});
}

void Reconciler::PutBack(const Work& work) {
  MutexLock lock(mu_);
  work_.source |= work.source;
  work_.all |= work.all;
  work_.dirty.insert(work.dirty.begin(), work.dirty.end());
}

Status Reconciler::Reconcile(std::stop_token stop) {
  const Work work = TakeWork();
  next_look_ = TimePoint::max();
  Status status = Pass(work, stop);
  if (status.ok()) {
    last_failure_.clear();
    Summarise();
    return status;
  }
  // What a failed pass did not finish is looked at as a whole next time: cheaper than being wrong about a part.
  PutBack({work.source, true, {}});
  if (stop.stop_requested()) return status;
  const std::string& message = status.error().message();
  if (message != last_failure_) Emit(LoopEvent::Type::kFailed, message);  // once, not at every retry
  last_failure_ = message;
  Summarise();
  return status;
}

Status Reconciler::Pass(const Work& work, std::stop_token stop) {
  bool changed = false;
  if (work.source) {
    const Status refreshed = RefreshSources(changed, stop);
    if (!refreshed.ok()) {
      // A source that failed does not keep the last good revision from being healed; only pruning waits.
      if (desired_) PLUMB_OK(work.all ? SyncAll(stop) : HealSome(work.dirty, stop));
      return refreshed;
    }
  }
  if (!have_rendered_) return Ok();  // nothing known yet: unknown is not empty
  if (!inventory_) PLUMB_OK(LoadInventory());
  if (changed || !desired_ || work.all) {
    PLUMB_OK(CompleteManifests());
    return SyncAll(stop);
  }
  return HealSome(work.dirty, stop);
}

Status Reconciler::RefreshSources(bool& changed, std::stop_token stop) {
  std::vector<SourceState> states;
  std::string revision;
  for (const ApplicationSource& source : application_.sources) {
    auto state = context_.resolve(source, stop);
    if (!state.ok()) {
      fresh_ = {false, state.error().message()};
      return std::move(state).error().Wrap("source");
    }
    if (!state->revision.empty()) revision += (revision.empty() ? "" : ",") + state->revision;
    states.push_back(std::move(*state));
  }
  std::vector<std::string> keys;
  for (size_t i = 0; i < states.size(); ++i) keys.push_back(RenderKey(*states[i].tree, application_.sources[i]));
  const bool same = have_rendered_ && keys == render_keys_ && std::find(keys.begin(), keys.end(), "") == keys.end();
  const bool new_revision = revision != revision_;
  const bool news = revision != seen_revision_;
  sources_ = std::move(states);
  if (news) {
    seen_revision_ = revision;
    last_failure_.clear();  // a new revision that fails the same way says so
    Emit(LoopEvent::Type::kRevision, revision.empty() ? "" : fmt::format("{} {}", Short(revision), sources_[0].subject));
    revision_seen_ = context_.clock->Now();
    announced_healthy_ = revision_synced_ = false;
    told_plan_.clear();
  }
  if (same) {  // a commit that does not touch this application costs nothing
    revision_ = revision;
    fresh_ = {true, ""};
    changed = new_revision;
    return Ok();
  }
  const std::vector<Manifest> before = rendered_;
  if (Status rendered = RenderSources(); !rendered.ok()) {
    fresh_ = {false, rendered.error().message()};
    return rendered;
  }
  render_keys_ = std::move(keys);
  revision_ = revision;
  fresh_ = {true, ""};
  // A directory has no addresses and no revisions: compare what came out of it.
  changed = new_revision || !have_rendered_ || before.size() != rendered_.size() ||
            !std::equal(before.begin(), before.end(), rendered_.begin(), [](const Manifest& a, const Manifest& b) { return a.root() == b.root(); });
  if (changed && revision.empty()) {
    revision_seen_ = context_.clock->Now();
    announced_healthy_ = revision_synced_ = false;
  }
  have_rendered_ = true;
  return Ok();
}

Status Reconciler::RenderSources() {
  std::vector<Manifest> manifests;
  std::vector<std::string> warnings;
  IgnoreRules rules = ignore_;
  for (size_t i = 0; i < sources_.size(); ++i) {
    PLUMB_TRY(of_repository, IgnoreRules::OfTree(*sources_[i].tree));
    rules.Add(of_repository);
    PLUMB_TRY(rendered, RenderSource(*sources_[i].tree, application_.sources[i]));
    manifests.insert(manifests.end(), rendered.manifests.begin(), rendered.manifests.end());
    warnings.insert(warnings.end(), rendered.warnings.begin(), rendered.warnings.end());
  }
  for (const std::string& warning : warnings) Emit(LoopEvent::Type::kWarning, warning);
  rendered_ = std::move(manifests);
  rules_ = std::move(rules);
  desired_.reset();
  return Ok();
}

Status Reconciler::LoadInventory() {
  const ObjectId record = Inventory(application_.name, application_.record_namespace).record();
  const kube::Answer answer = context_.client->Get({*kube::BuiltIn("ConfigMap"), record.ns, record.name, ""});
  if (!answer.object.ok() && answer.object.error().code() != Code::kNotFound) return answer.object.error().Wrap("inventory");
  PLUMB_TRY(inventory, ReadInventory(application_, answer.object.ok() ? answer.object->root() : Value()));
  inventory_ = std::move(inventory);
  return Ok();
}

Status Reconciler::CompleteManifests() {
  desired_ = CompleteDesired(application_, rendered_, context_.scope_of);
  index_.clear();
  health_.assign(desired_->manifests.size(), {});
  std::vector<Gvk> kinds;
  std::set<ObjectId> owned;
  for (const WantedObject& wanted : ObjectsToRead(*desired_, *inventory_)) {
    kinds.push_back(wanted.gvk);
    owned.insert(wanted.id);
  }
  for (size_t i = 0; i < desired_->manifests.size(); ++i) index_.emplace(IdOf(desired_->manifests[i].root()), i);
  std::sort(kinds.begin(), kinds.end());
  kinds.erase(std::unique(kinds.begin(), kinds.end()), kinds.end());
  {
    MutexLock lock(mu_);
    owned_ = std::move(owned);
    status_.objects = desired_->manifests.size();
  }
  context_.live->Follow(kinds);
  return Ok();
}

PlanView Reconciler::View() const {
  PlanView view;
  view.live = [this](const WantedObject& wanted) { return context_.live->Get(wanted); };
  view.schema = context_.schema;
  view.source = fresh_;
  view.complete = {true, ""};
  view.ignore = &rules_;
  if (desired_) view.autoscaled = &desired_->autoscaled;
  return view;
}

bool Reconciler::Behind(const ObjectId& id, const LiveObject& live) {
  const auto written = written_.find(id);
  if (written == written_.end()) return false;
  const bool seen = live.state == LiveObject::State::kPresent &&
                    VersionNumber(GetAt(live.object.root(), {"metadata", "resourceVersion"}).AsString()) >= written->second.version;
  if (seen || context_.clock->Now() >= written->second.until) {
    written_.erase(written);
    return false;
  }
  next_look_ = std::min(next_look_, written->second.until);
  return true;
}

Status Reconciler::SyncAll(std::stop_token stop) {
  if (!context_.live->Settled()) {  // the lists are on their way; their arrival brings the next pass
    PutBack({false, true, {}});
    return Ok();
  }
  PlanView view = View();
  for (const WantedObject& wanted : ObjectsToRead(*desired_, *inventory_)) {
    const LiveObject live = context_.live->Get(wanted);
    if (live.state == LiveObject::State::kUnknown) view.complete = {false, live.reason};
    if (Behind(wanted.id, live)) {  // the cache catches up within milliseconds, and its event brings the next pass
      PutBack({false, true, {}});
      return Ok();
    }
  }
  PLUMB_TRY(plan, PlanApplication(application_, *desired_, *inventory_, view));
  for (const std::string& warning : desired_->warnings) Emit(LoopEvent::Type::kWarning, warning);
  desired_->warnings.clear();  // said once for each revision
  PLUMB_OK(CarryOut(plan, stop));  // of an empty plan too: it brings the inventory up to date, or sends nothing
  if (!revision_synced_ && plan.holds.empty()) {
    revision_synced_ = true;
    Emit(LoopEvent::Type::kSynced, SummaryLine(plan), {}, context_.clock->Now() - revision_seen_);
  }
  AssessHealth(nullptr);
  return Ok();
}

Status Reconciler::HealSome(const std::set<ObjectId>& dirty, std::stop_token stop) {
  if (!desired_ || dirty.empty()) return Ok();
  const PlanView view = View();
  DesiredSet part;
  Inventory known(application_.name, application_.record_namespace);
  for (const ObjectId& id : dirty) {
    const auto at = index_.find(id);
    if (at == index_.end()) continue;
    const Manifest& manifest = desired_->manifests[at->second];
    const LiveObject live = view.live({id, GvkOf(manifest.root())});
    if (Behind(id, live)) {
      PutBack({false, false, {id}});
      continue;
    }
    const bool differs = live.state == LiveObject::State::kAbsent ||
                         (live.state == LiveObject::State::kPresent && DiffDesired(manifest, live, view).action != DiffAction::kNone);
    if (!differs) {
      MutexLock lock(mu_);
      status_.drift.erase(id);
      continue;
    }
    part.manifests.push_back(manifest);
    if (const InventoryEntry* entry = inventory_->Find(id)) known.Set(*entry);
  }
  part.unowned_from = part.manifests.size();
  if (!part.manifests.empty()) {
    PLUMB_TRY(plan, PlanApplication(application_, part, known, view));
    PLUMB_OK(CarryOut(plan, stop));
  }
  AssessHealth(&dirty);
  return Ok();
}

// The objects of the plan that somebody else changed after us; tells of each that is new.
std::vector<ObjectId> Reconciler::NoteDrift(const Plan& plan) {
  std::vector<ObjectId> drifted;
  if (!revision_synced_) return drifted;  // what is left to do of a new revision is not drift
  for (const Step& step : plan.steps) {
    std::vector<std::string> details;
    if (step.action == Action::kPatch && step.diff) {
      const MaskedDiff masked = masker_.Mask(*step.diff);
      for (const FieldChange& change : masked->changes)
        if (change.cause == Cause::kDrift)
          details.push_back(fmt::format("{}: declared {}, found {}  ({})", change.path.ToString(), Shown(change.new_value), Shown(change.old_value), change.Explain()));
    } else if (step.action == Action::kCreate && inventory_->Find(step.id)) {
      details.push_back("the object was deleted");
    }
    if (details.empty()) continue;
    drifted.push_back(step.id);
    bool news;
    {
      MutexLock lock(mu_);
      auto [entry, added] = status_.drift.try_emplace(step.id, DriftedObject{context_.clock->Wall(), details.size()});
      news = added || entry->second.fields != details.size();
      entry->second.fields = details.size();
    }
    if (!news) continue;
    LoopEvent event;
    event.type = LoopEvent::Type::kDrift;
    event.text = step.id.ToString();
    event.object = step.id;
    event.details = std::move(details);
    Emit(std::move(event));
  }
  return drifted;
}

Status Reconciler::CarryOut(const Plan& plan, std::stop_token stop) {
  const TimePoint start = context_.clock->Now();
  const std::vector<ObjectId> drifted = NoteDrift(plan);
  {
    MutexLock lock(mu_);
    if (!plan.empty()) status_.plan_digest = plan.digest;
    status_.holds.clear();
    for (const Hold& hold : plan.holds) status_.holds.push_back(hold.reason + "; " + hold.lift);
  }
  const bool told = std::exchange(told_plan_, plan.digest) == plan.digest;  // a retry of the same plan is not news
  if (drifted.empty() && !plan.empty() && !told) Emit(LoopEvent::Type::kPlan, SummaryLine(plan), Lines(FormatPlan(plan)));
  std::string hold = plan.holds.empty() ? "" : plan.holds[0].reason + "; " + plan.holds[0].lift;
  if (!application_.sync.automatic && !plan.empty()) hold = "sync.auto is off: 'plumb apply' carries the plan out";
  if (!drifted.empty() && !application_.sync.self_heal) hold = "sync.selfHeal is off: the drift stays";
  if (hold != last_hold_ && !hold.empty()) Emit(LoopEvent::Type::kHeld, hold);
  last_hold_ = hold;
  if (!application_.sync.automatic || (!drifted.empty() && !application_.sync.self_heal)) return Ok();

  ApplyOptions options;
  options.deadline = application_.sync.timeout;
  Applier applier(*context_.client, context_.resources, options, *context_.clock);
  const auto progress = [&](const ApplyEvent& applied) {
    if (!applied.step || !drifted.empty()) return;
    const bool done = applied.type == ApplyEvent::Type::kDone;
    if (!done && applied.type != ApplyEvent::Type::kWaiting) return;
    LoopEvent event;
    event.type = LoopEvent::Type::kStep;
    event.object = applied.step->id;
    event.text = done ? fmt::format("{} {}", ActionName(applied.step->action), applied.step->id.ToString()) : applied.text;
    event.took = applied.took;
    Emit(std::move(event));
  };
  PLUMB_TRY(report, applier.Run(plan, *inventory_, progress, stop), "apply");
  inventory_ = report.inventory;
  const TimePoint until = context_.clock->Now() + kCacheLag;
  for (size_t i = 0; i < plan.steps.size(); ++i)
    if (const uint64_t version = VersionNumber(report.steps[i].resource_version); version > 0) written_[plan.steps[i].id] = {version, until};
  if (!report.errors.empty()) {
    std::string all;
    for (const std::string& error : report.errors) all += (all.empty() ? "" : "; ") + error;
    return Unavailable(fmt::format("apply: {} of {} failed: {}", report.failed + report.blocked, plan.steps.size(), all));
  }
  for (const ObjectId& id : drifted) {
    LoopEvent event;
    event.type = LoopEvent::Type::kHealed;
    event.object = id;
    event.text = id.ToString();
    event.took = context_.clock->Now() - start;
    Emit(std::move(event));
    MutexLock lock(mu_);
    status_.drift.erase(id);
  }
  return Ok();
}

void Reconciler::AssessHealth(const std::set<ObjectId>* only) {
  for (const auto& [id, i] : index_) {
    if (only && !only->contains(id)) continue;
    const LiveObject live = context_.live->Get({id, GvkOf(desired_->manifests[i].root())});
    if (Behind(id, live)) {
      health_[i] = {HealthStatus::kProgressing, "was applied just now"};
      continue;
    }
    health_[i] = live.state == LiveObject::State::kUnknown ? Health{HealthStatus::kUnknown, live.reason} : Assess(live.object.root());
  }
}

void Reconciler::Summarise() {
  const auto ready = static_cast<size_t>(std::count_if(health_.begin(), health_.end(), [](const Health& h) { return h.healthy(); }));
  const bool healthy = desired_ && ready == health_.size();
  std::string summary = "waiting for its source";
  if (desired_) summary = healthy ? "healthy" : fmt::format("{} of {} ready", ready, health_.size());
  for (const auto& [id, i] : index_) {
    if (healthy || health_[i].healthy()) continue;
    summary += fmt::format(", waiting for {}: {}", id.ToString(), health_[i].message);
    break;
  }
  if (!last_hold_.empty()) summary = "held: " + last_hold_;
  if (!last_failure_.empty()) summary = "failed: " + last_failure_;
  {
    MutexLock lock(mu_);
    status_.revision = revision_;
    status_.ready = ready;
    status_.healthy = healthy;
    status_.failing = !last_failure_.empty();
    status_.synced = revision_synced_ && !status_.failing && status_.drift.empty() && last_hold_.empty();
    status_.summary = std::move(summary);
  }
  if (!healthy || !revision_synced_ || announced_healthy_) return;
  announced_healthy_ = true;
  Emit(LoopEvent::Type::kHealthy, fmt::format("all {} objects of {}", health_.size(), revision_.empty() ? "the directory" : Short(revision_)), {},
       context_.clock->Now() - revision_seen_);
}

void Reconciler::Emit(LoopEvent event) {
  event.time = context_.clock->Wall();
  event.application = application_.name;
  event.revision = seen_revision_;
  context_.events(event);
}

void Reconciler::Emit(LoopEvent::Type type, std::string text, std::vector<std::string> details, Duration took) {
  LoopEvent event;
  event.type = type;
  event.text = std::move(text);
  event.details = std::move(details);
  event.took = took;
  Emit(std::move(event));
}

}  // namespace plumb
