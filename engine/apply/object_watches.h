// Watches for single objects that somebody waits for: one watch for all that are of one kind in one namespace.
//
// Owned by one thread, which steps it when the mailbox was woken.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/apply/mailbox.h"
#include "engine/kube/watch.h"

namespace plumb {

class ObjectWatches {
 public:
  // The client must outlive this; `mailbox` is woken when Step has something to do.
  ObjectWatches(kube::Client& client, std::shared_ptr<Mailbox> mailbox, Clock& clock) : client_(client), mailbox_(std::move(mailbox)), clock_(clock) {}

  // From now on changes of the object are reported for `step`; again is nothing. With a `label` ("key=value") only objects
  // that carry it are watched. True where the watch is already past its list, so that earlier changes are not reported:
  // the caller has to look at the object once.
  bool Want(size_t step, const kube::ObjectRef& ref, const std::string& label);
  void Drop(size_t step);
  bool Open(const kube::ObjectRef& ref, const std::string& label) const { return collections_.contains(Key(ref, label)); }

  struct Seen {
    size_t step = 0;
    Document object;  // null: it is not there
  };
  // What was seen since the last call, in order.
  std::vector<Seen> Step();
  TimePoint Next() const { return next_; }  // when to step again though nothing arrives

 private:
  struct Collection {
    std::map<std::string, size_t> wanted;  // name -> step
    std::unique_ptr<kube::Watch> watch;
  };
  static std::string Key(const kube::ObjectRef& ref, const std::string& label);
  void OnListed(const Collection& collection, const std::vector<Document>& objects);

  kube::Client& client_;
  std::shared_ptr<Mailbox> mailbox_;
  Clock& clock_;
  std::map<std::string, Collection> collections_;  // by path and label; kept to the end: what was waited for once often is again
  std::map<size_t, std::string> place_;            // step -> key of its collection
  std::vector<Seen> seen_;
  TimePoint next_ = TimePoint::max();
};

}  // namespace plumb
