#include "engine/sandbox/request_info.h"

#include <vector>

namespace plumb::sandbox {

std::optional<RequestInfo> ParseRequestPath(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    if (slash != 0) parts.emplace_back(path.substr(0, slash));
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  RequestInfo info;
  size_t at = 0;
  if (parts.size() >= 3 && parts[0] == "api") {
    info.version = parts[1];
    at = 2;
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    info.group = parts[1];
    info.version = parts[2];
    at = 3;
  } else {
    return std::nullopt;
  }
  const size_t left = parts.size() - at;
  // A namespace's own subresources are told from resources inside of it by their names.
  if (parts[at] == "namespaces" && left >= 3 && parts[at + 2] != "status" && parts[at + 2] != "finalize") {
    info.ns = parts[at + 1];
    at += 2;
  }
  info.resource = parts[at];
  if (at + 1 < parts.size()) info.name = parts[at + 1];
  if (at + 2 < parts.size()) info.subresource = parts[at + 2];
  if (at + 3 < parts.size()) return std::nullopt;
  return info;
}

}  // namespace plumb::sandbox
