// No part of a Secret's value above three characters survives in any presentation, whatever the shapes of manifest and live
// object. Input: two JSON objects with a newline between, taken as the data of a Secret.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/json.h"
#include "diff/embedded_schema.h"
#include "diff/present.h"

using namespace plumb;

namespace {

// Every scalar text becomes one that nothing else in the output contains: letters of a private range.
Value Tainted(Arena& arena, Value v) {
  if (v.is_map()) {
    std::vector<Member> members;
    for (const Member& m : v.members()) members.push_back({m.key, Tainted(arena, m.value)});
    return arena.Map(members);
  }
  if (v.is_list()) {
    std::vector<Value> items;
    for (Value item : v.items()) items.push_back(Tainted(arena, item));
    return arena.List(items);
  }
  if (v.is_null()) return v;
  return arena.String("QZJX" + std::to_string(Hash(v)) + "QZJX");
}

Document Secret(const Document& data, std::string_view field) {
  return BuildDocument([&](Arena& arena) {
    return arena.Map({{"apiVersion", Arena::Borrow("v1")},
                      {"kind", Arena::Borrow("Secret")},
                      {"metadata", arena.Map({{"name", Arena::Borrow("s")}})},
                      {field, Tainted(arena, arena.Adopt(data))}});
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t cut = text.find('\n');
  if (cut == std::string_view::npos || text.find("QZJX") != std::string_view::npos) return 0;
  const auto a = ParseJson(text.substr(0, cut)), b = ParseJson(text.substr(cut + 1));
  if (!a.ok() || !b.ok()) return 0;
  static const Masker masker({.salt = "fuzz"});
  for (const std::string_view field : {"data", "stringData"}) {
    DiffInput input;
    input.manifest.object = Secret(*a, field);
    input.live = Secret(*b, "data");
    input.schema = EmbeddedSchema();
    input.type = input.schema->Find({"", "v1", "Secret"});
    const std::vector<MaskedDiff> diffs = {masker.Mask(DiffObject(input)), masker.Mask(DeletionOf(input.live))};
    std::string out = PresentText(diffs, {.unchanged = true, .ignored = true}) + PresentUnified(diffs) + WriteJson(*PresentJson(diffs));
    for (const MaskedDiff& diff : diffs) out += WriteJson(*diff->live) + WriteJson(*diff->desired);
    if (out.find("QZJX") != std::string::npos || out.find("UVpKW") != std::string::npos) std::abort();
  }
  return 0;
}
