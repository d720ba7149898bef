#include "engine/kube/curl_handle.h"

#include <fmt/core.h>

namespace plumb::kube {

void Append(HeaderList& list, const std::string& line) {
  curl_slist* grown = curl_slist_append(list.get(), line.c_str());
  if (!grown) throw std::bad_alloc();
  (void)list.release();
  list.reset(grown);
}

Error TransferError(CURLcode code, std::string_view server, std::string_view detail) {
  const std::string_view text = detail.empty() ? std::string_view(curl_easy_strerror(code)) : detail;
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return Denied(fmt::format("the certificate of '{}' is not trusted ({}); check certificate-authority in the kubeconfig",
                                server, text));
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
      return Denied(fmt::format("a certificate or key for '{}' cannot be used ({}); check the kubeconfig", server, text));
    case CURLE_OPERATION_TIMEDOUT:
      return Unavailable(fmt::format("'{}' did not answer in time ({})", server, text));
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
      return Unavailable(fmt::format("cannot connect to '{}' ({}); is the server running?", server, text));
    default: break;
  }
  // TLS 1.3 servers refuse a client's certificate after the handshake: it arrives as an alert on a read.
  if (text.find("alert") != std::string_view::npos)
    return Denied(fmt::format("'{}' refused the connection's TLS ({})", server, text));
  return Unavailable(fmt::format("connection to '{}' failed ({})", server, text));
}

}  // namespace plumb::kube
