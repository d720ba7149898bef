// Which lists are merged by key, and by which keys, when a strategic merge patch is applied: what Kustomize needs to
// know of the Kubernetes types, from its built-in table or from the OpenAPI document of `openapi: {path: ...}`.
//
// Immutable once made: thread-safe.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "core/value.h"

namespace plumb::kustomize {

class PatchSchema {
 public:
  struct Type;
  struct Field {
    std::string name;               // "*" for every key of a map
    const Type* type = nullptr;     // of the value, or of the items of a list
    bool is_list = false;
    bool merges = false;            // items are merged, by `keys` or (without any) by their value
    std::vector<std::string> keys;
  };
  struct Type {
    std::vector<Field> fields;
    const Field* Find(std::string_view name) const;
  };

  // That of Kubernetes 1.21.2.
  static const std::shared_ptr<const PatchSchema>& Builtin();
  // From an OpenAPI v2 document; `base` (or null) serves the kinds that the document has not. Errors: kInvalid where
  // it is none.
  static Result<std::shared_ptr<const PatchSchema>> FromOpenApi(Value document, std::shared_ptr<const PatchSchema> base);

  const Type* Find(std::string_view api_version, std::string_view kind) const;

 private:
  const Type* FindType(std::string_view name) const;
  Type* TypeNamed(const std::string& name);
  void ReadTable(std::string_view text);

  std::unordered_map<std::string, std::unique_ptr<Type>> types_;
  std::unordered_map<std::string, const Type*> by_kind_;  // "apps/v1 Deployment"
  std::shared_ptr<const PatchSchema> base_;
};

// Defined by patch_schema_table.cc. "Type: field=Type list[]=Type merged[key,key]=Type merged_values[*]", a line that
// begins with a space continues the one before, "@apps/v1 Deployment = Type" names the type of a kind.
extern const char kBuiltinPatchSchema[];

}  // namespace plumb::kustomize
