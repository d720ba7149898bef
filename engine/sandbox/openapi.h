// /openapi/v3: an index and one document for each group-version, with the schemas of its kinds and the operations that
// clients look at before they write (kubectl apply, create, diff and patch; Plumb itself).
//
// Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "engine/sandbox/crd.h"

namespace plumb::sandbox {

std::string OpenApiIndex(const CrdSet& kinds);
// "" where no kind of that group-version is served.
std::string OpenApiDocument(const CrdSet& kinds, std::string_view group, std::string_view version);

}  // namespace plumb::sandbox
