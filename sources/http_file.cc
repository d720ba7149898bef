#include "sources/http_file.h"

#include <curl/curl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <memory>

#include "core/blocking.h"
#include "sources/inner_address.h"

namespace plumb {
namespace {

struct CurlCleanup {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};
using Easy = std::unique_ptr<CURL, CurlCleanup>;

struct Transfer {
  const HttpFileOptions* options;
  const std::stop_token* stop;
  std::string body;
  bool too_large = false, inner = false;
};

size_t OnBody(char* bytes, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (transfer.body.size() + size * count > transfer.options->bytes) {
    transfer.too_large = true;
    return 0;
  }
  transfer.body.append(bytes, size * count);
  return size * count;
}

curl_socket_t OnSocket(void* user, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (!transfer.options->inner_addresses && IsInnerAddress(&address->addr)) {
    transfer.inner = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int OnProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(user)->stop->stop_requested() ? 1 : 0;
}

Error FailedTransfer(CURLcode code, const Transfer& transfer, const std::string& url, const char* detail) {
  const std::string what = fmt::format("'{}'", url);
  if (transfer.stop->stop_requested()) return Cancelled(what + ": stopped");
  if (transfer.too_large) return LimitExceeded(fmt::format("{} is larger than {} bytes", what, transfer.options->bytes));
  if (transfer.inner) return Denied(what + ": its host has a loopback or link-local address, which must not be reached");
  const std::string why = *detail ? detail : curl_easy_strerror(code);
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL: return Invalid(fmt::format("{}: {}", what, why));
    case CURLE_PEER_FAILED_VERIFICATION: return Denied(fmt::format("{}: {}", what, why));
    default: return Unavailable(fmt::format("{}: {}", what, why));
  }
}

Status StatusOf(long status, const std::string& url) {
  const std::string what = fmt::format("'{}': the server answered with status {}", url, status);
  if (status >= 200 && status < 300) return Ok();
  if (status == 401 || status == 403) return Denied(what);
  if (status == 404 || status == 410) return NotFound(what);
  return status >= 500 || status == 429 ? Unavailable(what) : Invalid(what);
}

// One request; `next` is where a redirect leads, else "".
Status RequestOnce(const std::string& url, Transfer& transfer, std::string* next) {
  const Easy curl(curl_easy_init());
  if (!curl) return Internal("libcurl cannot be used");
  char detail[CURL_ERROR_SIZE] = "";
  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(curl.get(), option, value); };
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(transfer.options->timeout).count()));
  set(CURLOPT_CONNECTTIMEOUT, 15L);
  set(CURLOPT_ACCEPT_ENCODING, "");
  set(CURLOPT_ERRORBUFFER, detail);
  set(CURLOPT_WRITEFUNCTION, OnBody);
  set(CURLOPT_WRITEDATA, &transfer);
  set(CURLOPT_OPENSOCKETFUNCTION, OnSocket);
  set(CURLOPT_OPENSOCKETDATA, &transfer);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, OnProgress);
  set(CURLOPT_XFERINFODATA, &transfer);
  const Blocking blocking;
  if (const CURLcode code = curl_easy_perform(curl.get()); code != CURLE_OK) return FailedTransfer(code, transfer, url, detail);
  char* target = nullptr;
  curl_easy_getinfo(curl.get(), CURLINFO_REDIRECT_URL, &target);
  if (target) {
    *next = target;
    return Ok();
  }
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  return StatusOf(status, url);
}

}  // namespace

Result<std::string> FetchHttpFile(const std::string& url, const HttpFileOptions& options, std::stop_token stop) {
  std::string at = url;
  for (int hop = 0; hop <= options.redirects; ++hop) {
    if (options.check) PLUMB_OK(options.check(at));
    Transfer transfer{.options = &options, .stop = &stop, .body = {}};
    std::string next;
    PLUMB_OK(RequestOnce(at, transfer, &next));
    if (next.empty()) return std::move(transfer.body);
    if (at.starts_with("https:") && !next.starts_with("https:"))
      return Denied(fmt::format("'{}': it redirects to '{}', which is not encrypted", url, next));
    at = std::move(next);
  }
  return Invalid(fmt::format("'{}': more than {} redirects", url, options.redirects));
}

}  // namespace plumb
