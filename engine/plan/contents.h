// What a deletion takes along that the plan itself does not name: the objects in a Namespace, those of a
// CustomResourceDefinition's kind.
//
// Pure. Who lists them is engine/loop/contents_lookup.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/object.h"
#include "engine/plan/inventory.h"

namespace plumb {

// Whether a thing is complete enough to delete by, and why not.
struct Completeness {
  bool complete = false;
  std::string reason;  // where not complete: "fetch: connection refused (last success 5m ago)"
};

struct ContainedObject {
  ObjectId id;
  std::string uid;
  std::string part_of;              // the value of the ApplySet label, "" without
  std::vector<std::string> owners;  // UIDs of metadata.ownerReferences
};

struct Contents {
  Completeness known;
  std::vector<ContainedObject> objects;
};

// Is an object that is not on record, but in a deletion's way, somebody's?
struct Cascade {
  std::vector<ObjectId> foreign;  // of others, or of nobody known: a deletion must not take them along
  std::vector<ObjectId> dragged;  // made from what the application owns (by ownerReferences), or on its record
};

// An object is the application's where it is on record with its UID, carries its label, or is owned by such an object. What
// every namespace has by itself (kube-root-ca.crt, the default account, Events, EndpointSlices, Leases, metrics) counts for
// neither. O(objects log objects).
Cascade JudgeContents(const Contents& contents, const Inventory& inventory, std::string_view applyset_id);

// Does deleting an object of this kind take others along that are not its own?
bool HasContents(const ObjectId& id);

// "Pod shop/a, Pod shop/b, Secret shop/c and 4 more"
std::string NameSome(const std::vector<ObjectId>& ids, size_t most = 3);

}  // namespace plumb
