#include "core/tree.h"

#include <fmt/core.h>

namespace plumb {

bool TreeChanges::Concern(std::string_view path) const {
  if (changed.contains(path)) return true;
  while (true) {
    if (replaced.contains(path)) return true;
    if (path.empty()) return false;
    const size_t slash = path.rfind('/');
    path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  }
}

Result<std::string> JoinPath(std::string_view base, std::string_view relative) {
  std::vector<std::string_view> parts;
  for (std::string_view text : {base, relative}) {
    while (!text.empty()) {
      const size_t slash = text.find('/');
      const std::string_view part = text.substr(0, slash);
      text.remove_prefix(slash == std::string_view::npos ? text.size() : slash + 1);
      if (part.empty() || part == ".") continue;
      if (part != "..") {
        parts.push_back(part);
        continue;
      }
      if (parts.empty()) return Denied(fmt::format("path '{}' leaves the root of the tree", relative));
      parts.pop_back();
    }
  }
  std::string joined;
  for (std::string_view part : parts) joined.append(joined.empty() ? "" : "/").append(part);
  return joined;
}

}  // namespace plumb
