// Several replicas share the Applications: who is there, and who may write for which Application.
//
// Each replica keeps a Lease. An Application belongs to one of the live members by rendezvous hashing, so that a member that
// comes or goes moves only its own share. No two members ever write for one Application:
//
// 1. A member lets go of what another owns by its newest view, and only then writes that view into its Lease (Acknowledge).
// 2. It takes up what is new to it when a list that was sent after its own acknowledgement shows every live member with the
//    same view (Open): nobody can be acting on another one by then, nor begin to.
// 3. Who could not renew its Lease for deadline() acts for nothing any more (alive); others count it out after `lease` (or what its
//    Lease says, where that is longer), which is more, and measured from their own observations: no clocks are compared.
//
// Source of the times and their proportions: client-go leaderelection defaults (15 s, 10 s, 2 s).
//
// Of the controller's thread, but for alive(), which is thread-safe. Requests are asynchronous.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "core/clock.h"
#include "core/mutex.h"
#include "engine/kube/client.h"

namespace plumb {

struct MemberOptions {
  std::string ns = "default";                       // where the Leases are
  std::string identity;                             // of this process alone: a restarted one is another member
  Duration lease = std::chrono::seconds(15);        // without a renewal, before others count a member out; at least a second
  Duration litter = std::chrono::minutes(10);       // before the Lease of a member that is gone is removed

  Duration deadline() const { return lease * 2 / 3; }  // without a renewal, before a member stops by itself
  Duration every() const { return lease * 2 / 15; }    // between renewals, and between looks at the others
};

class Members {
 public:
  Members(kube::Client& client, MemberOptions options, Clock& clock);
  void SetWake(std::function<void()> wake) { inbox_->wake = std::move(wake); }  // before the first Step

  // Renews, looks, and takes in what came. Returns when to be called again.
  TimePoint Step();

  // Changes whenever the members do; "" while this one is none.
  const std::string& view() const { return view_; }
  bool Owns(const std::string& key) const;  // by the present view
  bool Open() const { return open_; }       // what is new to this member may be taken up
  void Acknowledge();                       // everything that others own by the present view is let go of, passes ended
  // True where the Lease is good at this moment. Every write asks, so that a process that was stopped and goes on writes nothing.
  bool alive() const { return clock_.Now().time_since_epoch().count() < alive_until_.load(); }
  size_t live() const { return live_.size(); }

  // Blocks: removes the Lease, so that others need not wait for its end. After the last write.
  void Leave();

 private:
  struct Seen {
    std::string renewed, view, uid, version;
    int64_t transitions = 0;
    Duration lease{};
    TimePoint since;  // when this renewal was seen first
  };
  struct Reply {
    bool list = false;
    TimePoint sent;
    std::string wrote;  // the acknowledgement that a renewal carried
    Result<kube::ObjectList> items;
    Status status;
  };
  struct Inbox {  // outlives this in callbacks
    Mutex mu;
    std::deque<Reply> replies GUARDED_BY(mu);
    std::function<void()> wake;
  };
  void Renew();
  void Look();
  void OnList(const Reply& reply);
  kube::ObjectRef Ref() const;

  kube::Client& client_;
  const MemberOptions options_;
  Clock& clock_;
  const std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  std::map<std::string, Seen> seen_;  // by identity, without this one
  std::set<std::string> live_;        // identities of the present view
  std::string view_, acknowledged_, written_;  // written_: what the stored Lease says
  TimePoint written_at_ = TimePoint::max(), joined_at_ = TimePoint::max();
  bool open_ = false, renewing_ = false, looking_ = false, was_alive_ = false;
  int64_t transitions_ = 0;
  TimePoint next_renewal_ = TimePoint::min(), next_look_ = TimePoint::min();
  std::atomic<int64_t> alive_until_{INT64_MIN};
};

// Which of `members` an application belongs to: the highest hash of both names wins. "" where there are none.
std::string OwnerOf(const std::set<std::string>& members, const std::string& key);

}  // namespace plumb
