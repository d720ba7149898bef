// The Transport to a real API server, on libcurl: HTTP/2 over TLS (HTTP/1.1 without), one I/O thread.
//
// Requests and streams have lanes of their own (curl_loop.h). Redirects are not followed: no credential leaves for
// another host. Certificates are always verified unless the kubeconfig says insecure-skip-tls-verify.
#pragma once

#include <memory>
#include <string>

#include "core/clock.h"
#include "core/result.h"
#include "engine/kube/connection.h"
#include "engine/kube/transport.h"

namespace plumb::kube {

struct TransportOptions {
  size_t in_flight = 64;                          // requests on the wire; more wait in the queue, writes before reads
  size_t writes_before_read = 8;                  // in a row, while reads wait
  size_t queued = 100'000;                        // waiting requests; more are kLimit
  size_t streams_per_connection = 32;             // of HTTP/2 requests: 64 in flight are two connections
  size_t connections = 16;                        // to the server, of requests (HTTP/1.1 needs one for each in flight)
  size_t body_bytes = 256u << 20;                 // of one response, after decompression; larger is kLimit
  std::chrono::milliseconds connect_timeout{10'000};  // TCP and TLS
  std::string user_agent{};                         // "": plumb/<version>
};

// Thread-safe. The destructor cancels everything (kCancelled, on the I/O thread) and joins; it must not be called from
// a callback.
class CurlTransport final : public Transport {
 public:
  // Does not connect yet. Errors: kInvalid (not an http or https URL).
  static Result<std::unique_ptr<CurlTransport>> Create(Connection connection, TransportOptions options = {},
                                                       Clock& clock = Clock::Real());
  ~CurlTransport() override;

  // The timeout counts from when the request leaves the queue.
  void Send(http::Request request, std::chrono::milliseconds timeout, Done done) override;
  std::unique_ptr<Stream> Open(http::Request request, StreamHandler handler) override;

  size_t outstanding() const override;
  const Connection& connection() const;

 private:
  class Impl;
  explicit CurlTransport(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace plumb::kube
