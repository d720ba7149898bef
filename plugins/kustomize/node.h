// Small reads and edits of document nodes with the rules that Kustomize's node library has: what a scalar's text is,
// what counts as empty, how a field is set. Everything else of the renderer is written in terms of these.
//
// `arena` must own or have adopted the memory of every Value passed in. Pure functions.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/arena.h"
#include "core/edit.h"
#include "core/result.h"

namespace plumb::kustomize {

// Asked wherever a text that the kustomization configures is put into one more field: a long one in many would fill the
// memory long before the objects are measured (as_written.h). Errors: kLimit where the arena is over its bound.
Status CheckMemory(const Arena& arena);

// The text of a scalar as it was written; "" for null, lists and maps.
std::string ScalarText(Value v);

// Null, an empty map or an empty list.
bool IsNullOrEmpty(Value v);

// The value that a plain (unquoted) scalar of this text has: 5 is an integer, true a boolean, web a string.
Value PlainScalar(Arena& arena, std::string_view text);

// A scalar that is put in as its text alone: a strategic merge that comes by makes it a string, else it ends as what it
// looks like (as_written.h).
Value UntypedScalar(Arena& arena, std::string_view text);
// That in the place of `old`, whose quotes stay.
Value UntypedOver(Arena& arena, Value old, std::string_view text);

// `old` with its text replaced but its type kept: "8080" over 80 stays an integer. Where the text does not fit the
// type (a word over a number) there is no such value, and nullopt-like Null with ok false is returned.
struct Retyped {
  bool ok = false;
  Value value;
};
Retyped WithText(Arena& arena, Value old, std::string_view text);

// A string map of metadata ("labels", "annotations") with every scalar as text, sorted by key.
std::map<std::string, std::string> MetadataMap(Value object, std::string_view field);
// Replaces that map; an empty one removes the field. Makes `metadata` where it is missing.
Value WithMetadataMap(Arena& arena, Value object, std::string_view field, const std::map<std::string, std::string>& map);

Value StringMap(Arena& arena, const std::map<std::string, std::string>& map);

// `list` with item `index` replaced.
Value WithItem(Arena& arena, Value list, size_t index, Value item);
// `list` with the item added at the end; null counts as empty.
Value WithAppended(Arena& arena, Value list, Value item);

// Splits at the delimiter; a delimiter after a backslash is part of the element. A leading delimiter is ignored.
std::vector<std::string> SplitPath(std::string_view path, char delimiter);
// As SplitPath, but keeps "[name=a.b]" together, and takes "[a.b]" as the one element "a.b".
std::vector<std::string> SplitBracketPath(std::string_view path, char delimiter);

// A non-negative decimal of at most 9 digits, or -1.
int ListIndex(std::string_view element);

}  // namespace plumb::kustomize
