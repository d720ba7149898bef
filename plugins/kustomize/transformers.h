// The built-in transformers that change fields in place, one function each. All follow Kustomize 5.5.
//
// Each works on one build's objects: not thread-safe. Errors: kInvalid, naming the object and the field.
#pragma once

#include <string>

#include "plugins/kustomize/as_written.h"
#include "plugins/kustomize/kustomization.h"
#include "plugins/kustomize/res_map.h"

namespace plumb::kustomize {

struct NamespaceArgs {
  std::string ns;
  FieldSpecs fields;
  bool unset_only = false;     // leave namespaces that are set alone
  std::string subjects_mode;   // of role bindings: "" or "defaultOnly", "allServiceAccounts", "none"
};

// Puts every namespaced object, and what refers to a namespace by `fields`, into the namespace.
Status ApplyNamespace(Arena& arena, ResMap& map, const NamespaceArgs& args);
Result<Value> SetNamespaceFields(Arena& arena, Value object, const NamespaceArgs& args);

// In front of or after the names; CustomResourceDefinitions, APIServices and Namespaces keep theirs.
enum class Affix { kPrefix, kSuffix };
Status ApplyAffix(Arena& arena, ResMap& map, Affix affix, const std::string& text, const FieldSpecs& fields);
Result<Value> SetAffix(Arena& arena, Value object, Affix affix, const std::string& text, const FieldSpec& field);

// Labels or annotations: every pair is set in every field that `fields` leads to.
Status ApplyPairs(Arena& arena, ResMap& map, const Labels& pairs, const FieldSpecs& fields);
// `check_keys`: an added key that looks like a number is an error, as it is where the object is written at last.
Result<Value> SetPairs(Arena& arena, Value object, const Labels& pairs, const FieldSpecs& fields, bool check_keys = false);

// Name, tag and digest of images: in `containers` and `initContainers` anywhere, then by `fields`.
Status ApplyImage(Arena& arena, ResMap& map, const ImageArgs& image, const FieldSpecs& fields);
Result<Value> SetContainerImages(Arena& arena, Value object, const ImageArgs& image);
Result<Value> SetImageFields(Arena& arena, Value object, const ImageArgs& image, const FieldSpecs& fields);

Status ApplyReplicas(Arena& arena, ResMap& map, const ReplicaArgs& replica, const FieldSpecs& fields);
Result<Value> SetReplicas(Arena& arena, Value object, int64_t count, const FieldSpec& field);

// Copies values from fields of one object to fields of others.
Status ApplyReplacements(Arena& arena, ResMap& map, const std::vector<Replacement>& replacements, SettleLimits& limits);

// A value added to a path in a field: "projects/whatever" becomes "projects/whatever/value".
struct ValueAddArgs {
  std::string value, field_path;
  int64_t position = 0;  // of the element in the path that is inserted; 0: the field is replaced
};
Result<Value> AddValue(Arena& arena, Value object, const ValueAddArgs& args);

// Appends the content's hash to the names of generated ConfigMaps and Secrets.
Status ApplyHashes(Arena& arena, ResMap& map, SettleLimits& limits);
std::string ContentHash(Value object);

// Corrects the fields that hold names of objects whose names or namespaces have changed.
Status FixNameReferences(Arena& arena, ResMap& map, const std::vector<NameReference>& references);

}  // namespace plumb::kustomize
