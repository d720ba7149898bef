// What a plan asks of a cluster besides its objects, answered from discovery and the schemas: the scope and the type of a kind.
#pragma once

#include "engine/apply/applier.h"
#include "engine/kube/discovery.h"
#include "engine/kube/schema_cache.h"
#include "engine/kube/server_check.h"
#include "engine/loop/application_plan.h"

namespace plumb {

// The discovery must outlive the lookups.
ScopeLookup ScopesOf(kube::Discovery& discovery);
ResourceLookup ResourcesOf(kube::Discovery& discovery);

// Built-in kinds from the schema in the program (its types are those of every server in use, and it costs no request);
// others from the server's OpenAPI. A kind that neither knows is compared by structure: the diff says so.
SchemaLookup SchemasOf(kube::SchemaCache& schemas);

// The server's verdict on diffs (engine/kube/server_check.h). The check must outlive the lookup.
CheckLookup ChecksOf(kube::ServerCheck& check, ResourceLookup resources, SchemaLookup schema);

}  // namespace plumb
