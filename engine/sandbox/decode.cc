#include "engine/sandbox/decode.h"

#include <fmt/core.h>

#include <cctype>
#include <optional>

#include "diff/canonical.h"

namespace plumb::sandbox {

namespace {

// Where Go's decoder stops in base64 text; nothing where it does not.
std::optional<size_t> BadBase64At(std::string_view text) {
  size_t digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '\n' || c == '\r') continue;
    if (c == '=') {
      if (digits % 4 < 2 || text.find_first_not_of("=\r\n", i) != std::string_view::npos) return i;
      return (digits + text.size() - i) % 4 == 0 ? std::nullopt : std::optional(text.size());
    }
    if (!std::isalnum(c) && c != '+' && c != '/') return i;
    ++digits;
  }
  return digits % 4 == 0 ? std::nullopt : std::optional(digits / 4 * 4);
}

class Decoder {
 public:
  Decoder(Arena& arena, std::string_view kind) : arena_(arena), kind_(kind) {}

  // `go_path` is what a Go decoder calls the place: without list indices.
  Value Decode(const Type& type, Value v, const std::string& path, const std::string& go_path) {
    if (failed_ || v.is_null() || type.IsAny()) return v;
    if (v.is_map() && type.is_map) return DecodeMap(type, v, path, go_path);
    if (v.is_list() && type.is_list) {
      std::vector<Value> items;
      items.reserve(v.size());
      for (size_t i = 0; i < v.size(); ++i)
        items.push_back(Decode(*type.item, v[i], fmt::format("{}[{}]", path, i), go_path));
      return arena_.List(items);
    }
    if (v.is_scalar() && ScalarFits(type, v)) {
      if (type.format != Format::kByte) return v;
      if (const auto at = BadBase64At(v.AsString())) {
        failed_ = true;
        failure_ = fmt::format("illegal base64 data at input byte {}", *at);
      }
      return v;
    }
    Fail(type, v, go_path);
    return v;
  }

  bool failed() const { return failed_; }
  const std::string& failure() const { return failure_; }
  std::vector<std::string> TakeUnknown() { return std::move(unknown_); }

 private:
  Value DecodeMap(const Type& type, Value v, const std::string& path, const std::string& go_path) {
    std::vector<Member> members;
    members.reserve(v.size());
    for (const Member& m : v.members()) {
      const std::string at = path.empty() ? std::string(m.key) : fmt::format("{}.{}", path, m.key);
      const Field* field = type.FindField(m.key);
      if (!field && !type.value) {
        unknown_.push_back(at);
        continue;
      }
      const Value value = Decode(field ? *field->type : *type.value, m.value, at, field ? fmt::format("{}.{}", go_path, m.key) : go_path);
      members.push_back({m.key, value});
    }
    return arena_.Map(members);
  }

  static bool ScalarFits(const Type& type, Value v) {
    if (type.format == Format::kQuantity || type.format == Format::kIntOrString) return v.is_string() || v.is_number();
    switch (type.scalar) {
      case ScalarType::kNone: return false;
      case ScalarType::kUntyped: return true;
      case ScalarType::kString: return v.is_string();
      case ScalarType::kNumeric: return v.is_number();
      case ScalarType::kBoolean: return v.is_bool();
    }
    return false;
  }

  void Fail(const Type& type, Value v, const std::string& go_path) {
    failed_ = true;
    const std::string_view have = v.is_map() ? "object" : v.is_list() ? "array" : v.is_number() ? "number" : v.is_bool() ? "bool" : "string";
    const std::string_view name = type.name.substr(type.name.rfind('.') + 1);
    const std::string want = type.is_list    ? "[]" + std::string(name.empty() ? "string" : name)
                             : type.is_map   ? (name.empty() ? "map[string]string" : "v1." + std::string(name))
                             : type.scalar == ScalarType::kBoolean ? "bool"
                             : type.scalar == ScalarType::kNumeric ? "int32"
                                                                   : "string";
    failure_ = fmt::format("json: cannot unmarshal {} into Go struct field {}{} of type {}", have, kind_, go_path, want);
  }

  Arena& arena_;
  const std::string_view kind_;
  bool failed_ = false;
  std::string failure_;
  std::vector<std::string> unknown_;
};

}  // namespace

Answer<Decoded> DecodeBuiltIn(Arena& arena, const Type& type, Value object) {
  const std::string kind(object.GetString("kind")), version(object.GetString("apiVersion"));
  Decoder decoder(arena, kind);
  const Value value = decoder.Decode(type, object, "", "");
  if (decoder.failed()) return BadRequest(fmt::format("{} in version \"{}\" cannot be handled as a {}: {}", kind, version.substr(version.find('/') + 1), kind, decoder.failure()));
  return Decoded{value, decoder.TakeUnknown()};
}

}  // namespace plumb::sandbox
