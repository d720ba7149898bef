// Transformer configurations read from the `crds` of a kustomization: OpenAPI definitions whose extensions say which
// fields hold names, labels or annotations. Source: Kustomize 5.5, accumulator loadconfigfromcrds.
#pragma once

#include "plugins/kustomize/field_specs.h"

namespace plumb::kustomize {

// `definitions` is the file's map of type names to {Schema: {properties: ...}}. Errors: kInvalid.
Result<TransformerConfig> ConfigFromCrds(Value definitions);

}  // namespace plumb::kustomize
