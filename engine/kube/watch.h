// Follows one collection of objects: lists it, then watches it from there, for ever.
//
// A state machine that one thread steps: everything that arrives (pages, stream data, ends) goes through an inbox, so
// that a test can play a server and a clock against it.
//
//     waiting --due--> listing --> opening --> watching
//        ^                |           |           |
//        '---- failed, ended, stalled, expired ---'     expired (410), undecodable: lists again; else watches again
//
// Source of the protocol: Kubernetes API concepts, "Efficient detection of changes" (bookmarks, 410, timeoutSeconds).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/clock.h"
#include "engine/kube/client.h"

namespace plumb::kube {

enum class ChangeType : uint8_t { kAdded, kModified, kDeleted };

struct WatchOptions {
  std::string ns;                                       // "": all namespaces
  std::string label_selector, field_selector;
  std::chrono::seconds server_timeout{290};             // the server ends a watch then; up to a fifth more, at random
  Duration server_grace = std::chrono::seconds(30);     // a server that does not is taken for dead
  Duration bookmark_timeout = std::chrono::seconds(150);  // silence after a bookmark (one comes every minute)
  Duration head_timeout = std::chrono::seconds(30);     // without a status
  Duration retry_first = std::chrono::milliseconds(200);  // doubles; jitter up to half is added
  Duration retry_max = std::chrono::seconds(30);
  Duration steady = std::chrono::seconds(10);           // a watch that held this long forgets earlier failures
  // One that the server took at all, and that broke off, is asked for again after at most this and a half: the server is there.
  Duration retry_taken = std::chrono::seconds(2);
  size_t line_bytes = 32u << 20;                        // of one event
  size_t inbox_bytes = 64u << 20;                       // of data that arrived and is not looked at yet
};

// Called from Step(), on its thread.
struct WatchHandler {
  // The whole collection: replaces everything told before.
  std::function<void(std::vector<Document> objects)> on_listed;
  std::function<void(ChangeType type, Document object)> on_change;
};

// Not thread-safe: one thread steps and destroys it. `wake` may be called from any thread.
class Watch {
 public:
  // `wake` says that Step has something to do. The client must outlive the Watch.
  Watch(Client& client, Resource resource, WatchOptions options, WatchHandler handler, std::function<void()> wake, Clock& clock);
  ~Watch();

  // Does what has arrived and what is due. Returns when to call it again without a wake.
  TimePoint Step();

  // Until when what was told is current, without another Step: listed, and no change can have been missed. max() while a
  // stream is open, `gap` after its end, min() where it is not.
  TimePoint CurrentUntil(Duration gap) const;
  bool listed() const { return listed_; }
  // Why it is not current; "" where nothing failed (yet).
  const std::string& trouble() const { return trouble_; }
  Code trouble_code() const { return trouble_code_; }  // kNotFound: the server does not serve this kind (any more)
  size_t lists() const { return lists_; }               // successful lists, the first included

 private:
  enum class State : uint8_t { kWaiting, kListing, kOpening, kWatching };
  struct Inbox;
  struct Message;

  void Handle(Message message);
  void StartList();
  void StartStream();
  void OnListed(Result<ObjectList> list);
  void OnData(std::string_view data);
  void OnLine(std::string_view line);
  void OnError(Value status);
  void OnEnd(const Status& end);
  void Refused(const ApiStatus& refusal, bool list_again);
  void Held();                                  // long enough to forget earlier failures
  void Lost(const Error& why, bool list_again);  // closes the stream and waits for the next attempt
  TimePoint Deadline() const;                   // when silence becomes a failure

  Client& client_;
  const Resource resource_;
  const WatchOptions options_;
  const WatchHandler handler_;
  Clock& clock_;
  const std::shared_ptr<Inbox> inbox_;
  std::minstd_rand random_{std::random_device{}()};

  State state_ = State::kWaiting;
  TimePoint due_ = TimePoint::min();  // of kWaiting
  uint64_t attempt_ = 0;              // messages of earlier attempts are ignored
  int failures_ = 0;                  // in a row
  bool relisted_ = false;             // at once, for an expired version, since a watch held last
  bool must_list_ = true, listed_ = false;
  size_t lists_ = 0;
  std::string version_;               // resourceVersion of what was seen last
  std::optional<TimePoint> lost_at_;  // since when no stream is open, where listed
  std::string trouble_;
  Code trouble_code_ = Code::kUnavailable;

  std::unique_ptr<Transport::Stream> stream_;
  TimePoint opened_, last_data_, ends_;
  int status_ = 0;
  bool bookmarks_ = false;
  std::string line_;                  // a part of an event, or the body of a refusal
};

}  // namespace plumb::kube
