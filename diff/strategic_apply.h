// The merge of one strategic merge patch into an object or into another patch. Internal to diff/: use strategic_merge.h.
#pragma once

#include "diff/strategic_lists.h"
#include "diff/strategic_merge.h"

namespace plumb::strategic {

struct MergeMode {
  // false: the original is itself a patch, and directives are gathered rather than carried out.
  bool carry_out = true;
  StrategicMergeOptions options;
};

Result<Value> Merge(Arena& arena, Value original, Value patch, const Type* type, const MergeMode& mode);

}  // namespace plumb::strategic
