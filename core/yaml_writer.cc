// Trees into YAML text, byte for byte as sigs.k8s.io/yaml writes them: libyaml's emitter with go-yaml's choice of
// styles and order of keys.
//
// Source: go.yaml.in/yaml v2.4.3 encode.go; the differences between libyaml's emitter and go-yaml's are noted below.
#include <fmt/core.h>
#include <yaml.h>

#include <algorithm>
#include <deque>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "core/natural_order.h"
#include "core/number.h"
#include "core/utf8.h"
#include "core/yaml.h"
#include "core/yaml_scalar.h"

namespace plumb {

namespace {

// A double-quoted scalar in which every character is escaped.
std::string EscapeAll(std::string_view text) {
  constexpr std::pair<uint32_t, char> kNamed[] = {{0, '0'}, {7, 'a'}, {8, 'b'}, {9, 't'}, {10, 'n'}, {11, 'v'}, {12, 'f'}, {13, 'r'}, {27, 'e'},
                                                  {'"', '"'}, {'\\', '\\'}, {0x85, 'N'}, {0xA0, '_'}, {0x2028, 'L'}, {0x2029, 'P'}};
  std::string out = "\"";
  while (!text.empty()) {
    const auto c = static_cast<uint32_t>(Utf8Decode(text));
    text.remove_prefix(Utf8Length(text));
    const auto named = std::find_if(std::begin(kNamed), std::end(kNamed), [c](const auto& n) { return n.first == c; });
    if (named != std::end(kNamed)) out += {'\\', named->second};
    else out += c <= 0xFF ? fmt::format("\\x{:02X}", c) : c <= 0xFFFF ? fmt::format("\\u{:04X}", c) : fmt::format("\\U{:08X}", c);
  }
  return out + "\"";
}

class Emitter {
 public:
  explicit Emitter(std::string& out) : out_(out) {
    if (!yaml_emitter_initialize(&emitter_)) throw std::bad_alloc();
    yaml_emitter_set_output(&emitter_, &Append, &out);
    yaml_emitter_set_unicode(&emitter_, 1);
    yaml_emitter_set_width(&emitter_, 80);
  }
  ~Emitter() { yaml_emitter_delete(&emitter_); }
  Emitter(const Emitter&) = delete;
  Emitter& operator=(const Emitter&) = delete;

  void WriteDocument(Value root) {
    yaml_event_t event;
    Emit(yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING), event);
    Emit(yaml_document_start_event_initialize(&event, nullptr, nullptr, nullptr, 1), event);
    Write(root);
    // libyaml marks the end of a document that ends in a kept line break ("|+") by "..."; go-yaml does not.
    emitter_.open_ended = 0;
    Emit(yaml_document_end_event_initialize(&event, 1), event);
    emitter_.open_ended = 0;
    Emit(yaml_stream_end_event_initialize(&event), event);
    for (const auto& [stand_in, text] : escaped_)
      for (size_t at = 0; (at = out_.find(stand_in, at)) != std::string::npos; at += text.size()) out_.replace(at, stand_in.size(), text);
  }

 private:
  static int Append(void* out, unsigned char* buffer, size_t size) {
    static_cast<std::string*>(out)->append(reinterpret_cast<char*>(buffer), size);
    return 1;
  }

  // The tree holds valid UTF-8 only by now and the events come in order: what is left to fail is memory.
  void Emit(int initialized, yaml_event_t& event) {
    if (!initialized || !yaml_emitter_emit(&emitter_, &event)) throw std::bad_alloc();
  }

  void Scalar(std::string_view text, yaml_scalar_style_t style) {
    if (text.empty()) text = "";  // libyaml wants a pointer even to nothing
    yaml_event_t event;
    Emit(yaml_scalar_event_initialize(&event, nullptr, nullptr, reinterpret_cast<const yaml_char_t*>(text.data()),
                                      static_cast<int>(text.size()), 1, 1, style),
         event);
  }

  void String(std::string_view text) {
    if (FindInvalidUtf8(text) != std::string_view::npos) return String(ReplaceInvalidUtf8(text));
    if (text.starts_with("\xEF\xBB\xBF")) return Escaped(text);
    if (text.find('\n') != std::string_view::npos) return Scalar(text, YAML_LITERAL_SCALAR_STYLE);
    Scalar(text, YamlStringNeedsQuotes(text) ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE);
  }

  // kubectl writes this one key plain too, and then reads it back as a merge: an error, or fields lost. Here it comes back.
  void Key(std::string_view key) { key == "<<" ? Scalar(key, YAML_DOUBLE_QUOTED_SCALAR_STYLE) : String(key); }

  // go-yaml takes every character of a text that begins with a byte order mark for one, and escapes it. libyaml cannot be
  // told to: it writes a stand-in, which is replaced at the end.
  void Escaped(std::string_view text) {
    std::string stand_in = fmt::format("plumb-{:016x}-{}", std::hash<std::string_view>()(text), escaped_.size());
    Scalar(stand_in, YAML_PLAIN_SCALAR_STYLE);
    escaped_.emplace_back(std::move(stand_in), EscapeAll(text));
  }

  // A number goes through JSON first, where 1e6 is 1000000: an integer to go-yaml, as long as it fits 64 bits.
  void Float(double d, std::string_view spelling) {
    const YamlScalar whole = ResolveYamlScalar(spelling, YamlDialect::kKubernetes);  // all digits of an integer above int64
    if (whole.type == YamlScalar::Type::kUint) return Scalar(fmt::format("{}", whole.unsigned_integer), YAML_PLAIN_SCALAR_STYLE);
    const std::string json = FormatDouble(d);
    const YamlScalar scalar = ResolveYamlScalar(json, YamlDialect::kKubernetes);
    Scalar(scalar.type == YamlScalar::Type::kFloat ? FormatShortest(d) : json, YAML_PLAIN_SCALAR_STYLE);
  }

  void Write(Value v) {
    yaml_event_t event;
    switch (v.kind()) {
      case Kind::kNull: return Scalar("null", YAML_PLAIN_SCALAR_STYLE);
      case Kind::kBool: return Scalar(v.AsBool() ? "true" : "false", YAML_PLAIN_SCALAR_STYLE);
      case Kind::kInt: return Scalar(fmt::format("{}", v.AsInt()), YAML_PLAIN_SCALAR_STYLE);
      case Kind::kFloat: return Float(v.AsDouble(), v.FloatText());
      case Kind::kString: return String(v.AsString());
      case Kind::kList:
        Emit(yaml_sequence_start_event_initialize(&event, nullptr, nullptr, 1, YAML_BLOCK_SEQUENCE_STYLE), event);
        for (Value item : v.items()) Write(item);
        return Emit(yaml_sequence_end_event_initialize(&event), event);
      case Kind::kMap: {
        Emit(yaml_mapping_start_event_initialize(&event, nullptr, nullptr, 1, YAML_BLOCK_MAPPING_STYLE), event);
        std::deque<std::string> repaired;  // the order is that of the keys as they are written
        std::vector<Member> members(v.members().begin(), v.members().end());
        for (Member& m : members)
          if (FindInvalidUtf8(m.key) != std::string_view::npos) m.key = repaired.emplace_back(ReplaceInvalidUtf8(m.key));
        std::stable_sort(members.begin(), members.end(), [](const Member& x, const Member& y) { return NaturalLess(x.key, y.key); });
        for (const Member& m : members) {
          Key(m.key);
          Write(m.value);
        }
        return Emit(yaml_mapping_end_event_initialize(&event), event);
      }
    }
  }

  yaml_emitter_t emitter_;
  std::string& out_;
  std::vector<std::pair<std::string, std::string>> escaped_;  // stand-ins and what they stand for
};

}  // namespace

std::string WriteYaml(Value value) {
  std::string out;
  Emitter(out).WriteDocument(value);
  return out;
}

}  // namespace plumb
