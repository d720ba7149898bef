// What the API server does to an object and its managedFields on a write: server-side apply with conflicts and force, and
// the bookkeeping of every other write. The sandbox runs on it, and diffs predict with it.
//
// Not done here, for they are not part of the algorithm: defaulting, admission, validation of values, resourceVersion, uid and
// generation. Pure functions, thread-safe. Source: apimachinery pkg/util/managedfields (1.36), and 1.20 to 1.35 by profile.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/arena.h"
#include "core/path.h"
#include "core/result.h"
#include "diff/managed_fields.h"
#include "diff/merge_profile.h"
#include "diff/schema.h"

namespace plumb {

struct FieldConflict {
  FieldManager manager;
  std::vector<FieldPath> fields;  // in the server's order
};

// The Status of a refused apply: "Apply failed with 1 conflict: conflict with \"hpa\" using apps/v1: .spec.replicas".
std::string ConflictMessage(const std::vector<FieldConflict>& conflicts);

// What a write is made with, apply or not.
struct WriteContext {
  SchemaPtr schema;         // of the server; an unknown kind has deduced types. Null: the embedded schema
  std::string manager;      // ?fieldManager=, else the User-Agent up to its first '/'; "" counts as "unknown"
  std::string subresource;  // "" for the object itself
  std::string now;          // RFC 3339 with whole seconds, as FormatTime prints it
  MergeProfile profile = MergeProfile::ForServer(36);
  // Fields that the server resets on this write, so that nobody comes to own them: `status` where the kind has that
  // subresource, everything else on a write to it. See ResetFields.
  std::vector<FieldPath> reset_fields = {};
  // Of a kind that takes an empty list or map outside of metadata for another value than none (KindTraits::empty_counts): applying one
  // is a write each time. To other kinds they are the same.
  bool empty_counts = false;
};

// The usual reset_fields of a kind that has a status subresource, for a write to `subresource`.
std::vector<FieldPath> ResetFields(const Gvk& gvk, std::string_view subresource);

struct ApplyRequest {
  Document live;    // null: the object does not exist
  Document config;  // what the user applies; apiVersion says the version of the write
  bool force = false;
  WriteContext context;
};

struct ApplyOutcome {
  Document object;  // with its new managedFields; where nothing changed, the live one itself
  bool created = false;
  bool changed = false;                  // against live, managedFields included
  std::vector<FieldConflict> conflicts;  // not empty: refused, and `object` is null
  // The result as it was merged, where that is not `object` itself: for what the server asks of it before it stores it.
  Value merged;
  // Why the answer may differ from the server's all the same; empty: this is the server's answer before defaulting and admission.
  std::vector<std::string> doubts;
};

// Errors: kInvalid with the server's text where the configuration or the live object does not fit the schema; conflicts are
// no error.
Result<ApplyOutcome> ServerSideApply(const ApplyRequest& request);

// Whether two versions of an object are one but for the times in their managedFields: the server then keeps the old times, and
// writes nothing. In the order of the entries, which goes by time as well.
bool SameButManagedTimes(Value before, Value after);

// `after`, which replaces `before` (null: created), with the managedFields that the server gives it. A write that changes
// nothing but times keeps the old ones. Objects that do not fit the schema keep `before`'s managedFields, as on the server.
Document WithManagedFields(const Document& before, const Document& after, const WriteContext& context);

}  // namespace plumb
