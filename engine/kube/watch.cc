#include "engine/kube/watch.h"

#include <fmt/core.h>

#include <deque>
#include <variant>

#include "core/edit.h"
#include "core/json.h"
#include "core/mutex.h"

namespace plumb::kube {
namespace {

struct Head {
  int status;
};
struct Data {
  std::string text;
};
struct End {
  Status status;
};

std::string WatchTarget(const Resource& resource, const WatchOptions& options, const std::string& version, std::chrono::seconds timeout) {
  std::string target = fmt::format("{}?watch=true&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={}", resource.CollectionPath(options.ns),
                                   timeout.count(), http::PercentEncode(version));
  if (!options.field_selector.empty()) target += "&fieldSelector=" + http::PercentEncode(options.field_selector);
  if (!options.label_selector.empty()) target += "&labelSelector=" + http::PercentEncode(options.label_selector);
  return target;
}

std::optional<ChangeType> TypeOf(std::string_view name) {
  if (name == "ADDED") return ChangeType::kAdded;
  if (name == "MODIFIED") return ChangeType::kModified;
  if (name == "DELETED") return ChangeType::kDeleted;
  return std::nullopt;
}

}  // namespace

struct Watch::Message {
  uint64_t attempt;
  std::variant<Result<ObjectList>, Head, Data, End> what;
};

// Filled by the transport's thread, also after the Watch is gone.
struct Watch::Inbox {
  Mutex mu;
  std::deque<Message> messages GUARDED_BY(mu);
  size_t bytes GUARDED_BY(mu) = 0;
  size_t bound = 0;
  std::function<void()> wake;

  void Put(Message message) {
    {
      MutexLock lock(mu);
      if (const Data* data = std::get_if<Data>(&message.what)) {
        if (bytes > bound) return;  // the watch is told below, once, and starts anew
        bytes += data->text.size();
        if (bytes > bound) message.what = End{LimitExceeded("events come faster than they are handled; the bound is 'inbox_bytes'")};
      }
      messages.push_back(std::move(message));
    }
    wake();
  }

  std::deque<Message> Take() {
    MutexLock lock(mu);
    bytes = 0;
    return std::exchange(messages, {});
  }
};

Watch::Watch(Client& client, Resource resource, WatchOptions options, WatchHandler handler, std::function<void()> wake, Clock& clock)
    : client_(client), resource_(std::move(resource)), options_(std::move(options)), handler_(std::move(handler)), clock_(clock),
      inbox_(std::make_shared<Inbox>()) {
  inbox_->bound = options_.inbox_bytes;
  inbox_->wake = std::move(wake);
}

Watch::~Watch() = default;

TimePoint Watch::Step() {
  if (state_ == State::kWaiting && clock_.Now() >= due_) {
    if (must_list_) {
      StartList();
    } else {
      StartStream();
    }
  }
  for (auto messages = inbox_->Take(); !messages.empty(); messages = inbox_->Take())
    for (Message& message : messages)
      if (message.attempt == attempt_) Handle(std::move(message));
  const TimePoint deadline = Deadline();
  if (clock_.Now() < deadline) return deadline;
  if (state_ != State::kWaiting) Lost(Unavailable("the watch went silent"), false);
  return due_;
}

TimePoint Watch::Deadline() const {
  switch (state_) {
    case State::kWaiting: return due_;
    case State::kListing: return TimePoint::max();  // the client has timeouts of its own
    case State::kOpening: return opened_ + options_.head_timeout;
    case State::kWatching: return bookmarks_ ? std::min(ends_, last_data_ + options_.bookmark_timeout) : ends_;
  }
  return TimePoint::max();
}

TimePoint Watch::CurrentUntil(Duration gap) const {
  if (!listed_ || must_list_) return TimePoint::min();
  if (state_ == State::kWatching) return TimePoint::max();
  return lost_at_ ? *lost_at_ + gap : TimePoint::min();
}

void Watch::StartList() {
  state_ = State::kListing;
  ListOptions list;
  list.ns = options_.ns;
  list.label_selector = options_.label_selector;
  list.field_selector = options_.field_selector;
  client_.List(resource_, list, [inbox = inbox_, attempt = ++attempt_](Result<ObjectList> result) {
    inbox->Put({attempt, std::move(result)});
  });
}

void Watch::StartStream() {
  state_ = State::kOpening;
  status_ = 0;
  line_.clear();
  bookmarks_ = false;
  // Spread out: watches that began together must not all come back in the same moment.
  const auto spread = std::uniform_int_distribution<int64_t>(0, options_.server_timeout.count() / 5)(random_);
  const std::chrono::seconds timeout = options_.server_timeout + std::chrono::seconds(spread);
  opened_ = last_data_ = clock_.Now();
  ends_ = opened_ + timeout + options_.server_grace;
  StreamHandler handler;
  handler.on_head = [inbox = inbox_, attempt = ++attempt_](const http::Response& head) { inbox->Put({attempt, Head{head.status}}); };
  handler.on_data = [inbox = inbox_, attempt = attempt_](std::string_view data) { inbox->Put({attempt, Data{std::string(data)}}); };
  handler.on_end = [inbox = inbox_, attempt = attempt_](Status end) { inbox->Put({attempt, End{std::move(end)}}); };
  stream_ = client_.transport().Open({"GET", WatchTarget(resource_, options_, version_, timeout), {{"Accept", "application/json"}}, ""}, std::move(handler));
}

void Watch::Handle(Message message) {
  if (auto* list = std::get_if<Result<ObjectList>>(&message.what)) return OnListed(std::move(*list));
  if (const auto* head = std::get_if<Head>(&message.what)) {
    status_ = head->status;
    if (client_.options().on_request) client_.options().on_request({"watch", resource_.plural, status_, clock_.Now() - opened_});
    if (status_ != 200) return;  // the reason follows as data
    state_ = State::kWatching;
    lost_at_.reset();
    trouble_.clear();
    return;
  }
  if (const auto* data = std::get_if<Data>(&message.what)) return OnData(data->text);
  OnEnd(std::get<End>(message.what).status);
}

void Watch::OnListed(Result<ObjectList> list) {
  if (!list.ok()) return Lost(std::move(list).error().Wrap(fmt::format("list {}", resource_.plural)), true);
  version_ = list->resource_version;
  must_list_ = false;
  listed_ = true;
  ++lists_;
  lost_at_ = clock_.Now();  // until the stream is open
  handler_.on_listed(std::move(list->items));
  StartStream();
}

void Watch::OnData(std::string_view data) {
  last_data_ = clock_.Now();
  if (status_ != 200) {
    line_.append(data.substr(0, std::min<size_t>(data.size(), 64u << 10)));
    return;
  }
  const uint64_t attempt = attempt_;
  while (attempt == attempt_ && state_ == State::kWatching) {
    const size_t end = data.find('\n');
    if (line_.size() + std::min(end, data.size()) > options_.line_bytes)
      return Lost(LimitExceeded(fmt::format("watch {}: an event above {} bytes; the bound is 'line_bytes'", resource_.plural, options_.line_bytes)), true);
    if (end == std::string_view::npos) {
      line_.append(data);
      return;
    }
    if (line_.empty()) {
      OnLine(data.substr(0, end));
    } else {
      line_.append(data.substr(0, end));
      const std::string line = std::exchange(line_, {});
      OnLine(line);
    }
    data.remove_prefix(end + 1);
  }
}

void Watch::OnLine(std::string_view line) {
  if (line.empty() || line == "\r") return;
  const Result<Document> event = ParseJson(line);
  // What was in it is lost, so the version to go on from is not known either.
  if (!event.ok()) return Lost(Unavailable(fmt::format("watch {}: an event is no JSON ({})", resource_.plural, event.error().message())), true);
  const std::string_view type = event->root().GetString("type");
  const Value object = event->root().Get("object");
  if (type == "ERROR") return OnError(object);
  const std::string_view version = GetAt(object, {"metadata", "resourceVersion"}).AsString();
  if (type == "BOOKMARK") {
    bookmarks_ = true;
    if (!version.empty()) version_ = version;
    return;
  }
  const std::optional<ChangeType> change = TypeOf(type);
  if (!change || version.empty())
    return Lost(Unavailable(fmt::format("watch {}: an event of type '{}' is not understood", resource_.plural, type)), true);
  version_ = version;
  handler_.on_change(*change, event->At(object));
}

void Watch::OnError(Value status) {
  const ApiStatus refusal = ReadApiStatus(status);
  Refused(refusal, refusal.Expired());
}

void Watch::OnEnd(const Status& end) {
  if (!end.ok()) return Lost(Error(end.error()).Wrap(fmt::format("watch {}", resource_.plural)), end.error().code() == Code::kLimit);
  if (status_ == 200) {
    // The server's timeout. One that ends watches at once would be asked in a tight loop, so that counts as a failure.
    if (clock_.Now() - opened_ < std::chrono::seconds(1)) return Lost(Unavailable(fmt::format("watch {}: ended at once", resource_.plural)), false);
    stream_.reset();
    ++attempt_;
    Held();
    lost_at_ = clock_.Now();
    return StartStream();
  }
  const ApiStatus refusal = ReadApiStatus(http::Response{status_, {}, line_});
  // Anything but "slow down" may mean that the world changed: the kind is gone, rights were taken away.
  Refused(refusal, status_ < 429);
}

void Watch::Refused(const ApiStatus& refusal, bool list_again) {
  Lost(ToError(refusal).Wrap(fmt::format("watch {}", resource_.plural)), list_again);
  // A server that came back after a while refuses the old version: it answers, so the wait that grew while it did not is
  // not for it. Once only, until a watch holds: one that refuses what it has just listed must not be asked in a tight loop.
  if (refusal.Expired() && !std::exchange(relisted_, true)) due_ = clock_.Now();
}

void Watch::Held() {
  failures_ = 0;
  relisted_ = false;
}

void Watch::Lost(const Error& why, bool list_again) {
  if (state_ == State::kWatching) {
    if (clock_.Now() - opened_ > options_.steady) Held();
    while (failures_ > 1 && options_.retry_first * (1 << std::min(failures_, 20)) > options_.retry_taken) --failures_;
  }
  stream_.reset();
  ++attempt_;
  if (!lost_at_) lost_at_ = clock_.Now();
  must_list_ |= list_again;
  trouble_ = why.message();
  trouble_code_ = why.code();
  Duration wait = options_.retry_first;
  for (int i = 0; i < failures_ && wait < options_.retry_max; ++i) wait = std::min(wait * 2, options_.retry_max);
  wait += Duration(std::uniform_int_distribution<int64_t>(0, wait.count() / 2)(random_));
  // The first time a version expires, or a watch breaks off, is everyday life: go on at once.
  if (failures_++ == 0 && listed_) wait = Duration{};
  state_ = State::kWaiting;
  due_ = clock_.Now() + wait;
}

}  // namespace plumb::kube
