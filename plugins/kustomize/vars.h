// Variables (deprecated): "$(NAME)" in the fields that may hold them, replaced by values of other objects' fields.
// Source: Kustomize 5.5, api/filters/refvar and the accumulator.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plugins/kustomize/kustomization.h"
#include "plugins/kustomize/res_map.h"

namespace plumb::kustomize {

using Variables = std::map<std::string, Variable>;

// Adds the variables of one kustomization and notes which object each reads. Errors: kInvalid for a name that is
// there, or an object that cannot be told from others.
Status AddVariables(Variables& all, ResMap& map, const std::vector<Variable>& added);
Status MergeVariables(Variables& all, const Variables& other);

// Replaces every reference. Names of variables that nothing used go to `warnings`. Errors: kInvalid for a variable
// whose field is not there; kLimit.
Status ResolveVariables(Arena& arena, ResMap& map, const Variables& variables, const FieldSpecs& fields,
                        SettleLimits& limits, std::vector<std::string>* warnings);

// The fields of one object, for values known already.
Result<Value> SetVariables(Arena& arena, Value object, const FieldSpec& field, const std::map<std::string, Value>& values,
                           SettleLimits& limits, std::map<std::string, int>* used);

}  // namespace plumb::kustomize
