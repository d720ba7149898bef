// One step of a path in field sets: a field's name, the keys of a list item, an item of a set, or an index.
//
// A 24-byte view; what it names lives in an Arena, a document or a Schema. The order and the printed form are those of
// FieldsV1 (source: structured-merge-diff fieldpath, v6.4). Thread-safe to read.
#pragma once

#include <string>

#include "core/arena.h"
#include "core/path.h"
#include "core/value.h"

namespace plumb {

struct PathElement {
  enum class Kind : uint8_t { kField, kKey, kValue, kIndex };  // in the order of FieldsV1

  static PathElement Field(std::string_view name) { return {Kind::kField, Arena::Borrow(name)}; }
  static PathElement Key(Value sorted_map) { return {Kind::kKey, sorted_map}; }
  static PathElement Item(Value value) { return {Kind::kValue, value}; }
  static PathElement Index(int64_t index) { return {Kind::kIndex, Arena::Int(index)}; }

  std::string_view name() const { return value.AsString(); }  // of a field

  Kind kind = Kind::kField;
  Value value;  // kField: string; kKey: a map with its keys sorted; kValue: any; kIndex: integer
};

// Numbers (by value) < strings < booleans < lists < maps < null. Negative, 0 or positive.
int CompareValues(Value a, Value b);
int Compare(const PathElement& a, const PathElement& b);
inline bool operator==(const PathElement& a, const PathElement& b) { return Compare(a, b) == 0; }
inline bool operator<(const PathElement& a, const PathElement& b) { return Compare(a, b) < 0; }
uint64_t HashElement(const PathElement& element);  // agrees with ==

// "f:spec", `k:{"name":"web"}`, `v:"x"`, "i:0": the keys of FieldsV1.
std::string SerializeElement(const PathElement& element);
// JSON as Go's encoder writes it: <, > and & within strings as \u003c, \u003e, \u0026.
std::string EscapeHtml(std::string json);
// As servers to 1.36 spell it in managedFields: with EscapeHtml in values.
std::string SerializeElementEscaped(const PathElement& element);
// Into *element, with memory of `arena`; an unknown prefix gives true and *known = false, for it must be skipped.
// False where the text is malformed.
bool ParseElement(Arena& arena, std::string_view text, PathElement* element, bool* known);

PathStep ToStep(const PathElement& element);

}  // namespace plumb
