// One collection of objects that the controller follows: a watch and what it told, as documents by "namespace/name".
//
// Not thread-safe: of the controller's thread. `wake` comes from any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "engine/kube/watch.h"

namespace plumb {

class Followed {
 public:
  // `on_change` is called from Step with the key of every object that was added, changed or deleted.
  Followed(kube::Client& client, kube::Resource resource, kube::WatchOptions options, std::function<void(const std::string& key)> on_change,
           std::function<void()> wake, Clock& clock);

  TimePoint Step() { return watch_->Step(); }

  // The object, or null. Answers of writes may be put in before the watch brings them.
  Document Find(const std::string& key) const;
  const std::map<std::string, Document>& objects() const { return objects_; }
  void Put(const std::string& key, Document object) { objects_.insert_or_assign(key, std::move(object)); }
  bool listed() const { return listed_; }  // once: until then nobody knows what is not there
  const std::string& trouble() const { return watch_->trouble(); }

 private:
  std::map<std::string, Document> objects_;
  std::function<void(const std::string&)> on_change_;
  bool listed_ = false;
  std::unique_ptr<kube::Watch> watch_;
};

// "namespace/name".
std::string KeyOf(Value object);

}  // namespace plumb
