// Reads a configuration map field by field the way Go's JSON decoder fills a struct: names match in any case, null is
// absent, types must fit. Every error says where: "patches[2].target: 'labelSelector' must be a string".
//
// Not thread-safe: one reader for one map.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/value.h"

namespace plumb::kustomize {

// Where a reader found something wrong: keys and list indices, as LocateYaml takes them.
struct ReaderPlace {
  std::vector<std::string> path;
  bool key = false;  // the key itself, not its value
};

struct ReaderOptions {
  bool refuse_unknown = true;    // fields that nothing read are errors, with the nearest known name
  ReaderPlace* place = nullptr;  // told where the last error is; may be null
  bool scalars_as_text = false;  // a number or boolean where a string is wanted counts as its text
};

class ConfigReader {
 public:
  // `where` goes in front of every message; "" for the outermost map. Null counts as an empty map.
  static Result<ConfigReader> Of(Value map, std::string where, ReaderOptions options);

  // Each leaves `out` alone where the field is absent or null. Errors: kInvalid.
  Status Read(std::string_view name, std::string* out);
  Status Read(std::string_view name, bool* out);
  Status Read(std::string_view name, int64_t* out);
  Status Read(std::string_view name, std::vector<std::string>* out);
  Status Read(std::string_view name, std::map<std::string, std::string>* out);
  Status Read(std::string_view name, std::map<std::string, bool>* out);
  Status Read(std::string_view name, Value* out);  // anything

  // Calls `read(reader)` for the map, or for each map of the list, under `name`.
  template <typename F>
  Status ReadMap(std::string_view name, F&& read) {
    const Value* found = Take(name);
    if (!found) return Ok();
    PLUMB_TRY(reader, Of(*found, Join(name), options_));
    PLUMB_OK(read(reader));
    return reader.Finish();
  }
  template <typename F>
  Status ReadList(std::string_view name, F&& read) {
    const Value* found = Take(name);
    if (!found) return Ok();
    if (!found->is_list()) return WrongType(name, "a list", *found);
    for (size_t i = 0; i < found->size(); ++i) {
      PLUMB_TRY(reader, Of((*found)[i], Join(name) + "[" + std::to_string(i) + "]", options_));
      PLUMB_OK(read(reader));
      PLUMB_OK(reader.Finish());
    }
    return Ok();
  }

  bool Has(std::string_view name) const { return Find(name) != nullptr; }  // and it is not null
  // Errors: kInvalid where a field was never asked for.
  Status Finish() const;
  const std::string& where() const { return where_; }

 private:
  ConfigReader(Value map, std::string where, ReaderOptions options)
      : map_(map), where_(std::move(where)), options_(options) {}

  std::vector<const Value*> FindAll(std::string_view name) const;
  const Value* Find(std::string_view name) const;
  const Value* Take(std::string_view name);
  std::string Join(std::string_view name) const;
  void NotePlace(std::string_view name, bool key) const;
  Error WrongType(std::string_view name, std::string_view wanted, Value found) const;
  Result<std::string> Text(std::string_view name, Value v) const;

  Value map_;
  std::string where_;
  ReaderOptions options_;
  std::vector<std::string> known_;
};

}  // namespace plumb::kustomize
