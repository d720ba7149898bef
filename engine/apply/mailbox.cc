#include "engine/apply/mailbox.h"

#include "core/blocking.h"

namespace plumb {

void Mailbox::Put(Letter letter) {
  MutexLock lock(mu_);
  letters_.push_back(std::move(letter));
  arrived_.notify_all();
}

void Mailbox::Wake() {
  MutexLock lock(mu_);
  woken_ = true;
  arrived_.notify_all();
}

std::deque<Letter> Mailbox::TakeAll() {
  MutexLock lock(mu_);
  woken_ = false;
  return std::exchange(letters_, {});
}

void Mailbox::Wait(std::optional<Duration> longest, const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] {
    MutexLock lock(mu_);  // not between the waiter's look at `stop` and its sleep
    arrived_.notify_all();
  });
  MutexLock lock(mu_);
  if (!letters_.empty() || woken_ || stop.stop_requested()) return;
  const Blocking blocking;
  // One wait is enough: the caller looks at everything again, whatever woke it.
  if (longest) arrived_.wait_for(mu_, *longest);
  else arrived_.wait(mu_);
}

}  // namespace plumb
