// What differs between kinds on the write path: names, generation, the status a new object has, what may not change.
//
// Pure functions. Sources: pkg/registry/*/strategy.go and pkg/apis/*/validation of Kubernetes 1.36.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "engine/sandbox/api_error.h"
#include "engine/sandbox/resource.h"

namespace plumb::sandbox {

struct Strategy {
  enum class Names { kSubdomain, kLabel, kLabel1035, kPathSegment };

  std::string_view store_name = {};
  Names names = Names::kSubdomain;
  bool generation = false;           // metadata.generation counts changes
  bool annotations_count = false;    // ... of annotations too
  bool needs_revision = false;       // a PUT must name the resourceVersion
  bool returns_deleted = false;      // DELETE answers with the object rather than a Status
  bool orphans_by_default = false;   // DELETE without a propagationPolicy leaves the dependents
  std::string_view initial_status = {};  // JSON of a new object's status; "" for none
};

const Strategy& StrategyOf(const Resource& resource);

// Causes of a 422 for metadata and for what most kinds require of their spec.
std::vector<Cause> Validate(const Resource& resource, Value object);
// ... and for what an update may not change.
std::vector<Cause> ValidateUpdate(const Resource& resource, Value object, Value existing);

// Whether an update counts as a new generation.
bool CountsAsGeneration(const Resource& resource, Value object, Value existing);

}  // namespace plumb::sandbox
