#include "engine/sandbox/local_transport.h"

#include <optional>
#include <thread>
#include <utility>

#include "core/mutex.h"

namespace plumb::sandbox {

namespace {

// Catches the one response of a request that is no watch.
class Catcher final : public http::Responder {
 public:
  void Send(http::Response response) override { response_ = std::move(response); }
  void Begin(int, http::Headers) override {}
  bool Write(std::string_view) override { return false; }  // a watch through Send ends at once
  void End() override {}
  bool Gone() const override { return false; }

  std::optional<http::Response> response_;
};

// What a stream and its responder share. Callbacks come one at a time, never under the lock; Cancel waits for the one that is
// running, unless that is who cancels.
class Channel {
 public:
  explicit Channel(kube::StreamHandler handler) : handler_(std::move(handler)) {}

  template <typename F>
  bool Call(F&& f) {
    {
      MutexLock lock(mu_);
      if (cancelled_) return false;
      caller_ = std::this_thread::get_id();
    }
    f(handler_);
    {
      MutexLock lock(mu_);
      caller_ = {};
    }
    idle_.notify_all();
    return true;
  }
  void Cancel() {
    MutexLock lock(mu_);
    cancelled_ = true;
    while (caller_ != std::thread::id() && caller_ != std::this_thread::get_id()) idle_.wait(mu_);
  }
  bool cancelled() const {
    MutexLock lock(mu_);
    return cancelled_;
  }

 private:
  const kube::StreamHandler handler_;
  mutable Mutex mu_;
  CondVar idle_;
  bool cancelled_ GUARDED_BY(mu_) = false;
  std::thread::id caller_ GUARDED_BY(mu_);
};

class StreamResponder final : public http::Responder {
 public:
  explicit StreamResponder(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}
  ~StreamResponder() override {
    if (!ended_) Finish(Cancelled("sandbox: the stream was closed"));
  }
  void Send(http::Response response) override {
    channel_->Call([&](const kube::StreamHandler& h) {
      if (h.on_head) h.on_head({response.status, response.headers, ""});
      if (h.on_data && !response.body.empty()) h.on_data(response.body);
    });
    Finish(Ok());
  }
  void Begin(int status, http::Headers headers) override {
    channel_->Call([&](const kube::StreamHandler& h) {
      if (h.on_head) h.on_head({status, std::move(headers), ""});
    });
  }
  bool Write(std::string_view data) override {
    return channel_->Call([&](const kube::StreamHandler& h) {
      if (h.on_data) h.on_data(data);
    });
  }
  void End() override { Finish(Ok()); }
  bool Gone() const override { return channel_->cancelled(); }

 private:
  void Finish(Status end) {
    ended_ = true;
    channel_->Call([&](const kube::StreamHandler& h) {
      if (h.on_end) h.on_end(std::move(end));
    });
  }

  const std::shared_ptr<Channel> channel_;
  bool ended_ = false;
};

class LocalStream final : public kube::Transport::Stream {
 public:
  explicit LocalStream(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}
  ~LocalStream() override { channel_->Cancel(); }

 private:
  const std::shared_ptr<Channel> channel_;
};

}  // namespace

void LocalTransport::Send(http::Request request, std::chrono::milliseconds, Done done) {
  auto catcher = std::make_shared<Catcher>();
  server_.Serve(request, catcher);
  if (catcher->response_) done(*std::move(catcher->response_));
  else done(Invalid("sandbox: a watch needs a stream"));
}

std::unique_ptr<kube::Transport::Stream> LocalTransport::Open(http::Request request, kube::StreamHandler handler) {
  auto channel = std::make_shared<Channel>(std::move(handler));
  auto responder = std::make_shared<StreamResponder>(channel);
  hub_.Post([this, request = std::move(request), responder] { server_.Serve(request, responder); });
  return std::make_unique<LocalStream>(std::move(channel));
}

}  // namespace plumb::sandbox
