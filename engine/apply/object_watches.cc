#include "engine/apply/object_watches.h"

#include <algorithm>
#include <unordered_map>

namespace plumb {

std::string ObjectWatches::Key(const kube::ObjectRef& ref, const std::string& label) {
  return ref.resource.CollectionPath(ref.resource.namespaced ? ref.ns : "") + "?" + label;
}

bool ObjectWatches::Want(size_t step, const kube::ObjectRef& ref, const std::string& label) {
  if (place_.contains(step)) return false;
  const std::string ns = ref.resource.namespaced ? ref.ns : "";
  std::string key = Key(ref, label);
  Collection& collection = collections_[key];
  collection.wanted[ref.name] = step;
  place_[step] = std::move(key);
  if (collection.watch) return collection.watch->listed();

  kube::WatchOptions options;
  options.ns = ns;
  options.label_selector = label;
  kube::WatchHandler handler;
  handler.on_listed = [this, &collection](const std::vector<Document>& objects) { OnListed(collection, objects); };
  handler.on_change = [this, &collection](kube::ChangeType type, const Document& object) {
    const auto found = collection.wanted.find(std::string(object->Get("metadata").GetString("name")));
    if (found != collection.wanted.end()) seen_.push_back({found->second, type == kube::ChangeType::kDeleted ? Document() : object});
  };
  collection.watch = std::make_unique<kube::Watch>(client_, ref.resource, std::move(options), std::move(handler),
                                                   [mailbox = mailbox_] { mailbox->Wake(); }, clock_);
  next_ = TimePoint::min();  // its list is to be sent at the next step
  return false;
}

void ObjectWatches::OnListed(const Collection& collection, const std::vector<Document>& objects) {
  std::unordered_map<std::string_view, const Document*> by_name;
  for (const Document& object : objects) by_name.emplace(object->Get("metadata").GetString("name"), &object);
  for (const auto& [name, step] : collection.wanted) {
    const auto found = by_name.find(name);
    seen_.push_back({step, found == by_name.end() ? Document() : *found->second});
  }
}

void ObjectWatches::Drop(size_t step) {
  const auto place = place_.find(step);
  if (place == place_.end()) return;
  std::erase_if(collections_.at(place->second).wanted, [&](const auto& entry) { return entry.second == step; });
  place_.erase(place);
}

std::vector<ObjectWatches::Seen> ObjectWatches::Step() {
  next_ = TimePoint::max();
  for (auto& [key, collection] : collections_) next_ = std::min(next_, collection.watch->Step());
  return std::exchange(seen_, {});
}

}  // namespace plumb
