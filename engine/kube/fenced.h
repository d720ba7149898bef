// A Transport that writes only while somebody says that it may: what is not GET is refused once the fence is closed.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "engine/kube/transport.h"

namespace plumb::kube {

// Thread-safe where `to` and `open` are.
class FencedTransport final : public Transport {
 public:
  FencedTransport(std::shared_ptr<Transport> to, std::function<bool()> open) : to_(std::move(to)), open_(std::move(open)) {}

  void Send(http::Request request, std::chrono::milliseconds timeout, Done done) override {
    if (request.method != "GET" && !open_()) return done(Cancelled("this replica's Lease has ended: another one writes"));
    to_->Send(std::move(request), timeout, std::move(done));
  }
  std::unique_ptr<Stream> Open(http::Request request, StreamHandler handler) override { return to_->Open(std::move(request), std::move(handler)); }

 private:
  const std::shared_ptr<Transport> to_;
  const std::function<bool()> open_;
};

}  // namespace plumb::kube
