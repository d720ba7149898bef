#include "plugins/kustomize/res_map.h"

#include <algorithm>

#include "plugins/kustomize/node.h"
#include "core/suggest.h"

namespace plumb::kustomize {
namespace {

Error AlreadyThere(const ResId& id, const Origin& first, const Origin& second) {
  std::string text = id.ToString() + " is there twice";
  if (!first.file.empty() && !second.file.empty()) text += " (" + first.ToString() + " and " + second.ToString() + ")";
  return Invalid(text + ": may not add a resource with an id that is already registered");
}

// What a merging generator does with `data` and `binaryData`: its own entries win.
Value MergedData(Arena& arena, Value generated, Value old, std::string_view field) {
  std::map<std::string, std::string> merged;
  for (Value from : {generated, old})
    for (const Member& m : from.Get(field).members()) merged.emplace(m.key, ScalarText(m.value));
  return merged.empty() ? Without(arena, generated, field) : With(arena, generated, field, StringMap(arena, merged));
}

}  // namespace

void ResMap::Index() {
  if (indexed_) return;
  by_id_.clear();
  for (size_t i = 0; i < resources_.size(); ++i) by_id_.emplace(resources_[i].CurrentId().Key(), i);
  indexed_ = true;
}

Status ResMap::Append(Resource resource) {
  Index();
  const ResId id = resource.CurrentId();
  const auto [at, is_new] = by_id_.emplace(id.Key(), resources_.size());
  if (!is_new) return AlreadyThere(id, resources_[at->second].origin, resource.origin);
  resources_.push_back(std::move(resource));
  return Ok();
}

Status ResMap::AppendAll(ResMap other) {
  for (Resource& resource : other) PLUMB_OK(Append(std::move(resource)));
  return Ok();
}

Status ResMap::Absorb(Arena& arena, Resource generated) {
  const ResId id = generated.CurrentId();
  std::vector<size_t> matches;
  for (size_t i = 0; i < resources_.size(); ++i)
    if (resources_[i].MatchesAnyId(id)) matches.push_back(i);
  const bool joins = generated.behavior == Behavior::kReplace || generated.behavior == Behavior::kMerge;
  if (matches.empty()) {
    if (joins) {
      return Invalid(id.ToString() + " does not exist" + NearestTo(id) + ": a generator cannot " + std::string(BehaviorName(generated.behavior)) + " it");
    }
    return Append(std::move(generated));
  }
  if (matches.size() > 1) return Invalid("several objects could be what the generator of " + id.ToString() + " changes");
  if (!joins)
    return Invalid(id.ToString() + " exists: a generator of the same name needs 'behavior: merge' or 'replace'");
  Resource& old = resources_[matches[0]];
  const bool merges = generated.behavior == Behavior::kMerge;
  const Value origin = old.root.Get("metadata").Get("annotations").Get(kOriginAnnotation);
  InheritMetadata(arena, generated, old);
  if (merges) {
    generated.root = MergedData(arena, generated.root, old.root, "data");
    generated.root = MergedData(arena, generated.root, old.root, "binaryData");
    if (!origin.is_null())
      generated.root = WithAt(arena, generated.root, {"metadata", "annotations", kOriginAnnotation}, origin);
  }
  generated.origin = old.origin;
  generated.serial = old.serial;
  old = std::move(generated);
  indexed_ = false;
  return Ok();
}

Result<size_t> ResMap::FindById(const ResId& id) const {
  std::vector<size_t> matches;
  for (size_t i = 0; i < resources_.size(); ++i)
    if (!resources_[i].gone() && resources_[i].MatchesAnyId(id)) matches.push_back(i);
  if (matches.size() == 1) return matches[0];
  if (matches.size() > 1) return Invalid("several objects match " + id.ToString());
  return Invalid("no match for " + id.ToString() + NearestTo(id));
}

std::string ResMap::NearestTo(const ResId& id) const {
  std::vector<std::string> names;
  for (const Resource& resource : resources_) {
    if (resource.gone()) continue;
    const ResId its = resource.CurrentId(), original = resource.OriginalId();
    const bool named = its.name == id.name || original.name == id.name;
    if (named && its.gvk.kind == id.gvk.kind) {
      if (its.gvk != id.gvk) return ", but there is one with 'apiVersion: " + its.gvk.ApiVersion() + "' (not '" + id.gvk.ApiVersion() + "')";
      return its.ns.empty() ? ", but there is one without a namespace" : ", but there is one in namespace '" + its.ns + "'";
    }
    names.push_back(its.gvk.kind + "/" + its.name);
    if (original.name != its.name) names.push_back(original.gvk.kind + "/" + original.name);
  }
  return DidYouMean(id.gvk.kind + "/" + id.name, names);
}

void ResMap::DropGone() {
  const auto removed = std::erase_if(resources_, [](const Resource& r) { return r.gone(); });
  if (removed > 0) indexed_ = false;
}

Status ResMap::Reorder(const std::vector<size_t>& order) {
  std::vector<Resource> reordered;
  reordered.reserve(order.size());
  for (size_t i : order) reordered.push_back(std::move(resources_[i]));
  resources_ = std::move(reordered);
  indexed_ = false;
  return CheckUnique();
}

Status ResMap::CheckUnique() const {
  std::unordered_map<std::string, const Resource*> seen;
  for (const Resource& r : resources_) {
    const auto [at, is_new] = seen.emplace(r.CurrentId().Key(), &r);
    if (!is_new) return AlreadyThere(r.CurrentId(), at->second->origin, r.origin);
  }
  return Ok();
}

}  // namespace plumb::kustomize
