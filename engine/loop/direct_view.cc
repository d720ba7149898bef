#include "engine/loop/direct_view.h"

#include <fmt/core.h>

#include <condition_variable>
#include <mutex>

#include "core/blocking.h"

namespace plumb {

namespace {

constexpr size_t kGets = 4;  // up to this many objects of one kind and namespace, single gets are cheaper than a list

// Counts requests that are on their way; the last answer wakes the waiting thread.
class Pending {
 public:
  void Add() {
    std::lock_guard lock(mu_);
    ++count_;
  }
  void Done() {
    std::lock_guard lock(mu_);
    if (--count_ == 0) done_.notify_all();
  }
  void Wait() {
    const Blocking blocking;
    std::unique_lock lock(mu_);
    done_.wait(lock, [&] { return count_ == 0; });
  }

 private:
  std::mutex mu_;
  std::condition_variable done_;
  size_t count_ = 0;
};

struct Group {
  kube::Resource resource;
  std::string ns;
  std::vector<ObjectId> ids;
};

}  // namespace

DirectView DirectView::Load(kube::Client& client, kube::Discovery& discovery, std::span<const WantedObject> wanted) {
  DirectView view;
  std::map<std::pair<Gvk, std::string>, Group> groups;
  for (const WantedObject& object : wanted) {
    auto resource = discovery.Find(object.gvk);
    if (!resource.ok()) {
      // A kind that the cluster does not serve has no objects; one that could not be asked for may have.
      const bool absent = resource.error().code() == Code::kNotFound;
      view.objects_[object.id] = absent ? LiveObject::Absent() : LiveObject::Unknown(resource.error().message());
      continue;
    }
    Group& group = groups[{object.gvk, object.id.ns}];
    group.resource = std::move(*resource);
    group.ns = object.id.ns;
    group.ids.push_back(object.id);
  }

  std::mutex mu;  // guards the map: answers come on the transport's thread
  Pending pending;
  auto put = [&](const ObjectId& id, LiveObject live) {
    std::lock_guard lock(mu);
    view.objects_[id] = std::move(live);
  };
  for (auto& [key, group] : groups) {
    if (group.ids.size() <= kGets) {
      for (const ObjectId& id : group.ids) {
        pending.Add();
        client.Get({group.resource, group.ns, id.name, ""}, [&, id](kube::Answer answer) {
          if (answer.object.ok()) put(id, LiveObject::Present(std::move(*answer.object)));
          else if (answer.object.error().code() == Code::kNotFound) put(id, LiveObject::Absent());
          else put(id, LiveObject::Unknown(answer.object.error().message()));
          pending.Done();
        });
      }
      continue;
    }
    pending.Add();
    kube::ListOptions options;
    options.ns = group.ns;
    client.List(group.resource, options, [&, one = &group](Result<kube::ObjectList> list) {
      std::map<std::string_view, const Document*> by_name;
      if (list.ok())
        for (const Document& item : list->items) by_name[item->Get("metadata").GetString("name")] = &item;
      for (const ObjectId& id : one->ids) {
        const auto found = by_name.find(id.name);
        if (!list.ok()) put(id, LiveObject::Unknown(list.error().message()));
        else put(id, found == by_name.end() ? LiveObject::Absent() : LiveObject::Present(*found->second));
      }
      pending.Done();
    });
  }
  pending.Wait();
  for (const auto& [id, live] : view.objects_)
    if (live.state == LiveObject::State::kUnknown) view.complete_ = {false, fmt::format("{}: {}", id.ToString(), live.reason)};
  return view;
}

LiveObject DirectView::Get(const WantedObject& wanted) const {
  const auto found = objects_.find(wanted.id);
  return found == objects_.end() ? LiveObject::Unknown("it was not read") : found->second;
}

}  // namespace plumb
