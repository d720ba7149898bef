// Our own writes that the live cache has not shown yet: until it does, it is behind, and what it says is not drift.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>

#include "core/clock.h"
#include "core/object.h"
#include "engine/plan/planner.h"

namespace plumb {

// Not thread-safe.
class OwnWrites {
 public:
  // `resource_version` is what the server answered; nothing is remembered where it is no number.
  void Note(const ObjectId& id, std::string_view resource_version, TimePoint now);
  // The cache still shows the object as it was before our write. After five seconds the cache is believed all the same.
  bool Behind(const ObjectId& id, const LiveObject& live, TimePoint now);
  // When the next of them is believed though the cache has not shown it; TimePoint::max() where there is none.
  TimePoint next() const;

 private:
  struct Written {
    uint64_t version = 0;
    TimePoint until{};
  };
  std::map<ObjectId, Written> written_;
};

}  // namespace plumb
