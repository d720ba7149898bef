#include "plugins/kustomize/node.h"

#include <charconv>

#include "core/yaml.h"
#include "core/yaml_scalar.h"

namespace plumb::kustomize {

Status CheckMemory(const Arena& arena) {
  if (!arena.OverBound()) return Ok();
  return LimitExceeded("the render needs more than " + std::to_string(arena.bound()) + " bytes of memory: a long text is put into many fields");
}

std::string ScalarText(Value v) {
  if (v.has_spelling() && !v.is_null()) return std::string(v.Spelling());
  switch (v.kind()) {
    case Kind::kString: return std::string(v.AsString());
    case Kind::kBool: return v.AsBool() ? "true" : "false";
    case Kind::kInt: return std::to_string(v.AsInt());
    case Kind::kFloat: return std::string(v.FloatText());
    default: return "";
  }
}

bool IsNullOrEmpty(Value v) { return v.is_null() || (!v.is_scalar() && v.empty()); }

Value PlainScalar(Arena& arena, std::string_view text) {
  const bool typed = !text.empty() && ResolveYamlScalar(text, YamlDialect::kKyaml).type != YamlScalar::Type::kString;
  if (typed) {
    auto parsed = ParseYamlOne(text, {.dialect = YamlDialect::kKyaml, .rewrite_folded = true, .as_written = true});
    const Value v = parsed.ok() ? parsed->root() : Value();
    if (parsed.ok() && v.is_scalar() && (!v.is_string() || v.has_spelling())) return arena.Copy(v);
  }
  return arena.String(text);
}

Value UntypedScalar(Arena& arena, std::string_view text) { return Arena::SpelledString(arena.String(text)); }

Value UntypedOver(Arena& arena, Value old, std::string_view text) {
  return old.is_quoted() ? Arena::Quoted(arena.String(text)) : UntypedScalar(arena, text);
}

Retyped WithText(Arena& arena, Value old, std::string_view text) {
  if (old.is_string()) return {true, old.has_spelling() ? Arena::SpelledString(arena.String(text)) : arena.String(text)};
  const Value plain = PlainScalar(arena, text);
  if (old.is_float() && plain.is_int()) return {true, arena.Float(plain.AsDouble())};
  return {plain.kind() == old.kind(), plain};
}

std::map<std::string, std::string> MetadataMap(Value object, std::string_view field) {
  std::map<std::string, std::string> map;
  for (const Member& m : object.Get("metadata").Get(field).members()) {
    const bool spelled_null = m.value.is_null() && !m.value.is_bare_null();  // counts as its text
    const std::string null_text(m.value.has_spelling() ? m.value.Spelling() : "null");
    map[std::string(m.key)] = spelled_null ? null_text : ScalarText(m.value);  // of a key given twice, the last
  }
  return map;
}

Value StringMap(Arena& arena, const std::map<std::string, std::string>& map) {
  std::vector<Member> members;
  members.reserve(map.size());
  for (const auto& [key, text] : map) members.push_back({arena.Key(key), arena.String(text)});
  return arena.Map(members);
}

Value WithMetadataMap(Arena& arena, Value object, std::string_view field,
                      const std::map<std::string, std::string>& map) {
  Value metadata = object.Get("metadata");
  if (!metadata.is_map() && !metadata.is_null()) return object;
  if (map.empty()) {
    if (metadata.is_map() && !metadata.Has(field)) return object;
    metadata = metadata.is_null() ? arena.Map({}) : Without(arena, metadata, field);
  } else {
    metadata = With(arena, metadata, field, StringMap(arena, map));
  }
  return With(arena, object, "metadata", metadata);
}

Value WithItem(Arena& arena, Value list, size_t index, Value item) {
  std::vector<Value> items(list.items().begin(), list.items().end());
  items[index] = item;
  return arena.List(items);
}

Value WithAppended(Arena& arena, Value list, Value item) {
  std::vector<Value> items(list.items().begin(), list.items().end());
  items.push_back(item);
  return arena.List(items);
}

std::vector<std::string> SplitPath(std::string_view path, char delimiter) {
  std::vector<std::string> parts;
  std::string part;
  bool leading = true;
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] != delimiter) {
      part += path[i];
    } else if (!part.empty() && part.back() == '\\') {
      part.back() = delimiter;
    } else if (leading && part.empty() && i == 0) {
      // A leading delimiter only says that the path begins at the root.
    } else {
      parts.push_back(std::move(part));
      part.clear();
    }
    leading = false;
  }
  parts.push_back(std::move(part));
  return parts;
}

std::vector<std::string> SplitBracketPath(std::string_view path, char delimiter) {
  std::vector<std::string> result;
  const std::vector<std::string> split = SplitPath(path, delimiter);
  for (size_t i = 0; i < split.size(); ++i) {
    if (!split[i].starts_with('[') || split[i].ends_with(']')) {
      result.push_back(split[i]);
      continue;
    }
    std::string joined = split[i];
    while (i + 1 < split.size()) {
      joined += delimiter;
      joined += split[++i];
      if (split[i].ends_with(']')) break;
    }
    if (joined.find('=') == std::string::npos) {
      while (!joined.empty() && (joined.front() == '[' || joined.front() == ']')) joined.erase(0, 1);
      while (!joined.empty() && (joined.back() == '[' || joined.back() == ']')) joined.pop_back();
    }
    result.push_back(std::move(joined));
  }
  return result;
}

int ListIndex(std::string_view element) {
  int index = -1;
  const auto [end, error] = std::from_chars(element.data(), element.data() + element.size(), index);
  const bool whole = error == std::errc() && end == element.data() + element.size();
  return whole && index >= 0 ? index : -1;
}

}  // namespace plumb::kustomize
