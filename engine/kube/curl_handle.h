// Owners of libcurl's handles, and its error codes in our words. Only the files of the transport include this.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string_view>

#include "core/result.h"

namespace plumb::kube {

template <auto Free>
struct CurlFree {
  template <typename T>
  void operator()(T* p) const { Free(p); }
};
using EasyHandle = std::unique_ptr<CURL, CurlFree<curl_easy_cleanup>>;
using MultiHandle = std::unique_ptr<CURLM, CurlFree<curl_multi_cleanup>>;
using HeaderList = std::unique_ptr<curl_slist, CurlFree<curl_slist_free_all>>;

void Append(HeaderList& list, const std::string& line);

// What a failed transfer to `server` means. `detail` is curl's error buffer, "" where it wrote nothing.
// kDenied: TLS (untrusted certificate, our own certificate unusable). Everything else is kUnavailable.
Error TransferError(CURLcode code, std::string_view server, std::string_view detail);

}  // namespace plumb::kube
