// /openapi/v2 in its protobuf form, which kubectl before 1.27 reads before it writes: the definitions of all kinds and the
// PATCH operations with their dryRun parameter. Field numbers: gnostic openapiv2/OpenAPIv2.proto.
#pragma once

#include <string>
#include <string_view>

#include "engine/sandbox/crd.h"

namespace plumb::sandbox {

std::string OpenApiV2(const CrdSet& kinds);

}  // namespace plumb::sandbox
