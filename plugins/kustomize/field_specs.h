// Field specs: which fields of which kinds a transformer changes, the default ones and those of `configurations`.
// Source: Kustomize 5.5, transformer configurations.
//
// Plain values; thread-safe.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/arena.h"
#include "core/result.h"
#include "plugins/kustomize/res_id.h"

namespace plumb::kustomize {

struct FieldSpec {
  ResGvk gvk;        // of the objects it applies to; empty parts match any
  std::string path;  // "spec/containers[]/image"; "\/" is a slash within a key
  bool create = false;
};

using FieldSpecs = std::vector<FieldSpec>;

// Adds `added` where no spec that covers it is there. Errors: kInvalid where one is, with another `create`.
Status Merge(FieldSpecs& specs, const FieldSpec& added);
Status MergeAll(FieldSpecs& specs, const FieldSpecs& added);

struct NameReference {
  ResGvk referred;  // the kind whose names
  FieldSpecs referrers;
};

struct TransformerConfig {
  FieldSpecs name_prefix, name_suffix, namespaces, common_labels, labels, template_labels, common_annotations, images,
      replicas, var_reference;
  std::vector<NameReference> name_reference;

  static const TransformerConfig& Default();
  // Errors: kInvalid where the two disagree about a field.
  Status MergeWith(const TransformerConfig& other);
  Status AddNameReference(const NameReference& added);
  void Sort();
};

// What happens to a field that a spec leads to: the new value, or an error.
using SetField = std::function<Result<Value>(Value)>;

// What a missing field is created as when its spec says `create`.
enum class Create { kNothing, kMap, kScalar };

// Applies `set` to every field of `object` that `spec` leads to: lists on the way are gone through item by item.
// The object unchanged where the spec is for another kind or the field is not there. Errors: kInvalid where a scalar
// is on the way, and those of `set`.
Result<Value> ApplyFieldSpec(Arena& arena, Value object, const FieldSpec& spec, Create create, const SetField& set);
Result<Value> ApplyFieldSpecs(Arena& arena, Value object, const FieldSpecs& specs, Create create, const SetField& set);

bool AppliesTo(const FieldSpec& spec, Value object);

// Defined by default_specs_table.cc.
extern const char kDefaultFieldSpecs[];

}  // namespace plumb::kustomize
