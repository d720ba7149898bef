// Lets go of hook objects: takes Plumb's finalizer off and, where it is to go, deletes the object. Step by step, each by UID.
//
// Owned by one thread, which hands it the answers to its requests.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/kube/client.h"

namespace plumb {

class HookCleaner {
 public:
  struct Item {
    kube::ObjectRef ref;
    std::string uid;      // another object of the name is left alone
    bool remove = false;  // false: only the finalizer goes
    int step = -1;        // of the plan, where a new object waits for its place
  };
  enum class End : uint8_t { kReleased, kGone, kDeleting, kFailed };  // kDeleting: accepted, and something holds it still
  struct Result {
    End end = End::kReleased;
    Document object;    // of kDeleting
    std::string error;  // of kFailed
  };
  // Makes the callback of a request for item `i`, and counts the request.
  using Reply = std::function<kube::Client::Callback(size_t i)>;

  HookCleaner(kube::Client& client, Reply reply) : client_(client), reply_(std::move(reply)) {}

  // Sends the item's first request.
  void Add(Item item);
  // The answer to a request of item `i`: nullopt where another one was sent.
  std::optional<Result> Handle(size_t i, const kube::Answer& answer);
  const Item& item(size_t i) const { return work_[i].item; }
  bool busy() const { return busy_ > 0; }

 private:
  enum class State : uint8_t { kReading, kReleasing, kDeleting };
  struct Work {
    Item item;
    State state = State::kReading;
    int reads = 0;
  };
  void Read(size_t i);
  Result Finish(End end, std::string error = "", Document object = {});
  std::optional<Result> AfterRead(size_t i, const Document& object);
  std::optional<Result> AfterRelease(size_t i);

  kube::Client& client_;
  Reply reply_;
  std::vector<Work> work_;
  size_t busy_ = 0;
};

}  // namespace plumb
