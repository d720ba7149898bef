// Kubernetes Events about Applications: transitions alone, counted where they repeat, and never a flood.
//
// One Event object for each application and reason. The first of a kind is sent at once; what repeats is counted and sent
// once an interval, so that a fight over a field costs one request a minute and not one for each edit.
//
// Note is thread-safe; Step is of the controller's thread.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/mutex.h"
#include "engine/kube/client.h"
#include "engine/loop/event.h"

namespace plumb {

struct EventOptions {
  Duration interval = std::chrono::minutes(1);  // between two requests for one application and reason
  size_t reasons = 20'000;                      // applications times reasons remembered; what is beyond is not told
  size_t in_flight = 4;                         // requests at the same time
  size_t message_bytes = 1000;                  // the API server takes 1024
};

class EventRecorder {
 public:
  // Where the object of an application's key is now; null where there is none, and nothing is told then.
  using Find = std::function<Document(const std::string& key)>;

  EventRecorder(kube::Client& client, Find find, std::function<void()> wake, Clock& clock, EventOptions options = {});

  // Takes in what the loop tells; most of it is no transition of an application, and ignored.
  void Note(const LoopEvent& event);
  // Sends what is due. Returns when to be called again.
  TimePoint Step();

 private:
  struct Record {
    std::string ns, application, reason, message;
    bool warning = false;
    std::string name;                    // of the Event object; "" before the first
    int64_t count = 0, sent = 0;         // occurrences, and how many of them were told
    WallTime first{}, last{};
    TimePoint next = TimePoint::min();   // not before this
    bool on_wire = false;
  };
  struct Inbox {  // outlives the recorder in callbacks
    Mutex mu;
    std::deque<std::pair<std::string, Code>> answers GUARDED_BY(mu);  // key, and the error's code; kInternal where none
    std::function<void()> wake;
  };
  void Send(const std::string& key, Record& record, Document object);

  kube::Client& client_;
  const Find find_;
  Clock& clock_;
  const EventOptions options_;
  const std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  Mutex mu_;
  std::map<std::string, Record> records_ GUARDED_BY(mu_);
  size_t on_wire_ GUARDED_BY(mu_) = 0;
};

}  // namespace plumb
