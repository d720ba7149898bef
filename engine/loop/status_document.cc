#include "engine/loop/status_document.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/json.h"
#include "engine/loop/application.h"

namespace plumb {

namespace {

constexpr size_t kHistoryRead = 100;  // entries; more were never written

class Writer {
 public:
  Writer(Arena& arena, const ApplicationStatus& status, const StatusLimits& limits) : arena_(arena), status_(status), limits_(limits) {}

  Value Write() {
    std::vector<Member> members;
    if (status_.generation > 0) members.push_back({"observedGeneration", Arena::Int(status_.generation)});
    members.push_back({"summary", arena_.String(status_.summary)});
    members.push_back({"phase", Arena::Borrow(PhaseName(status_.phase))});
    Text(members, "revision", status_.revision);
    Text(members, "shortRevision", status_.revision.substr(0, 10));
    Text(members, "sourceRevision", status_.seen_revision);
    Text(members, "subject", status_.subject);
    members.push_back({"synced", Arena::Bool(status_.synced)});
    members.push_back({"healthy", Arena::Bool(status_.healthy)});
    members.push_back({"conditions", Conditions()});
    if (!status_.plan_digest.empty()) members.push_back({"plan", Plan()});
    members.push_back({"objects", arena_.Map({{"total", Count(status_.objects)}, {"ready", Count(status_.ready)}, {"drifted", Count(status_.drift.size())}})});
    members.push_back({"resources", Resources()});
    if (status_.states.size() > limits_.resources) members.push_back({"resourcesOmitted", Count(status_.states.size() - limits_.resources)});
    members.push_back({"holds", Holds()});
    members.push_back({"history", History()});
    Text(members, "clusterIdentity", status_.cluster_identity);
    Text(members, "handledSync", status_.sync_handled);
    if (status_.changed != WallTime{}) members.push_back({"changed", Time(status_.changed)});
    return arena_.Map(members);
  }

 private:
  static Value Count(size_t n) { return Arena::Int(static_cast<int64_t>(n)); }
  Value Time(WallTime time) { return arena_.String(FormatTime(time)); }
  void Text(std::vector<Member>& members, std::string_view key, const std::string& text) {
    if (!text.empty()) members.push_back({key, Cut(text)});
  }
  // Never within a character.
  Value Cut(const std::string& text) {
    if (text.size() <= limits_.message_bytes) return arena_.String(text);
    size_t end = limits_.message_bytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return arena_.String(text.substr(0, end) + "...");
  }

  Value Condition(std::string_view type, bool value, std::string_view reason, WallTime since) {
    std::vector<Member> members = {{"type", Arena::Borrow(type)},
                                   {"status", Arena::Borrow(value ? "True" : "False")},
                                   {"reason", Arena::Borrow(reason)},
                                   {"message", Cut(status_.summary)},
                                   {"lastTransitionTime", Time(since)}};
    if (status_.generation > 0) members.push_back({"observedGeneration", Arena::Int(status_.generation)});
    return arena_.Map(members);
  }
  Value Conditions() {
    std::vector<Value> conditions = {Condition("Ready", status_.phase == Phase::kSynced, PhaseName(status_.phase), status_.ready_since)};
    if (status_.phase == Phase::kProgressing || status_.phase == Phase::kWaiting || (status_.phase == Phase::kFailed && !status_.stalled))
      conditions.push_back(Condition("Reconciling", true, PhaseName(status_.phase), status_.changed));
    if (status_.phase == Phase::kFailed && status_.stalled) conditions.push_back(Condition("Stalled", true, "Failed", status_.changed));
    return arena_.List(conditions);
  }

  Value Plan() {
    const PlanSummary& plan = status_.plan;
    std::vector<Member> members = {{"digest", arena_.String(status_.plan_digest)}, {"create", Count(plan.create)}, {"change", Count(plan.patch)},
                                   {"replace", Count(plan.replace)}, {"delete", Count(plan.remove)}, {"held", Count(plan.held)}, {"blocked", Count(plan.blocked)}};
    Text(members, "approval", status_.approval);
    return arena_.Map(members);
  }

  Value Resources() {
    std::vector<const ObjectState*> order;
    for (const ObjectState& state : status_.states) order.push_back(&state);
    const auto urgent = [&](const ObjectState* state) {
      return state->health != HealthStatus::kHealthy && state->health != HealthStatus::kSuspended ? 0 : status_.drift.contains(state->id) ? 1 : 2;
    };
    std::stable_sort(order.begin(), order.end(), [&](const ObjectState* a, const ObjectState* b) { return urgent(a) < urgent(b); });
    if (order.size() > limits_.resources) order.resize(limits_.resources);
    std::vector<Value> items;
    for (const ObjectState* state : order) {
      std::vector<Member> members;
      if (!state->id.group.empty()) members.push_back({"group", arena_.String(state->id.group)});
      members.push_back({"kind", arena_.String(state->id.kind)});
      if (!state->id.ns.empty()) members.push_back({"namespace", arena_.String(state->id.ns)});
      members.push_back({"name", arena_.String(state->id.name)});
      members.push_back({"health", Arena::Borrow(HealthStatusName(state->health))});
      Text(members, "message", state->message);
      if (const auto drift = status_.drift.find(state->id); drift != status_.drift.end()) members.push_back({"driftedFields", Count(drift->second.fields)});
      items.push_back(arena_.Map(members));
    }
    return arena_.List(items);
  }

  Value Holds() {
    std::vector<Value> items;
    for (size_t i = 0; i < std::min(status_.holds.size(), limits_.holds); ++i) {
      const HoldState& hold = status_.holds[i];
      items.push_back(arena_.Map({{"id", arena_.String(hold.id)}, {"reason", Cut(hold.reason)}, {"lift", Cut(hold.lift)}, {"since", Time(hold.since)}}));
    }
    return arena_.List(items);
  }

  Value History() {
    std::vector<Value> items;
    for (const HistoryEntry& entry : status_.history) {
      std::vector<Member> members;
      Text(members, "revision", entry.revision);
      members.insert(members.end(), {{"plan", Cut(entry.digest)},
                                     {"by", Cut(entry.by)},
                                     {"result", Arena::Borrow(HistoryResultName(entry.result))},
                                     {"message", Cut(entry.message)},
                                     {"started", Time(entry.started)},
                                     {"ended", Time(entry.ended)},
                                     {"attempts", Count(entry.attempts)}});
      items.push_back(arena_.Map(members));
    }
    return arena_.List(items);
  }

  Arena& arena_;
  const ApplicationStatus& status_;
  const StatusLimits& limits_;
};

WallTime TimeOf(Value map, std::string_view key) {
  const auto time = ParseTime(map.GetString(key));
  return time.ok() ? *time : WallTime{};
}

}  // namespace

Value StatusValue(Arena& arena, const ApplicationStatus& status, const StatusLimits& limits) { return Writer(arena, status, limits).Write(); }

ApplicationStatus ReadStatus(Value status) {
  ApplicationStatus read;
  read.generation = status.Get("observedGeneration").AsInt();
  read.revision = status.GetString("revision");
  read.cluster_identity = status.GetString("clusterIdentity");
  read.sync_handled = status.GetString("handledSync");
  const Value plan = status.Get("plan");
  const auto count = [&](std::string_view key) { return static_cast<size_t>(std::max<int64_t>(0, plan.Get(key).AsInt())); };
  read.plan_digest = plan.GetString("digest");
  read.approval = plan.GetString("approval");
  read.plan.create = count("create");
  read.plan.patch = count("change");
  read.plan.replace = count("replace");
  read.plan.remove = count("delete");
  read.plan.held = count("held");
  read.plan.blocked = count("blocked");
  read.changed = TimeOf(status, "changed");
  if (!status.GetString("summary").empty()) read.summary = status.GetString("summary");
  for (int phase = 0; phase <= static_cast<int>(Phase::kSuspended); ++phase)
    if (PhaseName(static_cast<Phase>(phase)) == status.GetString("phase")) read.phase = static_cast<Phase>(phase);
  for (Value condition : status.Get("conditions").items())
    if (condition.GetString("type") == "Ready") read.ready_since = TimeOf(condition, "lastTransitionTime");
  for (Value item : status.Get("history").items()) {
    if (read.history.size() == kHistoryRead) break;
    HistoryEntry entry;
    entry.revision = item.GetString("revision");
    entry.digest = item.GetString("plan");
    entry.by = item.GetString("by");
    entry.message = item.GetString("message");
    entry.started = TimeOf(item, "started");
    entry.ended = TimeOf(item, "ended");
    entry.attempts = static_cast<size_t>(std::max<int64_t>(1, item.Get("attempts").AsInt()));
    const std::string_view result = item.GetString("result");
    entry.result = result == "failed" ? HistoryEntry::Result::kFailed : result == "superseded" ? HistoryEntry::Result::kSuperseded : HistoryEntry::Result::kSucceeded;
    read.history.push_back(std::move(entry));
  }
  return read;
}

std::string ApplicationsJson(const std::vector<ApplicationStatus>& applications) {
  Arena arena;
  std::vector<Value> items;
  for (const ApplicationStatus& status : applications)
    items.push_back(arena.Map({{"apiVersion", Arena::Borrow(kPlumbApiVersion)},
                               {"kind", Arena::Borrow("Application")},
                               {"metadata", arena.Map({{"name", arena.String(status.name)}, {"namespace", arena.String(status.ns)}})},
                               {"status", StatusValue(arena, status)}}));
  return WriteJson(arena.Map({{"apiVersion", Arena::Borrow(kPlumbApiVersion)}, {"kind", Arena::Borrow("ApplicationList")}, {"items", arena.List(items)}}));
}

}  // namespace plumb
