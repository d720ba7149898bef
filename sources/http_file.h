// One file by http or https: bounded, without credentials, and never from an address that the caller did not allow.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>

#include "core/clock.h"
#include "core/result.h"

namespace plumb {

struct HttpFileOptions {
  Duration timeout = std::chrono::seconds(30);  // of the whole transfer
  size_t bytes = 64u << 20;                     // of the file
  int redirects = 5;
  bool inner_addresses = false;  // whether loopback and link-local ones may be reached (sources/inner_address.h)
  std::function<Status(const std::string& url)> check{};  // asked before every request, of redirects too; may be empty
};

// Thread-safe; blocks. The address is looked at when the connection is made, so that a name cannot change its meaning in
// between; proxies of the environment are not used. Redirects from https to http are refused.
// Errors: kNotFound, kDenied (401, 403, a redirect or address that is not allowed, TLS), kLimit, kUnavailable, kInvalid
// (not an address of a file), kCancelled, and those of `check`.
Result<std::string> FetchHttpFile(const std::string& url, const HttpFileOptions& options, std::stop_token stop = {});

}  // namespace plumb
