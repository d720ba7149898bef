// The columns that `kubectl get` prints, for the common kinds, for custom kinds by their additionalPrinterColumns, and
// NAME and AGE for the rest.
//
// Pure functions. Source: pkg/printers/internalversion of Kubernetes 1.36; apiextensions tableconvertor.
#pragma once

#include <string>
#include <vector>

#include "core/arena.h"
#include "core/clock.h"
#include "engine/sandbox/resource.h"

namespace plumb::sandbox {

std::string TableColumns(const Resource& resource);  // JSON of columnDefinitions
std::vector<Value> TableCells(Arena& arena, const Resource& resource, Value object, WallTime now);

// "5s", "3m20s", "4d": as kubectl prints ages.
std::string HumanDuration(Duration d);

// The STATUS of a pod: its phase, or what is wrong with a container.
std::string PodStatus(Value pod);

}  // namespace plumb::sandbox
