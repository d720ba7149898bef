// Any text is either refused with a place, or a tree: the one that yaml-cpp reads, where it reads the text, and the one
// that its own printed form reads back as.
//
// yaml-cpp knows no merge keys and no anchors with the same meaning on errors, takes the first of repeated keys, resolves
// no types, and is more lenient; what is compared is the shape and the text of strings. Left out: texts with tags, merge
// keys, repeated keys, directives, aliases, those with more than one document, and those that end in spaces without a line
// break: yaml-cpp takes such a space for a part of a folded text before it (">-\n t\n " is "t " there; libyaml says "t").
#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/yaml.h"

using namespace plumb;

namespace {

bool Same(Value ours, const YAML::Node& theirs) {
  switch (ours.kind()) {
    case Kind::kMap: {
      if (!theirs.IsMap() || theirs.size() != ours.size()) return false;
      auto member = ours.members().begin();
      for (const auto& pair : theirs) {
        if (!pair.first.IsScalar() && !pair.first.IsNull()) return false;
        if (!Same((member++)->value, pair.second)) return false;
      }
      return true;
    }
    case Kind::kList: {
      if (!theirs.IsSequence() || theirs.size() != ours.size()) return false;
      for (size_t i = 0; i < ours.size(); ++i)
        if (!Same(ours[i], theirs[i])) return false;
      return true;
    }
    case Kind::kString: return theirs.IsScalar() && theirs.Scalar() == ours.AsString();
    case Kind::kNull: return theirs.IsNull() || theirs.IsScalar();
    default: return theirs.IsScalar();
  }
}

bool Comparable(std::string_view text) {
  return !text.ends_with(' ') && text.find_first_of("!&*%\t\r") == std::string_view::npos && text.find("<<") == std::string_view::npos &&
         text.find_first_not_of(" \n\"'#,-.0123456789:>?ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz{|}~/=+()@$;") == std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = ParseYaml(text);
  if (!parsed.ok()) {
    if (parsed.error().message().empty()) std::abort();
    return 0;
  }
  for (const YamlDocument& document : *parsed) {
    const auto again = ParseYamlOne(WriteYaml(*document.value));
    if (!again.ok()) std::abort();
    const auto at = LocateYaml(text, 0, {});
    if (at.line < 1) std::abort();
  }
  if (parsed->size() != 1 || !(*parsed)[0].warnings.empty() || !Comparable(text)) return 0;
  YAML::Node theirs;
  try {
    theirs = YAML::Load(std::string(text));
  } catch (const YAML::Exception&) {
    return 0;
  }
  if (!Same(*(*parsed)[0].value, theirs)) std::abort();
  return 0;
}
