// Custom kinds: what CustomResourceDefinitions add to the registry and the schema, and what the server makes of their
// objects - pruned, defaulted and validated by the structural schema.
//
// Source: apiextensions-apiserver pkg/apiserver/schema, release 1.36. Pure functions; CrdSet is immutable.
#pragma once

#include <memory>
#include <vector>

#include "core/clock.h"
#include "diff/schema.h"
#include "engine/sandbox/decode.h"
#include "engine/sandbox/resource.h"

namespace plumb::sandbox {

// What the cluster serves at one moment.
struct CrdSet {
  std::shared_ptr<const Registry> registry;
  SchemaPtr schema;  // of the built-in and all custom kinds
  std::vector<Document> crds;
};

// A CRD whose schema cannot be read counts as one without a schema.
std::shared_ptr<const CrdSet> MakeCrdSet(std::vector<Document> crds);

// The object of a custom kind: unknown fields pruned (and reported), defaults filled in. Errors: 422 where the
// schema's types, required fields, enumerations, bounds or patterns are not met.
Answer<Decoded> DecodeCustom(Arena& arena, const CrdSet& kinds, const Resource& resource, Value object);

// A CustomResourceDefinition with the status of an accepted one: names, stored versions, conditions.
Value WithCrdStatus(Arena& arena, Value crd, WallTime now);

// Causes of a 422: the name is not plural.group, no storage version, ...
std::vector<Cause> ValidateCrd(Value crd);

}  // namespace plumb::sandbox
