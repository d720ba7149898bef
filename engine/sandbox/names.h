// The rules for names, labels and annotations, in the API server's words.
//
// Each function returns what is wrong with a text; empty where nothing is. Source: apimachinery util/validation, 1.36.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace plumb::sandbox {

std::vector<std::string> DnsSubdomainProblems(std::string_view name);  // most kinds: "a.b-c"
std::vector<std::string> DnsLabelProblems(std::string_view name);      // namespaces and others: 63 characters, no dots
std::vector<std::string> Dns1035LabelProblems(std::string_view name);  // RFC 1035, begins with a letter
std::vector<std::string> PathSegmentProblems(std::string_view name);   // RBAC: anything but ".", "..", '/' and '%'

}  // namespace plumb::sandbox
