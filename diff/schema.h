// The merge schema of Kubernetes kinds: for every field its shape, how lists and maps merge, keys, defaults and
// formats. Server-side apply, strategic merge, canonical values and the drift projection all read this one.
//
// Types follow the API server's own conversion from OpenAPI (source: kube-openapi pkg/schemaconv, release 1.36): a type may
// accept several shapes at once (scalar, list, map), and the value at hand chooses.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/mutex.h"
#include "core/object.h"
#include "core/result.h"
#include "diff/go_type.h"

namespace plumb {

// The definition of metadata, which custom resources refer to.
inline constexpr std::string_view kObjectMetaDefinition = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

enum class ScalarType : uint8_t { kNone, kUntyped, kString, kNumeric, kBoolean };
enum class ListType : uint8_t { kAtomic, kSet, kMap };
enum class MapType : uint8_t { kGranular, kAtomic };
// What the value means beyond its JSON type; decides which spellings are equal (diff/canonical.h).
enum class Format : uint8_t { kNone, kIntOrString, kQuantity, kTime, kMicroTime, kDuration, kByte };

struct Type;

// x-kubernetes-patch-strategy and x-kubernetes-patch-merge-key of a field: for strategic merge patch.
struct PatchStrategy {
  bool merge = false, replace = false, retain_keys = false;
  std::string_view merge_key;
};

// A declared field of a map.
struct Field {
  std::string_view name;
  const Type* type = nullptr;  // never null
  // The schema's `default`, else absent. Built-in types carry many that mean nothing ({}, "", 0): they complete the
  // keys of list items, and are no statement about what the server fills in unless HasRealDefault().
  bool has_default = false;
  bool required = false;
  Value default_value;
  GoZero when_unset = GoZero::kUnknown;  // of built-in types
  Value go_zero;                         // of GoZero::kWritten
  PatchStrategy patch;

  bool HasRealDefault() const;
  bool IsAlwaysWritten() const;  // by the server, whether it is set or not
  // Of built-in types: no pointer in Go, so that zero and absent are one.
  bool IsByValue() const { return when_unset == GoZero::kEmpty || (when_unset == GoZero::kWritten && !go_zero.is_null()); }
  // A struct that is no pointer in Go, so that it is always there: `default: {}`.
  bool IsPlainStruct() const;
  // A scalar that is written even where it is zero: `"name": ""`.
  bool IsPlainScalar() const { return has_default && default_value.is_scalar() && !default_value.is_null() && !HasRealDefault(); }
};

// One node of the schema. Types are shared and may be recursive. All memory is the Schema's.
struct Type {
  std::string_view name;  // "io.k8s.api.core.v1.Container"; "" for a type written inline

  ScalarType scalar = ScalarType::kNone;
  bool is_list = false, is_map = false;
  bool nullable = false;          // a CRD's `nullable: true`
  bool preserve_unknown = false;  // x-kubernetes-preserve-unknown-fields here or above
  bool keeps_unknown = false;     // the same, here alone: what a custom resource's pruning goes by
  bool embedded_object = false;   // x-kubernetes-embedded-resource
  Format format = Format::kNone;

  ListType list_type = ListType::kAtomic;
  MapType map_type = MapType::kGranular;
  const Type* item = nullptr;           // of the list; never null where is_list
  std::vector<std::string_view> keys;   // of a list of ListType::kMap
  // Where the items of a list of kMap lack a key: its default (null where it has none).
  std::vector<const Value*> key_defaults;
  std::vector<Field> fields;            // declared fields of the map, sorted by name
  const Type* value = nullptr;          // of undeclared keys; nullptr where those are errors
  std::vector<uint16_t> always_there;   // indexes of the fields that Go always writes

  const Field* FindField(std::string_view key) const;  // O(1); nullptr where it is not declared
  // The type of a map's member: the declared field's, else that of undeclared keys; nullptr where unknown.
  const Type* Member(std::string_view key) const;

  // Makes FindField() constant; to be called once `fields` are complete and sorted (until then it is O(log fields)).
  void IndexFields();

  bool IsObject() const { return is_map && !fields.empty(); }
  bool IsAny() const { return is_map && is_list && scalar == ScalarType::kUntyped; }

 private:
  std::vector<uint16_t> slots_;  // open addressing by the key's length and ends: index in `fields` + 1, 0 is free
};

// The types of one server, or of some documents. Kinds are compiled when first asked for.
//
// Thread-safe. A Type lives as long as its Schema: hold the shared_ptr.
class Schema {
 public:
  // How the JSON schema of a named definition is found: nullptr where there is none. Called under the schema's lock;
  // the Value must live as long as `memory`.
  using Lookup = std::function<const Value*(std::string_view name)>;
  struct Source {
    std::vector<std::pair<Gvk, std::string>> kinds;  // kind -> name of its definition
    Lookup lookup;
    std::shared_ptr<const void> memory;  // kept as long as the schema
    bool type_at_reference = true;       // a map type written beside a $ref overrides it (servers from 1.26)
    bool preserve_unknown = false;       // for all of it: a CRD with spec.preserveUnknownFields
  };

  // Kinds and definitions that `sources` lack are looked up in `base` (may be null).
  explicit Schema(std::vector<Source> sources, std::shared_ptr<const Schema> base = nullptr);
  ~Schema();
  Schema(const Schema&) = delete;
  Schema& operator=(const Schema&) = delete;

  // The type of a kind's objects; nullptr where the kind is not known here. O(1) but for the first call of a kind.
  const Type* Find(const Gvk& gvk) const;
  // As Find, else Deduced().
  const Type* FindOrDeduced(const Gvk& gvk) const;
  // A named definition; nullptr where there is none: "io.k8s.api.core.v1.PodSpec".
  const Type* FindDefinition(std::string_view name) const;
  std::vector<Gvk> Kinds() const;  // sorted

  // For objects of unknown kinds: any value, maps merge by key, lists are atomic.
  static const Type* Deduced();
  // Any value, atomic below: RawExtension.
  static const Type* Atomic();

 private:
  struct Compiled;
  struct Compiler;
  const Type* CompileLocked(size_t source, std::string_view name) const REQUIRES(mu_);

  const std::vector<Source> sources_;
  const std::shared_ptr<const Schema> base_;
  mutable Mutex mu_;
  std::unique_ptr<Compiled> compiled_ GUARDED_BY(mu_);
};

using SchemaPtr = std::shared_ptr<const Schema>;

struct SchemaOptions {
  bool type_at_reference = true;  // false for servers before 1.26
};

// Of group-version documents of /openapi/v3, all of one server. The first document that defines a name counts.
// Errors: kInvalid where a document has no components.schemas.
Result<SchemaPtr> SchemaFromOpenApiV3(const std::vector<Document>& documents, const SchemaOptions& options = {});

// Of /openapi/v2. That document has no defaults; those of list keys that matter (protocol: TCP of container and service ports)
// are filled in. Errors: kInvalid where it has no `definitions`.
Result<SchemaPtr> SchemaFromOpenApiV2(const Document& document, const SchemaOptions& options = {});

// The kinds of CustomResourceDefinitions (apiextensions.k8s.io/v1 or v1beta1, every version), then those of `base`, which
// also gives ObjectMeta; where it is null, the embedded schema (diff/embedded_schema.h) stands in. A version without a
// schema has the Deduced type. Errors: kInvalid, naming the CRD and the field.
Result<SchemaPtr> SchemaWithCrds(SchemaPtr base, const std::vector<Document>& crds);
inline Result<SchemaPtr> SchemaFromCrd(const Document& crd) { return SchemaWithCrds(nullptr, {crd}); }

}  // namespace plumb
