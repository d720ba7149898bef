// What the loop asks of the live cluster: the cached state of objects, whether it is whole, and word of every change.
//
// One implementation watches a real API (kube_live_store.h), one is a fake for tests.
#pragma once

#include <functional>
#include <vector>

#include "engine/loop/application_plan.h"

namespace plumb {

// Thread-safe.
class LiveStore {
 public:
  virtual ~LiveStore() = default;

  // Starts watching the kinds that are not watched yet. Kinds that the cluster does not serve (yet) are remembered and
  // tried again on the next call.
  virtual void Follow(const std::vector<Gvk>& kinds) = 0;
  // As the cache has it. Unknown, with the reason, while the kind's list is not whole. Absent where the cluster does not
  // serve the kind, but unknown where it could not be asked which kinds it serves.
  virtual LiveObject Get(const WantedObject& wanted) = 0;
  // True once the first list of each of these kinds is there, or is known to fail: the moment from which plans make sense.
  virtual bool Settled(const std::vector<Gvk>& kinds) = 0;

  // Called for every object that was added, modified or deleted, and with an empty name when a kind was listed whole or
  // stopped being known, after the calls for what changed. On the watch thread: do not block. Set once, before Follow.
  using OnChange = std::function<void(const ObjectId&)>;
  virtual void SetOnChange(OnChange on_change) = 0;
};

}  // namespace plumb
