// The fields of Plumb's own documents as a table: one place for what `plumb explain` prints and for the schemas of the
// CustomResourceDefinitions. A test holds the parsers to it (tests/engine/controller/crd_test.cc).
//
// A table is text, a line for each field, nested by indentation:
//
//     NAME: TYPE[!][+][@file|@cluster] [= DEFAULT | ~ EXAMPLE] | MEANING
//
// TYPE is string, bool, int(LEAST..MOST), duration, time, choice(A,B), strings (a list of them), texts (a map of them), any
// (a value that another document describes), map or list (of maps; their fields follow). `!` is required, `+` is shown in the
// example though it is not; `@file` is for documents in files, `@cluster` for objects in a cluster.
//
// Immutable once made; thread-safe to read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace plumb {

struct FieldRow {
  enum class Type : uint8_t { kString, kBool, kInt, kDuration, kTime, kChoice, kStrings, kTexts, kAny, kMap, kList };
  std::string name;
  Type type = Type::kMap;
  bool required = false, shown = false;
  bool in_files = true, in_clusters = true;
  bool has_default = false;
  std::string value;                 // the default, else an example, as YAML
  std::string meaning;
  std::vector<std::string> choices;  // of kChoice
  int64_t least = 0, most = 0;       // of kInt
  std::vector<FieldRow> fields;         // of kMap and kList

  const FieldRow* Find(std::string_view field) const;
};

// Reads a table; a malformed line is a bug and ends the program.
FieldRow ParseFieldTable(std::string_view text);

// What stands below `spec` of each, and below `status` of an Application.
const FieldRow& ApplicationFields();
const FieldRow& ApplicationStatusFields();
const FieldRow& ProjectFields();

// The fields as YAML to copy from: every default as it is, everything else as a comment. Two spaces a level from `indent`.
std::string WriteFieldReference(const FieldRow& fields, size_t indent);

}  // namespace plumb
