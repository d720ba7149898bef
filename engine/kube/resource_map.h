// What an API server serves: groups, versions and kinds, as of one moment; and what of it could not be learned.
//
// Pure: read from the documents of discovery. Immutable once made; thread-safe to read.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "engine/kube/resource.h"

namespace plumb::kube {

class ResourceMap {
 public:
  // Of the kind's exact version. Errors: kNotFound (the server does not serve it; with a suggestion), kUnavailable (its
  // group or version could not be asked, so nobody knows).
  Result<const Resource*> Find(const Gvk& gvk) const;

  // Of a kind in any version: the group's preferred one first. Errors: as Find.
  Result<const Resource*> FindKind(std::string_view group, std::string_view kind) const;

  // By what people type: kind, plural, singular or short name in any case, with ".group" or ".version.group" behind:
  // "deploy", "Deployments.apps", "certificates.v1.cert-manager.io". Where several groups have the name, the first in
  // the server's order (as kubectl). Errors: as Find.
  Result<const Resource*> FindByName(std::string_view name) const;

  // In the server's order: groups by its preference, versions of a group with the preferred first.
  const std::vector<Resource>& resources() const { return resources_; }
  // "metrics.k8s.io/v1beta1" (or a whole group "metrics.k8s.io") -> why it is not known.
  const std::map<std::string, std::string>& unknown() const { return unknown_; }
  bool complete() const { return unknown_.empty(); }

  // Builders. An APIGroupDiscoveryList (v2, v2beta1) of /api or /apis. Errors: kInvalid where it is none.
  Status AddAggregated(Value list);
  // An APIResourceList of one group-version. Errors: kInvalid.
  Status AddLegacy(std::string_view group, std::string_view version, Value list);
  void AddUnknown(std::string group_version, std::string reason) { unknown_[std::move(group_version)] = std::move(reason); }

 private:
  // kUnavailable where the group or version is unknown, else kNotFound.
  Error Absent(std::string_view group, std::string_view version, std::string_view kind) const;

  std::vector<Resource> resources_;
  std::map<std::string, std::string> unknown_;
};

}  // namespace plumb::kube
