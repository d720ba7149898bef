// A cluster as a reconciler sees it: where it reads, writes and looks things up.
#pragma once

#include <memory>
#include <string>

#include "engine/apply/applier.h"
#include "engine/loop/application_plan.h"
#include "engine/loop/cluster_state.h"
#include "engine/loop/live_store.h"

namespace plumb {

// The pointers live as long as `owner`, or longer. Thread-safe to use.
struct Target {
  std::string cluster = "in-cluster";  // its name in Applications
  ClusterStateLookup state;            // which cluster it is, and whether it is frozen; null: nobody asks
  ContentsLookup contents;             // what a deletion would take along
  OtherApplicationLookup other;        // whose an object with another label is
  std::string own_namespace;           // where Plumb itself runs, if in this cluster
  kube::Client* client = nullptr;      // carries steps out: as a project's service account, where it has one
  kube::Client* records = nullptr;     // writes inventories, always as Plumb itself; null: `client`
  LiveStore* live = nullptr;
  ScopeLookup scope_of;
  ResourceLookup resources;
  SchemaLookup schema;
  CheckLookup check;                   // asks about what the diff is not sure of; empty: nobody is asked
  std::shared_ptr<void> owner;

  kube::Client& record_client() const { return records ? *records : *client; }
};

}  // namespace plumb
