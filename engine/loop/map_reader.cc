#include "engine/loop/map_reader.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/suggest.h"

namespace plumb {

MapReader::MapReader(Value map, std::string path) : map_(map), path_(std::move(path)) {
  if (!map.is_map() && !map.is_null()) error_ = Invalid(fmt::format("{}: expected a map, found a {}", path_, KindName(map.kind())));
}

const Value* MapReader::Take(std::string_view field) {
  known_.emplace_back(field);
  const Value* found = map_.Find(field);
  return found && !found->is_null() ? found : nullptr;
}

void MapReader::Fail(std::string_view field, std::string what) {
  if (!error_) error_ = Invalid(fmt::format("{}: {}", At(field), what));
}

void MapReader::Expected(std::string_view field, std::string_view what, Value found) {
  Fail(field, fmt::format("expected {}, found a {}", what, KindName(found.kind())));
}

std::string MapReader::String(std::string_view field, std::string_view fallback) {
  const Value* v = Take(field);
  if (!v) return std::string(fallback);
  if (!v->is_string()) Expected(field, "a string (quote it)", *v);
  return std::string(v->AsString());
}

std::string MapReader::Required(std::string_view field) {
  std::string text = String(field);
  if (text.empty()) Fail(field, "is missing");
  return text;
}

bool MapReader::Bool(std::string_view field, bool fallback) {
  const Value* v = Take(field);
  if (!v) return fallback;
  if (!v->is_bool()) Expected(field, "true or false", *v);
  return v->AsBool();
}

int64_t MapReader::Int(std::string_view field, int64_t fallback, int64_t least, int64_t most) {
  const Value* v = Take(field);
  if (!v) return fallback;
  if (!v->is_int()) Expected(field, "an integer", *v);
  else if (v->AsInt() < least || v->AsInt() > most) Fail(field, fmt::format("{} is not within {} and {}", v->AsInt(), least, most));
  return v->AsInt();
}

plumb::Duration MapReader::Duration(std::string_view field, plumb::Duration fallback) {
  const Value* v = Take(field);
  if (!v) return fallback;
  if (!v->is_string()) {
    Expected(field, "a duration such as 3m", *v);
    return fallback;
  }
  const auto parsed = ParseDuration(v->AsString());
  if (!parsed.ok()) Fail(field, parsed.error().message());
  else if (*parsed <= plumb::Duration::zero()) Fail(field, fmt::format("'{}' must be more than 0", v->AsString()));
  return parsed.ok() ? *parsed : fallback;
}

Value MapReader::Map(std::string_view field) {
  const Value* v = Take(field);
  if (v && !v->is_map()) Expected(field, "a map", *v);
  return v && v->is_map() ? *v : Value();
}

Value MapReader::List(std::string_view field) {
  const Value* v = Take(field);
  if (v && !v->is_list()) Expected(field, "a list", *v);
  return v && v->is_list() ? *v : Value();
}

std::vector<std::string> MapReader::Strings(std::string_view field) {
  std::vector<std::string> strings;
  for (Value item : List(field).items()) {
    if (!item.is_string()) Expected(field, "strings", item);
    strings.emplace_back(item.AsString());
  }
  return strings;
}

Status MapReader::Finish() {
  if (error_) return *error_;
  for (const Member& m : map_.members()) {
    if (std::find(known_.begin(), known_.end(), m.key) != known_.end()) continue;
    std::string all;
    for (const std::string& name : known_) all += (all.empty() ? "" : ", ") + name;
    return Invalid(fmt::format("{}: unknown field{}; known are {}", At(m.key), DidYouMean(m.key, known_), all));
  }
  return Ok();
}

}  // namespace plumb
