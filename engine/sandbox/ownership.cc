#include "engine/sandbox/ownership.h"

#include <fmt/core.h>

#include "core/edit.h"
#include "diff/server_side_apply.h"

namespace plumb::sandbox {

namespace {

WriteContext ContextOf(const CrdSet& kinds, const Resource& r, const WriteOptions& options, WallTime now) {
  WriteContext context;
  context.schema = kinds.schema;
  context.manager = options.manager;
  context.subresource = options.subresource;
  if (options.subresource != "scale") context.now = FormatTime(now);  // a real server's scale handler leaves the time out
  // A write to scale is one to the object itself, in the name of the subresource.
  if (r.Has("status")) context.reset_fields = ResetFields(r.gvk(), options.subresource == "scale" ? "" : options.subresource);
  return context;
}

}  // namespace

Value WithOwnership(const std::shared_ptr<Arena>& arena, const CrdSet& kinds, const Resource& r, Value before, Value next,
                    const WriteOptions& options, WallTime now) {
  const Document owned = WithManagedFields(before.is_null() ? Document() : Document(arena, before), Document(arena, next), ContextOf(kinds, r, options, now));
  const Value entries = GetAt(*owned, {"metadata", "managedFields"});
  // Copied: the result is kept alive by its own memory, which keeps this arena alive.
  if (entries.is_null()) return WithoutAt(*arena, next, {"metadata", "managedFields"});
  return WithAt(*arena, next, {"metadata", "managedFields"}, arena->Copy(entries));
}

Answer<Document> ApplyConfiguration(const CrdSet& kinds, const Resource& r, const Document& live, const Document& config,
                                    const WriteOptions& options, WallTime now) {
  if (!GetAt(*config, {"metadata", "managedFields"}).is_null())
    return BadRequest("metadata.managedFields must be nil");
  auto applied = ServerSideApply({live, config, options.force, ContextOf(kinds, r, options, now)});
  if (!applied.ok()) {
    ApiError e{500, "", applied.error().message()};
    return e;
  }
  if (applied->conflicts.empty()) return applied->object;
  ApiError e{409, "Conflict", ConflictMessage(applied->conflicts)};
  e.details = true;
  for (const FieldConflict& conflict : applied->conflicts)
    for (const FieldPath& field : conflict.fields)
      e.causes.push_back({"FieldManagerConflict", "conflict with " + conflict.manager.ToString(), field.ToKubernetesString()});
  return e;
}

}  // namespace plumb::sandbox
