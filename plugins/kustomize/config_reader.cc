#include "plugins/kustomize/config_reader.h"

#include <algorithm>
#include <cctype>

#include "core/suggest.h"
#include "plugins/kustomize/node.h"

namespace plumb::kustomize {
namespace {

bool SameInAnyCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

}  // namespace

Result<ConfigReader> ConfigReader::Of(Value map, std::string where, ReaderOptions options) {
  if (!map.is_map() && !map.is_null())
    return Invalid((where.empty() ? "a map was expected" : "'" + where + "' must be a map") + ", found a " +
                   std::string(KindName(map.kind())));
  return ConfigReader(map, std::move(where), options);
}

// Go reads the fields in the order of their spelling: of several spellings of one name the last replaces those before.
std::vector<const Value*> ConfigReader::FindAll(std::string_view name) const {
  std::map<std::string_view, const Value*> found;
  for (const Member& m : map_.members())
    if (!m.value.is_null() && SameInAnyCase(m.key, name)) found[m.key] = &m.value;
  std::vector<const Value*> values;
  for (const auto& [key, value] : found) values.push_back(value);
  return values;
}

const Value* ConfigReader::Find(std::string_view name) const {
  const auto all = FindAll(name);
  return all.empty() ? nullptr : all.back();
}

const Value* ConfigReader::Take(std::string_view name) {
  known_.emplace_back(name);
  return Find(name);
}

std::string ConfigReader::Join(std::string_view name) const {
  return where_.empty() ? std::string(name) : where_ + "." + std::string(name);
}

void ConfigReader::NotePlace(std::string_view name, bool key) const {
  if (!options_.place) return;
  *options_.place = {{}, key};
  for (const char c : Join(name)) {
    auto& path = options_.place->path;
    if (path.empty() || c == '.' || c == '[') path.emplace_back();
    if (c != '.' && c != '[' && c != ']') path.back() += c;
  }
}

Error ConfigReader::WrongType(std::string_view name, std::string_view wanted, Value found) const {
  NotePlace(name, false);
  return Invalid("'" + Join(name) + "' must be " + std::string(wanted) + ", found " + std::string(KindWithArticle(found.kind())));
}

Result<std::string> ConfigReader::Text(std::string_view name, Value v) const {
  if (v.is_string()) return std::string(v.AsString());
  if (v.is_null()) return std::string();
  if (v.is_scalar() && options_.scalars_as_text) return ScalarText(v);
  const Error error = WrongType(name, "a string", v);
  return v.is_scalar() ? Invalid(error.message() + " (put it in quotes)") : error;
}

Status ConfigReader::Read(std::string_view name, std::string* out) {
  const Value* found = Take(name);
  if (!found) return Ok();
  PLUMB_TRY(text, Text(name, *found));
  *out = text;
  return Ok();
}

Status ConfigReader::Read(std::string_view name, bool* out) {
  const Value* found = Take(name);
  if (!found) return Ok();
  if (!found->is_bool()) return WrongType(name, "true or false", *found);
  *out = found->AsBool();
  return Ok();
}

Status ConfigReader::Read(std::string_view name, int64_t* out) {
  const Value* found = Take(name);
  if (!found) return Ok();
  if (!found->is_int()) return WrongType(name, "an integer", *found);
  *out = found->AsInt();
  return Ok();
}

Status ConfigReader::Read(std::string_view name, std::vector<std::string>* out) {
  const Value* found = Take(name);
  if (!found) return Ok();
  if (!found->is_list()) return WrongType(name, "a list", *found);
  for (size_t i = 0; i < found->size(); ++i) {
    PLUMB_TRY(text, Text(std::string(name) + "[" + std::to_string(i) + "]", (*found)[i]));
    out->push_back(text);
  }
  return Ok();
}

Status ConfigReader::Read(std::string_view name, std::map<std::string, std::string>* out) {
  known_.emplace_back(name);
  for (const Value* found : FindAll(name)) {  // maps are filled by all of them
    if (!found->is_map()) return WrongType(name, "a map of strings", *found);
    for (const Member& m : found->members()) {
      PLUMB_TRY(text, Text(std::string(name) + "." + std::string(m.key), m.value));
      (*out)[std::string(m.key)] = text;
    }
  }
  return Ok();
}

Status ConfigReader::Read(std::string_view name, std::map<std::string, bool>* out) {
  const Value* found = Take(name);
  if (!found) return Ok();
  if (!found->is_map()) return WrongType(name, "a map of true and false", *found);
  for (const Member& m : found->members()) {
    if (!m.value.is_bool() && !m.value.is_null()) return WrongType(std::string(name) + "." + std::string(m.key), "true or false", m.value);
    (*out)[std::string(m.key)] = m.value.AsBool();
  }
  return Ok();
}

Status ConfigReader::Read(std::string_view name, Value* out) {
  if (const Value* found = Take(name)) *out = *found;
  return Ok();
}

Status ConfigReader::Finish() const {
  if (!options_.refuse_unknown) return Ok();
  for (const Member& m : map_.members()) {
    const auto is_it = [&](const std::string& name) { return SameInAnyCase(name, m.key); };
    if (std::any_of(known_.begin(), known_.end(), is_it)) continue;
    NotePlace(m.key, true);
    return Invalid((where_.empty() ? "" : "'" + where_ + "': ") + "unknown field '" + std::string(m.key) + "'" +
                   DidYouMean(m.key, known_));
  }
  return Ok();
}

}  // namespace plumb::kustomize
