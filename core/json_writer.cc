// Trees into JSON text.
#include <algorithm>
#include <charconv>
#include <vector>

#include "core/json.h"

namespace plumb {

namespace {

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
      case Kind::kInt: {
        char digits[24];
        out.append(digits, std::to_chars(digits, digits + sizeof(digits), v.AsInt()).ptr);
        return;
      }
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
