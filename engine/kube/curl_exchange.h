// One request or stream on its way through libcurl: the easy handle's settings and its callbacks.
#pragma once

#include <array>
#include <atomic>
#include <string>
#include <thread>

#include "core/mutex.h"
#include "engine/kube/credentials.h"
#include "engine/kube/curl_handle.h"
#include "engine/kube/curl_loop.h"
#include "engine/kube/curl_transport.h"
#include "engine/kube/transport.h"

namespace plumb::kube {

// A handle with everything set that is the same for all requests of a connection: TLS, proxy, agent, bounds.
EasyHandle NewEasyHandle(const Connection& connection, const TransportOptions& options);

// Used by the I/O thread alone, except Silence().
class Exchange {
 public:
  Exchange(http::Request request, std::chrono::milliseconds timeout, Transport::Done done);
  Exchange(http::Request request, StreamHandler handler);

  CurlLoop::Lane lane() const { return lane_; }
  bool is_stream() const { return lane_ == CurlLoop::kStreams; }
  bool writes() const { return request_.method != "GET"; }
  int status() const { return response_.status; }
  CURL* easy() const { return easy_.get(); }
  const CredentialPtr& credential() const { return credential_; }

  bool http2() const { return http2_; }           // of the answer, once it began
  bool answered() const { return answered_; }

  // Sets up `easy` for this exchange and forgets what an earlier attempt received. `share`: wait for a connection that
  // others opened rather than open one more.
  void Prepare(EasyHandle easy, CredentialPtr credential, const Connection& connection, const TransportOptions& options, bool share);
  EasyHandle TakeEasy();  // for the next exchange

  // True once: whether a 401 may be answered by trying again. The owner has seen nothing of the first answer then.
  bool MayRepeat() { return !std::exchange(repeated_, true); }
  // What the end of the transfer means.
  Status Outcome(CURLcode code, const Connection& connection) const;
  // Tells the owner, once: the response or the error; of a stream, its end.
  void End(Status status);

  // After it returns no handler of this stream is called any more (but the one it is called from goes on).
  void Silence() NO_THREAD_SAFETY_ANALYSIS;

 private:
  static size_t OnHeader(char* data, size_t size, size_t count, void* exchange);
  static size_t OnBody(char* data, size_t size, size_t count, void* exchange);
  void Header(std::string_view line);
  bool Body(std::string_view data);

  // A stream hands its data on as it comes. Errors are held back until they are whole: a 401 may be repeated.
  bool PassesOn() const { return is_stream() && response_.status < 400; }

  // Calls `handler` unless silenced. handling_ says only "a handler is running", for Silence() to wait for; it is this
  // stream's own and nothing else is ever locked under it by this room.
  template <typename F>
  void Handle(F&& handler);

  const CurlLoop::Lane lane_;
  const http::Request request_;
  const std::chrono::milliseconds timeout_{0};
  Transport::Done done_;
  StreamHandler handler_;

  Mutex handling_;
  std::atomic<bool> silenced_ = false;
  std::atomic<std::thread::id> handler_thread_{};

  EasyHandle easy_;
  HeaderList headers_, connect_to_;
  CredentialPtr credential_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  http::Response response_;
  size_t body_bound_ = 0;
  bool head_done_ = false, over_bound_ = false, repeated_ = false, answered_ = false, http2_ = false;
};

}  // namespace plumb::kube
