// No part of a Secret's value above three characters survives in any presentation, whatever the shapes of manifest and live
// object. Input: two JSON objects with a newline between, taken as the data of a Secret; of the first also every text as the value
// of a variable, an argument and an address of a Pod, and within a ConfigMap.
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

// A Pod and a ConfigMap that hold the text where a credential may stand. Line breaks would end a line of configuration, and a
// quote a value: they are left out.
Document Workload(std::string_view kind, const std::string& text) {
  return BuildDocument([&](Arena& a) {
    const std::string secret = "QZJX" + std::to_string(std::hash<std::string>()(text)) + "QZJX";
    const Value env = a.List({a.Map({{"name", Arena::Borrow("DB_PASSWORD")}, {"value", a.String(secret)}})});
    const Value args = a.List({a.String("--api-key=" + secret), Arena::Borrow("--token"), a.String(secret), a.String(text.substr(0, 40) + " password=" + secret)});
    const Value container = a.Map({{"name", Arena::Borrow("c")}, {"env", env}, {"args", args}});
    const Value data = a.Map({{"DB_PASSWORD", a.String(secret)}, {"app.yaml", a.String("user: x\npassword: " + secret + "\n")}, {"url", a.String("https://u:" + secret + "@h/")}});
    return a.Map({{"apiVersion", Arena::Borrow("v1")}, {"kind", Arena::Borrow(kind)}, {"metadata", a.Map({{"name", Arena::Borrow("s")}})},
                  {kind == "Pod" ? "spec" : "data", kind == "Pod" ? a.Map({{"containers", a.List({container})}}) : data}});
  });
}

std::string Everything(const std::vector<MaskedDiff>& diffs) {
  const Report report = ReportOf(diffs);
  std::string out = PresentText(diffs, {.unchanged = true, .ignored = true}) + PresentUnified(diffs) + WriteJson(*PresentJson(diffs)) + WriteJson(*PresentJsonPatch(diffs)) +
                    WriteMarkdown(report, {.limit = 1u << 20}) + WriteMarkdown(report, {.limit = 2000}) + WriteHtml(report) + WriteText(report);
  for (const MaskedDiff& diff : diffs) out += WriteJson(*diff->live) + WriteJson(*diff->desired);
  return out;
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
    const std::string out = Everything(diffs);
    if (out.find("QZJX") != std::string::npos || out.find("UVpKW") != std::string::npos) std::abort();
  }
  for (const std::string_view kind : {"Pod", "ConfigMap"}) {
    std::string printable;
    for (const char c : text)
      if (c != '\n' && c != '\r' && c != '"' && c != '\'' && c != '`' && c != '|' && c != '>') printable += c;
    DiffInput input;
    input.manifest.object = Workload(kind, printable);
    input.live = Workload(kind, printable + "x");
    input.schema = EmbeddedSchema();
    input.type = input.schema->Find({"", "v1", std::string(kind)});
    if (Everything({masker.Mask(DiffObject(input)), masker.Mask(DeletionOf(input.live))}).find("QZJX") != std::string::npos) std::abort();
  }
  return 0;
}
