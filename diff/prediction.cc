#include "diff/prediction.h"

#include <algorithm>

#include "core/edit.h"
#include "core/json.h"
#include "diff/custom_form.h"
#include "diff/embedded_schema.h"
#include "diff/go_form.h"
#include "diff/server_defaults.h"
#include "diff/server_rules.h"

namespace plumb {

namespace {

// Identity and bookkeeping are the server's, whatever the configuration says.
Value KeepServerMetadata(Arena& a, Value object, Value live) {
  Value metadata = object.Get("metadata");
  const Value before = live.Get("metadata");
  for (std::string_view field : {"uid", "resourceVersion", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"}) {
    const Value* kept = before.Find(field);
    if (kept) metadata = With(a, metadata, field, *kept);
    else metadata = Without(a, metadata, field);
  }
  return With(a, object, "metadata", metadata);
}

Value InitialStatus(Arena& a, const KindTraits& traits, std::string_view now) {
  std::string json(traits.initial_status);
  if (const size_t at = json.find("$now"); at != std::string::npos) json.replace(at, 4, now);
  const Result<Document> status = ParseJson(json);
  return status.ok() ? a.Adopt(*status) : Value();
}

Value AsCreated(Arena& a, const KindTraits& traits, std::string_view now, Value object) {
  if (traits.generation != KindTraits::Generation::kNone && traits.generation != KindTraits::Generation::kFromChange) object = WithAt(a, object, {"metadata", "generation"}, Arena::Int(1));
  if (!traits.status_subresource) return object;
  if (traits.initial_status.empty()) return Without(a, object, "status");
  return With(a, object, "status", InitialStatus(a, traits, now));
}

// Whether an empty list or map of the merged object is one in the defaulted object too: a default may have filled it.
bool StaysEmpty(Value merged, Value defaulted, const Type* type) {
  if (merged.is_scalar() || type->IsAny()) return false;
  if (merged.empty()) return HasEmptyContainer(merged, type) && (defaulted.is_null() || defaulted.empty());
  if (merged.is_list()) {
    for (size_t i = 0; type->is_list && i < merged.size(); ++i)
      if (StaysEmpty(merged[i], i < defaulted.size() ? defaulted[i] : Value(), type->item)) return true;
    return false;
  }
  return type->is_map && std::any_of(merged.members().begin(), merged.members().end(), [&](const Member& m) {
           const Type* below = type->Member(m.key);
           return below && StaysEmpty(m.value, defaulted.Get(m.key), below);
         });
}

// `empties`: the object as it was merged has empty lists or maps that the live one lacks, and they count.
Value AsUpdated(Arena& a, const KindTraits& traits, Value live, Value object, bool empties) {
  if (!CountsAsGeneration(traits, live, object) && !empties) return object;
  return WithAt(a, object, {"metadata", "generation"}, Arena::Int(GetAt(live, {"metadata", "generation"}).AsInt() + 1));
}

}  // namespace

Result<Prediction> PredictApply(const PredictionRequest& request) {
  ApplyRequest apply{request.live, request.config, request.force, request.context};
  const Gvk gvk = GvkOf(request.config.root());
  apply.context.empty_counts = request.traits.empty_counts;
  if (request.traits.status_subresource) apply.context.reset_fields = ResetFields(gvk, request.context.subresource);
  PLUMB_TRY(applied, ServerSideApply(apply));
  Prediction out;
  out.created = applied.created;
  out.conflicts = std::move(applied.conflicts);
  out.needs_server = std::move(applied.doubts);
  if (!out.conflicts.empty()) return out;
  out.object = applied.object;
  if (!applied.changed) return out;
  if (!request.traits.known) out.needs_server.push_back("the server's rules for " + gvk.kind + " are not known here");

  const SchemaPtr schema = request.context.schema ? request.context.schema : EmbeddedSchema();
  const Type* type = schema->FindOrDeduced(gvk);
  auto arena = std::make_shared<Arena>();
  Arena& a = *arena;
  const Value live = a.Adopt(request.live), merged = a.Adopt(applied.object), managed = GetAt(merged, {"metadata", "managedFields"});
  // What the server has in hand, and what of it is left once it is stored and read again: nulls (and to some kinds empty lists) make no
  // difference in the end, but they count as a change.
  Value object = IsGoType(type) ? WithServerDefaults(a, *type, merged) : CustomForm(a, merged, type, Nulls::kKeep);
  const bool empties = request.traits.empty_counts && StaysEmpty(WithoutAt(a, applied.merged, {"metadata"}), object, type);
  object = KeepServerMetadata(a, object, live);
  if (applied.created) object = AsCreated(a, request.traits, request.context.now, object);
  if (IsGoType(type)) object = GoForm(a, WithKindRules(a, gvk, live, object, &out.needs_server), type, merged);  // merged is in its Go form
  if (!applied.created) object = AsUpdated(a, request.traits, live, object, empties);
  if (!managed.is_null()) object = WithAt(a, object, {"metadata", "managedFields"}, managed);
  if (!applied.created && !empties && SameButManagedTimes(live, object)) {
    out.object = request.live;
    return out;
  }
  if (!IsGoType(type)) object = CustomForm(a, object, type);
  out.changed = true;
  out.object = Document(arena, object);
  return out;
}

}  // namespace plumb
