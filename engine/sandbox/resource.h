// A kind of object that the sandbox serves, and the registry of all of them: the built-in ones and those that
// CustomResourceDefinitions add.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/object.h"

namespace plumb::sandbox {

struct Resource {
  std::string group = {}, version = {}, plural = {}, singular = {}, kind = {};
  bool namespaced = false;
  std::vector<std::string> short_names = {}, categories = {}, verbs = {};
  std::vector<std::string> subresources = {};  // "status", "scale", ...
  Document crd_version = {};  // of a custom kind: its entry of spec.versions (schema, columns, subresources); else null

  bool custom() const { return !crd_version->is_null(); }
  // "deployments.apps", "pods": the same for every version of a resource; names it in the store.
  std::string StoreName() const { return group.empty() ? plural : plural + "." + group; }
  std::string ApiVersion() const { return group.empty() ? version : group + "/" + version; }
  Gvk gvk() const { return {group, version, kind}; }
  bool Has(std::string_view subresource) const;
  bool Allows(std::string_view verb) const;
};

// Immutable once made; a change of CRDs makes a new one.
class Registry {
 public:
  // Built-in kinds only.
  static std::shared_ptr<const Registry> BuiltIn();
  // The built-in kinds and those of the CustomResourceDefinitions given, whose names are accepted.
  static std::shared_ptr<const Registry> With(const std::vector<Document>& crds);

  const Resource* Find(std::string_view group, std::string_view version, std::string_view plural) const;
  const Resource* FindKind(const Gvk& gvk) const;
  // Any version of it, the preferred one first: what the store's name stands for.
  const Resource* FindStored(std::string_view store_name) const;

  bool HasGroupVersion(std::string_view group, std::string_view version) const;
  const std::vector<std::unique_ptr<Resource>>& all() const { return all_; }  // group by group, preferred version first

 private:
  void Add(Resource resource);

  std::vector<std::unique_ptr<Resource>> all_;
  std::map<std::string, const Resource*, std::less<>> by_path_, by_kind_, by_store_;
};

}  // namespace plumb::sandbox
