// The live objects that one plan needs, read once from the API server: for commands, which have no cache.
//
// Objects of one kind and namespace are read by one list where there are several, by single gets where there are few.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>

#include "engine/kube/client.h"
#include "engine/kube/discovery.h"
#include "engine/loop/application_plan.h"

namespace plumb {

// Thread-safe once loaded.
class DirectView {
 public:
  // Reads every wanted object; requests run side by side. Never fails as a whole: what could not be read is unknown,
  // with the reason, and makes `complete()` say so.
  static DirectView Load(kube::Client& client, kube::Discovery& discovery, std::span<const WantedObject> wanted);

  LiveObject Get(const WantedObject& wanted) const;
  const Completeness& complete() const { return complete_; }

 private:
  std::map<ObjectId, LiveObject> objects_;
  Completeness complete_{true, ""};
};

}  // namespace plumb
