// What a reviewer must not overlook in a change of one object: data that goes, privilege gained, permissions widened,
// availability lowered, objects replaced.
//
// A table of rules over the object before and after; heuristics by design: each says what it saw, none blocks anything.
// Pure functions, thread-safe. Texts name fields and images, never values of variables or Secrets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/object.h"
#include "core/value.h"

namespace plumb {

enum class DangerKind : uint8_t { kDataLoss, kPrivilege, kRbac, kExposure, kAvailability, kReplace };

// "data loss", "privilege gained", "RBAC widened", "exposed", "availability lowered", "must be replaced".
std::string_view DangerName(DangerKind kind);

struct Danger {
  DangerKind kind = DangerKind::kDataLoss;
  ObjectId id;
  std::string what;  // "container 'web' becomes privileged"
};

// `before` null: created; `after` null: deleted. Both as the cluster would have them.
std::vector<Danger> DangersOf(const ObjectId& id, Value before, Value after);

// The parts, one a file. Each adds what it finds.
struct DangerList {
  const ObjectId& id;
  Value before, after;
  std::vector<Danger> found = {};

  void Add(DangerKind kind, std::string what) { found.push_back({kind, id, std::move(what)}); }
};
void FindStorageDangers(DangerList& list);
void FindPrivilegeDangers(DangerList& list);
void FindAvailabilityDangers(DangerList& list);

// Containers of all three lists by their names; null where there is none of that name.
std::vector<Value> ContainersOf(Value pod_spec);
Value ContainerNamed(Value pod_spec, std::string_view name);

}  // namespace plumb
