// What becomes of a folded scalar (`key: >`) on its way through kyaml, which writes every object as YAML and reads it
// back before it prints it.
#pragma once

#include <string>
#include <string_view>

namespace plumb {

// The text of a folded scalar after go-yaml v3 has written it as one and read it back. Its writer has a fault: lines
// that are indented more get an empty line in front of them, and where the text begins with a space, single line breaks
// are lost. Other texts come back as they are. Source: go-yaml v3 yaml_emitter_write_folded_scalar.
std::string RewriteFolded(std::string_view text);

}  // namespace plumb
