// A manifest as it is sent and compared: without the fields that the server owns, and with a Secret's stringData as data.
//
// Pure functions, thread-safe.
#pragma once

#include <string_view>

#include "core/arena.h"
#include "core/object.h"

namespace plumb {

inline constexpr std::string_view kLastApplied = "kubectl.kubernetes.io/last-applied-configuration";

// Members of metadata that only the server writes: uid, resourceVersion, generation, creationTimestamp, managedFields, ...
bool IsServerMetadata(std::string_view key);

// The manifest without `status`, server metadata (exported YAML has them, generators write creationTimestamp: null) and
// the last-applied annotation; of a core Secret with stringData folded into data, as the server does on every write:
// stringData wins, values are base64. The same document where there is nothing to do. O(1) then, else shares the rest.
Document NormaliseDesired(const Document& manifest);

}  // namespace plumb
