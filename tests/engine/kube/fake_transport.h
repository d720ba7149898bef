// A Transport that a test scripts: requests are answered by a function, and the test plays the server's side of streams.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/kube/transport.h"

namespace plumb::kube {

inline http::Response JsonResponse(int status, std::string body, http::Headers headers = {}) {
  headers.emplace_back("Content-Type", "application/json");
  return {status, std::move(headers), std::move(body)};
}

// Single-threaded: everything happens inline, on the test's thread.
class FakeTransport final : public Transport {
 public:
  using Answer = std::function<Result<http::Response>(const http::Request&)>;

  // One stream, open or not any more. `closed` once its owner dropped it.
  struct OpenStream {
    http::Request request;
    StreamHandler handler;
    bool closed = false;

    void Head(int status) {
      if (!closed) handler.on_head({status, {{"Content-Type", "application/json"}}, ""});
    }
    void Data(std::string_view data) {
      if (!closed) handler.on_data(data);
    }
    void End(Status status = Ok()) {
      if (!closed) std::exchange(handler.on_end, nullptr)(std::move(status));
    }
  };

  explicit FakeTransport(Answer answer) : answer_(std::move(answer)) {}

  void Send(http::Request request, std::chrono::milliseconds, Done done) override {
    requests.push_back(request);
    done(answer_(request));
  }

  std::unique_ptr<Stream> Open(http::Request request, StreamHandler handler) override {
    auto stream = std::make_shared<OpenStream>();
    stream->request = std::move(request);
    stream->handler = std::move(handler);
    streams.push_back(stream);
    return std::make_unique<Handle>(stream);
  }

  std::vector<http::Request> requests;
  std::vector<std::shared_ptr<OpenStream>> streams;

 private:
  class Handle final : public Stream {
   public:
    explicit Handle(std::shared_ptr<OpenStream> stream) : stream_(std::move(stream)) {}
    ~Handle() override { stream_->closed = true; }

   private:
    std::shared_ptr<OpenStream> stream_;
  };

  Answer answer_;
};

}  // namespace plumb::kube
