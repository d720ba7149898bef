// Any text is rules of health or an error, and any rules give any object a health: never a crash, nothing without a bound.
#include "core/json.h"
#include "core/yaml.h"
#include "engine/health/health_rules.h"

using namespace plumb;  // NOLINT: a test

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t cut = text.find('\0');
  const auto rules = HealthRules::ParseFile(text.substr(0, cut), "f");
  const auto object = ParseYamlOne(cut == std::string_view::npos ? "{kind: A, apiVersion: b/v1, status: {conditions: [{type: Ready, status: 'True'}]}}" : text.substr(cut + 1), {.bytes = 1u << 20});
  if (!rules.ok() || !object.ok()) return 0;
  const Health health = Assess(object->root(), &*rules);
  if (health.message.size() > 2000) __builtin_trap();
  return 0;
}
