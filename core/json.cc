#include "core/json.h"

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <vector>

#include "core/map_keys.h"

namespace plumb {

namespace {

namespace dom = simdjson::dom;

// Copies simdjson's document into an arena. Children are gathered on one shared stack, so that a whole document
// costs no allocation beyond the arena's.
class TreeBuilder {
 public:
  TreeBuilder(Arena& arena, const JsonLimits& limits) : arena_(arena), depth_left_(limits.depth), refuse_repeated_(limits.refuse_repeated_keys) {}

  Result<Value> Build(dom::element e) {
    switch (e.type()) {
      case dom::element_type::NULL_VALUE: return Value();
      case dom::element_type::BOOL: return Arena::Bool(e.get_bool().value_unsafe());
      case dom::element_type::INT64: return Arena::Int(e.get_int64().value_unsafe());
      case dom::element_type::UINT64: {
        const uint64_t u = e.get_uint64().value_unsafe();
        return arena_.Float(static_cast<double>(u), fmt::format("{}", u));
      }
      case dom::element_type::DOUBLE: return arena_.Float(e.get_double().value_unsafe());
      case dom::element_type::STRING: return arena_.String(e.get_string().value_unsafe());
      case dom::element_type::ARRAY: return BuildList(e);
      case dom::element_type::OBJECT: return BuildMap(e);
    }
    return Internal("unknown JSON element");
  }

 private:
  Error TooDeep() const { return LimitExceeded("JSON is nested too deeply"); }

  Result<Value> BuildList(dom::element e) {
    if (depth_left_-- == 0) return TooDeep();
    const size_t first = values_.size();
    const dom::array array = e.get_array();
    for (dom::element item : array) {
      PLUMB_TRY(value, Build(item));
      values_.push_back(value);
    }
    const Value list = arena_.List(std::span(values_).subspan(first));
    values_.resize(first);
    ++depth_left_;
    return list;
  }

  Result<Value> BuildMap(dom::element e) {
    if (depth_left_-- == 0) return TooDeep();
    const size_t first = members_.size();
    const dom::object object = e.get_object();
    for (auto [key, item] : object) {
      const std::string_view name = arena_.Key(key);
      PLUMB_TRY(value, Build(item));
      members_.push_back({name, value});
    }
    if (refuse_repeated_ && HasRepeatedKeys(std::span(members_).subspan(first))) return Invalid("a key is given twice");
    const size_t kept = DropRepeated(std::span(members_).subspan(first));
    const Value map = arena_.Map(std::span(members_).subspan(first, kept));
    members_.resize(first);
    ++depth_left_;
    return map;
  }

  // A key given twice keeps its first place and its last value. Returns how many members are left.
  static size_t DropRepeated(std::span<Member> members) {
    if (!HasRepeatedKeys(members)) return members.size();
    size_t kept = 0;
    for (size_t i = 0; i < members.size(); ++i) {
      auto earlier = std::find_if(members.begin(), members.begin() + static_cast<ptrdiff_t>(kept), [&](const Member& m) { return m.key == members[i].key; });
      if (earlier != members.begin() + static_cast<ptrdiff_t>(kept)) earlier->value = members[i].value;
      else members[kept++] = members[i];
    }
    return kept;
  }

  Arena& arena_;
  size_t depth_left_;
  bool refuse_repeated_;
  std::vector<Value> values_;
  std::vector<Member> members_;
};

void WriteString(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  size_t from = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, from, i - from);
    from = i + 1;
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      default: out.append("\\u00").push_back(kHex[c >> 4]), out.push_back(kHex[c & 15]);
    }
  }
  out.append(text, from).push_back('"');
}

struct Writer {
  std::string out;
  bool sorted = false;
  int indent = 0;  // 0: compact

  void NewLine(int depth) {
    if (indent == 0) return;
    out.push_back('\n');
    out.append(static_cast<size_t>(depth * indent), ' ');
  }

  void Write(Value v, int depth) {
    switch (v.kind()) {
      case Kind::kNull: out += "null"; return;
      case Kind::kBool: out += v.AsBool() ? "true" : "false"; return;
      case Kind::kInt: fmt::format_to(std::back_inserter(out), "{}", v.AsInt()); return;
      case Kind::kFloat: out += v.FloatText(); return;
      case Kind::kString: WriteString(out, v.AsString()); return;
      case Kind::kList: {
        out.push_back('[');
        bool first = true;
        for (Value item : v.items()) {
          if (!first) out.push_back(',');
          first = false;
          NewLine(depth + 1);
          Write(item, depth + 1);
        }
        if (!first) NewLine(depth);
        out.push_back(']');
        return;
      }
      case Kind::kMap: {
        if (!sorted) return WriteMembers(v.members(), depth);
        std::vector<Member> members(v.members().begin(), v.members().end());
        std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) { return a.key < b.key; });
        return WriteMembers(members, depth);
      }
    }
  }

  void WriteMembers(std::span<const Member> members, int depth) {
    out.push_back('{');
    bool first = true;
    for (const Member& m : members) {
      if (!first) out.push_back(',');
      first = false;
      NewLine(depth + 1);
      WriteString(out, m.key);
      out += indent == 0 ? ":" : ": ";
      Write(m.value, depth + 1);
    }
    if (!first) NewLine(depth);
    out.push_back('}');
  }
};

}  // namespace

Result<Document> ParseJson(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.bytes)
    return LimitExceeded(fmt::format("JSON of {} bytes; at most {} are read", text.size(), limits.bytes));
  dom::parser parser;
  if (parser.allocate(text.size(), limits.depth + 1) != simdjson::SUCCESS) return LimitExceeded("no memory to parse JSON");
  dom::element root;
  if (const auto error = parser.parse(text.data(), text.size()).get(root)) {
    if (error == simdjson::DEPTH_ERROR) return LimitExceeded(fmt::format("JSON is nested more than {} deep", limits.depth));
    return Invalid(fmt::format("not valid JSON: {}", simdjson::error_message(error)));
  }
  auto arena = std::make_shared<Arena>();
  PLUMB_TRY(value, TreeBuilder(*arena, limits).Build(root));
  return Document(std::move(arena), value);
}

std::string WriteJson(Value value, JsonStyle style) {
  Writer writer;
  writer.indent = style == JsonStyle::kIndent4 ? 4 : 0;
  writer.Write(value, 0);
  return std::move(writer.out);
}

std::string WriteCanonicalJson(Value value) {
  Writer writer;
  writer.sorted = true;
  writer.Write(value, 0);
  return std::move(writer.out);
}

}  // namespace plumb
