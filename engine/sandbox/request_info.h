// What a request path names: /apis/apps/v1/namespaces/shop/deployments/web/status is group apps, version v1, resource
// deployments, namespace shop, name web, subresource status.
//
// Plain values. Source: apiserver pkg/endpoints/request/requestinfo.go.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace plumb::sandbox {

struct RequestInfo {
  std::string group, version, resource, ns, name, subresource;
};

// Nullopt where the path names no resource (discovery, health, OpenAPI, unknown).
std::optional<RequestInfo> ParseRequestPath(std::string_view path);

}  // namespace plumb::sandbox
