// Patch appliers never crash, leave the document alone, and keep their laws: a merge patch applied twice is applied once, the
// computed patch between two documents makes one of the other. Input: two JSON values with a newline between.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/json.h"
#include "diff/embedded_schema.h"
#include "diff/json_patch.h"
#include "diff/merge_patch.h"
#include "diff/strategic_merge.h"

using namespace plumb;

namespace {

bool HasNull(Value v) {
  for (Value item : v.items())
    if (HasNull(item)) return true;
  for (const Member& m : v.members())
    if (HasNull(m.value)) return true;
  return v.is_null();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t cut = text.find('\n');
  if (cut == std::string_view::npos) return 0;
  const auto document = ParseJson(text.substr(0, cut)), patch = ParseJson(text.substr(cut + 1));
  if (!document.ok() || !patch.ok()) return 0;
  const std::string before = WriteJson(**document);
  Arena arena;
  const Value a = arena.Adopt(*document), b = arena.Adopt(*patch);

  (void)ApplyJsonPatch(arena, a, b);
  (void)ApplyJsonPatch(arena, a, b, JsonPatchOptions::Kubernetes());

  const Value merged = ApplyMergePatch(arena, a, b);
  if (!(ApplyMergePatch(arena, merged, b) == merged)) std::abort();
  if (!HasNull(b) && !(ApplyMergePatch(arena, a, DiffMergePatch(arena, a, b)) == b)) std::abort();
  (void)ThreeWayMergePatch(arena, a, b, merged);

  static const Type* const pod = EmbeddedSchema()->Find({"", "v1", "Pod"});
  for (const Type* type : {pod, Schema::Deduced()}) {
    (void)ApplyStrategicMerge(arena, a, b, type);
    (void)DiffStrategicMerge(arena, a, b, type);
    (void)ThreeWayStrategicMerge(arena, a, b, merged, type, false);
  }
  if (WriteJson(**document) != before) std::abort();
  return 0;
}
