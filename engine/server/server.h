// The HTTP side of a running Plumb: /metrics, /healthz, /readyz, /webhook and /api/v1/applications.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "engine/http/server.h"
#include "engine/server/metrics.h"
#include "engine/server/webhook.h"
#include "sources/git_spec.h"

namespace plumb {

struct OperationsOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 0;                         // 0: any free one
  std::vector<SecretRef> webhook_secrets{};  // read at every call, so that a rotated file needs no restart
  bool accept_unsigned_webhooks = false;     // without a secret, on other than loopback addresses too
  size_t webhook_bytes = 8u << 20;           // of one call; a larger one is refused with 413
};

// Called on server threads, several at a time: thread-safe and quick. Those that are empty answer as if there were
// nothing to tell.
struct OperationsCallbacks {
  std::function<size_t(const Push&)> on_push{};       // queues a look at the source; returns how many applications
  std::function<bool(std::string* why_not)> ready{};  // false, and the reasons, a line each
  std::function<std::string()> applications{};        // JSON: the list of applications and their states
  std::function<void(Metrics&)> before_metrics{};     // brings gauges up to date
};

// Answers one request; what the server does without its sockets. Thread-safe.
class OperationsHandler {
 public:
  // `metrics` must outlive it.
  OperationsHandler(OperationsOptions options, Metrics& metrics, OperationsCallbacks callbacks)
      : options_(std::move(options)), metrics_(metrics), callbacks_(std::move(callbacks)) {}

  // Errors are JSON: {"error": {"code": "denied", "message": "..."}} with the HTTP status of the code.
  http::Response Answer(const http::Request& request) const;

 private:
  http::Response AnswerWebhook(const http::Request& request) const;
  Result<WebhookOptions> Webhooks() const;

  const OperationsOptions options_;
  Metrics& metrics_;
  const OperationsCallbacks callbacks_;
};

class OperationsServer {
 public:
  // Errors: those of http::Server::Start. `metrics` must outlive the server.
  static Result<std::unique_ptr<OperationsServer>> Start(OperationsOptions options, Metrics& metrics,
                                                         OperationsCallbacks callbacks);

  uint16_t port() const { return server_->port(); }
  void Stop() { server_->Stop(); }

 private:
  explicit OperationsServer(std::unique_ptr<http::Server> server) : server_(std::move(server)) {}
  std::unique_ptr<http::Server> server_;
};

// "127.0.0.0/8", "::1" and "localhost".
bool IsLoopback(std::string_view address);

// The status that an error's code stands for: kInvalid 400, kDenied 401, kNotFound 404, ...
int HttpStatus(Code code);

}  // namespace plumb
