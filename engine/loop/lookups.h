// What a plan asks of a cluster besides its objects, answered from discovery and the schemas: the scope and the type of a kind.
#pragma once

#include "engine/apply/applier.h"
#include "engine/kube/discovery.h"
#include "engine/kube/schema_cache.h"
#include "engine/loop/application_plan.h"

namespace plumb {

// The discovery must outlive the lookups.
ScopeLookup ScopesOf(kube::Discovery& discovery);
ResourceLookup ResourcesOf(kube::Discovery& discovery);

// Built-in kinds from the schema in the program (its types are those of every server in use, and it costs no request);
// others from the server's OpenAPI. A kind that neither knows is compared by structure: the diff says so.
SchemaLookup SchemasOf(kube::SchemaCache& schemas);

}  // namespace plumb
