// A cluster as a reconciler sees it: where it reads, writes and looks things up.
#pragma once

#include <memory>
#include <string>

#include "engine/apply/applier.h"
#include "engine/loop/application_plan.h"
#include "engine/loop/live_store.h"

namespace plumb {

// The pointers live as long as `owner`, or longer. Thread-safe to use.
struct Target {
  std::string cluster = "in-cluster";  // its name in Applications
  std::string identity;                // UID of its kube-system namespace; "" where nobody asked
  kube::Client* client = nullptr;
  LiveStore* live = nullptr;
  ScopeLookup scope_of;
  ResourceLookup resources;
  SchemaLookup schema;
  CheckLookup check;                   // asks about what the diff is not sure of; empty: nobody is asked
  std::shared_ptr<void> owner;
};

}  // namespace plumb
