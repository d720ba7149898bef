#include "engine/apply/run.h"

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

#include "core/edit.h"

namespace plumb {
namespace {

// The server's way to say that a field cannot be changed. It has no reason of its own for that: 422 Invalid covers all.
// Source: apimachinery validation.ValidateImmutableField and the registries' own texts.
bool SaysImmutable(const kube::ApiStatus& status) {
  if (status.http != 422) return false;
  for (std::string_view text : {"immutable", "updates to", "may not be changed", "may not change once set", "cannot change"})
    if (status.message.find(text) != std::string::npos) return true;
  return false;
}

// resourceVersions of one kind are in order of time (Kubernetes 1.35 says so, and it was so before); 0 where there is none.
uint64_t Revision(std::string_view text) {
  uint64_t revision = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), revision);
  return error == std::errc() && end == text.data() + text.size() ? revision : 0;
}

uint64_t Revision(Value object) { return Revision(GetAt(object, {"metadata", "resourceVersion"}).AsString()); }

bool IsStillThere(const kube::Answer& deleted) {
  return deleted.object.ok() && !(*deleted.object)->Get("metadata").Get("deletionTimestamp").is_null();
}

}  // namespace

ApplyRun::ApplyRun(kube::Client& client, const ResourceLookup& resources, const ApplyOptions& options, Clock& clock, const Plan& plan,
                   const Inventory& inventory, const ApplyProgress& progress)
    : client_(client), resources_(resources), options_(options), clock_(clock), plan_(plan), progress_(progress), watches_(client, mailbox_, clock),
      schedule_(plan, plan.ApprovedBy(options.approved), options.wait, options.health.get()),
      cleaner_(client, [this](size_t item) {
        ++on_wire_;
        ++report_.requests;
        return ReplyTo(Purpose::kHook, item);
      }),
      work_(plan.steps.size()),
      deadline_(clock.Now() + options.deadline), stored_(inventory) {
  for (size_t i = 0; i < plan.steps.size(); ++i)
    if (plan.steps[i].action == Action::kAwait) work_[i].uid = plan.steps[i].uid;
  FindKindsOfCrds();
}

bool ApplyRun::Step() {
  if (!begun_) Begin();
  for (Letter& letter : mailbox_->TakeAll()) {
    --on_wire_;
    Handle(std::move(letter));
  }
  if (phase_ == Phase::kSteps && !cancelled_)
    for (const ObjectWatches::Seen& seen : watches_.Step()) OnSeen(seen.step, seen.object);
  const TimePoint now = clock_.Now();
  if (now >= deadline_ && !expired_) Expire();
  while (!timers_.empty() && timers_.top().at <= now) {
    const Timer timer = timers_.top();
    timers_.pop();
    if (cancelled_ || expired_) continue;
    if (!timer.read) SendStep(timer.step);
    else if (work_[timer.step].watching) SendRead(timer.step);
  }
  Advance();
  return phase_ != Phase::kOver;
}

TimePoint ApplyRun::NextTimer() const {
  if (cancelled_ || expired_) return TimePoint::max();
  const TimePoint next = phase_ == Phase::kSteps ? std::min(deadline_, watches_.Next()) : deadline_;
  return timers_.empty() ? next : std::min(next, timers_.top().at);
}

void ApplyRun::Cancel() { cancelled_ = true; }

// Phase 1. New names are recorded before anything of those names exists, so that no crash can orphan it.
void ApplyRun::Begin() {
  begun_ = true;
  std::vector<InventoryEntry> adds;
  for (const plumb::Step& step : plan_.steps) {
    const bool creates = step.action == Action::kCreate || step.action == Action::kPatch || step.action == Action::kReplace;
    if (creates && step.owned && !stored_.Find(step.id)) adds.push_back({step.id, step.gvk.version, ""});
  }
  const bool runs_hooks = std::any_of(plan_.steps.begin(), plan_.steps.end(), [](const plumb::Step& step) { return step.hook && step.changes(); });
  const bool new_sync = runs_hooks && plan_.sync != stored_.sync();
  if (adds.empty() && !new_sync) return BeginSteps();
  Inventory superset = Superset(stored_, adds);
  if (new_sync) superset.SetSync(plan_.sync);
  SendInventory(superset);
}

void ApplyRun::BeginSteps() {
  phase_ = Phase::kSteps;
  CleanLeftovers();
}

void ApplyRun::Advance() {
  if (cancelled_) {
    if (on_wire_ == 0) phase_ = Phase::kOver;
    return;
  }
  if (phase_ == Phase::kSteps) {
    StartReady();
    WatchAwaited();
    const bool over = expired_ ? on_wire_ == 0 : schedule_.Finished() && on_wire_ == 0;
    if (!over) return;
    phase_ = Phase::kAfter;
    const Inventory exact = ExactInventory();
    const bool later = options_.uids_later && report_.requests > 0 && SameButUids(exact, stored_);
    if (later && exact != stored_) report_.unrecorded = exact;
    if (later || exact == stored_) LetGo();
    else SendInventory(exact);
  } else if (phase_ == Phase::kLetGo && on_wire_ == 0) {
    phase_ = Phase::kOver;
  }
}

void ApplyRun::Handle(Letter letter) {
  switch (letter.purpose) {
    case Purpose::kInventory: return OnInventory(letter.answer);
    case Purpose::kNamespace:
      if (letter.answer.object.ok()) return SendInventory(target_);
      error_ = letter.answer.object.error().Wrap("inventory: its namespace");
      phase_ = Phase::kOver;
      return;
    case Purpose::kWrite: --writes_on_wire_; return OnWritten(letter.step, std::move(letter.answer));
    case Purpose::kDelete: --writes_on_wire_; return OnDeleted(letter.step, std::move(letter.answer));
    case Purpose::kRead: return OnRead(letter.step, std::move(letter.answer));
    case Purpose::kRecord: return OnRecorded(letter.answer);
    case Purpose::kHook: return OnCleaned(letter.step, letter.answer);
  }
}

void ApplyRun::OnInventory(const kube::Answer& answer) {
  if (answer.object.ok()) {
    stored_ = target_;
    if (cancelled_) return;
    return phase_ == Phase::kBefore ? BeginSteps() : LetGo();
  }
  const Error& error = answer.object.error();
  if (phase_ == Phase::kBefore && error.code() == Code::kNotFound && !cancelled_ && !made_namespace_) {
    made_namespace_ = true;
    // The record's own namespace is not there yet. It is made bare, and never pruned unless the manifests declare it.
    const std::string ns = target_.record().ns;
    const Document object = BuildDocument([&](Arena& a) {
      return a.Map({{"apiVersion", a.String("v1")}, {"kind", a.String("Namespace")}, {"metadata", a.Map({{"name", a.String(ns)}})}});
    });
    ++on_wire_;
    ++report_.requests;
    records().Apply({*kube::BuiltIn("Namespace"), "", ns, ""}, object.root(), {.field_manager = options_.field_manager}, ReplyTo(Purpose::kNamespace, 0));
    return;
  }
  error_ = error.Wrap(fmt::format("inventory '{}/{}'", target_.record().ns, target_.record().name));
  if (phase_ == Phase::kAfter) report_.errors.push_back(error_->message());
  phase_ = Phase::kOver;
}

void ApplyRun::StartReady() {
  while (!expired_ && writes_on_wire_ < options_.in_flight) {
    const int step = schedule_.TakeReady();
    if (step < 0) return;
    work_[static_cast<size_t>(step)].started = clock_.Now();
    Tell(ApplyEvent::Type::kStarted, static_cast<size_t>(step), std::string(ActionName(plan_.steps[static_cast<size_t>(step)].action)));
    SendStep(static_cast<size_t>(step));
  }
}

void ApplyRun::OnWritten(size_t step, kube::Answer answer) {
  const std::string name = plan_.steps[step].id.ToString();
  for (const std::string& warning : answer.warnings) report_.warnings.push_back(name + ": " + Masked(step, warning));
  if (answer.object.ok()) {
    work_[step].uid = (*answer.object)->Get("metadata").GetString("uid");
    work_[step].resource_version = (*answer.object)->Get("metadata").GetString("resourceVersion");
    return Accepted(step, answer.object->root());
  }
  if (Retry(step, answer)) return;
  const bool immutable = SaysImmutable(answer.status);
  if (immutable && plan_.steps[step].replaceable && !plan_.steps[step].uid.empty() && work_[step].replace == Replace::kNo) {
    const bool guarded = plan_.steps[step].guarded;
    if (guarded || unplanned_replaces_ >= plan_.replaces_left) {
      work_[step].refused = true;
      return FailStep(step, answer.object.error().message() + "; it would be deleted and made anew, and " +
                                (guarded ? "its kind is protected" : "that is more than the budget lets through (spec.budget)"));
    }
    ++unplanned_replaces_;
    Tell(ApplyEvent::Type::kRetry, step, "a field cannot be changed in place: replacing it");
    return SendDelete(step);
  }
  FailStep(step, answer.object.error().message() +
                     (immutable ? "; annotate the manifest with 'plumb.dev/replace: allowed' to let it be deleted and made anew" : ""));
}

void ApplyRun::OnDeleted(size_t step, kube::Answer answer) {
  const bool gone = answer.object.ok() ? !IsStillThere(answer) : answer.object.error().code() == Code::kNotFound;
  if (!answer.object.ok() && !gone) {
    if (Retry(step, answer)) return;
    return FailStep(step, answer.object.error().message());
  }
  if (work_[step].replace == Replace::kNo) return Accepted(step, gone ? Value() : answer.object->root());
  if (gone) return CreateAnew(step);
  TellWaiting(step, answer.object->root());
  StartWatch(step, true);
}

// The second half of a replace.
void ApplyRun::CreateAnew(size_t step) {
  Ended(step);
  work_[step].replace = Replace::kDeleted;
  SendApply(step);
}

// A look at an object that something waits for.
void ApplyRun::OnRead(size_t step, kube::Answer answer) {
  if (!work_[step].watching) return;
  LookLater(step);
  if (answer.object.ok()) return OnSeen(step, *answer.object);
  if (answer.object.error().code() != Code::kNotFound) return;
  if (plan_.steps[step].hook && schedule_.Awaited(step)) {
    work_[step].ended = true;
    return FailStep(step, "is gone before its end was seen: somebody took its finalizer off");
  }
  OnSeen(step, Document());
}

// The object as a watch or a look shows it; null: it is not there.
void ApplyRun::OnSeen(size_t step, const Document& object) {
  Work& work = work_[step];
  const plumb::Step& s = plan_.steps[step];
  // Another object of the name is not the one that was deleted.
  const bool removes = s.action == Action::kDelete || work.replace == Replace::kDeleting;
  const std::string& old_uid = s.hook ? work.old_uid : s.uid;
  const Value seen = removes && object->Get("metadata").GetString("uid") != old_uid ? Value() : object.root();
  if (schedule_.state(step) == Schedule::State::kRunning) {
    if (work.replace != Replace::kDeleting) work.seen = object;
    else if (seen.is_null() && work.watching) CreateAnew(step);
    return;
  }
  if (!schedule_.Awaited(step)) return;
  // As it was before our write, or the one whose place it took: that tells nothing of it.
  if (const uint64_t revision = Revision(object.root()); !removes && revision != 0 && revision < Revision(work.resource_version)) return;
  schedule_.Observe(step, seen);
  if (!schedule_.Awaited(step)) {
    Ended(step);
    if (s.action != Action::kDelete) Tell(ApplyEvent::Type::kHealthy, step, schedule_.health(step).message, clock_.Now() - work.started);
  } else if (const Health& health = schedule_.health(step); health.final && s.action != Action::kDelete) {
    work.ended = true;
    FailStep(step, health.message);
  } else {
    TellWaiting(step, seen);
  }
}

void ApplyRun::Accepted(size_t step, Value object) {
  schedule_.Accept(step, object);
  Tell(ApplyEvent::Type::kDone, step, std::string(ActionName(plan_.steps[step].action)), clock_.Now() - work_[step].started);
  if (!schedule_.Awaited(step)) return Ended(step);
  TellWaiting(step, object);
  const Document seen = std::exchange(work_[step].seen, Document());
  if (Revision(seen.root()) > Revision(object)) OnSeen(step, seen);
}

// Watches what has to reach a gate.
void ApplyRun::WatchAwaited() {
  if (expired_) return;
  for (size_t step : std::vector<size_t>(schedule_.awaited().begin(), schedule_.awaited().end()))
    if (!work_[step].watching) StartWatch(step, true);
}

// What carries the application's label is watched by it, which spares the server the rest of the namespace. Of a deletion
// the end has to be seen even where somebody takes the label off.
std::string ApplyRun::WatchLabel(size_t step) const {
  const plumb::Step& s = plan_.steps[step];
  if (s.action == Action::kDelete || work_[step].replace == Replace::kDeleting) return "";
  const std::string id = stored_.ApplySetId();
  return GetAt(s.desired.root(), {"metadata", "labels"}).GetString(kPartOfLabel) == id ? fmt::format("{}={}", kPartOfLabel, id) : "";
}

void ApplyRun::StartWatch(size_t step, bool look_if_late) {
  auto ref = RefOf(step);
  if (!ref.ok()) return FailStep(step, ref.error().message());
  work_[step].watching = true;
  const bool late = watches_.Want(step, *ref, WatchLabel(step));
  if (late && look_if_late) SendRead(step);
  else LookLater(step);
}

void ApplyRun::LookLater(size_t step) {
  Work& work = work_[step];
  work.next_look = work.next_look == Duration{} ? options_.look_first : std::min(options_.look_max, work.next_look * 2);
  timers_.push({clock_.Now() + work.next_look, step, true});
}

// Nobody waits for the step any longer.
void ApplyRun::Ended(size_t step) {
  work_[step].watching = false;
  watches_.Drop(step);
}

bool ApplyRun::Retry(size_t step, const kube::Answer& answer) {
  const Code code = answer.object.error().code();
  const auto& after = plan_.steps[step].after;
  // What was made a moment ago may not be known to every part of the server yet.
  const bool fresh_ground = code == Code::kNotFound && std::any_of(after.begin(), after.end(), [](const Edge& edge) {
    return edge.gate == Gate::kEstablished || edge.gate == Gate::kActive;
  });
  const bool conflict = code == Code::kConflict && !answer.status.ApplyConflict() && plan_.steps[step].action != Action::kDelete;
  if (code != Code::kUnavailable && !fresh_ground && !conflict) return false;
  Work& work = work_[step];
  if (++work.attempts >= options_.attempts || cancelled_ || expired_) return false;
  Duration delay = options_.retry_first;
  for (int i = 1; i < work.attempts && delay < options_.retry_max; ++i) delay *= 2;
  timers_.push({clock_.Now() + std::min(delay, options_.retry_max), step, false});
  Tell(ApplyEvent::Type::kRetry, step, Masked(step, answer.object.error().message()));
  return true;
}

std::string ApplyRun::Masked(size_t step, std::string_view said) {
  if (!masker_) masker_.emplace();
  return masker_->MaskText(said, {plan_.steps[step].desired, plan_.steps[step].live});
}

void ApplyRun::FailStep(size_t step, const std::string& said) {
  const std::string error = Masked(step, said);
  schedule_.Fail(step, error);
  Ended(step);
  const plumb::Step& s = plan_.steps[step];
  report_.errors.push_back(fmt::format("{}{}: {}", s.hook ? fmt::format("{} hook ", PhaseName(s.hook->phase)) : "", s.id.ToString(), error));
  Tell(ApplyEvent::Type::kFailed, step, error, clock_.Now() - work_[step].started);
}

// Nothing new is sent; what was waited for is named. Answers on the wire still count.
void ApplyRun::Expire() {
  expired_ = true;
  if (phase_ == Phase::kBefore) error_ = Unavailable(fmt::format("no answer within {}", FormatDuration(options_.deadline))).Wrap("inventory");
  for (size_t step : std::vector<size_t>(schedule_.awaited().begin(), schedule_.awaited().end())) {
    const std::string state = work_[step].waiting_for;
    FailStep(step, fmt::format("not ready within {}{}{}", FormatDuration(options_.deadline), state.empty() ? "" : ": ", state));
  }
}

void ApplyRun::Tell(ApplyEvent::Type type, size_t step, std::string text, Duration took) {
  if (progress_) progress_({type, &plan_.steps[step], std::move(text), took});
}

void ApplyRun::TellWaiting(size_t step, Value object) {
  const Health health = Assess(object, options_.health.get());
  std::string text = object.is_null() ? "is not there" : health.message;
  if (text == work_[step].waiting_for) return;
  work_[step].waiting_for = text;
  Tell(ApplyEvent::Type::kWaiting, step, std::move(text));
}

}  // namespace plumb
