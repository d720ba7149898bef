// What OpenAPI does not tell of a built-in type: how its Go struct writes each field, and the field's number in protobuf.
//
// Source: the tags of k8s.io/api, read by tests/controlplane/gotypes into diff/tables/kubernetes.txt. Thread-safe.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/value.h"

namespace plumb {

// What stands in JSON for a field that is not set.
enum class GoZero : uint8_t {
  kUnknown,  // of custom resources, and of fields newer than the table
  kWritten,  // always something: GoField::zero
  kEmpty,    // nothing, and neither for a zero value: "", 0, false, [], {}
  kAbsent,   // nothing, but a zero value stays: a pointer
};

struct GoField {
  std::string_view name;
  uint32_t number = 0;  // in protobuf; 0 where it has none
  GoZero when_unset = GoZero::kUnknown;
  Value zero;           // of kWritten: null, "", 0, {} (a struct, with its own zero values to be filled in)
};

struct GoInline {
  uint32_t number = 0;  // protobuf has a message where JSON has the fields themselves
  std::string_view definition;
};

struct GoType {
  std::vector<GoField> fields;
  std::vector<GoInline> inlined;

  const GoField* Find(std::string_view name) const;  // in `fields` alone
};

// nullptr where the table has no such definition.
const GoType* FindGoType(std::string_view definition);

// As FindGoType()->Find(), in what it inlines too; nullptr where there is none.
const GoField* FindGoField(std::string_view definition, std::string_view name);

}  // namespace plumb
