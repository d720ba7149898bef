// metadata.managedFields: which manager owns which fields of an object, since when, and through which version of the API.
//
// Source: apimachinery pkg/util/managedfields/internal managedfields.go, capmanagers.go (1.36). Thread-safe to read.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/arena.h"
#include "core/result.h"
#include "diff/ownership.h"

namespace plumb {

// Who wrote, as the API server tells writers apart: the time does not count, and for an apply neither does the version.
struct FieldManager {
  std::string name;         // "kubectl", "kube-controller-manager"
  bool applied = false;     // by server-side apply; otherwise by create, update or patch
  std::string api_version;  // "" where applied
  std::string subresource;  // "", "status", "scale"

  // What stands for it in Owners; sorts as the server sorts its messages.
  std::string Key() const;
  // As conflicts print it: `"kubectl"`, `"hpa" with subresource "scale" using apps/v1`.
  std::string ToString() const;
};

struct ManagedFields {
  struct Written {
    FieldSet set;
    Value fields_v1;
  };

  Owners owners;                                // by FieldManager::Key()
  std::map<std::string, FieldManager> managers;  // may know more than own something
  std::map<std::string, std::string> times;      // RFC 3339; absent where the entry has none
  std::map<std::string, Written> read;           // what was decoded: written again as it was where the set is the same

  std::string Add(const FieldManager& manager);  // makes it known; returns its key
};

// Reads a list of entries; null is no entries. Field sets are memory of `arena`.
// Errors: kInvalid where an entry is not what the server accepts; the server then takes the object as unmanaged.
Result<ManagedFields> DecodeManagedFields(Arena& arena, Value list);

// The entries in the server's order: applies before updates, then by time, name, version, subresource. Null where nobody
// owns anything.
Value EncodeManagedFields(Arena& arena, const ManagedFields& managed);

// Above ten managers that did not apply, merges the oldest into one named `ancient-changes` for each version.
void CapManagers(Arena& arena, ManagedFields* managed);

// True for `[{}]`, with which a client asks to forget all managers.
bool IsManagedFieldsReset(Value list);

}  // namespace plumb
