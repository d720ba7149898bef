// What WriteYaml prints of any tree, either dialect's parser reads back as the same tree, and prints again alike.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/json.h"
#include "core/yaml.h"

using namespace plumb;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // The tree comes from the text as JSON or YAML, or is the text itself.
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  Document tree = BuildDocument([&](Arena& a) { return a.Map({{"text", a.String(text)}, {a.Key(text), a.List({a.String(text)})}}); });
  if (auto json = ParseJson(text); json.ok()) tree = *json;
  else if (auto yaml = ParseYamlOne(text); yaml.ok()) tree = *yaml;

  const std::string written = WriteYaml(*tree);
  const auto again = ParseYamlOne(written);
  if (!again.ok()) std::abort();
  if (WriteYaml(**again) != written) std::abort();
  const auto kyaml = ParseYamlOne(written, {.dialect = YamlDialect::kKyaml});
  if (!kyaml.ok() || !(**kyaml == **again)) std::abort();
  return 0;
}
