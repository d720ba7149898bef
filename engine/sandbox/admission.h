// What the API server adds to and refuses of single kinds on the way in, and what a DELETE does to an object.
//
// Pure functions but for the AddressBook, which reads the services that exist.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/arena.h"
#include "core/clock.h"
#include "engine/sandbox/api_error.h"
#include "engine/sandbox/resource.h"

namespace plumb::sandbox {

struct DeleteOptions;

// Addresses and ports that services hold: 10.96.0.0/16 and 30000-32767.
class AddressBook {
 public:
  using Lister = std::function<std::vector<Document>(const std::string& store_name)>;
  explicit AddressBook(Lister lister) : lister_(std::move(lister)) {}

  std::string FreeAddress() const;
  std::vector<int64_t> FreeNodePorts(size_t count) const;

 private:
  Lister lister_;
};

// Allocates cluster addresses and node ports; an update keeps those that it does not mention. `existing` null: a create.
Answer<Value> AdmitService(Arena& arena, Value service, Value existing, const AddressBook& book);

// Namespaces get their label and finalizer, pods their account and tolerations, Jobs their selector, CRDs a finalizer, ...
Answer<Value> AdmitOther(Arena& arena, const Resource& resource, Value object, Value existing);

// Why an object may not be deleted now: preconditions, protected namespaces.
std::optional<ApiError> CheckDelete(const Resource& resource, Value object, const DeleteOptions& options);

// The object with deletionTimestamp, grace period and the finalizers of its propagation policy.
Value MarkDeleted(Arena& arena, const Resource& resource, Value object, const DeleteOptions& options, WallTime now);

}  // namespace plumb::sandbox
