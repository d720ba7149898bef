// A Transport that is somebody else: every request carries Impersonate-User, so that the API server holds it to that
// account's rights. Needs the right to impersonate it.
//
// Source: Kubernetes "Authenticating", user impersonation. The groups of a ServiceAccount come from the server.
#pragma once

#include <memory>
#include <string>

#include "engine/kube/transport.h"

namespace plumb::kube {

// Thread-safe where `to` is.
class ImpersonatingTransport final : public Transport {
 public:
  ImpersonatingTransport(std::shared_ptr<Transport> to, std::string user) : to_(std::move(to)), user_(std::move(user)) {}

  void Send(http::Request request, std::chrono::milliseconds timeout, Done done) override {
    request.headers.emplace_back("Impersonate-User", user_);
    to_->Send(std::move(request), timeout, std::move(done));
  }
  std::unique_ptr<Stream> Open(http::Request request, StreamHandler handler) override {
    request.headers.emplace_back("Impersonate-User", user_);
    return to_->Open(std::move(request), std::move(handler));
  }

 private:
  const std::shared_ptr<Transport> to_;
  const std::string user_;
};

}  // namespace plumb::kube
