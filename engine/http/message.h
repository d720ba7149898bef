// HTTP requests and responses as plain values, shared by the client, the server and the sandbox.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plumb::http {

using Headers = std::vector<std::pair<std::string, std::string>>;  // names compared without regard to case

// The value of the first header of that name, or "".
std::string_view Find(const Headers& headers, std::string_view name);

struct Request {
  std::string method = "GET";
  std::string target;  // path and query, percent-encoded: "/api/v1/namespaces?limit=500"
  Headers headers;
  std::string body;
};

struct Response {
  int status = 0;
  Headers headers;
  std::string body;
};

std::string PercentEncode(std::string_view text);  // everything but RFC 3986 unreserved characters
std::string PercentDecode(std::string_view text);  // '+' is a space; a broken escape stays as it is

// A target taken apart: decoded path and query pairs in order.
struct Target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
  std::string_view Get(std::string_view key) const;  // the first value of that key, or ""
  bool Has(std::string_view key) const;
};
Target ParseTarget(std::string_view target);

}  // namespace plumb::http
