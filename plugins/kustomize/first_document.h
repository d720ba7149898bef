// The document of a stream that Go's Unmarshal reads.
#pragma once

#include <string_view>
#include <vector>

#include "core/yaml.h"

namespace plumb::kustomize {

// The first of `text`, which may be empty: `documents` are those of it that hold something. Null where it is empty. Thread-safe;
// the value lives as long as the documents.
Value FirstDocument(std::string_view text, const std::vector<YamlDocument>& documents);

}  // namespace plumb::kustomize
