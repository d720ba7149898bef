// The ordered set of objects that a build accumulates. Current ids are unique when objects are added.
//
// Not thread-safe: one build owns it.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "plugins/kustomize/resource.h"

namespace plumb::kustomize {

class ResMap {
 public:
  size_t size() const { return resources_.size(); }
  Resource& operator[](size_t i) { return resources_[i]; }
  const Resource& operator[](size_t i) const { return resources_[i]; }
  auto begin() { return resources_.begin(); }
  auto end() { return resources_.end(); }
  auto begin() const { return resources_.begin(); }
  auto end() const { return resources_.end(); }

  // Errors: kInvalid where an object of the same current id is there.
  Status Append(Resource resource);
  Status AppendAll(ResMap other);
  // Adds what a generator made: a new object, or one that replaces or merges into the object of the same (current or
  // earlier) id, as its behavior says. Errors: kInvalid where behavior and what exists do not fit.
  Status Absorb(Arena& arena, Resource generated);

  // The one object that has, or had, this id. Errors: kInvalid for none (with the nearest name) or several.
  Result<size_t> FindById(const ResId& id) const;

  // A hint at what else could be meant by `id`, which no object has: ", did you mean 'Deployment/web'?", ", but there is one in
  // namespace 'shop'"; or "".
  std::string NearestTo(const ResId& id) const;

  void DropGone();
  Status Reorder(const std::vector<size_t>& order);
  // Checks that current ids are unique, as Append would. Errors: kInvalid.
  Status CheckUnique() const;
  // To be called by whoever changes ids through operator[] before the next Append.
  void IdsChanged() { indexed_ = false; }

 private:
  void Index();

  std::vector<Resource> resources_;
  std::unordered_map<std::string, size_t> by_id_;  // valid where indexed_: the first object of each id
  bool indexed_ = true;
};

}  // namespace plumb::kustomize
