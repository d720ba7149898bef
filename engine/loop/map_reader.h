// Reads a user's map strictly: every field by name and kind, and whatever nobody asked for is an error with a suggestion.
//
//   MapReader spec(value, "spec");
//   target.ns = spec.String("namespace");
//   PLUMB_OK(spec.Finish());
//
// The first error is kept and returned by Finish, so that reading needs no checks in between. Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/result.h"
#include "core/value.h"

namespace plumb {

class MapReader {
 public:
  // `path` is the map's place in the document, for messages. A null `map` reads as empty.
  MapReader(Value map, std::string path);

  std::string String(std::string_view field, std::string_view fallback = "");
  std::string Required(std::string_view field);  // a non-empty string
  bool Bool(std::string_view field, bool fallback);
  int64_t Int(std::string_view field, int64_t fallback, int64_t least, int64_t most);
  plumb::Duration Duration(std::string_view field, plumb::Duration fallback);  // "3m"; more than 0
  Value Map(std::string_view field);   // null where absent
  Value List(std::string_view field);  // null where absent
  std::vector<std::string> Strings(std::string_view field);

  bool Has(std::string_view field) const { return map_.Has(field); }
  std::string At(std::string_view field) const { return path_.empty() ? std::string(field) : path_ + "." + std::string(field); }
  void Fail(std::string_view field, std::string what);  // records "<path>.<field>: <what>" unless an error is there already

  // The first error, else an error for a field that no call above asked for.
  Status Finish();

 private:
  const Value* Take(std::string_view field);  // nullptr where absent or null
  void Expected(std::string_view field, std::string_view what, Value found);

  Value map_;
  std::string path_;
  std::vector<std::string> known_;
  std::optional<Error> error_;
};

}  // namespace plumb
