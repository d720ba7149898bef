// Which groups, versions and resources there are: the aggregated form (APIGroupDiscoveryList) and the old ones.
//
// Pure functions; JSON texts. Source: k8s.io/api/apidiscovery/v2 and apimachinery meta/v1 APIResourceList.
#pragma once

#include <string>
#include <string_view>

#include "engine/sandbox/resource.h"

namespace plumb::sandbox {

inline constexpr std::string_view kAggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

std::string AggregatedDiscovery(const Registry& registry, bool core);  // /api where core, else /apis
std::string ApiVersions();                                             // /api
std::string ApiGroupList(const Registry& registry);                    // /apis
std::string ApiGroup(const Registry& registry, std::string_view group);  // /apis/G; "" where unknown
std::string ApiResourceList(const Registry& registry, std::string_view group, std::string_view version);  // "" where unknown

}  // namespace plumb::sandbox
