// Which objects somebody else changed after us, since when, and what is told of it: each drift once.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "diff/mask.h"
#include "engine/loop/status.h"
#include "engine/plan/inventory.h"
#include "engine/plan/plan.h"

namespace plumb {

// An object of a plan that drifted, and what there is to say of it. Lines are masked: they hold no secret.
struct FoundDrift {
  ObjectId id;
  std::vector<std::string> lines;  // "spec.replicas: declared 3, found 7  (drift: written by kubectl-scale at ...)"
  bool news = false;               // it was not known, or is another one than before
};

// Not thread-safe.
class DriftBook {
 public:
  // The drift in a plan for a revision that was applied whole before: what is left to do of a new one is no drift.
  std::vector<FoundDrift> Note(const Plan& plan, const Inventory& inventory, WallTime now);
  // True where it had drifted.
  bool Settle(const ObjectId& id) { return drift_.erase(id) > 0; }
  // Forgets what is not among these any more.
  void Keep(const std::map<ObjectId, size_t>& objects);

  const std::map<ObjectId, DriftedObject>& drift() const { return drift_; }

 private:
  const Masker masker_;
  std::map<ObjectId, DriftedObject> drift_;
};

}  // namespace plumb
