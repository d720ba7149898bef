#include "diff/path_element.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/json.h"

namespace plumb {

namespace {

int Rank(Value v) {
  switch (v.kind()) {
    case Kind::kInt:
    case Kind::kFloat: return 0;
    case Kind::kString: return 1;
    case Kind::kBool: return 2;
    case Kind::kList: return 3;
    case Kind::kMap: return 4;
    case Kind::kNull: return 5;
  }
  return 5;
}

template <typename T>
int ThreeWay(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

std::vector<Member> Sorted(Value map) {
  std::vector<Member> members(map.members().begin(), map.members().end());
  std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) { return a.key < b.key; });
  return members;
}

// Members in order, and of equal beginnings the shorter first.
int CompareMembers(std::span<const Member> a, std::span<const Member> b) {
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (const int c = a[i].key.compare(b[i].key)) return c;
    if (const int c = CompareValues(a[i].value, b[i].value)) return c;
  }
  return ThreeWay(a.size(), b.size());
}

// `{"name":"web"}` and `{"containerPort":80,"protocol":"TCP"}` as servers write them: strings without escapes and integers,
// sorted, no spaces. False where it is anything else, which the JSON parser then reads.
bool ParseSimpleKey(Arena& arena, std::string_view text, PathElement* element) {
  constexpr size_t kMaxKeys = 4;
  std::array<Member, kMaxKeys> members;
  size_t count = 0;
  const auto quoted = [&](std::string_view* out) {
    if (!text.starts_with('"')) return false;
    const size_t end = text.find_first_of("\"\\", 1);
    if (end == std::string_view::npos || text[end] != '"') return false;
    *out = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    return std::none_of(out->begin(), out->end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || (c & 0x80); });
  };
  if (!text.starts_with('{')) return false;
  text.remove_prefix(1);
  while (count < kMaxKeys) {
    std::string_view name, value;
    if (!quoted(&name) || !text.starts_with(':')) return false;
    text.remove_prefix(1);
    if (count > 0 && !(members[count - 1].key < name)) return false;
    if (quoted(&value)) {
      members[count++] = {arena.Key(name), arena.String(value)};
    } else {
      int64_t number = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      const size_t digits = static_cast<size_t>(end - text.data());
      if (error != std::errc() || (digits > 1 && (text[0] == '0' || text[0] == '-'))) return false;
      text.remove_prefix(digits);
      members[count++] = {arena.Key(name), Arena::Int(number)};
    }
    if (text == "}") {
      *element = PathElement::Key(arena.Map(std::span(members).first(count)));
      return true;
    }
    if (!text.starts_with(',')) return false;
    text.remove_prefix(1);
  }
  return false;
}

}  // namespace

int CompareValues(Value a, Value b) {
  if (const int c = ThreeWay(Rank(a), Rank(b))) return c;
  switch (a.kind()) {
    case Kind::kNull: return 0;
    case Kind::kBool: return ThreeWay(a.AsBool(), b.AsBool());
    case Kind::kInt:
      if (b.is_int()) return ThreeWay(a.AsInt(), b.AsInt());
      [[fallthrough]];
    case Kind::kFloat: return a == b ? 0 : ThreeWay(a.AsDouble(), b.AsDouble());
    case Kind::kString: return a.AsString().compare(b.AsString());
    case Kind::kList:
      for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        if (const int c = CompareValues(a[i], b[i])) return c;
      return ThreeWay(a.size(), b.size());
    case Kind::kMap: return CompareMembers(Sorted(a), Sorted(b));
  }
  return 0;
}

int Compare(const PathElement& a, const PathElement& b) {
  if (const int c = ThreeWay(a.kind, b.kind)) return c;
  if (a.kind == PathElement::Kind::kField) return a.name().compare(b.name());
  if (a.value.SameAs(b.value)) return 0;
  if (a.kind == PathElement::Kind::kKey) return CompareMembers(a.value.members(), b.value.members());
  return CompareValues(a.value, b.value);
}

uint64_t HashElement(const PathElement& element) { return Hash(element.value) + static_cast<uint64_t>(element.kind); }

std::string SerializeElement(const PathElement& element) {
  switch (element.kind) {
    case PathElement::Kind::kField: return "f:" + std::string(element.name());
    case PathElement::Kind::kKey: return "k:" + WriteCanonicalJson(element.value);
    case PathElement::Kind::kValue: return "v:" + WriteJson(element.value);
    case PathElement::Kind::kIndex: return "i:" + std::to_string(element.value.AsInt());
  }
  return {};
}

std::string EscapeHtml(std::string json) {
  if (json.find_first_of("<>&") == std::string::npos) return json;
  std::string escaped;
  for (char c : json) escaped += c == '<' ? "\\u003c" : c == '>' ? "\\u003e" : c == '&' ? "\\u0026" : std::string(1, c);
  return escaped;
}

std::string SerializeElementEscaped(const PathElement& element) {
  std::string text = SerializeElement(element);
  return element.kind == PathElement::Kind::kField ? text : EscapeHtml(std::move(text));
}

bool ParseElement(Arena& arena, std::string_view text, PathElement* element, bool* known) {
  *known = true;
  if (text.size() < 2 || text[1] != ':') return false;
  const std::string_view rest = text.substr(2);
  switch (text[0]) {
    case 'f': *element = PathElement::Field(arena.Text(rest)); return true;
    case 'i': {
      int64_t index = 0;
      const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), index);
      *element = PathElement::Index(index);
      return error == std::errc() && end == rest.data() + rest.size();
    }
    case 'k':
    case 'v': {
      if (text[0] == 'k' && ParseSimpleKey(arena, rest, element)) return true;
      const Result<Document> parsed = ParseJson(rest);
      if (!parsed.ok()) return false;
      const Value value = parsed->root();
      if (text[0] == 'v') {
        *element = PathElement::Item(arena.Copy(value));
        return true;
      }
      if (!value.is_map()) return false;
      std::vector<Member> members = Sorted(value);
      for (Member& m : members) m = {arena.Key(m.key), arena.Copy(m.value)};
      *element = PathElement::Key(arena.Map(members));
      return true;
    }
    default: *known = false; return true;
  }
}

PathStep ToStep(const PathElement& element) {
  switch (element.kind) {
    case PathElement::Kind::kField: return PathStep::Field(element.name());
    case PathElement::Kind::kIndex: return PathStep::Index(static_cast<size_t>(element.value.AsInt()));
    case PathElement::Kind::kValue: return PathStep::Item(PathScalar(element.value));
    case PathElement::Kind::kKey: break;
  }
  std::vector<std::pair<std::string, PathScalar>> keys;
  for (const Member& m : element.value.members()) keys.emplace_back(m.key, PathScalar(m.value));
  return PathStep::Key(std::move(keys));
}

}  // namespace plumb
