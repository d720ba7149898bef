// An application's status as a document: of Application objects, of /api/v1/applications, of `plumb get`. And back, for
// the process that takes an application over.
//
// Pure. Conditions follow kstatus (cli-utils): Ready is always there, Reconciling and Stalled only while they are true.
#pragma once

#include "core/arena.h"
#include "engine/loop/status.h"

namespace plumb {

// Bounds of what a status holds: it is read by people, and stored whole at every change.
struct StatusLimits {
  size_t resources = 100;      // objects listed; those that are not ready come first, the others are counted
  size_t holds = 20;
  size_t message_bytes = 500;  // of one message
};

// The map under `status`. In `arena`, which may be shared with what it becomes a part of.
Value StatusValue(Arena& arena, const ApplicationStatus& status, const StatusLimits& limits = {});

// What a status says of the past: revision, history, the cluster it was for, requests that were answered. What it says of
// the present is not taken over: that is found out anew. A null or hostile status is at worst an empty one.
ApplicationStatus ReadStatus(Value status);

// {"apiVersion", "kind": "ApplicationList", "items": [{"apiVersion", "kind", "metadata", "status"}]} as JSON.
std::string ApplicationsJson(const std::vector<ApplicationStatus>& applications);

}  // namespace plumb
