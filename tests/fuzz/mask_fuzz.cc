// No part of a secret value above three characters survives in any presentation, whatever the shapes of manifest and live object.
// Input: two JSON objects with a newline between, taken as the data of a Secret; of the first also every text as the value of a
// variable, an argument and an address of a Pod, and within a ConfigMap; and a refusal of the server that quotes all of it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "core/json.h"
#include "core/yaml.h"
#include "diff/embedded_schema.h"
#include "diff/present.h"

using namespace plumb;

namespace {

// The secrets of one input: words of four letters, which nothing else in an output is made of.
class Secrets {
 public:
  std::string Word(uint64_t seed) {
    std::string word = "QZJX";
    for (int i = 0; i < 24; ++i, seed = seed >> 2 | seed << 62) word += "QZJX"[seed % 4];
    words_.push_back(word);
    return word;
  }

  // Whether any four characters of a secret, as they are or in base64, are in `out`. `known` is what is shown by right.
  bool SurviveIn(std::string_view out, std::string_view known) const {
    for (const std::string& word : words_)
      for (const std::string& form : {word, Base64(word)})
        for (size_t i = 0; i + 4 <= form.size(); ++i)
          if (const auto part = std::string_view(form).substr(i, 4); out.find(part) != std::string_view::npos && known.find(part) == std::string_view::npos) return true;
    return false;
  }

 private:
  std::vector<std::string> words_;
};

// Every scalar becomes a secret.
Value Tainted(Arena& arena, Value v, Secrets& secrets) {
  if (v.is_map()) {
    std::vector<Member> members;
    for (const Member& m : v.members()) members.push_back({m.key, Tainted(arena, m.value, secrets)});
    return arena.Map(members);
  }
  if (v.is_list()) {
    std::vector<Value> items;
    for (Value item : v.items()) items.push_back(Tainted(arena, item, secrets));
    return arena.List(items);
  }
  return v.is_null() ? v : arena.String(secrets.Word(Hash(v)));
}

Document Secret(const Document& data, std::string_view field, Secrets& secrets) {
  return BuildDocument([&](Arena& arena) {
    return arena.Map({{"apiVersion", Arena::Borrow("v1")},
                      {"kind", Arena::Borrow("Secret")},
                      {"metadata", arena.Map({{"name", Arena::Borrow("s")}})},
                      {field, Tainted(arena, arena.Adopt(data), secrets)}});
  });
}

// A Pod and a ConfigMap that hold the text where a credential may stand. Line breaks would end a line of configuration, and a
// quote a value: they are left out.
Document Workload(std::string_view kind, const std::string& text, Secrets& secrets) {
  return BuildDocument([&](Arena& a) {
    const std::string secret = secrets.Word(std::hash<std::string>()(text));
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

// What a server may say of them: all that it got, as Go and as JSON write it.
std::string Refusal(const Masker& masker, const DiffInput& input) {
  return masker.MaskText("spec: Invalid value: " + WriteJson(*input.manifest.object) + " was " + WriteJson(*input.live), {input.manifest.object, input.live});
}

void Check(const Masker& masker, const DiffInput& input, const Secrets& secrets, std::string_view known) {
  const std::vector<MaskedDiff> diffs = {masker.Mask(DiffObject(input)), masker.Mask(DeletionOf(input.live))};
  if (secrets.SurviveIn(Everything(diffs) + Refusal(masker, input), known)) std::abort();
}

DiffInput InputOf(Document manifest, Document live) {
  DiffInput input;
  input.manifest.object = std::move(manifest);
  input.live = std::move(live);
  input.schema = EmbeddedSchema();
  input.type = input.schema->Find(GvkOf(*input.manifest.object));
  return input;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t cut = text.find('\n');
  if (cut == std::string_view::npos) return 0;
  const auto a = ParseJson(text.substr(0, cut)), b = ParseJson(text.substr(cut + 1));
  if (!a.ok() || !b.ok()) return 0;
  static const Masker masker({.salt = "fuzz"});
  std::string printable;
  for (const char c : text)
    if (c != '\n' && c != '\r' && c != '"' && c != '\'' && c != '`' && c != '|' && c != '>') printable += c;
  // Keys are shown, and the text beside the credentials of a workload: as they are, and with what YAML escapes ("\uFEFF" and the letters after it).
  const Document beside = BuildDocument([&](Arena& arena) { return arena.String(printable); });
  const std::string known = std::string(text) + WriteJson(**a) + WriteJson(**b) + WriteYaml(**a) + WriteYaml(**b) + WriteYaml(*beside);
  for (const std::string_view field : {"data", "stringData"}) {
    Secrets secrets;
    const Document manifest = Secret(*a, field, secrets);
    Check(masker, InputOf(manifest, Secret(*b, "data", secrets)), secrets, known);
  }
  for (const std::string_view kind : {"Pod", "ConfigMap"}) {
    Secrets secrets;
    const Document manifest = Workload(kind, printable, secrets);
    Check(masker, InputOf(manifest, Workload(kind, printable + "x", secrets)), secrets, known);
  }
  return 0;
}
