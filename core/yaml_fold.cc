#include "core/yaml_fold.h"

#include <algorithm>

#include "core/yaml.h"

namespace plumb {
namespace {

bool IsSpecial(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f; }

// Block style is not for these: the writer quotes them, and they come back whole.
bool IsQuoted(std::string_view text) {
  return text.empty() || text.ends_with(' ') || text.find(" \n") != std::string_view::npos ||
         std::any_of(text.begin(), text.end(), IsSpecial);
}

std::string WriteFolded(std::string_view text) {
  std::string out = "a: >";
  if (text[0] == ' ' || text[0] == '\n') out += '2';
  if (!text.ends_with('\n')) out += '-';
  else if (text.size() == 1 || text[text.size() - 2] == '\n') out += '+';
  out += '\n';
  // The fault: what follows a line break is looked for at the beginning of the text.
  const size_t first = text.find_first_not_of('\n');
  const bool doubles = first != std::string_view::npos && text[first] != ' ' && text[first] != '\t';
  bool after_break = true, leading_space = true;
  for (const char c : text) {
    if (c == '\n') {
      if (!after_break && !leading_space && doubles) out += '\n';
      out += '\n';
      after_break = true;
      continue;
    }
    if (after_break) {
      out += "  ";
      leading_space = c == ' ' || c == '\t';
    }
    out += c;
    after_break = false;
  }
  return out;
}

}  // namespace

std::string RewriteFolded(std::string_view text) {
  if (IsQuoted(text)) return std::string(text);
  const auto read = ParseYamlOne(WriteFolded(text));
  const bool usable = read.ok() && read->root().Get("a").is_string();
  return std::string(usable ? read->root().GetString("a") : text);
}

}  // namespace plumb
