#include "engine/kube/server_check.h"

#include <algorithm>
#include <condition_variable>

#include "core/blocking.h"
#include "core/edit.h"
#include "core/hash.h"
#include "core/json.h"
#include "diff/desired.h"

namespace plumb::kube {

namespace {

// The live object as far as an apply's outcome can depend on it.
Value WhatCounts(Arena& a, Value live) {
  live = WithoutAt(a, Without(a, live, "status"), {"metadata", "resourceVersion"});
  std::vector<Value> entries;
  for (Value entry : GetAt(live, {"metadata", "managedFields"}).items())
    if (entry.GetString("subresource") != "status") entries.push_back(Without(a, entry, "time"));
  return entries.empty() ? live : WithAt(a, live, {"metadata", "managedFields"}, a.List(entries));
}

// The server's answer against the live object: what the apply would change, for certain.
ObjectDiff Verdict(const ObjectDiff& unsure, const ServerCheck::Item& item, const Document& answer, const std::string& manager) {
  DiffInput input;
  input.manifest = {NormaliseDesired(answer), unsure.origin};
  input.live = unsure.live;
  input.type = item.type;
  input.schema = item.schema;
  input.manager = manager;
  ObjectDiff sure = DiffObject(input);
  sure.id = unsure.id;
  sure.gvk = unsure.gvk;
  // The new values are the answer's, which no document of the verdict is.
  auto memory = std::make_shared<Arena>();
  for (const Document* owner : std::initializer_list<const Document*>{&sure.desired, &sure.memory, &unsure.desired, &unsure.memory}) memory->Adopt(owner->arena());
  sure.memory = Document(std::move(memory), Value());
  sure.desired = unsure.desired;
  sure.ignored = unsure.ignored;
  sure.warnings = unsure.warnings;
  sure.rules = unsure.rules;
  sure.uncertain.clear();
  for (const FieldChange& change : unsure.changes)  // the values stay, so that the answer does not show it: our claim goes
    if (change.cause == Cause::kReleased) sure.changes.push_back(change);
  if (sure.action == DiffAction::kNone && !sure.changes.empty()) sure.action = DiffAction::kPatch;
  for (FieldChange& change : sure.changes)  // why, as far as the first look knew
    for (const FieldChange& before : unsure.changes)
      if (before.path == change.path) {
        change.cause = before.cause;
        change.writer = before.writer;
        change.immutable = before.immutable;
      }
  return sure;
}

// Counts what is under way; the waiting thread sleeps while there is too much of it.
class InFlight {
 public:
  explicit InFlight(size_t most) : most_(std::max<size_t>(1, most)) {}
  void Enter() {
    const Blocking blocking;
    MutexLock lock(mu_);
    while (count_ >= most_) changed_.wait(mu_);
    ++count_;
  }
  void Leave() {
    MutexLock lock(mu_);
    --count_;
    changed_.notify_all();
  }
  void WaitForAll() {
    const Blocking blocking;
    MutexLock lock(mu_);
    while (count_ > 0) changed_.wait(mu_);
  }

 private:
  const size_t most_;
  Mutex mu_;
  std::condition_variable_any changed_;
  size_t count_ GUARDED_BY(mu_) = 0;
};

}  // namespace

std::string VerdictKey(const ObjectDiff& diff) {
  const std::string_view uid = GetAt(*diff.live, {"metadata", "uid"}).AsString();
  if (uid.empty()) return "";
  Arena arena;
  return Sha256(std::string(uid) + "\n" + WriteCanonicalJson(WhatCounts(arena, *diff.live)) + "\n" + WriteCanonicalJson(*diff.desired));
}

bool ServerCheck::IsAsked(const ObjectDiff& diff) const {
  const bool there = !diff.live->is_null();
  if (diff.action == DiffAction::kDelete || (!there && diff.action == DiffAction::kNone)) return false;
  // An answer in one version of the API says nothing of an object that was read in another.
  if (there && diff.live->GetString("apiVersion") != diff.gvk.ApiVersion()) return false;
  return options_.scope == ServerCheckScope::kAll || (!diff.exact() && diff.action != DiffAction::kCreate);
}

Document ServerCheck::Known(const std::string& key, const SchemaPtr& schema) {
  MutexLock lock(mu_);
  const auto found = verdicts_.find(key);
  if (key.empty() || found == verdicts_.end()) return {};
  if (found->second.schema.lock() != schema || clock_.Now() - found->second.time > options_.max_age) {
    ages_.erase(found->second.age);
    verdicts_.erase(found);
    return {};
  }
  ages_.splice(ages_.end(), ages_, found->second.age);
  return found->second.answer;
}

void ServerCheck::Keep(const std::string& key, const SchemaPtr& schema, const Document& answer) {
  if (key.empty() || options_.cache == 0) return;
  MutexLock lock(mu_);
  if (verdicts_.contains(key)) return;
  verdicts_[key] = {answer, schema, clock_.Now(), ages_.insert(ages_.end(), key)};
  if (verdicts_.size() <= options_.cache) return;
  verdicts_.erase(ages_.front());
  ages_.pop_front();
}

size_t ServerCheck::asked() const {
  MutexLock lock(mu_);
  return asked_;
}

std::vector<Error> ServerCheck::Check(const std::vector<Item>& items, const ResourceOf& resource_of) {
  std::vector<Error> errors;
  struct Question {
    const Item* item;
    std::string key;
    Result<Document> answer = Document();
  };
  std::vector<Question> questions;
  size_t left_out = 0;
  for (const Item& item : items) {
    ObjectDiff& diff = *item.diff;
    if (!IsAsked(diff)) continue;
    std::string key = VerdictKey(diff);
    if (const Document known = Known(key, item.schema); known.arena()) {
      diff = Verdict(diff, item, known, options_.manager);
      continue;
    }
    if (questions.size() < options_.max_checks) questions.push_back({&item, std::move(key), Document()});
    else ++left_out;
  }

  InFlight in_flight(options_.in_flight);
  for (Question& question : questions) {
    const ObjectDiff& diff = *question.item->diff;
    const auto resource = resource_of(diff.gvk);
    if (!resource) {
      question.answer = NotFound("the cluster does not serve " + diff.gvk.kind + " of " + diff.gvk.ApiVersion());
      continue;
    }
    WriteOptions options;
    options.field_manager = options_.manager;
    options.force = options_.force;
    options.dry_run = true;
    in_flight.Enter();
    client_.Apply({*resource, diff.id.ns, diff.id.name, ""}, *diff.desired, options, [&question, &in_flight](Answer answer) {
      question.answer = std::move(answer.object);
      in_flight.Leave();
    });
    MutexLock lock(mu_);
    ++asked_;
  }
  in_flight.WaitForAll();

  for (Question& question : questions) {
    ObjectDiff& diff = *question.item->diff;
    if (!question.answer.ok()) {
      const Error& error = question.answer.error();
      const bool refused = error.code() == Code::kInvalid || error.code() == Code::kDenied || error.code() == Code::kConflict || error.code() == Code::kNotFound;
      diff.unanswered = (refused ? "the server refuses it: " : "the server could not be asked: ") + masker_.MaskText(error.message(), {diff.desired, diff.live});
      diff.uncertain.push_back(diff.unanswered);
      errors.push_back(Error(error.code(), diff.id.ToString() + ": " + diff.unanswered));
      continue;
    }
    Keep(question.key, question.item->schema, *question.answer);
    diff = Verdict(diff, *question.item, *question.answer, options_.manager);
  }
  if (left_out > 0)
    errors.push_back(Error(Code::kLimit, std::to_string(left_out) + " more objects were not asked about: " + std::to_string(options_.max_checks) +
                                             " dry runs are the most of one check"));
  return errors;
}

}  // namespace plumb::kube
