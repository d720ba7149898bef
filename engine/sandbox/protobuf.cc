#include "engine/sandbox/protobuf.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/object.h"

// The table's bytes, put into the program by the assembler. PLUMB_PROTOBUF_TABLE is its path, from CMakeLists.txt.
__asm__(
    ".pushsection .rodata\n"
    ".balign 16\n"
    "plumb_protobuf_table_begin:\n"
    ".incbin \"" PLUMB_PROTOBUF_TABLE "\"\n"
    "plumb_protobuf_table_end:\n"
    ".popsection\n");
extern "C" const char plumb_protobuf_table_begin[];
extern "C" const char plumb_protobuf_table_end[];

namespace plumb::sandbox {

namespace {

constexpr int kMostDepth = 100;
constexpr std::string_view kMagic("k8s\0", 4);

std::string_view Cut(std::string_view& rest, char end) {
  const std::string_view part = rest.substr(0, rest.find(end));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  return part;
}

// The rows of the table by the message's name: what stands behind it.
const std::unordered_map<std::string_view, std::string_view>& Messages() {
  static const auto* messages = [] {
    auto* rows = new std::unordered_map<std::string_view, std::string_view>;
    std::string_view table(plumb_protobuf_table_begin, static_cast<size_t>(plumb_protobuf_table_end - plumb_protobuf_table_begin));
    while (!table.empty()) {
      std::string_view row = Cut(table, '\n');
      const std::string_view name = Cut(row, ' ');
      rows->emplace(name, row);
    }
    return rows;
  }();
  return *messages;
}

struct Field {
  uint64_t number = 0;
  std::string_view name, type;  // type without its mark
  bool repeated = false, map = false;
  bool inlined() const { return name == "^"; }
};

std::vector<Field> FieldsOf(std::string_view row) {
  std::vector<Field> fields;
  while (!row.empty()) {
    std::string_view text = Cut(row, ' ');
    Field field;
    const std::string_view number = Cut(text, ':');
    std::from_chars(number.data(), number.data() + number.size(), field.number);
    field.name = Cut(text, ':');
    field.repeated = text.starts_with('*');
    field.map = text.starts_with('%');
    field.type = text.substr(field.repeated || field.map);
    fields.push_back(field);
  }
  return fields;
}

// One field as it stands on the wire: a number, or bytes.
struct Token {
  uint64_t field = 0, number = 0;
  std::string_view bytes;
};

class Wire {
 public:
  explicit Wire(std::string_view bytes) : rest_(bytes) {}

  // False at the end, and where the bytes are no message: then broken().
  bool Next(Token& token) {
    if (rest_.empty()) return false;
    const uint64_t tag = Varint();
    token = {tag >> 3, 0, {}};
    switch (tag & 7) {
      case 0: token.number = Varint(); break;
      case 1: token.number = Fixed(8); break;
      case 2: token.bytes = Take(Varint()); break;
      case 5: token.number = Fixed(4); break;
      default: broken_ = true;
    }
    return !broken_;
  }
  bool broken() const { return broken_; }

 private:
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::string_view byte = Take(1);
      if (byte.empty()) return 0;
      value |= uint64_t{static_cast<unsigned char>(byte[0]) & 0x7Fu} << shift;
      if ((byte[0] & 0x80) == 0) return value;
    }
    broken_ = true;
    return 0;
  }
  uint64_t Fixed(size_t size) {
    const std::string_view bytes = Take(size);
    uint64_t value = 0;
    for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  }
  std::string_view Take(uint64_t size) {
    if (size > rest_.size()) {
      broken_ = true;
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  bool broken_ = false;
};

class Decoder {
 public:
  explicit Decoder(Arena& arena) : arena_(arena) {}

  Value Message(std::string_view type, std::string_view bytes, int depth) {
    if (depth > kMostDepth) broken_ = true;
    if (broken_) return {};
    if (const auto special = Special(type, bytes)) return *special;
    const auto row = Messages().find(type);
    if (row == Messages().end()) return {};
    if (row->second == "=") return ListOfStrings(bytes);
    std::vector<Member> members;
    Into(members, FieldsOf(row->second), bytes, depth);
    return arena_.Map(members);
  }

  bool broken() const { return broken_; }

 private:
  // What is gathered of a repeated field or a map until its message ends.
  struct Gathered {
    std::vector<Value> items;
    std::vector<Member> members;
  };

  void Into(std::vector<Member>& members, const std::vector<Field>& fields, std::string_view bytes, int depth) {
    std::vector<Gathered> gathered(fields.size());
    Wire wire(bytes);
    for (Token token; wire.Next(token);) {
      size_t i = 0;
      while (i < fields.size() && fields[i].number != token.field) ++i;
      if (i == fields.size()) continue;
      const Field& field = fields[i];
      if (field.repeated) gathered[i].items.push_back(Single(field, token, depth));
      else if (field.map) Entry(gathered[i].members, field, token, depth);
      else if (field.inlined()) Inline(members, field, token, depth);
      else Put(members, field.name, Single(field, token, depth));
    }
    if (wire.broken()) broken_ = true;
    for (size_t i = 0; i < fields.size(); ++i) {
      if (!gathered[i].items.empty()) Put(members, fields[i].name, arena_.List(gathered[i].items));
      if (!gathered[i].members.empty()) Put(members, fields[i].name, arena_.Map(gathered[i].members));
    }
  }

  void Inline(std::vector<Member>& members, const Field& field, const Token& token, int depth) {
    const auto row = Messages().find(field.type);
    if (depth >= kMostDepth) broken_ = true;
    if (!broken_ && row != Messages().end()) Into(members, FieldsOf(row->second), token.bytes, depth + 1);
  }

  // The last one given counts.
  static void Put(std::vector<Member>& members, std::string_view name, Value value) {
    for (Member& m : members)
      if (m.key == name) {
        m.value = value;
        return;
      }
    members.push_back({name, value});
  }

  void Entry(std::vector<Member>& members, const Field& field, const Token& token, int depth) {
    std::string_view key;
    Token value;
    Wire wire(token.bytes);
    for (Token part; wire.Next(part);) {
      if (part.field == 1) key = part.bytes;
      if (part.field == 2) value = part;
    }
    if (wire.broken()) broken_ = true;
    Put(members, arena_.Key(key), Single(field, value, depth));
  }

  Value Single(const Field& field, const Token& token, int depth) {
    if (field.type == "s") return arena_.String(token.bytes);
    if (field.type == "b") return arena_.String(Base64(token.bytes));
    if (field.type == "i") return Arena::Int(static_cast<int64_t>(token.number));
    if (field.type == "B") return Arena::Bool(token.number != 0);
    if (field.type == "f") return arena_.Float(std::bit_cast<double>(token.number));
    return Message(field.type, token.bytes, depth + 1);
  }

  Value ListOfStrings(std::string_view bytes) {
    std::vector<Value> items;
    Wire wire(bytes);
    for (Token token; wire.Next(token);)
      if (token.field == 1) items.push_back(arena_.String(token.bytes));
    if (wire.broken()) broken_ = true;
    return arena_.List(items);
  }

  // Messages that JSON shows as something else.
  std::optional<Value> Special(std::string_view type, std::string_view bytes) {
    const std::string_view name = type.substr(type.rfind('.') + 1);
    const bool time = name == "Time" || name == "MicroTime";
    if (!time && name != "Duration" && name != "Quantity" && name != "IntOrString" && name != "RawExtension" && name != "FieldsV1" && name != "JSON") return std::nullopt;
    Token fields[4];
    Wire wire(bytes);
    for (Token token; wire.Next(token);)
      if (token.field < 4) fields[token.field] = token;
    if (wire.broken()) broken_ = true;
    const auto number = [&](size_t i) { return static_cast<int64_t>(fields[i].number); };
    if (time) {
      if (bytes.empty() || (number(1) == 0 && number(2) == 0)) return Value();
      return arena_.String(TimeText(number(1), name == "MicroTime" ? number(2) : 0));
    }
    if (name == "Duration") return arena_.String(fmt::format("{}ns", number(1)));
    if (name == "Quantity") return arena_.String(fields[1].bytes);
    if (name == "IntOrString") return fields[1].number == 0 ? Arena::Int(static_cast<int32_t>(fields[2].number)) : arena_.String(fields[3].bytes);
    const auto parsed = ParseJson(fields[1].bytes);  // raw bytes of JSON
    if (parsed.ok()) return arena_.Adopt(*parsed);
    if (!fields[1].bytes.empty()) broken_ = true;
    return Value();
  }

  static std::string TimeText(int64_t seconds, int64_t nanos) {
    // From year 1 to 9999, which is more than WallTime's nanoseconds reach.
    const std::chrono::sys_seconds at{std::chrono::seconds(std::clamp<int64_t>(seconds, -62135596800, 253402300799))};
    const auto day = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(at - day);
    std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()), static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                   clock.hours().count(), clock.minutes().count(), clock.seconds().count());
    if (nanos > 0) text.insert(text.size() - 1, fmt::format(".{:06}", std::min<int64_t>(nanos / 1000, 999999)));
    return text;
  }

  Arena& arena_;
  bool broken_ = false;
};

// "apps/v1" and "Deployment" are io.k8s.api.apps.v1.Deployment.
std::string MessageOf(const Gvk& gvk) {
  if (gvk.kind == "DeleteOptions") return "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
  if (gvk.group == "apiextensions.k8s.io") return fmt::format("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.{}.{}", gvk.version, gvk.kind);
  const std::string_view group = gvk.group.empty() ? "core" : std::string_view(gvk.group).substr(0, gvk.group.find('.'));
  return fmt::format("io.k8s.api.{}.{}.{}", group == "internal" ? "apiserverinternal" : group, gvk.version, gvk.kind);
}

}  // namespace

Result<Document> DecodeProtobuf(std::string_view body) {
  if (!body.starts_with(kMagic)) return Invalid("the body does not begin as Kubernetes' protobuf does");
  std::string_view api_version, kind, raw;
  Wire wire(body.substr(kMagic.size()));
  for (Token token; wire.Next(token);) {
    if (token.field == 2) raw = token.bytes;
    if (token.field != 1) continue;
    Wire type(token.bytes);
    for (Token part; type.Next(part);) (part.field == 1 ? api_version : kind) = part.bytes;
    if (type.broken()) return Invalid("the type of the protobuf body is broken");
  }
  if (wire.broken()) return Invalid("the protobuf body ends too early");
  const size_t slash = api_version.find('/');
  const Gvk gvk = {std::string(slash == std::string_view::npos ? "" : api_version.substr(0, slash)),
                   std::string(slash == std::string_view::npos ? api_version : api_version.substr(slash + 1)), std::string(kind)};
  const std::string message = MessageOf(gvk);
  if (!Messages().contains(message)) return Invalid(fmt::format("no kind '{}' of '{}' is known in protobuf", kind, api_version));
  bool broken = false;
  const Document document = BuildDocument([&](Arena& arena) {
    Decoder decoder(arena);
    const Value object = decoder.Message(message, raw, 0);
    broken = decoder.broken();
    std::vector<Member> members = {{"apiVersion", arena.String(api_version)}, {"kind", arena.String(kind)}};
    for (const Member& m : object.members()) members.push_back(m);
    return arena.Map(members);
  });
  if (broken) return Invalid(fmt::format("the protobuf body of kind '{}' is broken", kind));
  return document;
}

}  // namespace plumb::sandbox
