#include "engine/sandbox/patching.h"

#include <fmt/core.h>

#include "diff/json_patch.h"
#include "diff/merge_patch.h"
#include "diff/strategic_merge.h"

namespace plumb::sandbox {

namespace {

ApiError NotAPatch(Value patch, std::string_view want) {
  const std::string_view have = patch.is_map() ? "object" : patch.is_list() ? "array" : patch.is_number() ? "number" : patch.is_bool() ? "bool" : "string";
  return BadRequest(fmt::format("error decoding patch: json: cannot unmarshal {} into Go value of type {}", have, want));
}

}  // namespace

Answer<Value> ApplyPatch(Arena& arena, const Schema& schema, const Resource& resource, PatchType type, Value existing, Value patch) {
  if (type == PatchType::kJson) {
    if (!patch.is_list()) return NotAPatch(patch, "[]handlers.jsonPatchOp");
    auto patched = ApplyJsonPatch(arena, existing, patch, JsonPatchOptions::Kubernetes());
    if (patched.ok()) return *patched;
    ApiError e{422, "Invalid", "the server rejected our request due to an error in our request"};
    e.details = true;
    return e;
  }
  if (!patch.is_map()) return NotAPatch(patch, "map[string]interface {}");
  if (type == PatchType::kStrategic && resource.custom())
    return UnsupportedMediaType("the body of the request was in an unknown format - accepted media types include: application/json-patch+json, "
                                "application/merge-patch+json, application/apply-patch+yaml");
  if (type == PatchType::kMerge) return ApplyMergePatch(arena, existing, patch);
  auto merged = ApplyStrategicMerge(arena, existing, patch, schema.Find(resource.gvk()));
  if (merged.ok()) return *merged;
  return BadRequest(merged.error().message());
}

}  // namespace plumb::sandbox
