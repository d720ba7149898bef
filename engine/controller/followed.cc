#include "engine/controller/followed.h"

#include <set>

namespace plumb {

std::string KeyOf(Value object) {
  const Value metadata = object.Get("metadata");
  return std::string(metadata.GetString("namespace")) + "/" + std::string(metadata.GetString("name"));
}

Followed::Followed(kube::Client& client, kube::Resource resource, kube::WatchOptions options, std::function<void(const std::string&)> on_change,
                   std::function<void()> wake, Clock& clock)
    : on_change_(std::move(on_change)) {
  kube::WatchHandler handler;
  handler.on_listed = [this](std::vector<Document> listed) {
    std::map<std::string, Document> now;
    for (Document& object : listed) now.insert_or_assign(KeyOf(*object), std::move(object));
    std::set<std::string> keys;
    for (const auto& [key, object] : objects_) keys.insert(key);
    for (const auto& [key, object] : now) keys.insert(key);
    objects_ = std::move(now);
    listed_ = true;
    for (const std::string& key : keys) on_change_(key);
  };
  handler.on_change = [this](kube::ChangeType type, Document object) {
    const std::string key = KeyOf(*object);
    if (type == kube::ChangeType::kDeleted) objects_.erase(key);
    else objects_.insert_or_assign(key, std::move(object));
    on_change_(key);
  };
  watch_ = std::make_unique<kube::Watch>(client, std::move(resource), std::move(options), std::move(handler), std::move(wake), clock);
}

Document Followed::Find(const std::string& key) const {
  const auto found = objects_.find(key);
  return found == objects_.end() ? Document() : found->second;
}

}  // namespace plumb
