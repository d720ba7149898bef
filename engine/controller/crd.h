// The CustomResourceDefinitions of Plumb's own kinds, made from the table of their fields (engine/loop/field_table.h): full
// structural schemas with descriptions and defaults, printer columns, the status subresource, and no CEL.
//
// Pure; thread-safe.
#pragma once

#include <string>

#include "core/arena.h"
#include "engine/kube/resource.h"

namespace plumb {

// applications.plumb.dev and projects.plumb.dev.
Document ApplicationCrd();
Document ProjectCrd();
// Both as YAML, for `plumb crds`.
std::string CrdsYaml();

// How the API serves them, for requests without discovery.
const kube::Resource& ApplicationResource();
const kube::Resource& ProjectResource();

}  // namespace plumb
