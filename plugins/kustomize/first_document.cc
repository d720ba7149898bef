#include "plugins/kustomize/first_document.h"

#include <algorithm>

namespace plumb::kustomize {

namespace {

// What begins on `line` is then another than the first.
bool BeginsWithAnEmptyDocument(std::string_view text, int line) {
  int separators = 0;
  for (int at = 1; at < line; ++at) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view content = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!content.empty() && (content.back() == ' ' || content.back() == '\t' || content.back() == '\r')) content.remove_suffix(1);
    if (content.starts_with("---")) ++separators;
    else if (!content.empty() && content[0] != '#' && content[0] != '%' && content.find_first_not_of(" \t\xef\xbb\xbf") != std::string_view::npos) return true;
  }
  return separators > 1;
}

}  // namespace

Value FirstDocument(std::string_view text, const std::vector<YamlDocument>& documents) {
  return documents.empty() || BeginsWithAnEmptyDocument(text, documents[0].line) ? Value() : documents[0].value.root();
}

}  // namespace plumb::kustomize
