// Which images a change moves, and in which objects: every field named `image`, of pods and of custom resources.
//
// Pure functions, thread-safe.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/object.h"

namespace plumb {

struct ImageChange {
  std::string before, after;       // "" where there is none
  std::vector<std::string> users;  // "Deployment shop/web (container web)", sorted
};

class ImageChanges {
 public:
  // `before` null: created; `after` null: deleted.
  void Add(const ObjectId& id, Value before, Value after);
  // Sorted by image; equal changes of several objects are one.
  std::vector<ImageChange> Take() const;

 private:
  struct Use {
    std::string before, after, user;
    auto operator<=>(const Use&) const = default;
  };
  std::vector<Use> uses_;
};

}  // namespace plumb
