// The heart of server-side apply: who owns which fields, and what a write changes about it. Without metadata, times and
// the spelling of managers; those are diff/managed_fields.h and diff/server_side_apply.h.
//
// Pure functions; memory as in diff/typed.h. Source: structured-merge-diff merge/update.go, v4.0 to v6.4 by MergeProfile.
// Objects are not converted between versions of their API: for a manager that wrote another version, the fields are taken to
// have the same names there.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "diff/typed.h"

namespace plumb {

struct OwnedFields {
  FieldSet set;
  std::string api_version;  // "apps/v1": the fields are those of this version
  bool applied = false;
};
using Owners = std::map<std::string, OwnedFields>;  // by whatever names a manager

struct OwnershipContext {
  Arena& arena;
  std::string api_version;  // of the write
  // The type of the object in a version of its API; nullptr where the server does not serve that version (any more).
  std::function<const Type*(const std::string& api_version)> type_of;
  MergeProfile profile = {};
  FieldSet ignored = {};  // with all below: fields that the server resets on this write, so that nobody comes to own them
  // Fields that no manager owns and the caller takes away in the end. A set that is otherwise what the manager owned before stays that
  // set, in memory too (FieldSet::SharesNodesWith): the usual apply, which changes values, then has nothing to encode.
  FieldSet never_owned = {};
};

struct OwnershipConflict {
  std::string manager;
  FieldSet fields;
};

struct OwnershipResult {
  std::optional<Value> object;  // absent: the object stays as it was
  Owners owners;
  std::vector<OwnershipConflict> conflicts;  // not empty: nothing is done, `object` and `owners` do not count
};

// Applies `config` as `manager`: merges, removes what the manager owned and no longer declares, moves ownership.
// Errors: kInvalid (both documents must be valid, see ValidateTyped).
Result<OwnershipResult> ApplyConfig(const OwnershipContext& context, Value live, Value config, Owners owners,
                                    const std::string& manager, bool force);

// The owners after `manager` wrote `after` over `before` by other means than apply.
Owners OwnersAfterUpdate(const OwnershipContext& context, Value before, Value after, Owners owners, const std::string& manager);

}  // namespace plumb
