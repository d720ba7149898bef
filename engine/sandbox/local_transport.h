// The sandbox's API without a socket: the same server behind the transport interface that Plumb's client uses.
//
// Thread-safe. Requests are answered inline, on the caller's thread; streams on the hub's.
#pragma once

#include <memory>

#include "engine/kube/transport.h"
#include "engine/sandbox/api_server.h"

namespace plumb::sandbox {

class LocalTransport final : public kube::Transport {
 public:
  // Both must outlive the transport.
  LocalTransport(ApiServer& server, WatchHub& hub) : server_(server), hub_(hub) {}

  void Send(http::Request request, std::chrono::milliseconds timeout, Done done) override;
  std::unique_ptr<Stream> Open(http::Request request, kube::StreamHandler handler) override;

 private:
  ApiServer& server_;
  WatchHub& hub_;
};

}  // namespace plumb::sandbox
