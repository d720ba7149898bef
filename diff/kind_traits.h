// What differs between kinds on the server's write path: the generation, the status of a new object, which fields a write resets.
//
// Pure, thread-safe. Source: pkg/registry/*/strategy.go of Kubernetes 1.36, and the strategy of custom resources.
#pragma once

#include <string_view>

#include "core/object.h"

namespace plumb {

struct KindTraits {
  enum class Generation : uint8_t {
    kNone,            // the kind has no metadata.generation
    kSpec,            // counts changes of all but metadata and status
    kAndAnnotations,  // and of annotations
    kAndLabels,       // and of labels
    kOnce,            // 1, whatever happens
    kFromChange,      // as kSpec, but a new object has none
  };

  Generation generation = Generation::kNone;
  bool status_subresource = false;       // a write to the object itself leaves its status alone
  bool empty_counts = false;             // an empty list is another spec than an absent one
  std::string_view initial_status = {};  // JSON of a new object's; "" for none. $now stands for the time
  bool known = true;                     // false: a built-in kind whose rules are not in the table
};

KindTraits TraitsOf(const Gvk& gvk);  // of a built-in kind; any other is not known
KindTraits TraitsOfCustom(bool status_subresource);

// Whether the change from `before` to `after` makes a new generation.
bool CountsAsGeneration(const KindTraits& traits, Value before, Value after);

}  // namespace plumb
