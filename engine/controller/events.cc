#include "engine/controller/events.h"

#include <fmt/core.h>

#include "core/hash.h"

namespace plumb {

namespace {

struct Told {
  std::string_view reason;
  bool warning;
};

// Transitions of the application; what happens to single objects is in its status and in the timeline.
std::optional<Told> ToldOf(LoopEvent::Type type) {
  switch (type) {
    case LoopEvent::Type::kSynced: return Told{"Synced", false};
    case LoopEvent::Type::kHealthy: return Told{"Healthy", false};
    case LoopEvent::Type::kDrift: return Told{"Drifted", true};
    case LoopEvent::Type::kHealed: return Told{"Healed", false};
    case LoopEvent::Type::kHeld: return Told{"Held", true};
    case LoopEvent::Type::kWarning: return Told{"Warning", true};
    case LoopEvent::Type::kFailed: return Told{"Failed", true};
    default: return std::nullopt;
  }
}

}  // namespace

EventRecorder::EventRecorder(kube::Client& client, Find find, std::function<void()> wake, Clock& clock, EventOptions options)
    : client_(client), find_(std::move(find)), clock_(clock), options_(options) {
  inbox_->wake = std::move(wake);
}

void EventRecorder::Note(const LoopEvent& event) {
  const auto told = ToldOf(event.type);
  if (!told || event.ns.empty()) return;
  const std::string key = fmt::format("{}/{}/{}", event.ns, event.application, told->reason);
  {
    MutexLock lock(mu_);
    if (!records_.contains(key) && records_.size() >= options_.reasons) return;
    Record& record = records_[key];
    record.ns = event.ns;
    record.application = event.application;
    record.reason = told->reason;
    record.warning = told->warning;
    record.message = event.text.empty() ? std::string(told->reason) : event.text;
    if (record.message.size() > options_.message_bytes) {
      size_t end = options_.message_bytes - 3;
      while (end > 0 && (static_cast<unsigned char>(record.message[end]) & 0xC0) == 0x80) --end;  // not within a character
      record.message = record.message.substr(0, end) + "...";
    }
    record.last = event.time;
    if (record.count++ == 0) record.first = event.time;
  }
  inbox_->wake();
}

TimePoint EventRecorder::Step() {
  std::deque<std::pair<std::string, Code>> answers;
  {
    MutexLock lock(inbox_->mu);
    answers.swap(inbox_->answers);
  }
  MutexLock lock(mu_);
  for (const auto& [key, code] : answers) {
    --on_wire_;
    const auto found = records_.find(key);
    if (found == records_.end()) continue;
    found->second.on_wire = false;
    if (code == Code::kNotFound) found->second.name.clear();  // it expired: the next one is a new object
  }
  TimePoint next = TimePoint::max();
  const TimePoint now = clock_.Now();
  for (auto at = records_.begin(); at != records_.end();) {
    Record& record = at->second;
    if (record.on_wire) {
      ++at;
      continue;
    }
    if (record.sent == record.count) {
      // What did not happen again for ten intervals is forgotten: the next time is news.
      const bool old = record.next + 10 * options_.interval < now;
      at = old ? records_.erase(at) : std::next(at);
      continue;
    }
    if (record.next > now) {
      next = std::min(next, record.next);
    } else if (on_wire_ < options_.in_flight) {
      Document object = find_(record.ns + "/" + record.application);
      if (object->is_null()) {
        at = records_.erase(at);
        continue;
      }
      Send(at->first, record, std::move(object));
    }
    ++at;
  }
  return next;
}

void EventRecorder::Send(const std::string& key, Record& record, Document object) {
  record.on_wire = true;
  record.sent = record.count;
  record.next = clock_.Now() + options_.interval;
  ++on_wire_;
  const auto done = [inbox = inbox_, key](const kube::Answer& answer) {
    {
      MutexLock lock(inbox->mu);
      inbox->answers.emplace_back(key, answer.object.ok() ? Code::kInternal : answer.object.error().code());
    }
    inbox->wake();
  };
  const kube::Resource& events = *kube::BuiltIn("Event");
  const bool fresh = record.name.empty();
  if (fresh)
    record.name = fmt::format("{}.{}", record.application.substr(0, 200),
                              Sha256Hex(fmt::format("{}{}", key, record.last.time_since_epoch().count())).substr(0, 16));
  const Document body = BuildDocument([&](Arena& arena) {
    const auto text = [&](const std::string& value) { return arena.String(value); };
    std::vector<Member> members = {{"count", Arena::Int(record.count)}, {"lastTimestamp", text(FormatTime(record.last))}, {"message", text(record.message)}};
    if (!fresh) return arena.Map(members);
    const Value metadata = object->Get("metadata");
    members.insert(members.end(),
                   {{"apiVersion", Arena::Borrow("v1")},
                    {"kind", Arena::Borrow("Event")},
                    {"metadata", arena.Map({{"name", text(record.name)}, {"namespace", text(record.ns)}})},
                    {"type", Arena::Borrow(record.warning ? "Warning" : "Normal")},
                    {"reason", text(record.reason)},
                    {"firstTimestamp", text(FormatTime(record.first))},
                    {"source", arena.Map({{"component", Arena::Borrow("plumb")}})},
                    {"reportingComponent", Arena::Borrow("plumb")},
                    {"involvedObject", arena.Map({{"apiVersion", arena.String(object->GetString("apiVersion"))},
                                                  {"kind", arena.String(object->GetString("kind"))},
                                                  {"namespace", text(record.ns)},
                                                  {"name", text(record.application)},
                                                  {"uid", arena.String(metadata.GetString("uid"))}})}});
    return arena.Map(members);
  });
  if (fresh) client_.Create(events, record.ns, *body, {}, done);
  else client_.Patch({events, record.ns, record.name, ""}, kube::PatchType::kMerge, *body, {}, done);
}

}  // namespace plumb
