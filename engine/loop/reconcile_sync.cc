// The reconciler's middle: from what is wanted and what is there to what is sent.
#include <fmt/core.h>

#include <algorithm>
#include <tuple>

#include "diff/object_diff.h"
#include "engine/loop/reconciler.h"
#include "engine/plan/format.h"

namespace plumb {

namespace {

// How old what is known of the cluster itself may be: a freeze stops the next sync, and the healing soon after.
constexpr Duration kFreshForSync = std::chrono::seconds(1), kFreshForHeal = std::chrono::seconds(30);
constexpr Duration kLookAgain = std::chrono::minutes(1);  // at what only somebody outside of Plumb can end
// What was made is in the record by name already, and known by its label: its UID follows when other work had its turn.
constexpr Duration kUidsLater = std::chrono::seconds(1), kUidsAgain = std::chrono::minutes(1);
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

std::vector<Gvk> KindsOf(const std::vector<WantedObject>& wanted) {
  std::vector<Gvk> kinds;
  for (const WantedObject& object : wanted)
    if (std::find(kinds.begin(), kinds.end(), object.gvk) == kinds.end()) kinds.push_back(object.gvk);
  return kinds;
}

}  // namespace

PlanView Reconciler::View() {
  PlanView view;
  view.live = [this](const WantedObject& wanted) { return target_->live->Get(wanted); };
  view.schema = target_->schema;
  view.check = target_->check;
  view.source = fresh_;
  view.complete = {true, ""};
  view.ignore = &rules_;
  if (const TimePoint now = context_.clock->Now(); fights_.any(now)) {
    fight_rules_ = rules_;
    fight_rules_.Add(fights_.Rules(now));
    view.ignore = &fight_rules_;
    LookAtAllIn(fights_.Next() - now);
  }
  view.other = target_->other;
  view.waits = [this](const InventoryEntry& entry) { return WhyNotPrunedYet(entry.id); };
  view.contents = target_->contents;
  view.frozen = cluster_.frozen;
  view.own_namespace = target_->own_namespace;
  view.refused = &refused_;
  if (desired_) view.autoscaled = &desired_->autoscaled;
  // What is wanted was applied already: it is the manifest of last time, and causes are exact.
  if (desired_ && revision_applied_)
    view.declared_before = [this](const ObjectId& id) {
      const auto at = index_.find(id);
      return at == index_.end() ? Document() : desired_->manifests[at->second].object;
    };
  return view;
}

Status Reconciler::LookAtCluster(Duration max_age) {
  if (!target_->state) return Ok();
  PLUMB_TRY(state, target_->state(max_age));
  cluster_ = std::move(state);
  return Ok();
}

size_t Reconciler::RemovedRecently() {
  while (!removals_.empty() && context_.clock->Now() - removals_.front().first > application_.budget.window) removals_.pop_front();
  size_t sum = 0;
  for (const auto& [when, count] : removals_) sum += count;
  return sum;
}

// What left the source is deleted a little later, so that an application it moved to can take it over.
std::string Reconciler::WhyNotPrunedYet(const ObjectId& id) {
  const Duration grace = context_.prune_grace ? context_.prune_grace() : Duration::zero();
  if (grace <= Duration::zero()) return "";
  const TimePoint now = context_.clock->Now(), since = left_source_.try_emplace(id, now).first->second;
  const std::string claimed = context_.claimed_by ? context_.claimed_by(id) : "";
  if (!claimed.empty()) {
    LookAtAllIn(grace);
    return fmt::format("left the source; application '{}' takes it over", claimed);
  }
  if (now - since >= grace) return "";
  LookAtAllIn(grace - (now - since));
  return fmt::format("left the source; is deleted in {}, unless another application takes it over", FormatDuration(grace - (now - since)));
}

// Fields that others write back after each of our writes are left out of it.
Result<Plan> Reconciler::MakePlanFor(const DesiredSet& desired, const Inventory& inventory, PlanView& view) {
  auto plan = PlanApplication(application_, desired, inventory, view);
  const WallTime noted = context_.clock->Wall();
  if (!plan.ok() || !revision_applied_ || !fights_.Note(*plan, context_.clock->Now(), noted)) return plan;
  for (const HoldState& hold : fights_.Holds(context_.clock->Now()))
    if (hold.since == noted) Emit(LoopEvent::Type::kHeld, hold.Text());
  const PlanView now = View();
  view.ignore = now.ignore;
  return PlanApplication(application_, desired, inventory, view);
}

Status Reconciler::SyncAll(std::stop_token stop, bool& finished) {
  const std::vector<WantedObject> wanted = ObjectsToRead(*desired_, *inventory_);
  {
    MutexLock lock(mu_);
    waits_for_list_ = true;  // before the look, so that a list which comes right after it is not missed
  }
  if (!target_->live->Settled(KindsOf(wanted))) {  // the lists are on their way; their arrival brings the next pass
    waiting_ = "for the first list of its kinds";
    PutBack({false, true, {}});
    return Ok();
  }
  waiting_.clear();
  PLUMB_OK(LookAtCluster(kFreshForSync));
  PlanView view = View();
  view.removed_recently = RemovedRecently();
  for (const WantedObject& object : wanted) {
    const LiveObject live = target_->live->Get(object);
    if (live.state == LiveObject::State::kUnknown) view.complete = {false, live.reason};
    if (written_.Behind(object.id, live, context_.clock->Now())) {  // it catches up within milliseconds; its event brings the next pass
      PutBack({false, true, {}});
      LookAt(written_.next());
      return Ok();
    }
  }
  if (view.complete.complete) {
    MutexLock lock(mu_);
    waits_for_list_ = false;
  }
  if (request_) view.request = request_->id;
  view.retry_hooks = request_.has_value() && !application_.deleting;
  PLUMB_TRY(plan, MakePlanFor(*desired_, *inventory_, view));
  for (const std::string& warning : desired_->warnings) Emit(LoopEvent::Type::kWarning, warning);
  desired_->warnings.clear();  // said once for each revision
  bool held = false;
  const Status carried = CarryOut(plan, false, stop, held);  // of an empty plan too: it brings the inventory up to date, or sends nothing
  AssessHealth(nullptr);
  PLUMB_OK(carried);
  finished = true;
  taken_over_ = false;
  std::erase_if(left_source_, [&](const auto& entry) { return std::find(plan.pending.begin(), plan.pending.end(), entry.first) == plan.pending.end(); });
  if (!plan.pending.empty()) {
    waiting_ = fmt::format("{} object{} left the source; deleted soon, unless another application takes {} over", plan.pending.size(), plan.pending.size() == 1 ? "" : "s",
                           plan.pending.size() == 1 ? "it" : "them");
    quarantined_ = true;
    return Ok();
  }
  if (!revision_synced_ && !held && render_failure_.empty()) {
    revision_synced_ = true;
    quarantined_ = false;
    Emit(LoopEvent::Type::kSynced, SummaryLine(plan), {}, context_.clock->Now() - revision_seen_);
  }
  return Ok();
}

// What must not be carried out now is told by a plan for everything, so that what is told never depends on which object was looked at
// last: `whole` is set where such a plan is due.
Status Reconciler::HealSome(const std::set<ObjectId>& dirty, std::stop_token stop, bool& whole) {
  if (!desired_ || dirty.empty()) return Ok();
  PlanView view = View();
  DesiredSet part;
  std::vector<Manifest> needed;  // that are only to be there, whosever they are: they do not drift
  Inventory known(application_.name, application_.ns);
  for (const ObjectId& id : dirty) {
    const auto at = index_.find(id);
    if (at == index_.end() || failed_objects_.contains(id)) continue;
    const Manifest& manifest = desired_->manifests[at->second];
    const LiveObject live = view.live({id, GvkOf(manifest.root())});
    if (written_.Behind(id, live, context_.clock->Now())) {
      PutBack({false, false, {id}});
      LookAt(written_.next());
      continue;
    }
    const bool owned = at->second < desired_->unowned_from;
    const bool differs = live.state == LiveObject::State::kAbsent ||
                         (owned && live.state == LiveObject::State::kPresent && CheckedDiff(manifest, live, view).action != DiffAction::kNone);
    if (!differs) {
      book_.Settle(id);
      whole |= held_back_.contains(id);
      continue;
    }
    (owned ? part.manifests : needed).push_back(manifest);
    if (const InventoryEntry* entry = inventory_->Find(id)) known.Set(*entry);
  }
  part.unowned_from = part.manifests.size();
  part.manifests.insert(part.manifests.end(), needed.begin(), needed.end());
  Status status = Ok();
  if (!part.manifests.empty() && revision_applied_) {  // before that, the plan of the revision itself is what is carried out
    PLUMB_OK(LookAtCluster(kFreshForHeal));
    view.frozen = cluster_.frozen;
    view.inventory_size = inventory_->entries().size();
    view.removed_recently = RemovedRecently();
    PLUMB_TRY(plan, MakePlanFor(part, known, view));
    bool held = false;
    status = CarryOut(plan, true, stop, held);
    const bool told = std::all_of(plan.steps.begin(), plan.steps.end(), [this](const Step& step) { return !step.changes() || held_back_.contains(step.id); });
    whole |= held && (holds_.empty() || !told);
    if (!status.ok() && !stop.stop_requested() && retry_at_ == TimePoint::max()) Failed(status.error(), status.error().code() != Code::kInvalid);
  }
  AssessHealth(&dirty);
  return status;
}

void Reconciler::TellDrift(const std::vector<FoundDrift>& drifted) {
  for (const FoundDrift& drift : drifted) {
    if (!drift.news) continue;
    LoopEvent event;
    event.type = LoopEvent::Type::kDrift;
    event.text = drift.id.ToString();
    event.object = drift.id;
    event.details = drift.lines;
    Emit(std::move(event));
  }
}

std::string Reconciler::WhyWrongCluster() const {
  std::string before;
  {
    MutexLock lock(mu_);
    before = status_.cluster_identity;
  }
  return WrongCluster(target_->cluster, cluster_, application_.target_identity, *inventory_, before);
}

std::optional<Reconciler::Gate> Reconciler::WhyNotNow(const Plan& plan, bool drifted) {
  if (std::string wrong = WhyWrongCluster(); !wrong.empty()) {
    LookAtAllIn(kLookAgain);
    return Gate{{"cluster", std::move(wrong), fmt::format("set spec.target.identity to {}, if this cluster is meant", cluster_.identity), {}}};
  }
  if (plan.empty()) return std::nullopt;
  if (!revision_applied_ && context_.waits_for)
    if (std::string other = context_.waits_for(); !other.empty()) return Gate{{"dependency", std::move(other), "", {}}, true};
  const WindowVerdict window = application_.sync.windows.At(context_.clock->Wall());
  if (window.changes_in != Duration::max()) LookAtAllIn(window.changes_in);
  if (!window.open && !(request_ && window.manual)) return Gate{{"window", window.reason, window.manual ? fmt::format("'plumb sync {}' does not wait", application_.name) : "", {}}};
  if (request_) return std::nullopt;
  if (!application_.sync.automatic) return Gate{{"manual", "sync.auto is off", fmt::format("'plumb sync {}' carries the plan out", application_.name), {}}};
  if (drifted && !application_.sync.self_heal) return Gate{{"self-heal", "sync.selfHeal is off: the drift stays", fmt::format("'plumb sync {}' puts it back", application_.name), {}}};
  return std::nullopt;
}

void Reconciler::SetHolds(const Plan& plan, const std::optional<Gate>& gate) {
  std::vector<HoldState> holds;
  const bool approved = plan.ApprovedBy(approved_);
  if (gate && !gate->waits) holds.push_back(gate->hold);
  if (!approved)
    for (const Hold& hold : plan.holds) holds.push_back({hold.id, hold.reason, hold.lift, {}});
  held_back_.clear();
  for (const Step& step : plan.steps)
    if (step.changes() && (gate || (step.hold >= 0 && !approved))) held_back_.insert(step.id);
  for (HoldState& hold : holds) {
    const auto known = std::find_if(holds_.begin(), holds_.end(), [&](const HoldState& old) { return old.id == hold.id; });
    hold.since = known == holds_.end() ? context_.clock->Wall() : known->since;
  }
  for (const HoldState& hold : holds)
    if (hold.id == "frozen" || hold.id == "in-use") LookAtAllIn(kLookAgain);
    else if (hold.id == "budget" && RemovedRecently() > 0) LookAtAllIn(removals_.front().first + application_.budget.window - context_.clock->Now());
  holds_ = std::move(holds);
  waiting_ = gate && gate->waits ? gate->hold.reason : "";
  const std::string text = holds_.empty() ? "" : holds_.front().Text();
  if (text != told_hold_ && !text.empty()) Emit(LoopEvent::Type::kHeld, text);
  told_hold_ = text;
}

Status Reconciler::CarryOut(const Plan& plan, bool part, std::stop_token stop, bool& held) {
  std::vector<FoundDrift> drifted;
  if (revision_applied_) drifted = book_.Note(plan, *inventory_, context_.clock->Wall());
  TellDrift(drifted);
  const bool told = std::exchange(told_plan_, plan.digest) == plan.digest;  // a retry of the same plan is not news
  if (!told)
    for (const std::string& error : plan.unchecked) Emit(LoopEvent::Type::kWarning, error);
  if (drifted.empty() && !plan.empty() && !told) Emit(LoopEvent::Type::kPlan, SummaryLine(plan), Lines(FormatPlan(plan)));
  const std::optional<Gate> gate = WhyNotNow(plan, !drifted.empty());
  if (part) {
    held = gate || (!plan.holds.empty() && !plan.ApprovedBy(approved_));
    if (held) return Ok();
  } else {
    SetHolds(plan, gate);
    held = gate || !holds_.empty();
  }
  {
    MutexLock lock(mu_);
    if (!plan.empty() && (!part || holds_.empty()))  // what waits for an approval stays the plan that is told
      std::tie(status_.plan_digest, status_.plan) = std::tie(plan.digest, plan.summary);
    if (!part) status_.approval = plan.ApprovedBy(approved_) ? "" : plan.approval;
    if (request_) status_.sync_handled = request_->id;
  }
  if (gate) return Ok();
  const WallTime started = context_.clock->Wall();
  const Status status = Apply(plan, drifted, stop);
  const bool heals = !drifted.empty() && !plan.ApprovedBy(approved_);
  if (!part && status.ok() && render_failure_.empty()) revision_applied_ = true;
  if (status.ok() && held && plan.summary.create + plan.summary.patch + plan.summary.replace + plan.summary.remove > 0) {
    PutBack({false, true, {}});  // what is held has a plan of its own now
    LookAt(context_.clock->Now());
  }
  if (!status.ok() && stop.stop_requested()) {
    if (!heals) Remember(plan, HistoryEntry::Result::kSuperseded, "a newer revision came", started);
  } else if (!status.ok()) {
    if (!heals) Remember(plan, HistoryEntry::Result::kFailed, status.error().message(), started);
  } else if (!plan.empty() && !heals) {
    if (plan.summary.sends() || plan.ApprovedBy(approved_)) Remember(plan, HistoryEntry::Result::kSucceeded, SummaryLine(plan) + (plan.ApprovedBy(approved_) ? " (approved)" : ""), started);
  }
  request_.reset();
  return status;
}

Status Reconciler::Apply(const Plan& plan, const std::vector<FoundDrift>& drifted, std::stop_token stop) {
  const TimePoint start = context_.clock->Now();
  ApplyOptions options;
  options.deadline = application_.sync.timeout;
  options.approved = approved_;
  options.health = assessed_by_;
  options.records = &target_->record_client();
  options.uids_later = true;
  Applier applier(*target_->client, target_->resources, options, *context_.clock);
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
  if (context_.archive)
    options.before_removal = [this](const Plan& of, const std::vector<size_t>& steps) { return context_.archive(of, steps, application_, cluster_.identity); };
  if (unrecorded_) PLUMB_OK(RecordUids());
  if (!cluster_.identity.empty()) inventory_->set_cluster(cluster_.identity);
  RecordSource(application_, plan, approved_, *inventory_);
  auto run = applier.Run(plan, *inventory_, progress, stop);
  if (!run.ok()) {
    inventory_.reset();  // the record in the cluster knows what was on its way; this copy does not
    return std::move(run).error().Wrap("apply");
  }
  const ApplyReport& report = *run;
  inventory_ = report.inventory;
  unrecorded_ = report.unrecorded;
  if (unrecorded_) record_at_ = context_.clock->Now() + kUidsLater;
  failed_objects_.clear();
  size_t removed = 0;
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const bool approved = plan.steps[i].hold >= 0;  // or it would not have been carried out
    if (!approved && (report.steps[i].state == StepResult::State::kDeleted || report.steps[i].replaced)) ++removed;
    if (!plan.steps[i].hook) written_.Note(plan.steps[i].id, report.steps[i].resource_version, context_.clock->Now());
    const StepResult::State state = report.steps[i].state;
    if (report.steps[i].refused) refused_.insert_or_assign(plan.steps[i].id, plan.steps[i].uid);
    if (state == StepResult::State::kApplied) fights_.Wrote(plan.steps[i], context_.clock->Now());
    if (state == StepResult::State::kFailed || state == StepResult::State::kBlocked || state == StepResult::State::kSkipped)
      failed_objects_.insert(plan.steps[i].id);
  }
  if (removed > 0) removals_.emplace_back(context_.clock->Now(), removed);
  if (!plan.empty()) {
    MutexLock lock(mu_);
    status_.cluster_identity = cluster_.identity;
  }
  if (!report.errors.empty()) {
    std::string all;
    for (const std::string& error : report.errors) all += (all.empty() ? "" : "; ") + error;
    return Unavailable(fmt::format("apply: {} of {} failed: {}", report.failed + report.blocked, plan.steps.size(), all));
  }
  for (const FoundDrift& drift : drifted) {
    LoopEvent event;
    event.type = LoopEvent::Type::kHealed;
    event.object = drift.id;
    event.text = drift.id.ToString();
    event.took = context_.clock->Now() - start;
    Emit(std::move(event));
    book_.Settle(drift.id);
  }
  return Ok();
}

// The write that Apply left for later.
Status Reconciler::RecordUids() {
  record_at_ = context_.clock->Now() + kUidsAgain;
  PLUMB_OK(LookAtCluster(kFreshForHeal));
  if (std::string wrong = WhyWrongCluster(); !wrong.empty()) return Conflict(std::move(wrong));
  ApplyOptions options;
  options.records = &target_->record_client();
  PLUMB_OK(Applier(*target_->client, target_->resources, options, *context_.clock).Record(*unrecorded_));
  inventory_ = *std::exchange(unrecorded_, std::nullopt);
  record_at_ = TimePoint::max();
  return Ok();
}

// One entry for a revision, however often it was tried.
void Reconciler::Remember(const Plan& plan, HistoryEntry::Result result, std::string message, WallTime started) {
  std::string by = "auto";
  if (plan.ApprovedBy(approved_) && !approved_by_.empty()) by = approved_by_;
  if (request_ && !request_->by.empty()) by = request_->by;
  MutexLock lock(mu_);
  std::deque<HistoryEntry>& history = status_.history;
  HistoryEntry entry{revision_, plan.digest, std::move(by), result, std::move(message), started, context_.clock->Wall(), 1};
  if (!history.empty() && history.front().revision == entry.revision && history.front().result == HistoryEntry::Result::kFailed) {
    entry.started = history.front().started;
    entry.attempts = history.front().attempts + 1;
    history.pop_front();
  } else if (quarantined_ && result == HistoryEntry::Result::kSucceeded && !history.empty() && history.front().revision == entry.revision) {
    entry.started = history.front().started;  // the deletions of the same revision, after their time of grace
    entry.message = history.front().message + ", then " + entry.message;
    history.pop_front();
  }
  history.push_front(std::move(entry));
  while (history.size() > application_.history_limit) history.pop_back();
}

}  // namespace plumb
