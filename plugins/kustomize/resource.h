// One object under construction: its tree, and what Kustomize remembers of its past (earlier names, prefixes, whether a
// hash is due). The program it follows keeps that memory in annotations of the object; here it is beside the tree and
// enters it only while patches run, which could see or remove those annotations.
//
// Plain values; not thread-safe.
#pragma once

#include <string>
#include <vector>

#include "core/arena.h"
#include "core/object.h"
#include "plugins/kustomize/as_written.h"
#include "plugins/kustomize/res_id.h"

namespace plumb::kustomize {

enum class Behavior { kUnset, kUnspecified, kCreate, kReplace, kMerge };

struct PreviousName {
  std::string name, ns, kind;  // ns is the effective namespace
};

struct Resource {
  Value root;  // null: the object was deleted by a patch
  std::vector<PreviousName> previous;
  std::vector<std::string> prefixes, suffixes;  // in the order they were added
  std::vector<std::string> ref_vars;            // names of the variables that read from it
  Behavior behavior = Behavior::kUnset;
  bool needs_hash = false;
  bool allow_name_change = false, allow_kind_change = false;  // of patches
  Origin origin;
  TreeSize settled;     // size of the tree when it was settled last
  uint32_t serial = 0;  // the object in the build's trace; 0 where there is none

  bool gone() const { return IsGone(root); }
  ResId CurrentId() const { return ResId::Of(root); }
  std::vector<ResId> PreviousIds() const;
  ResId OriginalId() const;  // the first previous id, else the current one
  bool MatchesAnyId(const ResId& id) const;
  // Whether it has, or had, this name: makes no copies, for loops over all objects.
  bool WasNamed(std::string_view name) const;
  // Remembers the current id before it changes.
  void StorePreviousId();

 private:
  static bool IsGone(Value root) { return root.is_null() || (!root.is_scalar() && root.empty()); }
};

void SetName(Arena& arena, Resource& resource, std::string_view name);
void SetNamespace(Arena& arena, Resource& resource, std::string_view ns);  // "" removes it
void SetKind(Arena& arena, Resource& resource, std::string_view kind);

// The tree with the memory written into its annotations, as other programs and patches see it.
Value WithBuildAnnotations(Arena& arena, const Resource& resource);
// Takes the memory back out of the annotations of `resource.root`, replacing what the fields held.
void TakeBuildAnnotations(Arena& arena, Resource& resource);

// Merges the metadata of `old` under that of `resource`, and takes over name, namespace and memory: what a generator
// does that replaces or merges into an object that exists.
void InheritMetadata(Arena& arena, Resource& resource, const Resource& old);

// Removes what only the build needs from the annotations; empties become absent. `keep_origin` and
// `keep_transformations` say which of the tracking annotations stay. Errors: kInvalid for a key that looks like a number.
Status CleanAnnotations(Arena& arena, Resource& resource, bool keep_origin, bool keep_transformations);

inline constexpr std::string_view kOriginAnnotation = "config.kubernetes.io/origin";
inline constexpr std::string_view kTransformationsAnnotation = "alpha.config.kubernetes.io/transformations";
inline constexpr std::string_view kValidatedByLabel = "validated-by";  // that a validator may add
inline constexpr std::string_view kLocalConfigAnnotation = "config.kubernetes.io/local-config";

// True where the ends of the two name histories agree: the same prefixes and suffixes were added to both.
// `allow_empty`: one with none of them agrees with any.
bool SamePrefixesAndSuffixes(const Resource& a, const Resource& b, bool allow_empty);

std::string_view BehaviorName(Behavior behavior);
Behavior ParseBehavior(std::string_view name);

}  // namespace plumb::kustomize
