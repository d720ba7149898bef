#include "engine/controller/members.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/edit.h"
#include "core/hash.h"

namespace plumb {

namespace {

constexpr std::string_view kLabel = "plumb.dev/member", kView = "plumb.dev/view";
constexpr int64_t kLongestLease = 3600;  // seconds, that a Lease of somebody else is believed

}  // namespace

std::string OwnerOf(const std::set<std::string>& members, const std::string& key) {
  std::string best, owner;
  for (const std::string& member : members) {
    std::string score = Sha256(member + "\n" + key);
    if (!owner.empty() && score <= best) continue;
    best = std::move(score);
    owner = member;
  }
  return owner;
}

Members::Members(kube::Client& client, MemberOptions options, Clock& clock) : client_(client), options_(std::move(options)), clock_(clock) {}

bool Members::Owns(const std::string& key) const { return !view_.empty() && OwnerOf(live_, key) == options_.identity; }

kube::ObjectRef Members::Ref() const { return {*kube::BuiltIn("Lease"), options_.ns, "plumb-member-" + options_.identity, ""}; }

void Members::Acknowledge() {
  if (view_.empty() || acknowledged_ == view_) return;
  acknowledged_ = view_;
  next_renewal_ = TimePoint::min();  // others wait for it
}

TimePoint Members::Step() {
  std::deque<Reply> replies;
  {
    MutexLock lock(inbox_->mu);
    replies.swap(inbox_->replies);
  }
  for (Reply& reply : replies) {
    if (reply.list) {
      looking_ = false;
      if (reply.items.ok()) OnList(reply);
      continue;
    }
    renewing_ = false;
    if (!reply.status.ok()) continue;
    alive_until_ = (reply.sent + options_.deadline()).time_since_epoch().count();  // from when it was sent: the server may have had it at once
    if (joined_at_ == TimePoint::max()) joined_at_ = clock_.Now();
    if (reply.wrote != written_) {
      written_ = reply.wrote;
      written_at_ = clock_.Now();
      next_look_ = TimePoint::min();
    }
  }
  const TimePoint now = clock_.Now();
  if (was_alive_ && !alive()) {  // from the beginning, as another member
    ++transitions_;
    view_.clear();
    live_.clear();
    acknowledged_.clear();
    written_.clear();
    open_ = false;
    joined_at_ = written_at_ = TimePoint::max();
  }
  was_alive_ = alive();
  if (!renewing_ && now >= next_renewal_) Renew();
  if (!looking_ && joined_at_ != TimePoint::max() && now >= next_look_) Look();
  TimePoint next = std::min(next_renewal_, joined_at_ == TimePoint::max() ? TimePoint::max() : next_look_);
  if (was_alive_) next = std::min(next, TimePoint(Duration(alive_until_.load())));
  return std::max(next, now + std::chrono::milliseconds(1));
}

void Members::Renew() {
  renewing_ = true;
  const TimePoint sent = clock_.Now();
  next_renewal_ = sent + options_.every();
  const kube::ObjectRef ref = Ref();
  const Document lease = BuildDocument([&](Arena& arena) {
    return arena.Map({{"apiVersion", Arena::Borrow("coordination.k8s.io/v1")},
                      {"kind", Arena::Borrow("Lease")},
                      {"metadata", arena.Map({{"name", arena.String(ref.name)},
                                              {"namespace", arena.String(ref.ns)},
                                              {"labels", arena.Map({{kLabel, Arena::Borrow("true")}})},
                                              {"annotations", arena.Map({{kView, arena.String(acknowledged_)}})}})},
                      {"spec", arena.Map({{"holderIdentity", arena.String(options_.identity)},
                                          {"leaseDurationSeconds", Arena::Int(std::chrono::ceil<std::chrono::seconds>(options_.lease).count())},
                                          {"leaseTransitions", Arena::Int(transitions_)},
                                          {"renewTime", arena.String(FormatMicroTime(clock_.Wall()))}})}});
  });
  client_.Apply(ref, *lease, {.force = true}, [inbox = inbox_, sent, wrote = acknowledged_](const kube::Answer& answer) {
    {
      MutexLock lock(inbox->mu);
      inbox->replies.push_back({false, sent, wrote, kube::ObjectList{}, answer.object.ok() ? Ok() : Status(answer.object.error())});
    }
    inbox->wake();
  });
}

void Members::Look() {
  looking_ = true;
  const TimePoint sent = clock_.Now();
  next_look_ = sent + options_.every();
  client_.List(*kube::BuiltIn("Lease"), {.ns = options_.ns, .label_selector = std::string(kLabel) + "=true"}, [inbox = inbox_, sent](Result<kube::ObjectList> list) {
    {
      MutexLock lock(inbox->mu);
      inbox->replies.push_back({true, sent, "", std::move(list), Ok()});
    }
    inbox->wake();
  });
}

void Members::OnList(const Reply& reply) {
  const TimePoint now = clock_.Now();
  std::map<std::string, Seen> seen;
  for (const Document& lease : reply.items->items) {
    const Value spec = lease->Get("spec"), metadata = lease->Get("metadata");
    const std::string identity(spec.GetString("holderIdentity"));
    if (identity.empty() || identity == options_.identity) continue;
    Seen one{std::string(spec.GetString("renewTime")), std::string(metadata.Get("annotations").GetString(kView)), std::string(metadata.GetString("uid")),
             std::string(metadata.GetString("resourceVersion")), spec.Get("leaseTransitions").AsInt(),
             std::max<Duration>(options_.lease, std::chrono::seconds(std::min(spec.Get("leaseDurationSeconds").AsInt(), kLongestLease))), now};
    const auto before = seen_.find(identity);
    if (before != seen_.end() && before->second.renewed == one.renewed && before->second.uid == one.uid) one.since = before->second.since;
    // The time of the question counts: what it does not show had not happened by then.
    if (reply.sent - one.since > options_.litter)
      client_.Delete({*kube::BuiltIn("Lease"), options_.ns, std::string(metadata.GetString("name")), ""}, {.uid = one.uid, .resource_version = one.version}, [](const kube::Answer&) {});
    seen.emplace(identity, std::move(one));
  }
  seen_ = std::move(seen);
  if (!alive() || reply.sent < joined_at_) return;  // a look from before this one joined says nothing of who has seen it
  live_ = {options_.identity};
  std::string text = fmt::format("{} {}\n", options_.identity, transitions_);
  std::set<std::string> lines = {text};
  for (const auto& [identity, member] : seen_) {
    if (reply.sent - member.since > member.lease) continue;
    live_.insert(identity);
    lines.insert(fmt::format("{} {}\n", identity, member.transitions));
  }
  text.clear();
  for (const std::string& line : lines) text += line;
  view_ = Sha256Hex(text).substr(0, 16);
  open_ = written_ == view_ && reply.sent >= written_at_ && std::all_of(live_.begin(), live_.end(), [&](const std::string& identity) {
            return identity == options_.identity || seen_.at(identity).view == view_;
          });
}

void Members::Leave() {
  alive_until_ = INT64_MIN;
  (void)client_.Delete(Ref());
}

}  // namespace plumb
