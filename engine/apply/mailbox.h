// Where the transport's thread leaves answers for the thread that carries out a plan.
#pragma once

#include <deque>
#include <optional>
#include <stop_token>

#include "core/clock.h"
#include "core/mutex.h"
#include "engine/kube/client.h"

namespace plumb {

enum class Purpose : uint8_t { kInventory, kNamespace, kWrite, kDelete, kRead, kRecord, kHook };

struct Letter {
  Purpose purpose = Purpose::kWrite;
  size_t step = 0;  // of kHook: the cleaner's item
  kube::Answer answer;
};

// Thread-safe. Held by shared_ptr: an answer may come after everybody else has gone.
class Mailbox {
 public:
  void Put(Letter letter);
  void Wake();  // ends the present or the next Wait
  std::deque<Letter> TakeAll();
  // Returns when there is a letter or a wake, after `longest` (none: no bound), or when `stop` is requested.
  void Wait(std::optional<Duration> longest, const std::stop_token& stop);

 private:
  Mutex mu_;
  CondVar arrived_;
  std::deque<Letter> letters_ GUARDED_BY(mu_);
  bool woken_ GUARDED_BY(mu_) = false;
};

}  // namespace plumb
